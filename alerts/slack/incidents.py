"""Incidents told in Slack: one message each, edited in place; its thread holds the history.

Every function writes to the outbox inside the caller's transaction and sends nothing.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from psycopg2.extensions import connection as Connection
from psycopg2.extras import Json

from alerts.slack import text as t
from alerts.slack.blocks import Message, header, section
from alerts.slack.closing import closing_report
from alerts.slack.incident_message import incident_message
from alerts.slack.outbox import enqueue, more, say
from alerts.slack.routing import Subject, incident_channel, is_posted, not_before, routed
from alerts.slack.view import IncidentView, view_of
from earshot.settings import Settings
from sql.named import queries

SNOOZE_GROWTH = 1.5
"""An incident that is quiet "until it grows" speaks again at this multiple of its count."""


def message_key(incident_id: int) -> str:
    """Outbox key of an incident's one message."""
    return f"incident:{incident_id}"


def announce_incident(
    conn: Connection, settings: Settings, incident_id: int, now: datetime
) -> bool:
    """Post the incident's message, or bring it up to date if it exists.

    Call it in the transaction that wrote the row. Incidents of low severity, historical ones and
    those of muted rules stay silent until that changes.

    Returns:
        Whether anything was enqueued; False also where the message would read the same.
    """
    queries.slack_lock_incident(conn, incident_id=incident_id)
    row = queries.slack_incident(conn, incident_id=incident_id, now=now)
    key = message_key(incident_id)
    is_known = queries.outbox_row(conn, key=key) is not None
    if not is_known and not is_posted(
        settings, rule=row["rule"], severity=row["severity"], is_historical=row["is_historical"]
    ):
        return False
    view = incident_view(settings, row, now)
    if is_known:
        _tell_route(conn, settings, row, now)
    return say(
        conn,
        key=key,
        subject=key,
        message=incident_message(view),
        channel=_channel(conn, settings, row),
        brand_id=row["brand_id"],
        now=now,
        not_before=not_before(settings, severity=view.severity, zone=view.zone, now=now),
        about={"incident_id": incident_id},
    )


def update_incident(conn: Connection, settings: Settings, incident_id: int, now: datetime) -> bool:
    """Edit the incident's message where its words changed; post it if it has just become loud."""
    return announce_incident(conn, settings, incident_id, now)


def thread_note(
    conn: Connection,
    settings: Settings,
    incident_id: int,
    name: str,
    text: str,
    now: datetime,
    *,
    is_loud: bool = False,
) -> bool:
    """Answer in the incident's thread, once per `name` ("crossed-100", "peak", "recovery").

    Args:
        text: plain words; escaped here.
        is_loud: said even while the incident is snoozed.

    Returns:
        False where the incident has no message, sleeps, or said that already.
    """
    key = message_key(incident_id)
    row = queries.slack_incident(conn, incident_id=incident_id, now=now)
    if queries.outbox_row(conn, key=key) is None:
        return False
    view = incident_view(settings, row, now)
    if view.is_snoozed and not is_loud:
        return False
    return enqueue(
        conn,
        key=f"{key}:note:{name}",
        subject=key,
        action="thread",
        payload=more(t.escape(text), key) | {"incident_id": incident_id},
        channel=_channel(conn, settings, row),
        brand_id=row["brand_id"],
        now=now,
        not_before=not_before(settings, severity=view.severity, zone=view.zone, now=now),
    )


def close_incident(conn: Connection, settings: Settings, incident_id: int, now: datetime) -> bool:
    """Edit the message into its closed form and put the closing report with chart in its thread."""
    key = message_key(incident_id)
    if queries.outbox_row(conn, key=key) is None:
        return False
    announce_incident(conn, settings, incident_id, now)
    row = queries.slack_incident(conn, incident_id=incident_id, now=now)
    events = list(queries.slack_incident_events(conn, incident_id=incident_id))
    return say(
        conn,
        key=f"{key}:report",
        subject=key,
        message=closing_report(incident_view(settings, row, now), events),
        channel=_channel(conn, settings, row),
        brand_id=row["brand_id"],
        now=now,
        parent=key,
        about={"incident_id": incident_id},
    )


def escalate_unanswered(conn: Connection, settings: Settings, now: datetime) -> int:
    """Tell the next channel of crises that nobody took in time; once each.

    Returns:
        How many were escalated.
    """
    limit = timedelta(minutes=settings.slack.escalation.after_minutes)
    overdue = [
        row for row in queries.slack_unanswered(conn, now=now) if row["sent_at"] + limit <= now
    ]
    for row in overdue:
        _escalate(conn, settings, row["id"], now)
    return len(overdue)


def _escalate(conn: Connection, settings: Settings, incident_id: int, now: datetime) -> None:
    escalation = settings.slack.escalation
    queries.slack_escalated(conn, incident_id=incident_id, at=now)
    record_event(conn, incident_id, "escalated", "earshot", now, {"to": escalation.channel})
    to = f" → {escalation.channel}" if escalation.channel else ""
    words = f"No answer for {escalation.after_minutes} minutes{to}"
    thread_note(conn, settings, incident_id, "escalated", words, now, is_loud=True)
    row = queries.slack_incident(conn, incident_id=incident_id, now=now)
    announce_incident(conn, settings, incident_id, now)
    if escalation.channel:
        message = escalation_message(
            incident_view(settings, row, now), settings, _channel(conn, settings, row)
        )
        key = f"{message_key(incident_id)}:escalation"
        say(
            conn,
            key=key,
            subject=key,
            message=message,
            channel=escalation.channel,
            brand_id=row["brand_id"],
            now=now,
            about={"incident_id": incident_id},
        )


def escalation_message(view: IncidentView, settings: Settings, channel: str) -> Message:
    """What the next channel reads: the headline, since when nobody answers, and where it stands."""
    minutes = settings.slack.escalation.after_minutes
    told = (
        f"{t.label(view.brand)} · {view.severity}. Nobody has confirmed, dismissed or taken it "
        f"for {minutes} minutes. The message stands in {t.escape(channel)}"
    )
    told += f" · {t.link(view.evidence.page_url, 'open page')}" if view.evidence.page_url else "."
    return Message(
        text=f"No answer for {minutes} minutes: {t.label(view.headline, 300)}",
        blocks=(header(f"{view.icon} No answer yet: {view.headline}"), section(told)),
    )


def end_snoozes(conn: Connection, settings: Settings, now: datetime) -> int:
    """Wake incidents whose snooze is over or that grew by half; says so in the thread."""
    over = list(queries.slack_snoozes_over(conn, now=now, growth=SNOOZE_GROWTH))
    for row in over:
        queries.slack_snooze(conn, incident_id=row["id"], until=None, items=None)
        record_event(conn, row["id"], "snooze_over", "earshot", now, {"items": row["items"]})
        before = f", {row['snoozed_items']} when it was snoozed" if row["snoozed_items"] else ""
        words = f"Snooze over: {row['items']} now{before}"
        thread_note(conn, settings, row["id"], f"awake-{now:%Y%m%dT%H%M}", words, now)
        announce_incident(conn, settings, row["id"], now)
    return len(over)


def record_event(
    conn: Connection, incident_id: int, kind: str, actor: str, now: datetime, detail: dict[str, Any]
) -> None:
    """Write one line into the incident's history."""
    queries.slack_incident_event(
        conn, incident_id=incident_id, at=now, kind=kind, actor=actor, detail=Json(detail)
    )


def incident_view(settings: Settings, row: Any, now: datetime) -> IncidentView:
    """The view of one row of `slack_incident` as these settings show it."""
    return view_of(row, now, settings.web.url, has_desk=settings.ticket is not None)


def _channel(conn: Connection, settings: Settings, row: Any) -> str:
    """Where the message stands or will stand: what is posted never moves."""
    posted = queries.outbox_row(conn, key=message_key(row["id"]))
    if posted is not None:
        return str(posted["channel"])
    return incident_channel(settings, _subject(conn, row), rule=row["rule"], chosen=row["channel"])


def _subject(conn: Connection, row: Any) -> Subject:
    quotes = (row["evidence"] or {}).get("quotes") or []
    ids = [quote["feedback_id"] for quote in quotes]
    found = queries.slack_languages(conn, ids=ids) if ids else []
    return Subject(
        about="incidents",
        brand=row["brand_key"],
        severity=row["severity"],
        themes=frozenset([row["theme_key"]] if row["theme_key"] else []),
        languages=frozenset(each["language"] for each in found),
    )


def _tell_route(conn: Connection, settings: Settings, row: Any, now: datetime) -> None:
    """Point to the message, once, from a channel that hears of it since it became more severe."""
    posted = _channel(conn, settings, row)
    channel = routed(settings, _subject(conn, row))
    if channel is None or channel == posted or row["channel"]:
        return
    view = incident_view(settings, row, now)
    told = f"{t.label(view.brand)} · now {view.severity}. The message stands in {t.escape(posted)}"
    told += f" · {t.link(view.evidence.page_url, 'open page')}" if view.evidence.page_url else "."
    key = f"{message_key(row['id'])}:routed:{channel}"
    enqueue(
        conn,
        key=key,
        subject=key,
        action="post",
        payload={
            "text": f"Now {view.severity}: {t.label(view.headline, 300)}",
            "blocks": [header(f"{view.icon} {view.headline}"), section(told)],
            "chart": None,
            "feedback_ids": [],
            "incident_id": row["id"],
        },
        channel=channel,
        brand_id=row["brand_id"],
        now=now,
        not_before=not_before(settings, severity=view.severity, zone=view.zone, now=now),
    )
