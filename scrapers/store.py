"""The one way into the tables: batches of feedback, each with its counters in one transaction."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg2.extensions import connection as Connection

from earshot.errors import FixSettings
from earshot.platforms.base import TicketMetric
from earshot.record import Feedback
from earshot.settings import SECRETS_FILE, Settings, Source
from scrapers.crawl_log import Crawl
from scrapers.rows import Batch, Preparation, Refused, prepared
from sql.clock import now as clock_now
from sql.named import queries

QUARANTINE_KEPT = timedelta(days=30)


@dataclass(frozen=True, kw_only=True)
class Counts:
    """What storing did, in records."""

    seen: int = 0
    added: int = 0
    changed: int = 0
    quarantined: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            seen=self.seen + other.seen,
            added=self.added + other.added,
            changed=self.changed + other.changed,
            quarantined=self.quarantined + other.quarantined,
        )


@dataclass(frozen=True, kw_only=True)
class Beside:
    """What commits together with a batch of feedback.

    Attributes:
        cursor: the source's new cursor; `None` leaves it.
        deleted: external ids that the platform shows as deleted.
        ticket_metrics: times of support tickets.
    """

    cursor: Mapping[str, Any] | None = None
    deleted: Sequence[str] = ()
    ticket_metrics: Sequence[TicketMetric] = ()


NOTHING_BESIDE = Beside()


class Store:
    """Writes what one crawl or import brings; idempotent, and safe beside other writers."""

    def __init__(
        self, conn: Connection, settings: Settings, source: Source, *, crawl: Crawl, platform: str
    ) -> None:
        with conn:
            row = queries.source_row(conn, name=source.name)
            brand_ids = {key: id_ for key, id_ in queries.catalogue_brand_ids(conn)}
            with conn.cursor() as cursor:
                cursor.execute(queries.store_prepare.sql)
        self._conn = conn
        self._settings = settings
        self._crawl_id = crawl.id
        self._is_history = crawl.purpose != "live"
        self._platform = platform
        self.source_id: int = row["id"]
        self._brand_id: int = brand_ids[source.brand]
        self.preparation = Preparation(
            hashing_key=hashing_key(settings), brand_ids=brand_ids, language=source.language
        )

    def put(
        self,
        records: Iterable[Feedback | Mapping[str, Any]],
        *,
        refused: Sequence[Refused] = (),
        beside: Beside = NOTHING_BESIDE,
    ) -> Counts:
        """Store records in one transaction: all of them, their counters and what is beside them.

        A mapping that is no valid Feedback goes to quarantine, as does everything in `refused`.
        """
        return self.write(prepared(records, self.preparation, refused=refused), beside)

    def write(self, batch: Batch, beside: Beside = NOTHING_BESIDE) -> Counts:
        """Store a prepared batch in one transaction."""
        conn = self._conn
        with conn:
            now = clock_now(conn, self._settings)
            added, changed = self._merge(batch.lines, now) if batch.lines else (0, 0)
            for bad in batch.refused:
                self._quarantine(bad, now)
            counts = Counts(
                seen=batch.seen, added=added, changed=changed, quarantined=len(batch.refused)
            )
            self._write_beside(beside, now)
            queries.crawl_add(conn, crawl_id=self._crawl_id, **vars(counts))
        return counts

    def _merge(self, lines: Sequence[str], now: datetime) -> tuple[int, int]:
        """New texts are added, known ones compared; returns how many were added and changed."""
        conn = self._conn
        with conn.cursor() as cursor:
            cursor.copy_expert(queries.store_copy.sql, io.StringIO("\n".join(lines) + "\n"))
        added = queries.store_insert_new(conn, source_id=self.source_id, now=now)
        has_known = added < len(lines)
        if has_known:
            queries.store_lock_known(conn)
            queries.store_compare(conn, is_history=self._is_history)
            queries.store_recount(conn)
            queries.store_update_known(conn, now=now)
        versions = queries.store_add_versions(conn, now=now)
        queries.store_add_brands(conn)
        queries.store_enqueue(conn)
        if has_known:
            queries.store_recount(conn)
        queries.store_surveys(conn)
        queries.store_conversations(conn, source_id=self.source_id, brand_id=self._brand_id)
        return added, versions - added

    def _quarantine(self, bad: Refused, now: datetime) -> None:
        queries.store_quarantine(
            self._conn,
            source_id=self.source_id,
            crawl_id=self._crawl_id,
            now=now,
            expires_at=now + QUARANTINE_KEPT,
            **vars(bad),
        )

    def _write_beside(self, beside: Beside, now: datetime) -> None:
        conn = self._conn
        if beside.deleted:
            queries.store_delete(
                conn, platform=self._platform, external_ids=list(beside.deleted), now=now
            )
        if beside.ticket_metrics:
            self._write_metrics(beside.ticket_metrics)
        if beside.cursor is not None:
            queries.crawl_set_cursor(
                conn,
                crawl_id=self._crawl_id,
                source_id=self.source_id,
                cursor=json.dumps(dict(beside.cursor)),
                now=now,
            )

    def _write_metrics(self, metrics: Sequence[TicketMetric]) -> None:
        latest = {m.ticket_id: m for m in sorted(metrics, key=lambda m: m.updated_at)}
        rows = list(latest.values())
        queries.store_ticket_metrics(
            self._conn,
            platform=self._platform,
            source_id=self.source_id,
            brand_id=self._brand_id,
            ticket_ids=[row.ticket_id for row in rows],
            channels=[row.channel for row in rows],
            opened_at=[row.opened_at for row in rows],
            first_response_at=[row.first_response_at for row in rows],
            resolved_at=[row.resolved_at for row in rows],
            reopens=[row.reopens for row in rows],
            agent_replies=[row.agent_replies for row in rows],
            updated_at=[row.updated_at for row in rows],
        )


def hashing_key(settings: Settings) -> bytes:
    """The installation's key for `author_key`.

    Raises:
        FixSettings: there is none, so authors could not be hashed.
    """
    secret = settings.secrets.author_key
    if secret is None or len(secret.get_secret_value()) < 16:
        raise FixSettings(
            "EARSHOT_AUTHOR_KEY: expected a key of 16 characters or more, found none in the "
            f"environment or in {settings.home_folder / SECRETS_FILE}; `earshot init` makes one."
        )
    return secret.get_secret_value().encode()
