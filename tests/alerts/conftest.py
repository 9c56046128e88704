"""The sample shop's story, stored and tagged by its stars, up to any moment."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from earshot.settings import Settings
from earshot.shop import generate
from scrapers.files import import_file
from sql.clock import advance
from sql.connect import connect

FACTS = Path(__file__).parents[2] / "alerts" / "replies" / "example_facts.toml"
COLUMNS = {
    "external_id": "id",
    "author_id": "author",
    "product": "sku",
    "title": "title",
    "body": "body",
    "rating": "stars",
    "published_at": "at",
}
TAG_BY_STARS = """
insert into earshot.model (id, weights, registered_at)
values ('stars', 'stars', '2025-01-01Z') on conflict do nothing;
insert into earshot.brand_model (brand_id, model_id, state, changed_at)
select id, 'stars', 'active', '2025-01-01Z' from earshot.brand on conflict do nothing;
insert into earshot.tagging (
    feedback_version_id, model_id, feedback_id, language, sentiment,
    p_negative, p_neutral, p_positive, tagged_at
)
select id, 'stars', feedback_id, 'en', 'neutral', 0.3, 0.4, 0.3, seen_at
from earshot.feedback_version on conflict do nothing;
select earshot.mark_dirty(array(select id from earshot.feedback));
"""


@pytest.fixture
def live_until(
    settings_with: Callable[..., Settings],
    database: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., Settings]:
    """Store what the shop's customers wrote until a moment, and set the clock to another."""
    monkeypatch.setenv("EARSHOT_AUTHOR_KEY", "a key of the tests, long enough")
    file = tmp_path / "shop.csv"
    settings = settings_with(
        brand=[{"key": "northwind", "name": "Northwind Home", "facts": str(FACTS)}],
        source=[
            {
                "name": "shop",
                "kind": "file",
                "brand": "northwind",
                "path": str(file),
                "columns": COLUMNS,
            }
        ],
    )

    def until(moment: datetime, *, clock: datetime | None = None) -> Settings:
        with file.open("w", newline="") as out:
            writer = csv.writer(out)
            writer.writerow(["id", "author", "sku", "title", "body", "stars", "at"])
            for number, r in enumerate(generate()):
                if r.published_at <= moment:
                    row = [number, r.author, r.sku, r.title, r.body, r.stars]
                    writer.writerow([*row, r.published_at.isoformat()])
        with connect(settings) as conn, conn:
            advance(conn, clock or moment)
        import_file(settings, "shop", tick=lambda *_: None)
        with database.connect("owner") as conn, conn, conn.cursor() as cursor:
            cursor.execute(TAG_BY_STARS)
        return settings

    return until
