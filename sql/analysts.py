"""What the settings say to the views of analysts, written into their tables."""

from __future__ import annotations

from psycopg2.extensions import connection as Connection

from earshot.settings import Settings
from sql.named import queries


def sync_analysts(conn: Connection, settings: Settings) -> None:
    """Write service levels and the least group; idempotent, the caller commits."""
    wanted = settings.analytics
    queries.analyst_level_forget(conn, channels=[level.channel for level in wanted.service_level])
    for level in wanted.service_level:
        queries.analyst_level(
            conn, channel=level.channel, first_response_minutes=level.first_response_minutes
        )
    if queries.analyst_least_group(conn) != wanted.least_group:
        queries.analyst_limit(conn, least_group=wanted.least_group)
