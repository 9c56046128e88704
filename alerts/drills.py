"""Drills: a past crisis played again in a test channel, as it was told then, with real buttons.

The message is made from what was known at each moment of the past, squeezed into some minutes.
Clicks are kept as drill events: a drill changes no incident, count or measure.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from psycopg2.extensions import connection as Connection

from alerts.slack import text as t
from alerts.slack.blocks import Message, header, section
from alerts.slack.incident_message import incident_message
from alerts.slack.incidents import incident_view
from alerts.slack.outbox import enqueue, more, say
from alerts.slack.view import IncidentView
from earshot.errors import FixSettings
from earshot.settings import Settings
from sql.clock import now as clock_now
from sql.connect import connect
from sql.named import queries

STEPS = 5
"""In so many steps a crisis is told: its opening, three looks at it, its end."""
DONE = {
    "confirmed": "confirmed",
    "dismissed": "dismissed",
    "assigned": "taken",
    "snoozed": "snoozed",
}


def start_drill(
    settings: Settings, name: str, *, minutes: float, actor: str, channel: str | None = None
) -> int:
    """Begin to play a past crisis; the deliver step plays on.

    Args:
        name: number of an incident, or words of its title; the latest that fits.
        minutes: how long the whole crisis takes in the drill.
        channel: where; by default `slack.drill_channel`.

    Raises:
        FixSettings: there is no such crisis, or no channel for drills.
    """
    place = channel or settings.slack.drill_channel
    if not place:
        raise FixSettings(
            "earshot.toml: slack.drill_channel: is missing; name a test channel, such as "
            '"#earshot-drills", and invite the app there.'
        )
    with connect(settings) as conn, conn:
        now = clock_now(conn, settings)
        past = queries.slack_drill_incident(conn, name=name, now=now)
        if past is None:
            raise FixSettings(
                f'There is no past crisis "{name}"; `earshot drill` without a name lists them.'
            )
        drill_id = int(
            queries.slack_drill_start(
                conn,
                incident_id=past["id"],
                channel=place,
                actor=actor,
                now=now,
                ends_at=now + timedelta(minutes=minutes),
            )
        )
        _tell(conn, settings, queries.slack_drill(conn, drill_id=drill_id), now)
    return drill_id


def past_crises(settings: Settings) -> list[dict[str, Any]]:
    """Crises that can be played, latest first."""
    with connect(settings) as conn, conn:
        return [dict(row) for row in queries.slack_drill_choices(conn)]


def tend_drills(settings: Settings) -> int:
    """Bring every running drill to its present moment; returns how many run."""
    with connect(settings) as conn, conn:
        running = list(queries.slack_drills_running(conn))
        if running:
            now = clock_now(conn, settings)
            for drill in running:
                _tell(conn, settings, drill, now)
    return len(running)


def practise(
    conn: Connection, settings: Settings, drill_id: int, kind: str, *, actor: str, now: datetime
) -> str | None:
    """Keep a click in a drill; the first of its kind stands. The caller commits."""
    drill = queries.slack_drill(conn, drill_id=drill_id)
    if drill is None or drill["closed_at"] is not None:
        return "The drill is over."
    if queries.slack_drill_event(conn, drill_id=drill_id, at=now, kind=kind, actor=actor) is None:
        return f"In this drill it was {DONE[kind]} before."
    _tell(conn, settings, drill, now)
    return None


def _tell(conn: Connection, settings: Settings, drill: Any, now: datetime) -> None:
    """The message as it read at the moment that the drill has reached, and its end."""
    row = queries.slack_incident(conn, incident_id=drill["incident_id"], now=now)
    events = list(queries.slack_drill_events(conn, drill_id=drill["id"]))
    step = _step(drill, now)
    view = _view_at(incident_view(settings, row, now), row, step, events)
    key = f"drill:{drill['id']}"
    say(
        conn,
        key=key,
        subject=key,
        message=_as_drill(incident_message(view), drill["id"], view),
        channel=drill["channel"],
        brand_id=row["brand_id"],
        now=now,
        about={"incident_id": drill["incident_id"]},
    )
    if step < STEPS - 1:
        return
    enqueue(
        conn,
        key=f"{key}:report",
        subject=key,
        action="thread",
        payload=more(_report(settings, drill, row, events), key),
        channel=drill["channel"],
        brand_id=row["brand_id"],
        now=now,
    )
    queries.slack_drill_closed(conn, drill_id=drill["id"], now=now)


def _step(drill: Any, now: datetime) -> int:
    whole = (drill["ends_at"] - drill["started_at"]).total_seconds()
    gone = (now - drill["started_at"]).total_seconds() / max(whole, 1.0)
    return min(STEPS - 1, int(gone * (STEPS - 1)))


def _view_at(view: IncidentView, row: Any, step: int, events: list[Any]) -> IncidentView:
    """The view with nothing in it that was not known at that step of the past."""
    end = row["resolved_at"] or row["updated_at"]
    moment = row["opened_at"] + (end - row["opened_at"]) * step / (STEPS - 1)
    is_over = step == STEPS - 1
    hours = tuple(hour for hour in view.evidence.hours if hour.at <= moment)
    begun = [hour for hour in hours if hour.at >= view.started_at]
    items = sum(hour.items for hour in begun) if begun and not is_over else view.items
    share = (moment - view.started_at) / max(end - view.started_at, timedelta(hours=1))
    quotes = tuple(
        q for q in view.evidence.quotes if q.published_at is None or q.published_at <= moment
    )
    decided = {event["kind"]: event for event in events}
    verdict = next((kind for kind in ("confirmed", "dismissed") if kind in decided), None)
    return replace(
        view,
        now=moment,
        state="resolved" if is_over else "open" if step == 0 else "growing",
        items=min(items, view.items),
        baseline=view.baseline * min(1.0, share),
        resolved_at=end if is_over else None,
        evidence=view.evidence.model_copy(
            update={"hours": hours, "quotes": quotes, "trend": None, "changes": ()}
        ),
        verdict=verdict,
        decided_by=decided[verdict]["actor"] if verdict else None,
        decided_at=moment,
        dismissal=None,
        assigned_to=decided["assigned"]["actor"] if "assigned" in decided else None,
        snoozed_until=moment + timedelta(hours=1) if "snoozed" in decided else None,
        snoozed_items=None,
        escalated_at=None,
        ticket=None,
        ticket_status=None,
        has_desk=False,
        drafts=0,
    )


def _as_drill(message: Message, drill_id: int, view: IncidentView) -> Message:
    """Marked in headline and notification; its buttons name the drill, not the incident."""
    blocks = [
        {**block, "block_id": f"drill:{drill_id}"} if block["type"] == "actions" else block
        for block in message.blocks[1:]
    ]
    title = header(f"🎓 DRILL · {view.headline}")
    told = section("_A past crisis, played for practice. Nothing here reaches a customer._")
    return replace(message, text=f"Drill: {message.text}", blocks=(title, told, *blocks))


def _report(settings: Settings, drill: Any, row: Any, events: list[Any]) -> str:
    """How fast people were, beside what happened then."""
    lines = ["*Drill over.*"]
    for event in events:
        after = t.duration((event["at"] - drill["started_at"]).total_seconds())
        lines.append(f"• {DONE[event['kind']]} by {t.person(event['actor'])} after {after}")
    if not events:
        minutes = settings.slack.escalation.after_minutes
        to = settings.slack.escalation.channel
        where = f" to {t.escape(to)}" if to else ""
        lines.append(f"• nobody answered; in earnest it escalates after {minutes} min{where}")
    if row["decided_at"] is not None:
        then = t.duration((row["decided_at"] - row["opened_at"]).total_seconds())
        lines.append(f"In the real one it was {t.escape(row['verdict'])} after {then}.")
    return "\n".join(lines)
