"""Hourly counts: computed again, whole, for every hour in which something changed."""

from __future__ import annotations

from datetime import datetime

from psycopg2.extensions import connection as Connection

from sql.named import queries

CHUNK_HOURS = 2_000


def refresh_counts(conn: Connection, now: datetime) -> int:
    """Recompute the counts of all dirty hours up to `now`; returns how many there were.

    Each chunk is one transaction that takes the dirty marks, removes the old counts and writes
    the new ones, so that a kill leaves the marks and a reader never sees half an hour. Taggers
    may mark hours meanwhile: their marks stay for the next refresh. Idempotent.
    """
    total = 0
    while hours := _refresh_chunk(conn, now):
        conn.commit()
        total += hours
    conn.commit()
    return total


def refresh_counts_within(conn: Connection, now: datetime) -> int:
    """The same inside the caller's transaction, for a swap that must show at once and whole."""
    total = 0
    while hours := _refresh_chunk(conn, now):
        total += hours
    return total


def _refresh_chunk(conn: Connection, now: datetime) -> int:
    list(queries.counts_lock(conn))
    dirty = list(queries.counts_take_dirty(conn, now=now, size=CHUNK_HOURS))
    if not dirty:
        return 0
    brand_ids, source_ids, hours = (list(column) for column in zip(*dirty, strict=True))
    given = {"brand_ids": brand_ids, "source_ids": source_ids, "hours": hours}
    queries.counts_clear(conn, **given)
    queries.counts_fill(conn, **given)
    return len(dirty)
