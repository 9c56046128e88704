"""`erase` and `access`: what a person may ask for."""

from __future__ import annotations

import getpass
from typing import Annotated

import typer

from earshot.cli.common import AsJson, SettingsFile, complain, emit, say, settings_of, tell

Author = Annotated[
    str | None, typer.Option(metavar="PLATFORM:ID", help="All texts of this author.")
]


def erase(
    author: Author = None,
    text: Annotated[
        str | None, typer.Option("--id", metavar="PLATFORM:ID", help="This one text.")
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="All earlier requests, after a backup was restored.")
    ] = False,
    older_than: Annotated[
        int | None, typer.Option(min=1, metavar="DAYS", help="Texts of every source so old.")
    ] = None,
    retention: Annotated[
        bool, typer.Option("--retention", help="What is older than its source's retention_days.")
    ] = False,
    json: AsJson = False,
    settings_file: SettingsFile = None,
) -> None:
    """Erase every copy of what somebody wrote: tables, outbox, Slack and exported files."""
    from alerts.erasing import erase as erase_scope
    from alerts.erasing import erase_again, retain, scope_of

    settings = settings_of(settings_file)
    if again:
        tell(erase_again(settings), as_json=json)
    elif retention or older_than is not None:
        tell(retain(settings, older_than=older_than), as_json=json)
    else:
        scope = scope_of(settings, author=author, text=text)
        erased = erase_scope(settings, scope, getpass.getuser())
        tell(erased, as_json=json)
        if erased["exports_missing"]:
            complain(
                f"{erased['exports_missing']} exported folders are not where they were written; "
                f"erase there too: {settings.home_folder / 'exports.jsonl'} names them."
            )


def access(author: Author = None, settings_file: SettingsFile = None) -> None:
    """Print everything that is held of an author, one JSON object a line."""
    from alerts.erasing import access as texts_of
    from alerts.erasing import scope_of

    settings = settings_of(settings_file)
    count = 0
    for row in texts_of(settings, scope_of(settings, author=author, text=None)):
        emit(row)
        count += 1
    if not count:
        say("Nothing is held of that author.")


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command()(erase)
    app.command()(access)
