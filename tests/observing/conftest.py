"""A small world for health: a source, a model, texts and messages at chosen moments."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from psycopg2.extensions import connection as Connection

from earshot.settings import Settings

SHOP = {
    "name": "shop",
    "kind": "schemaorg",
    "brand": "northwind",
    "schedule": "@hourly",
    "urls": ["http://127.0.0.1:9/"],
}


@dataclass
class World:
    """One database, written as the owner; every step commits."""

    conn: Connection
    now: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))
    """The pipeline's health is a matter of real time: texts and crawls are placed around now."""

    def run(self, query: str, *values: Any) -> list[Any]:
        with self.conn, self.conn.cursor() as cursor:
            cursor.execute(query, values or None)
            return list(cursor.fetchall()) if cursor.description else []

    def text(
        self, *, published: timedelta, seen: timedelta = timedelta(), precision: str = "second"
    ) -> int:
        """A text written and first seen so long ago; returns the id of its version."""
        made = self.run(
            "insert into earshot.feedback (platform, external_id, source_id, speaker, published_at,"
            " published_precision, first_seen_at, last_seen_at, kind) select 'p',"
            " gen_random_uuid(), id, 'customer', %s, %s, %s, %s, 'review' from earshot.source"
            " returning id",
            self.now - published,
            precision,
            self.now - seen,
            self.now - seen,
        )[0][0]
        return int(
            self.run(
                "insert into earshot.feedback_version (feedback_id, version, title, body, seen_at,"
                " content_hash) values (%s, 1, '', 'late', %s, '') returning id",
                made,
                self.now - seen,
            )[0][0]
        )

    def queue(self, version: int, *, lease: timedelta | None = None) -> None:
        """Let the text wait for its tags; with a lease that ended so long ago, claimed."""
        self.run(
            "insert into earshot.tag_queue (feedback_version_id, model_id, claimed_by, lease_until)"
            " values (%s, 'm', %s, %s)",
            version,
            "7" if lease is not None else None,
            self.now - lease if lease is not None else None,
        )

    def crawl(self, *, ended: timedelta, status: str = "ok", seen: int = 0, bad: int = 0) -> None:
        """A crawl that ended so long ago."""
        self.run(
            "insert into earshot.crawl (source_id, purpose, started_at, finished_at, status, seen,"
            " quarantined) select id, 'live', %s, %s, %s, %s, %s from earshot.source",
            self.now - ended,
            self.now - ended,
            status,
            seen,
            bad,
        )

    def message(self, *, due: timedelta, state: str = "waiting") -> None:
        """A message that has been due for so long."""
        self.run(
            "insert into earshot.outbox (key, subject, destination, channel, action, payload,"
            " state, not_before, created_at) values (gen_random_uuid(), 's', 'slack', '#x',"
            " 'post', '{}', %s, %s, %s)",
            state,
            self.now - due,
            self.now - due,
        )

    def said(self) -> list[str]:
        """What stands in the outbox for the ops channel, oldest first."""
        rows = self.run(
            "select payload ->> 'text' from earshot.outbox where key like 'ops:%%' order by id",
        )
        return [row[0] for row in rows]


@pytest.fixture
def world(database: Any) -> Iterator[World]:
    """A brand, the source `shop` and the active model `m`."""
    with database.connect("owner") as conn:
        made = World(conn)
        made.run("insert into earshot.brand (key, name, role) values ('northwind', 'N', 'own')")
        made.run(
            "insert into earshot.source (name, kind, platform, brand_id)"
            " select 'shop', 'schemaorg', 'p', id from earshot.brand"
        )
        made.run("insert into earshot.model (id, weights, registered_at) values ('m', 'x', now())")
        made.run(
            "insert into earshot.brand_model (brand_id, model_id, state, changed_at)"
            " select id, 'm', 'active', now() from earshot.brand"
        )
        yield made


@pytest.fixture
def live(settings_with: Callable[..., Settings], world: World) -> Settings:
    """Settings with the source `shop`, on the system's clock."""
    return settings_with(clock={"source": "system"}, source=[SHOP])
