"""Ways in: `import` a file, `crawl` a source."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from earshot.cli.common import (
    AsJson,
    From,
    SettingsFile,
    To,
    complain,
    progress,
    say,
    settings_of,
    tell,
    utc,
)


def import_file(
    file: Annotated[
        Path | None, typer.Argument(help="CSV, JSONL or Parquet, gzip too; else the source's path.")
    ] = None,
    source: Annotated[
        str | None, typer.Option(help="The [[source]] whose columns map it; the only one else.")
    ] = None,
    json: AsJson = False,
    settings_file: SettingsFile = None,
) -> None:
    """Store a file's feedback; rows that cannot be read go to quarantine with the reason."""
    from scrapers.files import import_file as import_one

    settings = settings_of(settings_file)
    with progress("importing") as update:
        result = import_one(
            settings, source, file, tick=lambda done, total, _counts: update(done, total)
        )
    tell(result.counts(), as_json=json)


def crawl(
    source: Annotated[str, typer.Argument(help="Name of a [[source]].")],
    since: From = None,
    until: To = None,
    json: AsJson = False,
    settings_file: SettingsFile = None,
) -> None:
    """Read what is new at a source; with --from and --to a span of its past."""
    from scrapers.run import crawl as crawl_source

    is_live = since is None and until is None
    result = crawl_source(
        settings_of(settings_file),
        source,
        "live" if is_live else "backfill",
        since=utc(since),
        until=utc(until),
    )
    for warning in result.warnings:
        complain(f"{source}: {warning}")
    tell(result.counts(), as_json=json)


def new_connector(
    name: Annotated[str, typer.Argument(help="Name of the platform: lower case, `_`.")],
) -> None:
    """Write a connector, its saved page and a golden test that fails until they are filled in."""
    from scrapers.new_connector import new_connector as write

    for file in write(name):
        say(str(file))


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command("import")(import_file)
    app.command()(crawl)
    app.command()(new_connector)
