"""The closing report in an incident's thread: what happened, how long, who did what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from alerts.event_words import EVENT_WORDS
from alerts.slack import text as t
from alerts.slack.blocks import Message, bullets, header, long_section, picture
from alerts.slack.incident_message import QUOTES_SHOWN, chart_of, quote_line
from alerts.slack.view import IncidentView


def closing_report(view: IncidentView, events: Sequence[Mapping[str, Any]]) -> Message:
    """What the thread gets once the incident is over."""
    ended = view.resolved_at or view.updated_at
    lasted = t.duration((ended - view.started_at).total_seconds())
    summary, overflow = long_section(_summary(view, events, lasted))
    title = f"Closing report: {view.evidence.title}, {lasted}"
    blocks = [header(title), *([picture(view.alt_text)] if view.evidence.hours else []), summary]
    quotes = view.evidence.quotes[:QUOTES_SHOWN]
    if quotes:
        blocks.append(bullets(quote_line(quote, view) for quote in quotes))
    return Message(
        text=f"{t.label(title, 300)}: {t.label(t.counted(view.items, view.evidence.noun))}",
        blocks=tuple(blocks),
        chart=chart_of(view),
        feedback_ids=tuple(quote.feedback_id for quote in quotes),
        overflow=overflow,
    )


def _summary(view: IncidentView, events: Sequence[Mapping[str, Any]], lasted: str) -> str:
    ended = view.resolved_at or view.updated_at
    lines = [
        f"*{t.escape(t.counted(view.items, view.evidence.noun))}* in {lasted} "
        f"({t.day_and_time(view.started_at, view.now, view.zone)} to "
        f"{t.day_and_time(ended, view.now, view.zone)}), usually {t.number(view.baseline)}",
    ]
    if view.leading:
        lines.append(f"*Where:* {t.escape(view.leading)}")
    top = max(view.evidence.hours, key=lambda hour: hour.items, default=None)
    if top is not None:
        at = t.day_and_time(top.at, view.now, view.zone)
        lines.append(f"*Peak:* {top.items} in the hour from {at}")
    if view.drafts:
        lines.append(f"*Replies:* {view.drafts} drafted, {view.drafts_waiting} still wait")
    history = [_event(event, view) for event in events if event["kind"] in EVENT_WORDS]
    return "\n".join(lines + (["*What was done:*", *history] if history else []))


def _event(event: Mapping[str, Any], view: IncidentView) -> str:
    by = "" if event["actor"] == "earshot" else f" by {t.person(event['actor'])}"
    reason = (event["detail"] or {}).get("reason")
    why = f": {t.label(reason, 300)}" if reason else ""
    return (
        f"{t.day_and_time(event['at'], view.now, view.zone)}  {EVENT_WORDS[event['kind']]}{by}{why}"
    )
