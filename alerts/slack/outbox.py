"""What is to be said, written in the same transaction as the state that it announces.

Keys: `incident:7` is the message of incident 7, `incident:7:edit:3` its third edit,
`incident:7:note:peak` an answer in its thread. `parent` in the payload names the message in whose
thread a row stands, `target` the message that it edits. Rows of one subject are sent in order.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from psycopg2.extensions import connection as Connection
from psycopg2.extras import Json

from alerts.slack.blocks import Message, section
from sql.named import queries

Action = Literal["post", "update", "thread"]
SLACK = "slack"


def enqueue(
    conn: Connection,
    *,
    key: str,
    subject: str,
    action: Action,
    payload: Mapping[str, Any],
    channel: str | None,
    brand_id: int | None,
    now: datetime,
    not_before: datetime | None = None,
) -> bool:
    """Add one message to the outbox; False where that key was already said.

    The caller commits, together with the state that the message announces.
    """
    added = queries.outbox_enqueue(
        conn,
        key=key,
        brand_id=brand_id,
        subject=subject,
        destination=SLACK,
        channel=channel,
        action=action,
        payload=Json(dict(payload)),
        not_before=not_before or now,
        created_at=now,
    )
    return added is not None


def say(
    conn: Connection,
    *,
    key: str,
    subject: str,
    message: Message,
    channel: str,
    brand_id: int | None,
    now: datetime,
    parent: str | None = None,
    not_before: datetime | None = None,
    about: Mapping[str, Any] | None = None,
) -> bool:
    """Post a message once, or bring the posted one up to date; what is too long follows in thread.

    Args:
        parent: key of the message in whose thread this one stands.
        about: references for erasure: `incident_id`, `draft_id`.

    Returns:
        Whether anything was enqueued: saying the same again is silence.
    """
    payload = message.as_payload() | dict(about or {}) | ({"parent": parent} if parent else {})
    is_new = enqueue(
        conn,
        key=key,
        subject=subject,
        action="thread" if parent else "post",
        payload=payload,
        channel=channel,
        brand_id=brand_id,
        now=now,
        not_before=not_before,
    )
    if is_new:
        root = parent or key
        for index, piece in enumerate(message.overflow, start=1):
            enqueue(
                conn,
                key=f"{key}:more:{index}",
                subject=subject,
                action="thread",
                payload=more(piece, root, message.feedback_ids) | dict(about or {}),
                channel=channel,
                brand_id=brand_id,
                now=now,
                not_before=not_before,
            )
        return True
    return _edit(conn, key, subject, payload, channel, brand_id, now)


def more(piece: str, parent: str, feedback_ids: tuple[int, ...] = ()) -> dict[str, Any]:
    """Payload of an answer in a thread made of one paragraph."""
    return {
        "text": piece,
        "blocks": [section(piece)],
        "chart": None,
        "feedback_ids": list(feedback_ids),
        "parent": parent,
    }


def _edit(
    conn: Connection,
    key: str,
    subject: str,
    payload: dict[str, Any],
    channel: str,
    brand_id: int | None,
    now: datetime,
) -> bool:
    queries.outbox_lock(conn, key=key)
    latest = queries.outbox_latest_version(conn, message=key)
    before = latest["payload"] if latest else {}
    if _shown(before) == _shown(payload):
        return False
    if before.get("chart") == payload["chart"] and "file_id" in before:
        payload = payload | {"file_id": before["file_id"]}
    if queries.outbox_fold(conn, message=key, payload=Json(payload)):
        return True
    queries.outbox_supersede(conn, message=key)
    edit = {name: value for name, value in payload.items() if name != "parent"}
    return enqueue(
        conn,
        key=f"{key}:edit:{queries.outbox_edits(conn, message=key) + 1}",
        subject=subject,
        action="update",
        payload=edit | {"target": key},
        channel=channel,
        brand_id=brand_id,
        now=now,
    )


def _shown(payload: Mapping[str, Any]) -> tuple[Any, ...]:
    return payload.get("text"), payload.get("blocks"), payload.get("chart")
