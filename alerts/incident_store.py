"""Incidents between two runs: what the state machine knows, what people decided, what is told."""

from __future__ import annotations

import json
import logging
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from psycopg2.extensions import connection as Connection

from alerts.detection import SINGLE, Change, Engine, Incident, hour_of, moment_of
from alerts.observations import Texts
from alerts.slack.incidents import announce_incident, close_incident, thread_note
from alerts.telling import evidence_of, note_of, reason_of, voices_of
from earshot.logs import ids
from earshot.settings import Settings
from sql.named import queries

log = logging.getLogger(__name__)

REMEMBERED_DAYS = 280
"""Resolved incidents stay known this long: they can be reopened and bound the windows looked at."""


def load_incidents(conn: Connection, engine: Engine, brand: str, now: datetime) -> None:
    """Give the engine its incidents back, with what people decided meanwhile."""
    since = now - timedelta(days=REMEMBERED_DAYS)
    for row in queries.incident_courses(conn, brand=brand, since=since):
        incident = Incident.load(row["course"])
        incident.is_muted = incident.is_muted or row["verdict"] == "dismissed"
        until = row["snoozed_until"]
        incident.snoozed_until = hour_of(until) if until else None
        incident.snoozed_count = row["snoozed_items"]
        engine.incidents[incident.key] = incident


def store_incidents(
    conn: Connection,
    settings: Settings,
    engine: Engine,
    changes: Sequence[Change],
    texts: Texts,
    now: datetime,
) -> int:
    """Store every open or changed incident, and enqueue what is to be said about it.

    Returns:
        How many incidents were told or told anew.
    """
    by_key: dict[str, list[Change]] = defaultdict(list)
    for change in changes:
        by_key[change.incident.key].append(change)
    touched = {change.incident.key: change.incident for change in changes}
    touched |= {i.key: i for i in engine.incidents.values() if i.is_open}
    told = 0
    for incident in sorted(touched.values(), key=lambda each: each.opened_at):
        told += _store(conn, settings, engine, incident, by_key[incident.key], texts, now)
    return told


def _store(
    conn: Connection,
    settings: Settings,
    engine: Engine,
    incident: Incident,
    changes: Sequence[Change],
    texts: Texts,
    now: datetime,
) -> bool:
    oldest = now - timedelta(hours=settings.clock.alert_max_age_hours)
    evidence = evidence_of(conn, settings, engine, incident, texts, now)
    row = queries.incident_save(
        conn,
        key=incident.key,
        brand=incident.brand,
        rule=incident.rule,
        kind=incident.kind,
        direction=incident.direction,
        theme_key=incident.theme,
        product=incident.product,
        state=incident.state,
        severity=incident.severity,
        started_at=moment_of(incident.started_at),
        opened_at=_shown_at(incident, now),
        updated_at=moment_of(incident.updated_at),
        last_anomalous_at=moment_of(incident.last_anomalous_at),
        resolved_at=moment_of(incident.resolved_at) if incident.resolved_at else None,
        items=round(incident.count),
        baseline=incident.expected,
        odds=None if incident.kind == SINGLE else incident.p_value,
        reason=reason_of(incident),
        evidence=json.dumps(evidence.as_json()),
        is_historical=moment_of(incident.last_anomalous_at + 1) < oldest,
        channel=None,
        course=json.dumps(incident.dump()),
    )
    voices = [int(voice.feedback_id) for voice in voices_of(incident, texts)]
    queries.incident_feedback_add(conn, incident_id=row["id"], feedback_ids=voices)
    _record(conn, row["id"], changes)
    if row["is_historical"]:
        return False
    return _tell(conn, settings, row["id"], changes, now)


def _shown_at(incident: Incident, now: datetime) -> datetime:
    """When the first message was due; never after the present moment."""
    hour = incident.opened_at if incident.posted_at is None else incident.posted_at
    return min(moment_of(hour), now)


def _record(conn: Connection, incident_id: int, changes: Sequence[Change]) -> None:
    for change in changes:
        with ids(incident=incident_id):
            log.info("incident: %s", change.kind)
        queries.incident_event_add(
            conn,
            incident_id=incident_id,
            at=moment_of(change.at),
            kind=change.kind,
            actor="earshot",
            detail=json.dumps(
                {"items": round(change.incident.count), "severity": change.incident.severity}
            ),
        )


def _tell(
    conn: Connection,
    settings: Settings,
    incident_id: int,
    changes: Sequence[Change],
    now: datetime,
) -> bool:
    """Silence while nothing changed; else one edit, and a line in the thread for each change."""
    due = [change for change in changes if change.is_due]
    if not due:
        return False
    if due[-1].kind == "resolve":
        return close_incident(conn, settings, incident_id, now)
    is_told = announce_incident(conn, settings, incident_id, now)
    for change in due:
        note = note_of(change)
        if note:
            name = f"{change.kind}-{change.at}"
            thread_note(conn, settings, incident_id, name, note, now)
    return is_told
