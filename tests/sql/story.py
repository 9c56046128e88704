"""A small world for the views: texts are said, edited, tagged and corrected at chosen moments."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from psycopg2.extensions import connection as Connection

from sql.counts import refresh_counts
from sql.named import queries


def at(text: str) -> datetime:
    """A moment of 2026, `"03-02 10:00"`, in UTC."""
    return datetime.strptime(f"2026-{text}", "%Y-%m-%d %H:%M").replace(tzinfo=UTC)


@dataclass
class Story:
    """One database, written as the owner; every step commits."""

    conn: Connection
    moment: datetime = datetime(2026, 1, 1, tzinfo=UTC)

    def run(self, query: str, *values: Any) -> list[Any]:
        with self.conn, self.conn.cursor() as cursor:
            cursor.execute(query, values or None)
            return list(cursor.fetchall()) if cursor.description else []

    def one(self, query: str, *values: Any) -> Any:
        return self.run(query, *values)[0][0]

    def rows(self, query: str, *values: Any) -> list[dict[str, Any]]:
        return [dict(row) for row in self.run(query, *values)]

    def clock(self, text: str) -> datetime:
        self.moment = at(text)
        self.run(
            "insert into earshot.clock (stands_at) values (%s) "
            "on conflict (id) do update set stands_at = excluded.stands_at",
            self.moment,
        )
        return self.moment

    def brand(self, key: str, *, role: str = "own", zone: str = "UTC") -> int:
        made = self.one(
            "insert into earshot.brand (key, name, role, time_zone) values (%s, %s, %s, %s) "
            "returning id",
            key,
            key,
            role,
            zone,
        )
        self.run(
            "insert into earshot.source (name, kind, platform, brand_id, time_zone) "
            "values (%s, 'file', %s, %s, %s)",
            f"{key}-shop",
            f"{key}-shop",
            made,
            zone,
        )
        return int(made)

    def theme(self, key: str, kind: str = "theme") -> int:
        return int(
            self.one(
                "insert into earshot.theme (key, name, kind, since, changed_at) "
                "values (%s, %s, %s, %s, %s) returning id",
                key,
                key.title(),
                kind,
                self.moment,
                self.moment,
            )
        )

    def model(self, name: str) -> None:
        """Register a model and make it the active one of every brand."""
        self.run(
            "insert into earshot.model (id, weights, registered_at) values (%s, 'x', %s) "
            "on conflict do nothing",
            name,
            self.moment,
        )
        self.run(
            "update earshot.brand_model set state = 'retired', changed_at = %s "
            "where state = 'active'",
            self.moment,
        )
        self.run(
            "insert into earshot.brand_model (brand_id, model_id, state, changed_at) "
            "select id, %s, 'active', %s from earshot.brand "
            "on conflict (brand_id, model_id) do update "
            "set state = 'active', changed_at = excluded.changed_at",
            name,
            self.moment,
        )
        self.recount()

    def say(
        self,
        body: str,
        *,
        brand: str = "northwind",
        stars: float | None = None,
        published: str | None = None,
        precision: str = "second",
        product: str | None = None,
        author: str | None = None,
        kind: str = "review",
        speaker: str = "customer",
        **attributes: str,
    ) -> int:
        """Store a text that is first seen now; returns its id."""
        feedback = self.one(
            """
            insert into earshot.feedback (
                platform, external_id, source_id, kind, speaker, product, attributes,
                published_at, published_precision, first_seen_at, last_seen_at, author_key
            )
            select platform, nextval('earshot.fence')::text, id, %s, %s, %s, %s, %s, %s, %s, %s, %s
            from earshot.source where name = %s
            returning id
            """,
            kind,
            speaker,
            product,
            json.dumps(attributes),
            at(published) if published else self.moment,
            precision,
            self.moment,
            self.moment,
            author,
            f"{brand}-shop",
        )
        self.run(
            "insert into earshot.feedback_brand (feedback_id, brand_id) "
            "select %s, id from earshot.brand where key = %s",
            feedback,
            brand,
        )
        self._version(feedback, 1, body, stars)
        return int(feedback)

    def edit(self, feedback: int, body: str, *, stars: float | None = None) -> None:
        version = self.one(
            "update earshot.feedback set version = version + 1 where id = %s returning version",
            feedback,
        )
        self._version(feedback, version, body, stars)

    def _version(self, feedback: int, version: int, body: str, stars: float | None) -> None:
        self.run(
            "insert into earshot.feedback_version (feedback_id, version, title, body, rating, "
            "rating_scale, content_hash, seen_at) values (%s, %s, '', %s, %s, %s, %s, %s)",
            feedback,
            version,
            body,
            stars,
            stars and 5,
            f"{body}{stars}".encode(),
            self.moment,
        )
        self._mark(feedback)

    def tag(
        self,
        feedback: int,
        model: str,
        sentiment: str = "neutral",
        themes: dict[str, str] | None = None,
        *,
        outcome: str = "tagged",
        language: str = "en",
        spans: list[tuple[int, int]] | None = None,
    ) -> None:
        """Tag the current version as the tagger does; `themes` maps keys to sentiments."""
        version = self.one(
            "select v.id from earshot.feedback_version as v join earshot.feedback as f "
            "on f.id = v.feedback_id and f.version = v.version where f.id = %s",
            feedback,
        )
        given = {
            "feedback_version_id": version,
            "feedback_id": feedback,
            "language": language,
            "is_supported": outcome != "not_supported",
            "sentiment": sentiment,
            **{
                f"p_{name}": 0.8 if name == sentiment else 0.1
                for name in ("negative", "neutral", "positive")
            },
            "sentences": [[a, b, 0.1, 0.8, 0.1, []] for a, b in spans or []],
            "outcome": outcome,
        }
        found = [
            {
                "feedback_version_id": version,
                "theme_id": self.one("select id from earshot.theme where key = %s", key),
                "probability": 0.9,
                "sentiment": towards,
                "p_sentiment": 0.8,
                "sentence": 0,
            }
            for key, towards in (themes or {}).items()
        ]
        with self.conn:
            queries.tag_clear_themes(self.conn, model_id=model, version_ids=[version])
            queries.tag_store(
                self.conn, model_id=model, now=self.moment, taggings=json.dumps([given])
            )
            queries.tag_store_themes(self.conn, model_id=model, themes=json.dumps(found))
        self._mark(feedback)

    def correct(self, feedback: int, value: str, theme: str | None = None) -> None:
        self.run(
            "select analytics.record_correction(%s, %s, %s, 'mira', %s)",
            feedback,
            theme,
            value,
            self.moment,
        )

    def merge(self, ended: str, kept: str) -> None:
        self.run(
            "update earshot.theme set state = 'merged', merged_into = "
            "(select id from earshot.theme where key = %s) where key = %s",
            kept,
            ended,
        )

    def erase(self, feedback: int) -> None:
        self._mark(feedback)
        self.run("delete from earshot.feedback where id = %s", feedback)

    def _mark(self, feedback: int) -> None:
        self.run("select earshot.mark_dirty(array[%s]::bigint[])", feedback)

    def recount(self) -> None:
        self.run("select earshot.mark_dirty(array(select id from earshot.feedback))")
        self.refresh()

    def refresh(self) -> None:
        refresh_counts(self.conn, at("12-31 00:00"))
