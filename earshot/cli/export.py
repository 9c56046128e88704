"""`export`: the views of analysts as Parquet files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from earshot.cli.common import AsJson, SettingsFile, progress, settings_of, tell


def export(
    folder: Annotated[Path, typer.Argument(help="Empty folder, or one of an earlier export.")],
    json: AsJson = False,
    settings_file: SettingsFile = None,
) -> None:
    """Write the views of analysts as Parquet, by brand and month; run it again to go on.

    A file `manifest.json` names every file. Erasure reaches these files while they stay there.
    """
    from sql.export import export as export_views

    with progress("exporting") as update:
        result = export_views(settings_of(settings_file), folder, update)
    tell(result, as_json=json)


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command()(export)
