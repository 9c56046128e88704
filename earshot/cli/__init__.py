"""The command line: one file per group of commands, each command one call of a room.

Exit status: 0 done, 2 wrong usage or settings, 1 failed. An error is one line on stderr; with
`--debug` the stack trace follows.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence

import typer
from typer.exceptions import Abort, TyperException

from earshot.cli import (
    analysts,
    check,
    drill,
    export,
    health,
    incidents,
    privacy,
    replies,
    setup,
    sources,
    stack,
    steps,
    tagging,
    themes,
    web,
)
from earshot.cli.common import complain
from earshot.errors import EarshotError, FixSettings

DONE, FAILED, WRONG_USAGE = 0, 1, 2

app = typer.Typer(
    name="earshot",
    help="Listens to what customers say about a brand, and acts on it.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
_GROUPS = (
    setup,
    check,
    health,
    incidents,
    sources,
    tagging,
    themes,
    steps,
    replies,
    drill,
    web,
    analysts,
    export,
    privacy,
    stack,
)
for _group in _GROUPS:
    _group.register(app)


@app.callback()
def _earshot() -> None:
    """Listens to what customers say about a brand, and acts on it."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    is_debugging = "--debug" in given
    try:
        return _run([word for word in given if word != "--debug"])
    except Exception as error:
        if is_debugging:
            traceback.print_exception(error)
        return _explain(error)


def _run(words: list[str]) -> int:
    try:
        status = app(words, prog_name="earshot", standalone_mode=False)
    except (KeyboardInterrupt, Abort):
        complain("Interrupted; run the same command again to go on.")
        return FAILED
    except TyperException as error:
        context = getattr(error, "ctx", None)
        if (message := error.format_message()) and "\n" not in message:
            where = context.command_path if context else "earshot"
            complain(f"{message.rstrip('.')}; see `{where} --help`.")
        else:
            complain(message)  # a group without a command: its help
        return WRONG_USAGE
    return status if isinstance(status, int) else DONE


def _explain(error: Exception) -> int:
    match error:
        case FixSettings():
            complain(str(error))
            return WRONG_USAGE
        case EarshotError():
            complain(str(error))
        case BrokenPipeError():
            # The reader of our output (`head`) has seen enough.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        case OSError():
            complain(f"{error.filename or 'The system'}: {error.strerror or error}.")
        case _ if type(error).__module__.startswith("psycopg2"):
            # Its own words may quote rows.
            code = getattr(error, "pgcode", None) or "no code"
            complain(
                f"The database refused or went away ({type(error).__name__}, {code}); nothing is "
                "lost: run the same command again, and `earshot check` if it stays so."
            )
        case _:
            reason = " ".join(str(error).split())
            complain(
                f"Unexpected {type(error).__name__}: {reason}; "
                "run the command again with --debug and report what it prints."
            )
    return FAILED
