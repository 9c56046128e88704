"""The log of crawls: each has a row from its start on, and one runs per source at a time."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from psycopg2.extensions import connection as Connection

from earshot.errors import RetryLater, StopSource
from earshot.logs import ids
from earshot.settings import Settings, Source
from sql.clock import now
from sql.named import queries

PATIENCE_SECONDS = 15.0
log = logging.getLogger(__name__)

Purpose = Literal["live", "backfill", "import"]
Status = Literal["ok", "failed", "broken"]


@dataclass(frozen=True, kw_only=True)
class Crawl:
    """A crawl that runs: its row, its source's row, and the cursor it began with."""

    id: int
    source_id: int
    purpose: Purpose
    cursor: Mapping[str, Any]


@contextmanager
def logged_crawl(
    conn: Connection, settings: Settings, source: Source, purpose: Purpose
) -> Iterator[Crawl]:
    """A crawl of the source for the length of a `with` block; an error is logged and goes on.

    The block itself calls `finish` where all went well.

    Raises:
        RetryLater: another process crawls this source.
    """
    key = f"crawl:{source.name}:{purpose}"
    _lock(conn, source, key)
    try:
        crawl = _start(conn, settings, source, purpose)
        try:
            with ids(crawl=crawl.id, source=source.name):
                yield crawl
        except BaseException as error:
            conn.rollback()
            status: Status = "broken" if isinstance(error, StopSource) else "failed"
            finish(conn, settings, crawl, status=status, error=_sentence(error))
            raise
    finally:
        if not conn.closed:
            with conn:
                queries.crawl_unlock(conn, key=key)


def _lock(conn: Connection, source: Source, key: str) -> None:
    """Wait a little: the server notices only after a moment that a killed process is gone."""
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        with conn:
            if queries.crawl_lock(conn, key=key):
                return
        if time.monotonic() > until:
            raise RetryLater(
                f'source "{source.name}" is being read by another process; wait until it has ended.'
            )
        time.sleep(0.1)


def finish(
    conn: Connection,
    settings: Settings,
    crawl: Crawl,
    *,
    status: Status,
    error: str | None = None,
    overlap_seen: int | None = None,
    missed_share: float | None = None,
) -> None:
    """Write how the crawl ended."""
    with ids(crawl=crawl.id):
        log.info("the crawl ended: %s", status)
    with conn:
        queries.crawl_finish(
            conn,
            crawl_id=crawl.id,
            now=now(conn, settings),
            status=status,
            error=error,
            overlap_seen=overlap_seen,
            missed_share=missed_share,
        )


def _start(conn: Connection, settings: Settings, source: Source, purpose: Purpose) -> Crawl:
    with conn:
        moment = now(conn, settings)
        row = queries.source_row(conn, name=source.name)
        queries.crawl_close_killed(conn, source_id=row["id"], purpose=purpose, now=moment)
        cursor = row["cursor"] or {}
        crawl_id = queries.crawl_start(
            conn,
            source_id=row["id"],
            purpose=purpose,
            now=moment,
            cursor_before=json.dumps(cursor),
        )
    return Crawl(id=crawl_id, source_id=row["id"], purpose=purpose, cursor=cursor)


def _sentence(error: BaseException) -> str:
    """What the log keeps of an error: our own errors hold no text of customers, others may."""
    if isinstance(error, KeyboardInterrupt):
        return "interrupted"
    from earshot.errors import EarshotError

    return str(error)[:1000] if isinstance(error, EarshotError) else type(error).__name__
