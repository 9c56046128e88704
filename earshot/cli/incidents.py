"""Incidents: `report` tells what happened in one, what was done, and what it was like."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from earshot.cli.common import AsJson, SettingsFile, emit, say, settings_of


def report(
    incident: Annotated[int, typer.Argument(metavar="INCIDENT", help="Number of the incident.")],
    html: Annotated[
        Path | None, typer.Option(help="Write a page with a picture to this file.")
    ] = None,
    json: AsJson = False,
    settings_file: SettingsFile = None,
) -> None:
    """What happened in an incident: timeline, peak, spread, replies, rating, actions, quotes."""
    from alerts import memory_page
    from alerts.memory import quoted_words, report_of
    from sql.clock import now
    from sql.connect import connect

    settings = settings_of(settings_file)
    with connect(settings) as conn, conn:
        found = report_of(conn, incident, now(conn, settings))
        words = quoted_words(conn, incident)
    if html is not None:
        html.write_text(memory_page.page(found, words), encoding="utf-8")
    if json:
        emit(found)
    elif html is not None:
        say(f"{html}: written")
    else:
        for line in memory_page.lines(found, words):
            say(line)


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command()(report)
