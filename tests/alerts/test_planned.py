"""Planned events: of the settings, coming back each year, and given to a run of watch."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from alerts.detection import PlannedEvent, moment_of
from alerts.planned import plan_event, planned_events
from alerts.watch import engine_settings
from earshot.errors import FixSettings
from earshot.settings import Settings
from sql.connect import connect

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
SALE = {
    "name": "spring sale",
    "start": "2026-03-20T00:00:00+01:00",
    "end": "2026-03-23T00:00:00+01:00",
    "expected_factor": 3.0,
}
Make = Callable[..., Settings]


@pytest.fixture
def planning(settings_with: Make, database: Any) -> Make:
    """Settings with planned events over a database that knows the brand and a competitor."""
    with database.connect("owner") as conn, conn, conn.cursor() as cursor:
        cursor.execute(
            "insert into earshot.brand (key, name, role, time_zone) values "
            "('northwind', 'Northwind', 'own', 'UTC'), ('rival', 'Rival', 'competitor', 'UTC')"
        )

    def make(*events: dict[str, Any]) -> Settings:
        return settings_with(
            brand=[
                {"key": "northwind", "name": "Northwind"},
                {"key": "rival", "name": "Rival", "role": "competitor"},
            ],
            planned_event=list(events),
        )

    return make


def planned(settings: Settings, now: datetime = NOW) -> tuple[PlannedEvent, ...]:
    with connect(settings) as conn, conn:
        return planned_events(conn, settings, now)


def test_an_event_of_the_settings_concerns_our_brands_in_utc(planning: Make) -> None:
    settings = planning(SALE)

    (event,) = planned(settings)

    assert (event.brand, event.name, event.expected_factor) == ("northwind", "spring sale", 3.0)
    assert moment_of(event.start_hour) == datetime(2026, 3, 19, 23, tzinfo=UTC)
    assert moment_of(event.end_hour) == datetime(2026, 3, 22, 23, tzinfo=UTC)
    with connect(settings) as conn, conn:
        assert engine_settings(conn, settings, NOW).events == (event,)


def test_a_holiday_comes_back_on_its_day_of_every_year(planning: Make) -> None:
    leap = {
        "name": "leap day",
        "start": "2024-02-29T00:00:00+00:00",
        "end": "2024-03-01T00:00:00+00:00",
        "every_year": True,
    }

    starts = [moment_of(event.start_hour) for event in planned(planning(leap))]

    assert datetime(2026, 2, 28, tzinfo=UTC) in starts
    assert datetime(2024, 2, 29, tzinfo=UTC) in starts
    assert {start.year for start in starts} == set(range(2016, 2028))


def test_an_event_given_to_a_run_stays_for_later_ones_and_is_replaced(planning: Make) -> None:
    settings = planning()

    assert plan_event(settings, SALE) >= 1
    plan_event(settings, {**SALE, "expected_factor": 5.0})

    ours = [event for event in planned(settings) if event.brand == "northwind"]
    assert [event.expected_factor for event in ours] == [5.0]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"start": "2026-03-20"}, "is no time with its zone"),
        ({"end": "2026-03-19T00:00:00+01:00"}, "end"),
        ({"expected_factor": 0}, "expected_factor"),
        ({"brand": "unknown"}, "unknown"),
        ({"factor": 2}, "factor"),
        ({"every_year": True}, r"\[\[planned_event\]\]"),
    ],
)
def test_a_wrong_event_is_refused_and_stores_nothing(
    planning: Make, change: dict[str, Any], reason: str
) -> None:
    settings = planning()

    with pytest.raises(FixSettings, match=reason):
        plan_event(settings, {**SALE, **change})

    assert planned(settings) == ()
