"""A shop's feedback in a real database, written as the item pipeline leaves it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from psycopg2.extensions import connection as Connection

from earshot.settings import Settings
from sql.clock import advance

NOW = datetime(2026, 11, 20, 12, 30, tzinfo=UTC)


@dataclass
class Shop:
    """Writes feedback rows; every method commits."""

    conn: Connection
    brand_id: int
    source_id: int
    written: int = 0

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        with self.conn, self.conn.cursor() as cursor:
            cursor.execute(query, values)
            return [tuple(row) for row in cursor.fetchall()] if cursor.description else []

    def value(self, query: str, *values: Any) -> Any:
        return self.rows(query, *values)[0][0]

    def brand(self, key: str) -> int:
        return int(
            self.value(
                "insert into earshot.brand (key, name, role) values (%s, %s, 'own') returning id",
                key,
                key.title(),
            )
        )

    def source(self, name: str, *, time_zone: str = "UTC", language: str | None = "en") -> int:
        return int(
            self.value(
                "insert into earshot.source (name, kind, platform, brand_id, time_zone, language)"
                " values (%s, 'file', %s, %s, %s, %s) returning id",
                name,
                name,
                self.brand_id,
                time_zone,
                language,
            )
        )

    def say(
        self,
        body: str,
        *,
        title: str = "",
        hours_ago: float = 1,
        stars: float | None = None,
        precision: str = "second",
        published_at: datetime | None = None,
        product: str | None = None,
        speaker: str = "customer",
        hint: str | None = None,
        source_id: int | None = None,
        brands: tuple[int, ...] = (),
    ) -> int:
        """Store one text and mark its hour; returns the feedback id."""
        self.written += 1
        moment = published_at or NOW - timedelta(hours=hours_ago)
        feedback_id = int(
            self.value(
                "insert into earshot.feedback (platform, external_id, source_id, kind, speaker,"
                " product, published_at, published_precision, first_seen_at, last_seen_at,"
                " language_hint) values ('shop', %s, %s, 'review', %s, %s, %s, %s, %s, %s, %s)"
                " returning id",
                str(self.written),
                source_id or self.source_id,
                speaker,
                product,
                None if precision == "unknown" else moment,
                precision,
                NOW,
                NOW,
                hint,
            )
        )
        for brand_id in brands or (self.brand_id,):
            self.rows("insert into earshot.feedback_brand values (%s, %s)", feedback_id, brand_id)
        self._version(feedback_id, 1, title, body, stars)
        self.rows("select earshot.mark_dirty(array[%s::bigint])", feedback_id)
        return feedback_id

    def edit(self, feedback_id: int, body: str, *, stars: float | None = None) -> None:
        """A new version of the text, as the pipeline writes it."""
        version = self.value("select version + 1 from earshot.feedback where id = %s", feedback_id)
        self._version(feedback_id, version, "", body, stars)
        self.rows("update earshot.feedback set version = %s where id = %s", version, feedback_id)
        self.rows("select earshot.mark_dirty(array[%s::bigint])", feedback_id)

    def _version(
        self, feedback_id: int, version: int, title: str, body: str, stars: float | None
    ) -> None:
        self.rows(
            "insert into earshot.feedback_version (feedback_id, version, title, body, rating,"
            " rating_scale, content_hash, seen_at) values (%s, %s, %s, %s, %s, %s, %s, %s)",
            feedback_id,
            version,
            title,
            body,
            stars,
            None if stars is None else 5,
            hashlib.sha256(body.encode()).digest(),
            NOW,
        )

    def tags(self, feedback_id: int) -> dict[str, str]:
        """Theme keys with sentiment towards them, of all models."""
        return dict(
            self.rows(
                "select theme.key, theme_tag.sentiment from earshot.theme_tag"
                " join earshot.theme on theme.id = theme_tag.theme_id"
                " join earshot.feedback_version on feedback_version.id = feedback_version_id"
                " where feedback_id = %s order by 1",
                feedback_id,
            )
        )

    def outcome(self, feedback_id: int) -> str | None:
        found = self.rows("select outcome from earshot.tagging where feedback_id = %s", feedback_id)
        return found[0][0] if found else None

    def counts(self, theme: str | None = None) -> dict[str, int]:
        """Items by sentiment, summed over hours; of the whole item or of one theme."""
        return dict(
            self.rows(
                "select sentiment, sum(items)::int from earshot.hourly_count"
                " left join earshot.theme on theme.id = theme_id"
                " where theme.key is not distinct from %s group by 1",
                theme,
            )
        )


@pytest.fixture
def shop(database: Any, settings: Settings) -> Iterator[Shop]:
    with database.connect() as conn:
        advance(conn, NOW)
        conn.commit()
        shop = Shop(conn=conn, brand_id=0, source_id=0)
        shop.brand_id = shop.brand("northwind")
        shop.source_id = shop.source("reviews")
        yield shop


@pytest.fixture
def use_model(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Makes `nlp.loading.load_model` give these models by weights setting."""

    def use(**by_setting: Any) -> None:
        monkeypatch.setattr("nlp.loading.load_model", lambda setting: by_setting[setting])

    return use
