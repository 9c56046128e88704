"""Memory: a closed incident leaves a report, and a later one like it says so."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from alerts import memory_page
from alerts.memory import build_report, quoted_words, report_of, similar_to
from alerts.watch import watch
from earshot.errors import FixSettings
from earshot.settings import Settings
from earshot.shop import story
from sql.connect import connect
from sql.named import queries

LiveUntil = Callable[..., Settings]


@pytest.fixture
def closed(live_until: LiveUntil) -> tuple[Settings, int]:
    """The shop's story lived to its end; the number of its worst incident."""
    settings = live_until(story.END, clock=story.END + timedelta(days=30))
    watch(settings)
    with connect(settings) as conn, conn, conn.cursor() as cursor:
        cursor.execute(
            "select id from earshot.incident where state = 'resolved' and severity <> 'low' "
            "order by items desc limit 1"
        )
        return settings, int(cursor.fetchone()["id"])


def test_a_closed_incident_leaves_a_report_without_words(closed: tuple[Settings, int]) -> None:
    settings, number = closed
    now = story.END + timedelta(days=30)

    with connect(settings) as conn, conn:
        stored = queries.incident_report_read(conn, incident_id=number)
        report = report_of(conn, number, now)
        words = quoted_words(conn, number)

    assert stored["is_final"]
    assert sum(count for _, count in report["timeline"]) >= 0.9 * report["count"]
    assert report["peak"]["in_24_hours"] > 0
    assert report["rating"]["before"] > report["rating"]["during"]
    assert report["rating"]["has_recovered"] is None  # nobody wrote once the story was over
    assert set(report["quotes"]) <= set(words)
    assert not any(text in json.dumps(report) for text in words.values() if len(text) > 30)


def test_a_report_is_read_by_people_too(closed: tuple[Settings, int]) -> None:
    settings, number = closed
    with connect(settings) as conn, conn:
        report = build_report(conn, number, story.END)
        words = quoted_words(conn, number)
    report["rating"] |= {"after": 4.6, "has_recovered": True}
    words[report["quotes"][0]] = "<script>alert(1)</script>"

    shown = "\n".join(memory_page.lines(report, words))
    page = memory_page.page(report, words)

    assert shown.startswith(f"Incident {number}: ")
    assert "recovered" in shown
    assert "<svg" in page
    assert "<script>" not in page


def test_an_erased_text_is_gone_from_the_report(closed: tuple[Settings, int]) -> None:
    settings, number = closed
    with connect(settings) as conn, conn:
        report = report_of(conn, number, story.END)

    assert "“" not in "\n".join(memory_page.lines(report, {}))


def test_a_later_incident_of_the_same_kind_names_the_earlier_one(
    closed: tuple[Settings, int], database: Any
) -> None:
    settings, number = closed
    with database.connect("owner") as conn, conn, conn.cursor() as cursor:
        cursor.execute("update earshot.incident set theme_key = 'delivery_delay'")
        cursor.execute(
            "insert into earshot.incident_event (incident_id, at, kind, actor, detail) "
            "values (%s, now(), 'confirmed', 'ann', '{\"reason\": \"banner put up\"}')",
            (number,),
        )
    later = {"incident_id": 0, "brand": "northwind", "kind": "spike"}
    begun = story.END + timedelta(days=90)

    with connect(settings) as conn, conn:
        alike = similar_to(conn, **later, started_at=begun, theme="delivery_delay", product=None)
        unlike = similar_to(conn, **later, started_at=begun, theme="sizing_fit", product=None)
        sooner = similar_to(
            conn, **later, started_at=story.START, theme="delivery_delay", product=None
        )

    assert alike is not None
    assert alike["incident_id"] == number
    assert "banner put up" in alike["summary"]
    assert unlike is None
    assert sooner is None


def test_an_unknown_incident_is_named(closed: tuple[Settings, int]) -> None:
    settings, _ = closed
    with connect(settings) as conn, conn, pytest.raises(FixSettings, match="Incident 999"):
        report_of(conn, 999, story.END)
