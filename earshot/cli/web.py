"""`web`: the page to look at."""

from __future__ import annotations

import typer

from earshot.cli.common import SettingsFile, say, settings_of


def web(settings_file: SettingsFile = None) -> None:
    """Serve the page on loopback (settings: [web]), until Ctrl-C."""
    from earshot.web.server import serve

    settings = settings_of(settings_file)
    say(f"http://{settings.web.address}:{settings.web.port} · Ctrl-C stops it")
    serve(settings)


def register(app: typer.Typer) -> None:
    """Add the command of this file."""
    app.command()(web)
