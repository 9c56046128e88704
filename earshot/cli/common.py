"""What the commands share: their options, their settings, and how they speak."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from earshot.settings import Settings, load

if TYPE_CHECKING:
    from rich.console import Console

SettingsFile = Annotated[
    Path | None,
    typer.Option(
        "--settings", help="Settings file; by default EARSHOT_SETTINGS, else earshot.toml."
    ),
]
TIMES = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z"]
From = Annotated[
    datetime | None,
    typer.Option("--from", metavar="TIME", formats=TIMES, help="What is before is learned."),
]
To = Annotated[
    datetime | None, typer.Option("--to", metavar="TIME", formats=TIMES, help="Stop there.")
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object per line on stdout.")]


def settings_of(file: Path | None) -> Settings:
    """The settings of that file, or of the default one; logs are written as they say."""
    from earshot.logs import configure

    settings = load(file)
    configure(settings)
    return settings


@cache
def console() -> Console:
    """The terminal, for people; data goes to stdout as JSON."""
    from rich.console import Console

    return Console(highlight=False, soft_wrap=True)


@cache
def progress_console() -> Console:
    """Progress goes to stderr, so that stdout stays data."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, soft_wrap=True)


def complain(line: str) -> None:
    """An error, on stderr."""
    print(line, file=sys.stderr)


def say(line: str) -> None:
    """One line for a person."""
    console().print(line)


def emit(record: Mapping[str, Any]) -> None:
    """One JSON object on a line of stdout, at once."""
    print(json.dumps(record, ensure_ascii=False, default=str), flush=True)


def tell(record: Mapping[str, Any], *, as_json: bool) -> None:
    """A result: JSON for programs, `name value` pairs for people."""
    if as_json:
        emit(record)
    else:
        shown = (_shown(name.replace("_", " "), value) for name, value in record.items())
        say(" · ".join(part for part in shown if part))


def utc(moment: datetime | None) -> datetime | None:
    """A time without a zone is UTC."""
    if moment is None or moment.tzinfo is not None:
        return moment
    return moment.replace(tzinfo=UTC)


@contextmanager
def progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar on stderr; the function takes what is done and what there is in all."""
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    screen = progress_console()
    # Where nobody looks on, a bar would only leave empty lines among the errors.
    with Progress(*columns, console=screen, transient=True, disable=not screen.is_terminal) as bar:
        task = bar.add_task(what, total=None)

        def update(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total or None)

        yield update


def _shown(name: str, value: Any) -> str:
    match value:
        case bool():
            return name if value else ""
        case float():
            return f"{value:.4g} {name}"
        case int():
            return f"{value:,} {name}"
    return f"{value} {name}"
