"""Every recording of an endpoint that a reader reads yields exactly its hand-checked items."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from earshot import platforms
from earshot.record import Feedback
from tests.platforms.drive import Crawled, crawl
from tests.platforms.replay_server import Replay, recordings, serving
from tests.platforms.scenarios import SCENARIOS, Scenario

GOLDEN = Path(__file__).parent / "golden"


def run(scenario: Scenario, shared: Path, runs: int | None = None) -> Crawled:
    """All runs of a scenario on one server; later ones give what is new or changed."""
    platform = platforms.load(scenario.platform)
    recorded = recordings(shared, *scenario.recorded)
    whole = Crawled(cursor=dict(scenario.cursor))
    replay = Replay(recorded, empty=scenario.empty, is_once=scenario.is_once)
    with serving(replay) as here:
        options = platform.Options(
            **{"source": "test", "brand": ("brand",), "base_url": here, **scenario.options}
        )
        for _ in range(runs or scenario.runs):
            if scenario.is_once:
                replay.served.clear()
            stored = json.loads(json.dumps(whole.cursor))
            more = crawl(platform, options, cursor=stored, credentials=scenario.credentials)
            _join(whole, more)
    return whole


def _join(whole: Crawled, more: Crawled) -> None:
    known = {(item.external_id, item.title, item.body) for item in whole.items}
    more.items = [i for i in more.items if (i.external_id, i.title, i.body) not in known]
    whole.items += more.items
    whole.pages += more.pages
    whole.unread |= more.unread
    whole.cursor = more.cursor


def line(item: Feedback) -> list[Any]:
    """Id, parent, time and its precision, rating, and hashes of the words: title, text, reply."""
    moment = item.published_at.isoformat() if item.published_at else None
    rating = None if item.rating is None else f"{item.rating:g}/{item.rating_scale:g}"
    words = [digest(t) for t in (item.title, item.body, item.brand_reply or "")]
    return [item.external_id, item.parent_id, moment, str(item.published_precision), rating, *words]


def digest(text: str) -> str:
    return sha256(text.encode()).hexdigest() if text else ""


def found(crawled: Crawled) -> dict[str, Any]:
    pages = crawled.pages
    return {
        "items": [line(item) for item in crawled.items],
        "deleted": sorted({each for page in pages for each in page.deleted}),
        "rejected": [each.field for page in pages for each in page.rejected],
        "metrics": [
            [m.ticket_id, m.opened_at.isoformat(), m.updated_at.isoformat()]
            for page in pages
            for m in page.ticket_metrics
        ],
    }


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: s.name)
def test_a_recording_yields_exactly_its_golden_items(scenario: Scenario, shared: Path) -> None:
    crawled = run(scenario, shared)

    file = GOLDEN / f"{scenario.name}.json"
    if not file.exists():
        rows = {k: json.dumps(v) for k, v in found(crawled).items()}
        text = json.dumps(rows).replace(r"\"", '"').replace('"[', "[").replace(']"', "]")
        file.write_text(text.replace("], [", "],\n [") + "\n")
        pytest.fail(f"{file.name} was written: check it against the recording by hand")
    assert found(crawled) == json.loads(file.read_text())


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: s.name)
def test_every_field_of_a_recording_is_read_or_known(scenario: Scenario, shared: Path) -> None:
    assert run(scenario, shared).unread == set()


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: s.name)
def test_a_second_run_finds_nothing_new(scenario: Scenario, shared: Path) -> None:
    once = run(scenario, shared)

    once_more = run(scenario, shared, runs=scenario.runs + 1)

    assert once_more.ids == once.ids
    assert once_more.cursor == once.cursor
