"""Watch over a real database: history is silent, a crisis is told once, decoys are not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from alerts.replaying import replay
from alerts.watch import watch
from earshot.settings import Settings
from earshot.shop import story
from sql.connect import connect
from sql.named import queries

LiveUntil = Callable[..., Settings]
URGENT = """
insert into earshot.theme (key, name, kind, since)
values ('urgent_safety', 'Safety hazard', 'urgent', '2025-01-01Z');
insert into earshot.theme_tag (
    feedback_version_id, model_id, theme_id, probability, sentiment, p_sentiment, sentence
)
select feedback_version.id, 'stars', theme.id, 0.9, 'negative', 0.9, 0
from earshot.theme, earshot.feedback
join earshot.feedback_version on feedback_version.feedback_id = feedback.id
order by feedback.published_at desc, feedback_version.id
limit 1;
update earshot.feedback_version
set body = 'The kettle caught fire and burned my hand.', title = '', rating = 1
from earshot.theme_tag
where feedback_version.id = theme_tag.feedback_version_id;
"""


@pytest.fixture
def incidents(database: Any) -> Callable[[], list[dict[str, Any]]]:
    """Incidents that were told, and the words of their message."""

    def told() -> list[dict[str, Any]]:
        with database.connect("owner") as conn, conn.cursor() as cursor:
            cursor.execute(
                "select incident.*, outbox.payload ->> 'text' as text from earshot.incident "
                "join earshot.outbox on outbox.key = 'incident:' || incident.id"
            )
            return [dict(row) for row in cursor.fetchall()]

    return told


def _count(database: Any, table: str) -> int:
    with database.connect("owner") as conn, conn.cursor() as cursor:
        cursor.execute(f"select count(*) from earshot.{table}")
        return int(cursor.fetchone()[0])


def test_history_fills_the_log_and_says_nothing(live_until: LiveUntil, database: Any) -> None:
    settings = live_until(story.END, clock=story.END + timedelta(days=30))

    result = watch(settings)

    assert result.opened >= 1
    assert _count(database, "incident") >= 1
    assert _count(database, "outbox") == 0


def test_a_crisis_is_told_once(
    live_until: LiveUntil, incidents: Callable[[], list[dict[str, Any]]], database: Any
) -> None:
    settings = live_until(story.FAILURE_FROM + timedelta(hours=8))

    watch(settings)
    told = incidents()
    rows = _count(database, "outbox")
    watch(settings)

    assert len(told) == 1
    assert told[0]["severity"] in ("medium", "high", "critical")
    assert told[0]["started_at"] >= story.FAILURE_FROM - timedelta(hours=12)
    assert "complaints since" in told[0]["text"]
    assert story.FAILED_COURIER.lower() in str(told[0]["evidence"]["differences"]).lower()
    assert _count(database, "outbox") == rows


def test_what_grows_edits_the_same_message(
    live_until: LiveUntil, incidents: Callable[[], list[dict[str, Any]]]
) -> None:
    watch(live_until(story.FAILURE_FROM + timedelta(hours=6)))
    first = incidents()

    watch(live_until(story.FAILURE_FROM + timedelta(hours=20)))
    later = incidents()

    assert [i["id"] for i in later] == [i["id"] for i in first]
    assert later[0]["items"] > first[0]["items"]
    assert later[0]["text"] != first[0]["text"]


@pytest.mark.parametrize(
    "moment",
    [
        pytest.param(story.PROMOTION + timedelta(hours=22), id="promotion"),
        pytest.param(story.SYNDICATED_UNTIL + timedelta(hours=1), id="syndicated"),
        pytest.param(story.LOUD_UNTIL + timedelta(hours=1), id="loud author"),
    ],
)
def test_decoys_stay_quiet(live_until: LiveUntil, database: Any, moment: Any) -> None:
    watch(live_until(moment))

    assert _count(database, "outbox") == 0


def test_a_brand_with_little_history_waits_and_says_so(
    live_until: LiveUntil, database: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO", logger="alerts.watch"):
        young = watch(live_until(story.START + timedelta(days=9)))

    assert (young.learning, young.opened) == (1, 0)
    assert "8 days of history, 21 are needed" in caplog.text
    assert watch(live_until(story.START + timedelta(days=30))).learning == 0


def test_a_crawl_that_was_down_catches_up_quietly(live_until: LiveUntil, database: Any) -> None:
    watch(live_until(story.DOWN_FROM))
    watch(live_until(story.DOWN_FROM, clock=story.DOWN_UNTIL))
    watch(live_until(story.DOWN_UNTIL + timedelta(hours=6)))

    assert _count(database, "outbox") == 0


def test_replay_tells_what_would_have_been_posted(live_until: LiveUntil) -> None:
    settings = live_until(story.END, clock=story.END + timedelta(days=30))

    lines = replay(settings)

    opened = [line["opened_at"] for line in lines]
    assert any(story.FAILURE_FROM.isoformat() < moment for moment in opened)
    assert replay(settings, until=story.FAILURE_FROM) == [
        line for line in lines if line["opened_at"] < story.FAILURE_FROM.isoformat()
    ]


def test_one_urgent_report_is_told_without_a_wave(
    live_until: LiveUntil, incidents: Callable[[], list[dict[str, Any]]], database: Any
) -> None:
    settings = live_until(story.PROMOTION)
    with database.connect("owner") as conn, conn, conn.cursor() as cursor:
        cursor.execute(URGENT)

    watch(settings)
    watch(settings)

    (told,) = incidents()
    assert (told["kind"], told["rule"], told["severity"]) == ("single", "single", "high")
    assert told["text"].startswith("🔴 Safety hazard: 1 report since")
    assert len(told["evidence"]["quotes"]) == 1


def test_only_words_that_changed_since_the_first_taxonomy_are_told_to_the_engine(
    live_until: LiveUntil, database: Any
) -> None:
    settings = live_until(story.START)
    with database.connect("owner") as conn, conn, conn.cursor() as cursor:
        cursor.execute(
            "insert into earshot.theme (key, name, since, changed_at) values "
            "('old', 'Old', '2026-01-01Z', '2026-01-01Z'), "
            "('reworded', 'Reworded', '2026-01-01Z', '2026-02-01Z'), "
            "('new', 'New', '2026-03-01Z', '2026-03-01Z')"
        )

    with connect(settings) as conn, conn:
        known = queries.watch_context(conn, brand="northwind")

    assert set(known["themes_changed_at"]) == {"reworded", "new"}
