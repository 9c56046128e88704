"""What the buttons of an incident do; each answers what was not done, and the caller commits."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from psycopg2.extensions import connection as Connection

from alerts.drills import practise
from alerts.slack import decisions
from alerts.slack.incidents import announce_incident
from alerts.slack.modals import dismiss_modal, dismissal_of
from alerts.slack.room import Decide, Room, not_done
from alerts.tickets import ASKED_BEFORE, request_ticket
from sql.named import queries


def is_earnest(body: dict[str, Any]) -> bool:
    """Whether the click is about an incident, not about a drill."""
    return not str(body["actions"][0]["block_id"]).startswith("drill:")


def or_practise(decide: Decide, kind: str) -> Decide:
    """The decision, or its note where the buttons belong to a drill."""

    def either(room: Room, conn: Connection, now: datetime, body: dict[str, Any]) -> str | None:
        if is_earnest(body):
            return decide(room, conn, now, body)
        drill_id = int(body["actions"][0]["block_id"].removeprefix("drill:"))
        actor = body["user"]["id"]
        return practise(conn, room.settings, drill_id, kind, actor=actor, now=now)

    return either


def _incident_id(body: dict[str, Any]) -> int:
    """The incident that the clicked row of buttons belongs to."""
    return int(body["actions"][0]["block_id"].removeprefix("incident:"))


def confirm(room: Room, conn: Connection, now: datetime, body: dict[str, Any]) -> str | None:
    """It is real."""
    actor = body["user"]["id"]
    return not_done(
        decisions.confirm(conn, room.settings, _incident_id(body), actor=actor, now=now)
    )


def snooze(room: Room, conn: Connection, now: datetime, body: dict[str, Any]) -> str | None:
    """Quiet for as long as was chosen."""
    until = body["actions"][0]["selected_option"]["value"]
    actor = body["user"]["id"]
    return not_done(
        decisions.snooze(conn, room.settings, _incident_id(body), until=until, actor=actor, now=now)
    )


def assign(room: Room, conn: Connection, now: datetime, body: dict[str, Any]) -> str | None:
    """It is the chosen person's to look after."""
    to, actor = body["actions"][0]["selected_user"], body["user"]["id"]
    return not_done(
        decisions.assign(conn, room.settings, _incident_id(body), to=to, actor=actor, now=now)
    )


def dismiss(room: Room, conn: Connection, now: datetime, body: dict[str, Any]) -> str | None:
    """It is no crisis, for the reason given in the modal."""
    view, actor = body["view"], body["user"]["id"]
    incident_id = int(json.loads(view["private_metadata"])["incident"])
    reason = dismissal_of(view["state"]["values"])
    return not_done(
        decisions.dismiss(conn, room.settings, incident_id, reason=reason, actor=actor, now=now)
    )


def open_dismiss(conn: Connection, now: datetime, body: dict[str, Any]) -> dict[str, Any] | str:
    """The modal that asks for the reason, or why it is not asked."""
    row = queries.slack_incident(conn, incident_id=_incident_id(body), now=now)
    if row["verdict"]:
        return f"It was {row['verdict']} before."
    return dismiss_modal(row["id"], row["evidence"]["title"])


def open_ticket(room: Room, conn: Connection, now: datetime, body: dict[str, Any]) -> str | None:
    """Ask for a ticket about the incident, once."""
    number = _incident_id(body)
    queries.slack_lock_incident(conn, incident_id=number)
    row = queries.slack_incident(conn, incident_id=number, now=now)
    is_new = request_ticket(
        conn, room.settings, "incident", number,
        brand_id=row["brand_id"], actor=body["user"]["id"], now=now,
    )  # fmt: skip
    announce_incident(conn, room.settings, number, now)
    return None if is_new else ASKED_BEFORE
