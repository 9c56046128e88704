"""Decisions about reply drafts: by button and by command line the same functions.

An approval names the exact text (SHA-256 of its UTF-8) and the review version that were shown. If
either changed meanwhile it is void: nothing is sent. Every decision writes a reply event; the
caller commits.
"""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from psycopg2.extensions import connection as Connection
from psycopg2.extras import Json

from alerts.destinations import destination_of
from alerts.replies.records import Draft, Written
from alerts.slack.drafts import announce_draft
from earshot.settings import Settings
from sql.named import queries

Outcome = Literal["done", "already", "void", "refused"]


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What became of a click: `void` and `refused` changed nothing that is sent."""

    outcome: Outcome
    explanation: str
    draft_id: int
    """The draft that now stands; after "again" the new one."""


def hash_of(text: str) -> bytes:
    """The digest by which an approval names a text."""
    return hashlib.sha256(text.encode("utf-8")).digest()


def approve(
    conn: Connection,
    settings: Settings,
    draft_id: int,
    *,
    text_hash: bytes,
    version: int,
    actor: str,
    now: datetime,
) -> Decision:
    """Approve the text of that hash for the review version, and enqueue its publication.

    Asked again with the same text it answers `already`: a click delivered three times is one.
    """
    row = _locked(conn, draft_id)
    if (problem := _changed(conn, settings, row, text_hash, version, actor, now)) is not None:
        return problem
    if row["state"] in {"approved", "sending", "sent"}:
        return _answer("already", "It is approved already.", draft_id)
    if row["state"] != "waiting":
        return _answer("refused", f"A draft that is {row['state']} cannot be approved.", draft_id)
    if settings.slack.four_eyes:
        waits = _second_pair_of_eyes(conn, settings, row, actor, now)
        if waits is not None:
            return waits
    queries.approvals_state(conn, draft_id=draft_id, state="approved", reason=None)
    _event(conn, draft_id, now, "approved", actor, {"hash": text_hash.hex(), "version": version})
    _enqueue_publication(conn, settings, row, now)
    announce_draft(conn, settings, draft_id, now)
    return _answer("done", "Approved.", draft_id)


def _second_pair_of_eyes(
    conn: Connection, settings: Settings, row: Any, actor: str, now: datetime
) -> Decision | None:
    """Two people see each text: its editor and who approves it, or two who approve it.

    Returns:
        Why this approval does not send it yet; None where it is the second person's.
    """
    draft_id, digest = row["id"], bytes(row["text_hash"]).hex()
    author = queries.approvals_last_editor(conn, draft_id=draft_id)
    first = queries.approvals_first_approval(conn, draft_id=draft_id, text_hash=digest)
    if author == actor:
        return _answer("refused", "Whoever edited a reply does not approve it.", draft_id)
    if author is not None or first not in (None, actor):
        return None
    if first == actor:
        return _answer("already", "You approved it; a second person must too.", draft_id)
    detail = {"hash": digest, "version": row["version"]}
    _event(conn, draft_id, now, "first_approval", actor, detail)
    announce_draft(conn, settings, draft_id, now)
    return _answer("already", "Noted; a second person must approve it before it is sent.", draft_id)


def edit(
    conn: Connection,
    settings: Settings,
    draft_id: int,
    new_text: str,
    *,
    text_hash: bytes,
    version: int,
    findings: Sequence[Mapping[str, Any]],
    actor: str,
    now: datetime,
) -> Decision:
    """Replace the text; it waits for approval, or is blocked where the guard objects.

    Args:
        new_text: the whole new text, as a person typed it.
        text_hash: of the text that the person saw when the editing began.
        findings: the guard's objections to `new_text`: `rule`, `span`, `reason`.
    """
    row = _locked(conn, draft_id)
    if bytes(row["text_hash"]) == hash_of(new_text):
        return _answer("already", "It reads like that already.", draft_id)
    if (problem := _changed(conn, settings, row, text_hash, version, actor, now)) is not None:
        return problem
    if row["state"] not in {"waiting", "blocked", "held"}:
        return _answer("refused", f"A draft that is {row['state']} cannot be edited.", draft_id)
    if not new_text.strip():
        return _answer("refused", "An empty reply cannot be sent; drop it instead.", draft_id)
    queries.approvals_text(
        conn,
        draft_id=draft_id,
        text=new_text,
        text_hash=hash_of(new_text),
        guard=Json([dict(finding) for finding in findings]),
        state="blocked" if findings else "waiting",
    )
    distance = edit_distance(row["text"], new_text)
    detail = {"hash": hash_of(new_text).hex(), "distance": distance, "objections": len(findings)}
    _event(conn, draft_id, now, "edited", actor, detail)
    announce_draft(conn, settings, draft_id, now)
    return _answer("done", "Edited; it waits for approval.", draft_id)


def drop(
    conn: Connection, settings: Settings, draft_id: int, *, actor: str, now: datetime
) -> Decision:
    """Decide that this draft is never sent."""
    row = _locked(conn, draft_id)
    if row["state"] == "dropped":
        return _answer("already", "It is dropped already.", draft_id)
    if row["state"] in {"sending", "sent", "void"}:
        return _answer("refused", f"A draft that is {row['state']} cannot be dropped.", draft_id)
    queries.approvals_withdraw(conn, draft_id=draft_id)
    queries.approvals_state(conn, draft_id=draft_id, state="dropped", reason=None)
    _event(conn, draft_id, now, "dropped", actor, {})
    announce_draft(conn, settings, draft_id, now)
    return _answer("done", "Dropped.", draft_id)


def mark_sent(
    conn: Connection, settings: Settings, draft_id: int, *, actor: str, now: datetime
) -> Decision:
    """A person copied the approved text to where no API takes it, or saw it published."""
    row = _locked(conn, draft_id)
    if row["state"] == "sent":
        return _answer("already", "It is marked as sent already.", draft_id)
    if row["state"] not in {"approved", "unsure"}:
        return _answer("refused", "Only an approved reply can be marked as sent.", draft_id)
    queries.approvals_sent(conn, draft_id=draft_id, sent_at=now)
    queries.approvals_published(conn, draft_id=draft_id, sent_at=now)
    _event(conn, draft_id, now, "sent", actor, {"by": "hand"})
    announce_draft(conn, settings, draft_id, now)
    return _answer("done", "Marked as sent.", draft_id)


def send_again(
    conn: Connection, settings: Settings, draft_id: int, *, actor: str, now: datetime
) -> Decision:
    """A person looked at the page, and the reply of which nobody was sure is not there."""
    row = _locked(conn, draft_id)
    if row["state"] != "unsure":
        return _answer("already", f"It is {row['state']}.", draft_id)
    if row["current_version"] != row["version"] or row["deleted_at"] is not None:
        _void(conn, settings, draft_id, _why_outdated(row), actor, now)
        return _answer("void", f"Not sent: {_why_outdated(row)}.", draft_id)
    queries.approvals_state(conn, draft_id=draft_id, state="approved", reason=None)
    queries.publishing_resend(conn, draft_id=draft_id, now=now)
    _event(conn, draft_id, now, "send_again", actor, {})
    announce_draft(conn, settings, draft_id, now)
    return _answer("done", "It is sent again.", draft_id)


def ask_again(
    conn: Connection, settings: Settings, draft_id: int, *, wish: str, actor: str, now: datetime
) -> Decision:
    """Note that somebody wants another text; once committed, `redrafting.write_again` writes it."""
    row = _locked(conn, draft_id)
    if (refusal := _not_anew(conn, settings, row, actor, now)) is not None:
        return refusal
    if queries.approvals_wish(conn, draft_id=draft_id) is not None:
        return _answer("already", "It is being written anew already.", draft_id)
    detail = {"wish": wish, "hash": bytes(row["text_hash"]).hex()}
    _event(conn, draft_id, now, "wished", actor, detail)
    return _answer("done", "It is being written anew.", draft_id)


def rewrite(
    conn: Connection, settings: Settings, draft_id: int, *, written: Written | None, now: datetime
) -> Decision:
    """Let what was wished for take the old text's place, which becomes void.

    Nothing is replaced that a person or the customer changed while the engine wrote.

    Args:
        written: by the engine; None where it could not begin.
    """
    row = _locked(conn, draft_id)
    asked = queries.approvals_wish(conn, draft_id=draft_id)
    if asked is None:
        return _answer("already", "It was written anew already.", draft_id)
    wish, actor = asked["detail"]["wish"], asked["actor"]
    if (refusal := _not_anew(conn, settings, row, actor, now)) is not None:
        return refusal
    if asked["detail"]["hash"] != bytes(row["text_hash"]).hex():
        return _unfulfilled(conn, draft_id, now, "The draft was edited meanwhile.")
    outcome = written.outcome if written else None
    if written is None or not isinstance(outcome, Draft) or outcome.text == row["text"]:
        return _unfulfilled(conn, draft_id, now, f"The engine has nothing {wish} to offer.")
    attempt = queries.approvals_next_attempt(
        conn, feedback_id=row["feedback_id"], version=row["version"]
    )
    new_id = queries.approvals_new_attempt(
        conn,
        draft_id=draft_id,
        attempt=attempt,
        engine=outcome.engine,
        text=outcome.text,
        text_hash=hash_of(outcome.text),
        now=now,
    )
    _void(conn, settings, draft_id, f"written anew, {wish}", actor, now, kind="again")
    detail = {"wish": wish, "attempt": attempt, **written.about()}
    _event(conn, new_id, now, "drafted", actor, detail)
    announce_draft(conn, settings, new_id, now)
    return _answer("done", "Written anew.", new_id)


def _not_anew(
    conn: Connection, settings: Settings, row: Any, actor: str, now: datetime
) -> Decision | None:
    """Why this draft is not written anew; None where it may be."""
    if row["state"] not in {"waiting", "blocked"}:
        return _answer("refused", f"A draft that is {row['state']} is not written anew.", row["id"])
    return _changed(conn, settings, row, bytes(row["text_hash"]), row["version"], actor, now)


def _unfulfilled(conn: Connection, draft_id: int, now: datetime, why: str) -> Decision:
    _event(conn, draft_id, now, "wish_ended", "earshot", {"reason": why})
    return _answer("refused", why, draft_id)


def void_outdated(conn: Connection, settings: Settings, now: datetime) -> int:
    """Make drafts void whose review was edited or deleted since; returns how many."""
    outdated = [row["id"] for row in queries.approvals_outdated(conn)]
    for draft_id in outdated:
        row = _locked(conn, draft_id)
        _void(conn, settings, draft_id, _why_outdated(row), "earshot", now)
    return len(outdated)


def edit_distance(before: str, after: str) -> float:
    """Share of the text that a person changed, 0 to 1 (one minus difflib's ratio)."""
    return round(1 - difflib.SequenceMatcher(None, before, after, autojunk=False).ratio(), 4)


def _locked(conn: Connection, draft_id: int) -> Any:
    row = queries.slack_draft(conn, draft_id=draft_id)
    if row is None:
        raise LookupError(f"there is no reply draft {draft_id}; list them with `earshot replies`.")
    return row


def _changed(
    conn: Connection,
    settings: Settings,
    row: Any,
    text_hash: bytes,
    version: int,
    actor: str,
    now: datetime,
) -> Decision | None:
    """Why a decision about what was shown is void, or None where nothing changed."""
    if row["current_version"] != row["version"] or row["deleted_at"] is not None:
        if row["state"] in {"waiting", "blocked", "held", "approved"}:
            _void(conn, settings, row["id"], _why_outdated(row), actor, now)
        return _answer("void", f"Not sent: {_why_outdated(row)}.", row["id"])
    if version != row["version"] or text_hash != bytes(row["text_hash"]):
        detail = {"hash": text_hash.hex(), "version": version}
        _event(conn, row["id"], now, "decision_void", actor, detail)
        return _answer("void", "Not sent: the draft has changed; look at its text.", row["id"])
    return None


def _why_outdated(row: Any) -> str:
    return "the review was deleted" if row["deleted_at"] is not None else "the review changed"


def _void(
    conn: Connection,
    settings: Settings,
    draft_id: int,
    reason: str,
    actor: str,
    now: datetime,
    *,
    kind: str = "void",
) -> None:
    queries.approvals_withdraw(conn, draft_id=draft_id)
    queries.approvals_state(conn, draft_id=draft_id, state="void", reason=reason)
    _event(conn, draft_id, now, kind, actor, {"reason": reason})
    announce_draft(conn, settings, draft_id, now)


def _enqueue_publication(conn: Connection, settings: Settings, row: Any, now: datetime) -> None:
    """One publication per draft; it refers to the text and never copies it."""
    queries.approvals_publish(
        conn,
        draft_id=row["id"],
        brand_id=row["brand_id"],
        destination=destination_of(settings, row["source_name"]),
        payload=Json(
            {
                "draft_id": row["id"],
                "feedback_ids": [row["feedback_id"]],
                "version": row["version"],
                "text_hash": bytes(row["text_hash"]).hex(),
            }
        ),
        now=now,
    )


def _event(
    conn: Connection, draft_id: int, now: datetime, kind: str, actor: str, detail: dict[str, Any]
) -> None:
    queries.approvals_event(
        conn, draft_id=draft_id, at=now, kind=kind, actor=actor, detail=Json(detail)
    )


def _answer(outcome: Outcome, explanation: str, draft_id: int) -> Decision:
    return Decision(outcome=outcome, explanation=explanation, draft_id=draft_id)
