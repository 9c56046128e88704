"""What people read of an incident's events, in a closing report and in its memory."""

from __future__ import annotations

EVENT_WORDS = {
    "open": "noticed",
    "escalate": "severity raised",
    "peak": "past its peak",
    "reopen": "came back",
    "resolve": "over",
    "confirmed": "confirmed",
    "dismissed": "dismissed",
    "assigned": "assigned",
    "snoozed": "snoozed",
    "escalated": "nobody had answered",
    "ticket": "ticket opened",
}
"""Words by kind of event; a kind that is not here is not told."""
