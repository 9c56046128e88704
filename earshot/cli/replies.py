"""Reply drafts: `replies` writes them, `replies list|approve|edit|drop` decides on one."""

from __future__ import annotations

import getpass
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from earshot.cli.common import AsJson, SettingsFile, emit, say, settings_of, tell
from earshot.errors import EarshotError, FixSettings
from earshot.settings import Settings

app = typer.Typer(help="Draft replies; list them, decide on one.", rich_markup_mode=None)
Draft = Annotated[int, typer.Argument(metavar="ID", help="Number of the draft.")]
By = Annotated[str | None, typer.Option("--by", help="Who decides; by default your login.")]
Seen = Annotated[
    str | None,
    typer.Option("--text-hash", help="Decide only if the text still has this hash."),
]


@app.callback(invoke_without_command=True)
def replies(
    context: typer.Context, json: AsJson = False, settings_file: SettingsFile = None
) -> None:
    """Draft replies for recent feedback that deserves one and has none."""
    if context.invoked_subcommand is None:
        from alerts.drafting import draft_replies

        tell(draft_replies(settings_of(settings_file)).counts(), as_json=json)


@app.command("list")
def list_drafts(
    most: Annotated[int, typer.Option(help="At most so many.")] = 50,
    json: AsJson = False,
    settings_file: SettingsFile = None,
) -> None:
    """Drafts that wait for a person, the earliest due first."""
    from sql.clock import now
    from sql.connect import connect
    from sql.named import queries

    settings = settings_of(settings_file)
    with connect(settings) as conn, conn:
        rows = [dict(row) for row in _waiting(conn, settings, now, queries, most)]
    for row in rows:
        if json:
            emit(row)
        else:
            late = "late" if row["is_late"] else f"due {row['due_at']:%d %b %H:%M} UTC"
            stars = f"{row['stars']:.0f} of 5" if row["stars"] is not None else "unrated"
            say(f"{row['id']:>6}  {row['state']:<8} {late:<18} {stars:<9} {_first(row['body'])}")


@app.command()
def approve(
    draft_id: Draft,
    by: By = None,
    text_hash: Seen = None,
    json: AsJson = False,
    settings_file: SettingsFile = None,
) -> None:
    """Approve exactly the text that stands now, and publish it with the next delivery."""
    from alerts import approvals

    def decide(conn: Any, settings: Settings, row: Any, now: datetime) -> Any:
        return approvals.approve(
            conn,
            settings,
            draft_id,
            text_hash=bytes.fromhex(text_hash) if text_hash else bytes(row["text_hash"]),
            version=row["version"],
            actor=_actor(by),
            now=now,
        )

    _decide(settings_file, draft_id, decide, as_json=json)


@app.command()
def edit(
    draft_id: Draft,
    text: Annotated[str | None, typer.Option(help="The whole new text.")] = None,
    file: Annotated[Path | None, typer.Option(help="File with the new text.", exists=True)] = None,
    by: By = None,
    json: AsJson = False,
    settings_file: SettingsFile = None,
) -> None:
    """Replace the text; the guard reads it, and it waits for approval."""
    from alerts import approvals
    from alerts.redrafting import objections

    new = (text if file is None else file.read_text(encoding="utf-8")) or ""
    if not new.strip():
        raise FixSettings("The new text is missing; give it by --text or --file.")

    def decide(conn: Any, settings: Settings, row: Any, now: datetime) -> Any:
        return approvals.edit(
            conn,
            settings,
            draft_id,
            new.strip(),
            text_hash=bytes(row["text_hash"]),
            version=row["version"],
            findings=objections(conn, settings, draft_id, new.strip()),
            actor=_actor(by),
            now=now,
        )

    _decide(settings_file, draft_id, decide, as_json=json)


@app.command()
def drop(
    draft_id: Draft, by: By = None, json: AsJson = False, settings_file: SettingsFile = None
) -> None:
    """Decide that this draft is never sent."""
    from alerts import approvals

    def decide(conn: Any, settings: Settings, row: Any, now: datetime) -> Any:
        return approvals.drop(conn, settings, draft_id, actor=_actor(by), now=now)

    _decide(settings_file, draft_id, decide, as_json=json)


def _decide(
    settings_file: Path | None,
    draft_id: int,
    decide: Callable[[Any, Settings, Any, datetime], Any],
    *,
    as_json: bool,
) -> None:
    """Lock the draft, decide, commit; what was not done is a failure."""
    from sql.clock import now
    from sql.connect import connect
    from sql.named import queries

    settings = settings_of(settings_file)
    with connect(settings) as conn, conn:
        moment = now(conn, settings)
        row = queries.slack_draft(conn, draft_id=draft_id)
        if row is None:
            raise FixSettings(f"There is no draft {draft_id}; `earshot replies list` shows them.")
        decision = decide(conn, settings, row, moment)
    if as_json:
        emit(vars(decision))
    elif decision.outcome in ("done", "already"):
        say(decision.explanation)
    if decision.outcome not in ("done", "already"):
        raise EarshotError(decision.explanation)


def _waiting(conn: Any, settings: Settings, now: Any, queries: Any, most: int) -> Any:
    return queries.slack_waiting_drafts(conn, now=now(conn, settings), most=most)


def _actor(given: str | None) -> str:
    return given or getpass.getuser()


def _first(text: str, most: int = 70) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"


def register(parent: typer.Typer) -> None:
    """Add the commands of this file."""
    parent.add_typer(app, name="replies")
