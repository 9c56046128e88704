"""`demo` lives through the sample shop's story with the real DAGs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from earshot.cli.common import AsJson, console, emit

Folder = Annotated[
    Path, typer.Option("--home", help="Folder for the demo's database, Airflow and preview.")
]


def demo(home: Folder = Path(".earshot/demo"), json: AsJson = False) -> None:
    """The sample shop: crawl, tag, notice a crisis, write one message, draft replies."""
    from dataclasses import asdict

    from earshot.demo.run import run_demo, show

    printed = console()
    result = run_demo(home.resolve(), (lambda line: None) if json else printed.print)
    if json:
        emit(asdict(result))
        return
    for line in show(result):
        printed.print(line)


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command()(demo)
