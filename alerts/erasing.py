"""Erasure and retention: every copy of a text goes, in the database, the outbox, Slack and exports.

A request is one transaction and one audit row that says nothing of whom. The journal beside the
database (`erasures.jsonl` in the home folder, 0600) holds what is needed to erase again after an
old backup was restored: `earshot erase --again`. It names authors by key and texts by hash.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from psycopg2.extensions import connection as Connection

from alerts.slack.erase import erase_messages
from earshot.errors import FixSettings, RetryLater
from earshot.identity import author_key
from earshot.settings import Settings
from sql.clock import now as clock_now
from sql.connect import connect
from sql.export_files import EXPORTING, erase_rows
from sql.named import queries

BATCH = 5_000
JOURNAL = "erasures.jsonl"
TRIES = 5


@dataclass(frozen=True, kw_only=True)
class Scope:
    """Whose texts: an author's (by key) or one text of a platform."""

    author_key: str | None = None
    platform: str | None = None
    external_id: str | None = None

    @property
    def kind(self) -> str:
        """What the audit row says of it."""
        return "author" if self.author_key else "id"


def scope_of(settings: Settings, *, author: str | None, text: str | None) -> Scope:
    """The scope of a request such as `trustpilot:somebody` or `googleplay:gp-123`.

    Raises:
        FixSettings: neither or both were given, without a platform, or there is no author key.
    """
    given = author or text or ""
    platform, _, rest = given.partition(":")
    if (author is None) == (text is None) or not platform or not rest:
        raise FixSettings(
            "write either --author PLATFORM:ID or --id PLATFORM:ID, such as --author "
            'trustpilot:5f3e; PLATFORM is the "platform" of the source.'
        )
    if text is not None:
        return Scope(platform=platform, external_id=rest)
    secret = settings.secrets.author_key
    if secret is None:
        raise FixSettings("EARSHOT_AUTHOR_KEY is missing; `earshot init` makes it.")
    key = author_key(platform, rest, key=secret.get_secret_value().encode())
    if key is None:
        raise FixSettings(f'"{rest}" names nobody in particular; give the id of one author.')
    return Scope(author_key=key)


def erase(settings: Settings, scope: Scope, requested_by: str) -> dict[str, int]:
    """Erase what a person asked for, and prove it.

    Returns:
        Rows erased by kind; `left` is the sum of the proof query and is 0.

    Raises:
        RetryLater: a message that quotes it is being sent right now.
    """
    with connect(settings) as conn:
        _remember(settings, scope)
        with conn:
            now = clock_now(conn, settings)
            queries.export_hold_to_end(conn, key=EXPORTING)
            erased = _erase(conn, settings, scope, now)
            queries.erase_audit(
                conn,
                scope=json.dumps({"kind": scope.kind}),
                requested_by=requested_by,
                now=now,
                erased=json.dumps(erased),
            )
    return erased


def erase_again(settings: Settings) -> dict[str, int]:
    """Erase everything of the journal once more: after a backup was restored.

    Texts that are younger than the backup are not in it: their hashes keep them from coming back.
    """
    erased = {"requests": 0, "texts": 0}
    scopes, text_keys = _journal(settings)
    with connect(settings) as conn, conn:
        now = clock_now(conn, settings)
        queries.erase_remember_keys(conn, text_keys=text_keys, now=now)
    for scope in scopes:
        done = erase(settings, scope, "journal")
        erased["requests"] += 1
        erased["texts"] += done["texts"]
    return erased


def retain(settings: Settings, *, older_than: int | None = None) -> dict[str, int]:
    """Erase what is older than its source's `retention_days`, and quarantine that has expired.

    The counts of the past stay: they are of nobody in particular. `older_than` days hold for
    every source instead, where given.
    """
    erased = {"texts": 0, "quarantine": 0}
    with connect(settings) as conn:
        with conn:
            now = clock_now(conn, settings)
            sources = [
                (row["name"], older_than or row["retention_days"])
                for row in queries.erase_retention(conn)
            ]
        for name, days in sources:
            if days is None:
                continue
            erased["texts"] += _retain_source(conn, settings, name, now - timedelta(days=days), now)
        with conn:
            erased["quarantine"] = queries.erase_quarantine_expired(conn, now=now)
    return erased


def access(settings: Settings, scope: Scope) -> Iterator[dict[str, object]]:
    """Everything held of an author, for a request for access."""
    with connect(settings) as conn, conn:
        for row in queries.access_texts(conn, author_key=scope.author_key):
            yield dict(row)


def _erase(conn: Connection, settings: Settings, scope: Scope, now: datetime) -> dict[str, int]:
    if scope.author_key:
        ids = [row["id"] for row in queries.erase_find_author(conn, author_key=scope.author_key)]
        held = queries.erase_quarantine_author(conn, author_key=scope.author_key)
    else:
        where = {"platform": scope.platform, "external_id": scope.external_id}
        ids = [row["id"] for row in queries.erase_find_id(conn, **where)]
        held = queries.erase_quarantine_id(conn, external_id=scope.external_id)
        queries.erase_remember_id(conn, **where, now=now)
    if ids:
        queries.erase_recount(conn, feedback_ids=ids)
        keys = queries.erase_text_keys(conn, feedback_ids=ids)
        _append(settings, {"text_keys": [row["text_key"] for row in keys]})
    copies = _erase_texts(conn, settings, ids, now)
    left = _left(conn, ids, scope.author_key)
    return {"texts": len(ids), "quarantine": held, **copies, "left": left}


def _erase_texts(
    conn: Connection, settings: Settings, ids: list[int], now: datetime
) -> dict[str, int]:
    """Quotes, messages, the texts with all that hangs on them, then rows of exported files.

    Returns:
        Outbox rows emptied, rows of exports, and exports that are not where they were written.
    """
    if not ids:
        return {"messages": 0, "export_rows": 0, "exports_missing": 0}
    queries.erase_quotes(conn, feedback_ids=ids)
    messages = 0
    for _ in range(TRIES):
        found = erase_messages(conn, settings, ids, now)
        messages += found
        if not found:
            break
    queries.erase_remember(conn, feedback_ids=ids, now=now)
    queries.erase_texts(conn, feedback_ids=ids)
    exported = erase_rows(settings.home_folder, ids)
    return {
        "messages": messages,
        "export_rows": exported["rows"],
        "exports_missing": exported["missing_folders"],
    }


def _left(conn: Connection, ids: list[int], key: str | None) -> int:
    found = queries.erase_proof(conn, feedback_ids=ids, author_key=key)
    left = sum(int(count) for count in found)
    if left:
        told = ", ".join(f"{name} {count}" for name, count in dict(found).items() if count)
        raise RetryLater(
            f"a copy is in use right now ({told}), so nothing was erased: run it again in a minute."
        )
    return left


def _retain_source(
    conn: Connection, settings: Settings, source: str, before: datetime, now: datetime
) -> int:
    erased = 0
    while True:
        with conn:
            queries.export_hold_to_end(conn, key=EXPORTING)
            rows = queries.erase_find_older(conn, source=source, before=before, size=BATCH)
            ids = [row["id"] for row in rows]
            _erase_texts(conn, settings, ids, now)
        erased += len(ids)
        if len(ids) < BATCH:
            return erased


def _remember(settings: Settings, scope: Scope) -> None:
    """Write the journal first: a request that is then cut short is repeated, never forgotten."""
    if scope not in _journal(settings)[0]:
        _append(settings, {name: value for name, value in asdict(scope).items() if value})


def _append(settings: Settings, entry: dict[str, Any]) -> None:
    file = _journal_file(settings)
    descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "a", encoding="utf-8") as journal:
        journal.write(json.dumps(entry) + "\n")
        journal.flush()
        os.fsync(journal.fileno())


def _journal(settings: Settings) -> tuple[list[Scope], list[str]]:
    """Requests, and the hashes of all texts that they erased."""
    file = _journal_file(settings)
    if not file.exists():
        return [], []
    entries = [json.loads(line) for line in file.read_text("utf-8").splitlines() if line.strip()]
    scopes = [Scope(**entry) for entry in entries if "text_keys" not in entry]
    return scopes, [key for entry in entries for key in entry.get("text_keys", ())]


def _journal_file(settings: Settings) -> Path:
    settings.home_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return settings.home_folder / JOURNAL
