"""What people decide about incidents: recorded once, told in the message; the caller commits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from psycopg2.extensions import connection as Connection

from alerts.slack.incidents import announce_incident, record_event
from alerts.slack.view import view_of
from earshot.settings import Settings
from sql.named import queries

SNOOZES = {"1h": timedelta(hours=1), "4h": timedelta(hours=4)}
UNTIL_IT_GROWS = "grows"


@dataclass(frozen=True, kw_only=True)
class IncidentDecision:
    """What became of a click: `already` where the same was decided before, by anybody."""

    outcome: Literal["done", "already"]
    explanation: str


def confirm(
    conn: Connection, settings: Settings, incident_id: int, *, actor: str, now: datetime
) -> IncidentDecision:
    """It is real. The first decision stands; later clicks change nothing."""
    return _judge(conn, settings, incident_id, "confirmed", actor, now, {})


def dismiss(
    conn: Connection,
    settings: Settings,
    incident_id: int,
    *,
    reason: str,
    actor: str,
    now: datetime,
) -> IncidentDecision:
    """It is no crisis; the reason is kept for tuning and shown."""
    return _judge(conn, settings, incident_id, "dismissed", actor, now, {"reason": reason})


def snooze(
    conn: Connection, settings: Settings, incident_id: int, *, until: str, actor: str, now: datetime
) -> IncidentDecision:
    """Quiet for a while (`1h`, `4h`) or until it `grows` by half; edits go on silently."""
    queries.slack_lock_incident(conn, incident_id=incident_id)
    row = queries.slack_incident(conn, incident_id=incident_id, now=now)
    if view_of(row, now).is_snoozed:
        return IncidentDecision(outcome="already", explanation="It is quiet already.")
    end = None if until == UNTIL_IT_GROWS else now + SNOOZES[until]
    queries.slack_snooze(conn, incident_id=incident_id, until=end, items=row["items"])
    record_event(conn, incident_id, "snoozed", actor, now, {"until": until, "items": row["items"]})
    announce_incident(conn, settings, incident_id, now)
    return IncidentDecision(outcome="done", explanation="Snoozed.")


def assign(
    conn: Connection, settings: Settings, incident_id: int, *, to: str, actor: str, now: datetime
) -> IncidentDecision:
    """Hand the incident to a person."""
    if not queries.slack_assign(conn, incident_id=incident_id, person=to):
        return IncidentDecision(outcome="already", explanation="It is theirs already.")
    record_event(conn, incident_id, "assigned", actor, now, {"to": to})
    announce_incident(conn, settings, incident_id, now)
    return IncidentDecision(outcome="done", explanation="Assigned.")


def _judge(
    conn: Connection,
    settings: Settings,
    incident_id: int,
    verdict: str,
    actor: str,
    now: datetime,
    detail: dict[str, Any],
) -> IncidentDecision:
    if not queries.slack_decide(
        conn, incident_id=incident_id, verdict=verdict, actor=actor, at=now
    ):
        row = queries.slack_incident(conn, incident_id=incident_id, now=now)
        told = (
            f"It was {row['verdict']} before." if row["verdict"] else "There is no such incident."
        )
        return IncidentDecision(outcome="already", explanation=told)
    record_event(conn, incident_id, verdict, actor, now, detail)
    announce_incident(conn, settings, incident_id, now)
    return IncidentDecision(outcome="done", explanation=verdict.capitalize())
