"""Fixtures of the scrapers' tests: settings with a key for authors, and tables to compare."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from earshot.settings import Settings
from sql.clock import advance

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)

COLUMNS = {
    "external_id": "id",
    "author_id": "user",
    "title": "headline",
    "body": "text",
    "rating": "stars",
    "published_at": "at",
    "product": "product",
    "attributes.version": "app_version",
}


@pytest.fixture(autouse=True)
def author_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key of the test's own."""
    monkeypatch.setenv("EARSHOT_AUTHOR_KEY", "a key for tests only, of enough characters")


@pytest.fixture
def now(database: Any) -> datetime:
    """The database's clock is set to noon of 1 March 2026."""
    with database.connect() as conn, conn:
        advance(conn, NOW)
    return NOW


@pytest.fixture
def file_settings(settings_with: Callable[..., Settings], now: datetime) -> Callable[..., Settings]:
    """Settings with one file source; keyword arguments are its options."""

    def make(**options: Any) -> Settings:
        source = {
            "name": "survey",
            "kind": "file",
            "brand": "northwind",
            "columns": COLUMNS,
            **options,
        }
        return settings_with(source=[source])

    return make


@pytest.fixture
def table(database: Any) -> Callable[[str], list[dict[str, Any]]]:
    """Rows of a query as dictionaries."""

    def rows(query: str) -> list[dict[str, Any]]:
        with database.connect("owner") as conn, conn.cursor() as cursor:
            cursor.execute(query)
            return [dict(row) for row in cursor.fetchall()]

    return rows


CONTENT = {
    "feedback": """
        select platform, external_id, kind, parent_id, speaker, product, attributes, published_at,
            published_precision, edited_at, first_seen_at, url, author_key, reach, brand_reply,
            version, deleted_at is null as is_shown
        from earshot.feedback order by platform, external_id
    """,
    "feedback_version": """
        select platform, external_id, feedback_version.version, title, body, rating, rating_scale,
            content_hash, copy_key
        from earshot.feedback_version join earshot.feedback on feedback.id = feedback_id
        order by platform, external_id, feedback_version.version
    """,
    "feedback_brand": """
        select platform, external_id, brand.key
        from earshot.feedback_brand join earshot.feedback on feedback.id = feedback_id
        join earshot.brand on brand.id = brand_id
        order by platform, external_id, brand.key
    """,
    "tag_queue": """
        select platform, external_id, version.version, model_id
        from earshot.tag_queue
        join earshot.feedback_version as version on version.id = feedback_version_id
        join earshot.feedback on feedback.id = feedback_id
        order by platform, external_id, version.version, model_id
    """,
    "quarantine": """
        select record_key, line_number, field, reason, payload from earshot.quarantine
        order by record_key
    """,
}


@pytest.fixture
def content(table: Callable[[str], list[dict[str, Any]]]) -> Callable[[], dict[str, Any]]:
    """Everything that a crawl or an import stores, without ids and the times of storing."""

    def everything() -> dict[str, Any]:
        found = {}
        for name, query in CONTENT.items():
            found[name] = [
                {k: bytes(v) if isinstance(v, memoryview) else v for k, v in row.items()}
                for row in table(query)
            ]
        return found

    return everything
