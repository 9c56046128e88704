"""`earshot drill`: play a past crisis into a test channel, so that a team can practise."""

from __future__ import annotations

import getpass
from typing import Annotated

import typer

from earshot.cli.common import AsJson, SettingsFile, emit, say, settings_of


def drill(
    name: Annotated[
        str | None,
        typer.Argument(help="Number of a past incident, or words of its title."),
    ] = None,
    minutes: Annotated[float, typer.Option(min=1, help="How long the drill takes.")] = 20,
    channel: Annotated[
        str | None, typer.Option(help="Where; by default slack.drill_channel.")
    ] = None,
    json: AsJson = False,
    settings_file: SettingsFile = None,
) -> None:
    """Play a past crisis into a test channel; without a name list those there are."""
    from alerts.drills import past_crises, start_drill

    settings = settings_of(settings_file)
    if name is None:
        for row in past_crises(settings):
            if json:
                emit(row)
            else:
                told = (
                    f"{row['title']}, {row['items']} since {row['started_at']:%Y-%m-%d %H:%M} UTC"
                )
                say(f"{row['id']:>6}  {row['severity']:<8}  {row['brand_name']}: {told}")
        return
    number = start_drill(settings, name, minutes=minutes, actor=getpass.getuser(), channel=channel)
    if json:
        emit({"drill": number, "minutes": minutes})
    else:
        say(f"Drill {number} begins with the next delivery and ends after {minutes:g} min.")


def register(app: typer.Typer) -> None:
    """Add the command of this file."""
    app.command()(drill)
