"""`health`: whether the pipeline does what it should, for people, scripts and Prometheus."""

from __future__ import annotations

import signal
from dataclasses import asdict
from threading import Event
from typing import Annotated

import typer

from earshot.cli.common import AsJson, SettingsFile, console, emit, say, settings_of


def health(
    serve: Annotated[
        bool, typer.Option("--serve", help="Serve /health and /metrics until Ctrl-C.")
    ] = False,
    metrics: Annotated[
        bool, typer.Option("--metrics", help="Print the metrics in Prometheus' format.")
    ] = False,
    json: AsJson = False,
    settings_file: SettingsFile = None,
) -> int:
    """Say what is well and what is not, with the remedy; the exit status is 1 where unwell."""
    from earshot.observing.metrics import exposition
    from earshot.observing.server import look

    settings = settings_of(settings_file)
    if serve:
        return _serve(settings_file)
    taken, found = look(settings)
    if metrics:
        typer.echo(exposition(taken, found), nl=False)
    for finding in [] if metrics else found:
        if json:
            emit(asdict(finding))
        else:
            _print(finding.name, finding.is_well, finding.detail, finding.remedy)
    return 0 if all(finding.is_well for finding in found) else 1


def _serve(settings_file: SettingsFile) -> int:
    from earshot.observing.server import serving

    stop = Event()
    for how in (signal.SIGINT, signal.SIGTERM):
        signal.signal(how, lambda *_: stop.set())
    with serving(settings_of(settings_file)) as address:
        say(f"{address}/health · {address}/metrics · Ctrl-C stops it")
        stop.wait()
    return 0


def _print(name: str, is_well: bool, detail: str, remedy: str) -> None:
    from rich.markup import escape

    state = "[green]well  [/]" if is_well else "[red]unwell[/]"
    console().print(f"{escape(name):<24} {state}  {escape(detail)}")
    if remedy:
        console().print(f"{'':<24}         {escape(remedy)}")


def register(app: typer.Typer) -> None:
    """Add the command of this file."""
    app.command()(health)
