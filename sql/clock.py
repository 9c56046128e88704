"""The one clock: every room asks it, and every process sees the same time."""

from __future__ import annotations

from datetime import UTC, datetime

from psycopg2.extensions import connection as Connection

from earshot.errors import FixSettings
from earshot.settings import Settings
from sql.named import queries


def now(conn: Connection, settings: Settings) -> datetime:
    """The present instant, in UTC: the system's, or the row that demo and tests advance.

    Raises:
        FixSettings: the clock is the database's and was never set.
    """
    if settings.clock.source == "system":
        return datetime.now(UTC)
    stands_at: datetime | None = queries.clock_stands_at(conn)
    if stands_at is None:
        raise FixSettings(
            'earshot.toml: clock.source: "database" but no time was ever set; '
            'write "system", or let `earshot demo` set it.'
        )
    return datetime.astimezone(stands_at, UTC)


def advance(conn: Connection, moment: datetime) -> None:
    """Move the database's clock forward to that instant; never back."""
    queries.clock_set(conn, stands_at=moment)
