"""From a recording to the table: the real crawl stores what the golden file lists, once."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from earshot.settings import Settings
from scrapers.run import crawl
from sql.clock import advance
from tests.platforms.drive import NOW
from tests.platforms.replay_server import Replay, recordings, serving
from tests.platforms.scenarios import SCENARIOS, Scenario
from tests.platforms.test_golden import GOLDEN

CHOSEN = ("reddit_comments_2023", "trustpilot_page", "zendesk_time")


@pytest.mark.parametrize(
    "scenario", [each for each in SCENARIOS if each.name in CHOSEN], ids=lambda s: s.name
)
def test_a_crawl_stores_the_golden_items_and_the_next_adds_none(
    scenario: Scenario,
    shared: Path,
    database: Any,
    settings_with: Callable[..., Settings],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("EARSHOT_AUTHOR_KEY", "a key for tests only, of enough characters")
    for name, value in scenario.credentials.items():
        monkeypatch.setenv(name, value)
    with database.connect() as conn, conn:
        advance(conn, NOW)
    replay = Replay(recordings(shared, *scenario.recorded), empty=scenario.empty)
    with serving(replay) as here:
        common = {"name": "source", "kind": scenario.platform, "brand": "northwind"}
        options = {"base_url": here, "accept_terms": True, **scenario.options}
        settings = settings_with(source=[{**common, **json.loads(json.dumps(options))}])
        first = crawl(settings, "source")
        second = crawl(settings, "source")

    expected = sorted(
        row[0] for row in json.loads((GOLDEN / f"{scenario.name}.json").read_text())["items"]
    )
    with database.connect("owner") as conn, conn.cursor() as cursor:
        cursor.execute("select external_id, author_key from earshot.feedback")
        rows = [tuple(row) for row in cursor.fetchall()]
    assert sorted(row[0] for row in rows) == expected
    assert (first.added, second.added) == (len(expected), 0)
    assert not any("canary" in str(row) for row in rows)
