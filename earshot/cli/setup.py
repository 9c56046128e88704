"""`init` writes the settings file and the keys, `pools` what Airflow needs; `sql` opens psql."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from earshot.cli.common import AsJson, SettingsFile, console, emit, say, settings_of
from earshot.errors import FixSettings
from earshot.settings import SECRETS_FILE, SETTINGS_FILE, load

TEMPLATE = Path(__file__).parent / "template.toml"
ROLES = ("analyst", "web", "pipeline", "owner")


def init(
    file: Annotated[Path, typer.Argument(help="Where to write.")] = Path(SETTINGS_FILE),
    contact: Annotated[
        str, typer.Option(help="Mail address named in the crawler's user agent.")
    ] = "you@example.com",
    brand: Annotated[str, typer.Option(help="Name of the brand.")] = "My Brand",
) -> None:
    """Write a commented settings file, and the keys beside it; what exists stays."""
    if file.exists():
        say(f"{file}: exists already and stays as it is.")
    else:
        _write(file, contact=contact, brand=brand)
        say(f"{file}: written; name your sources there, then run `earshot check`.")
    home = load(file).home_folder
    make_keys(home)
    say(f"{home / SECRETS_FILE}: holds the keys; keep it to yourself and in your backup.")


def _write(file: Path, *, contact: str, brand: str) -> None:
    text = TEMPLATE.read_text(encoding="utf-8")
    for mark, value in (("{contact}", contact), ("{name}", brand), ("{key}", _key(brand))):
        text = text.replace(mark, value.replace("\\", "\\\\").replace('"', '\\"'))
    new = file.with_name(f"{file.name}.new")
    new.write_text(text, encoding="utf-8")
    try:
        load(new)
    except FixSettings:
        new.unlink()
        raise
    new.replace(file)


def make_keys(home: Path) -> None:
    """Keys that must exist before the first row is stored; those that exist stay."""
    from earshot.local.secrets import generated

    generated(home, "EARSHOT_AUTHOR_KEY")
    (home / ".gitignore").write_text("*\n")


def _key(brand: str) -> str:
    """A brand's key from its name: `Northwind Home` becomes `northwind-home`."""
    letters = "".join(c if c.isascii() and c.isalnum() else "-" for c in brand.lower())
    return "-".join(part for part in letters.split("-") if part)[:60] or "brand"


def sql(
    statement: Annotated[
        str | None, typer.Argument(help="One statement; without it psql opens.")
    ] = None,
    role: Annotated[str, typer.Option(help=f"One of {', '.join(ROLES)}.")] = "analyst",
    url: Annotated[bool, typer.Option("--url", help="Print the address for a BI tool.")] = False,
    json: AsJson = False,
    settings_file: SettingsFile = None,
) -> None:
    """Query the database as the analyst (reads the views of `analytics`)."""
    from sql import console as sql_console

    if role not in ROLES:
        raise typer.BadParameter(f'"{role}" is no role; write one of {", ".join(ROLES)}')
    settings = settings_of(settings_file)
    if url:
        say(sql_console.address(settings, role))
    elif statement is None:
        command, variables = sql_console.psql(settings, role)
        os.execve(command[0], command, variables)
    else:
        _print_rows(sql_console.run(settings, role, statement), as_json=json)


def _print_rows(rows: list[dict[str, object]], *, as_json: bool) -> None:
    if as_json:
        for row in rows:
            emit(row)
        return
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    for name in rows[0] if rows else ():
        table.add_column(name)
    for row in rows:
        table.add_row(*(Text("" if value is None else str(value)) for value in row.values()))
    console().print(table)


def pools(settings_file: SettingsFile = None) -> None:
    """Print the pools of the sources as JSON, for `airflow pools import` on your own Airflow."""
    from earshot.local.airflow import POOL

    names = sorted({source.pool for source in settings_of(settings_file).source})
    emit({name: {**POOL, "include_deferred": False} for name in names})


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command()(init)
    app.command()(pools)
    app.command()(sql)
