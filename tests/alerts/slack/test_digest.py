"""One digest per brand and week, in the brand's zone, from the counts that analysts see."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from psycopg2.extensions import connection as Connection

from alerts.slack.digest import week_end, write_digests
from earshot.settings import Settings
from sql.clock import advance
from tests.alerts.slack.test_delivery import send
from tests.slack_blocks import texts
from tests.slack_standin import SlackStandIn

MONDAY = datetime(2026, 3, 16, 9, 0, tzinfo=UTC)


@pytest.fixture
def nine_weeks(conn: Connection) -> None:
    """A steady shop whose sizing complaints doubled in the last week, and one kind letter."""
    with conn, conn.cursor() as cursor:
        cursor.execute(
            "insert into earshot.theme (key, name, since) values"
            " ('sizing', 'Sizing and fit', '2026-01-01') returning id"
        )
        theme = cursor.fetchone()[0]
        for week in range(1, 10):
            hour = MONDAY.replace(hour=0) - timedelta(days=7 * week - 2)
            sizing = 40 if week == 1 else 20
            rows = [(0, "positive", 160), (0, "negative", 20 + sizing), (theme, "negative", sizing)]
            for theme_id, sentiment, items in rows:
                cursor.execute(
                    "insert into earshot.hourly_count"
                    " (brand_id, source_id, theme_id, sentiment, precision, hour, items)"
                    " select brand_id, id, %s, %s, 'second', %s, %s from earshot.source",
                    [theme_id, sentiment, hour, items],
                )


def test_a_week_is_told_once_with_its_picture(
    conn: Connection, slack: SlackStandIn, slack_settings: Settings, nine_weeks: None
) -> None:
    counts = []
    for minutes in (0, 30):
        with conn:
            advance(conn, MONDAY + timedelta(minutes=minutes))
            counts.append(write_digests(conn, slack_settings, MONDAY + timedelta(minutes=minutes)))
        send(slack_settings)

    (message,) = slack.roots()
    told = "\n".join(texts(message["blocks"]))
    assert counts == [1, 0]
    assert "Northwind Home, week 11" in told
    assert "*220 voices* (▲ 10 %)" in told
    assert "negative 27 % (▲ 7 points), *outside* the usual range" in told
    assert "_Sizing and fit_ 20 → 40" in told
    assert any(block["type"] == "image" for block in message["blocks"])


@pytest.mark.parametrize("hours", [-2, 24 * 2])
def test_a_digest_comes_on_monday_morning_or_not_at_all(
    conn: Connection, slack_settings: Settings, nine_weeks: None, hours: int
) -> None:
    with conn:
        assert write_digests(conn, slack_settings, MONDAY + timedelta(hours=hours)) == 0


def test_a_brand_without_voices_gets_no_digest(conn: Connection, slack_settings: Settings) -> None:
    with conn:
        assert write_digests(conn, slack_settings, MONDAY) == 0


def test_a_week_ends_at_midnight_of_the_brand() -> None:
    auckland = ZoneInfo("Pacific/Auckland")

    end = week_end(datetime(2026, 3, 15, 12, 0, tzinfo=UTC), auckland)

    assert end.astimezone(auckland).isoformat() == "2026-03-16T00:00:00+13:00"


def test_a_competitor_gets_no_digest(
    conn: Connection, settings_with: Callable[..., Settings], nine_weeks: None
) -> None:
    settings = settings_with(
        brand=[{"key": "northwind", "name": "Northwind Home", "role": "competitor"}]
    )
    with conn:
        assert write_digests(conn, settings, MONDAY) == 0
