"""Replay: what detection would have opened over stored history, without touching any of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from psycopg2.extensions import connection as Connection

from alerts.detection import Observation, describe, hour_of, incidents_of
from alerts.detection import replay as replay_changes
from alerts.observations import observations
from alerts.watch import engine_settings
from earshot.settings import Settings
from sql.clock import now as clock_now
from sql.connect import connect

ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)
NEVER = datetime(9999, 1, 1, tzinfo=UTC)


def replay(
    settings: Settings, *, since: datetime | None = None, until: datetime | None = None
) -> list[dict[str, Any]]:
    """Move the clock through history, hour by hour, with arrival = publish time.

    Args:
        settings: brands and rules; a rule that is not switched on yet can be tried here.
        since: what was published before is learned, not watched.
        until: first moment that is not replayed.

    Returns:
        One line an incident that would have been posted, as fixed for `earshot replay --json`,
        in order of opening.
    """
    with connect(settings) as conn, conn:
        rules = engine_settings(conn, settings, clock_now(conn, settings))
        seen = list(_history(conn, settings, until or NEVER))
    changes = replay_changes(
        seen,
        rules,
        from_hour=hour_of(since) if since else None,
        to_hour=hour_of(until) if until else None,
    )
    lines = [
        describe(incident) for incident in incidents_of(changes) if incident.posted_at is not None
    ]
    return sorted(lines, key=lambda line: str(line["opened_at"]))


def _history(conn: Connection, settings: Settings, until: datetime) -> Iterator[Observation]:
    for brand in settings.brand:
        if brand.role == "own":
            yield from observations(conn, brand.key, ALWAYS, until)
