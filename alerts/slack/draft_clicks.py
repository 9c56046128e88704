"""What the buttons of a reply draft do; each answers what was not done, and the caller commits."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from psycopg2.extensions import connection as Connection
from slack_sdk import WebClient

from alerts import approvals
from alerts.redrafting import objections, write_again
from alerts.replies.limits import limit_of
from alerts.slack import text as t
from alerts.slack.drafts import announce_draft
from alerts.slack.modals import MOST_INPUT, edit_modal
from alerts.slack.room import Handler, Room, not_allowed, not_done
from alerts.tickets import ASKED_BEFORE, request_ticket
from sql.named import queries

MOST_REVIEW = 600
"""Characters of the review that the editing modal shows."""


def _named(value: str) -> tuple[int, int, bytes]:
    """Draft, review version and text hash that a button carries."""
    draft_id, version, digest = value.split(":")
    return int(draft_id), int(version), bytes.fromhex(digest)


def approve(room: Room, conn: Connection, now: datetime, body: dict[str, Any]) -> str | None:
    """Approve the text that was shown."""
    draft_id, version, text_hash = _named(body["actions"][0]["value"])
    return not_done(
        approvals.approve(
            conn, room.settings, draft_id, text_hash=text_hash, version=version,
            actor=body["user"]["id"], now=now,
        )
    )  # fmt: skip


def drop(room: Room, conn: Connection, now: datetime, body: dict[str, Any]) -> str | None:
    """It is never sent."""
    draft_id, _, _ = _named(body["actions"][0]["value"])
    actor = body["user"]["id"]
    return not_done(approvals.drop(conn, room.settings, draft_id, actor=actor, now=now))


def mark_sent(room: Room, conn: Connection, now: datetime, body: dict[str, Any]) -> str | None:
    """It was published by hand."""
    draft_id, _, _ = _named(body["actions"][0]["value"])
    actor = body["user"]["id"]
    return not_done(approvals.mark_sent(conn, room.settings, draft_id, actor=actor, now=now))


def _draft_id(body: dict[str, Any]) -> int:
    """The draft that the clicked row of buttons belongs to."""
    return int(body["actions"][0]["block_id"].removeprefix("draft:"))


def ask_again(room: Room, conn: Connection, now: datetime, body: dict[str, Any]) -> str | None:
    """Note the chosen wish for another attempt."""
    wish = body["actions"][0]["selected_option"]["value"]
    actor = body["user"]["id"]
    return not_done(
        approvals.ask_again(conn, room.settings, _draft_id(body), wish=wish, actor=actor, now=now)
    )


def write_anew(room: Room, body: dict[str, Any]) -> str | None:
    """Another attempt with the wish; a language model may need longer than Slack waits."""
    return write_again(room.settings, _draft_id(body))


def send_again(room: Room, conn: Connection, now: datetime, body: dict[str, Any]) -> str | None:
    """It is not on the page: send it again."""
    actor = body["user"]["id"]
    return not_done(
        approvals.send_again(conn, room.settings, _draft_id(body), actor=actor, now=now)
    )


def open_ticket(room: Room, conn: Connection, now: datetime, body: dict[str, Any]) -> str | None:
    """Ask for a ticket about the review, once."""
    row = queries.slack_draft(conn, draft_id=_draft_id(body))
    is_new = request_ticket(
        conn, room.settings, "feedback", row["feedback_id"],
        brand_id=row["brand_id"], actor=body["user"]["id"], now=now,
    )  # fmt: skip
    announce_draft(conn, room.settings, row["id"], now)
    return None if is_new else ASKED_BEFORE


def open_edit(conn: Connection, now: datetime, body: dict[str, Any]) -> dict[str, Any] | str:
    """The modal with the text, or why it cannot be edited there."""
    value = body["actions"][0]["value"]
    draft_id, _, text_hash = _named(value)
    row = queries.slack_draft(conn, draft_id=draft_id)
    if bytes(row["text_hash"]) != text_hash:
        return "The draft has changed; look at its newest text."
    if len(row["text"]) > MOST_INPUT:
        return f"It is too long for Slack's editor; use `earshot replies edit {draft_id}`."
    limit = limit_of(row["platform"])
    place = body.get("container") or {}
    return edit_modal(
        value,
        row["text"],
        f"{limit.name}: at most {limit.limit:,} {limit.unit}",
        str(place.get("channel_id") or ""),
        str(place.get("thread_ts") or place.get("message_ts") or ""),
        review=t.gist(row["title"], row["body"], MOST_REVIEW),
    )


def edited(room: Room) -> Handler:
    """The modal's text: refused with the guard's reasons beside the field, or stored."""

    def handle(ack: Any, body: dict[str, Any], client: WebClient) -> None:
        kept = json.loads(body["view"]["private_metadata"])
        draft_id, version, text_hash = _named(kept["value"])
        text = body["view"]["state"]["values"]["text"]["value"]["value"] or ""
        if not room.may_decide(body):
            ack(response_action="errors", errors={"text": not_allowed(room)})
            return
        with room.transaction() as (conn, now):
            found = objections(conn, room.settings, draft_id, text)
            if not found:
                decision = approvals.edit(
                    conn, room.settings, draft_id, text, text_hash=text_hash, version=version,
                    findings=(), actor=body["user"]["id"], now=now,
                )  # fmt: skip
        if found:
            ack(response_action="errors", errors={"text": _reasons(found)})
            return
        if decision.outcome in {"void", "refused"}:
            ack(response_action="errors", errors={"text": decision.explanation})
        else:
            ack()
        room.deliver()

    return handle


def _reasons(found: list[dict[str, Any]]) -> str:
    told = "; ".join(f"“{finding['span']}” {finding['reason']}" for finding in found)
    return t.shorten(t.clean(told), 1500)
