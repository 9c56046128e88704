"""Sources that others send to: whether one that used to bring something fell silent.

A crawl that fails says so itself. A webhook cannot: nobody calls. Its own habit says when its
silence is no longer a quiet day, and from then on nothing may be concluded from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from psycopg2.extensions import connection as Connection

from earshot.settings import Settings, Source
from sql.named import queries

PUSHED = "webhook"
LEARNED_FROM = timedelta(days=60)
LEAST_BUSY_HOURS = 8
"""A webhook that brought something in fewer hours has no habit yet."""
LEAST_SILENCE = timedelta(days=1)
NEW_FOR = timedelta(days=14)
LEAST_SILENCE_WHILE_NEW = timedelta(days=4)
"""Its first weekends may not have been seen yet."""


def judge_silence(conn: Connection, settings: Settings, now: datetime) -> None:
    """Mark each webhook as healthy or not, by what it brought until now; the caller commits.

    Whoever draws conclusions from counts calls this first. It says nothing: the health is told
    from its row, once.
    """
    habits = {row["name"]: row for row in queries.webhook_habits(conn, now=now, since=LEARNED_FROM)}
    for source in settings.source:
        if source.kind != PUSHED or not source.enabled or source.name not in habits:
            continue
        habit = habits[source.name]
        reason = _silence(source, habit, now)
        if reason is None:
            queries.source_mark_healthy(conn, source_id=habit["id"], now=now)
        else:
            queries.source_mark_unhealthy(conn, source_id=habit["id"], reason=reason, now=now)


def _silence(source: Source, habit: Mapping[str, Any], now: datetime) -> str | None:
    allowed = _allowed(source, habit)
    if allowed is None or now - habit["last_at"] <= allowed:
        return None
    return (
        f"Nothing usable was delivered since {habit['last_at']:%-d %B %H:%M} UTC, expected within "
        f"{allowed.total_seconds() / 3600:.0f} h. See at the sender whether deliveries are "
        "refused, and whether `earshot listen` runs; if it is quiet by nature, set "
        "silent_after_hours."
    )


def _allowed(source: Source, habit: Mapping[str, Any]) -> timedelta | None:
    """What the settings say, or twice the longest pause so far; nothing where it came seldom."""
    declared = source.options.get("silent_after_hours")
    if declared is not None:
        return timedelta(hours=float(declared))
    if habit["busy_hours"] < LEAST_BUSY_HOURS:
        return None
    is_new = habit["last_at"] - habit["first_at"] < NEW_FOR
    least = LEAST_SILENCE_WHILE_NEW if is_new else LEAST_SILENCE
    longest: timedelta = habit["longest_pause"]
    return max(2 * longest, least)
