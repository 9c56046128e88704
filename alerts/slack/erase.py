"""Erasure reaches what was said: outbox payloads, Slack messages, previews."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from psycopg2.extensions import connection as Connection

from alerts.slack.blocks import Message, section
from alerts.slack.incidents import announce_incident, message_key
from alerts.slack.outbox import say
from earshot.settings import Settings
from sql.named import queries

ERASED = "This message was erased on request."


def erase_messages(
    conn: Connection, settings: Settings, feedback_ids: Sequence[int], now: datetime
) -> int:
    """Empty every outbox row that quotes these items, and edit what Slack shows of them.

    Call it in the transaction of the erasure, after the quotes were taken out of
    `incident.evidence`: an incident's own message is then written anew without them, any other
    message gives way to one sentence. `deliver` carries the edits out. A message that is being
    sent at this moment is found by the next call: call again until it returns 0.

    Returns:
        How many outbox rows were emptied.
    """
    rows = list(queries.slack_erase_rows(conn, feedback_ids=list(feedback_ids)))
    settled = [row for row in rows if row["state"] not in {"sending", "uncertain"}]
    for row in settled:
        queries.slack_erase_payload(conn, id=row["id"])
    for message in dict.fromkeys(row["message"] for row in settled):
        queries.slack_erase_unsent(conn, message=message)
    sent = {row["message"]: row for row in settled if row["state"] in {"sent", "superseded"}}
    for message, row in sent.items():
        posted = queries.outbox_row(conn, key=message)
        if posted is None or posted["state"] != "sent":
            continue
        if row["incident_id"] and message == message_key(int(row["incident_id"])):
            announce_incident(conn, settings, int(row["incident_id"]), now)
        else:
            say(
                conn,
                key=message,
                subject=row["subject"],
                message=Message(text=ERASED, blocks=(section(f"_{ERASED}_"),)),
                channel=row["channel"],
                brand_id=row["brand_id"],
                now=now,
            )
    return len(settled)
