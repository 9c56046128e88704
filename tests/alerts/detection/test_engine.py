"""The engine as live watch uses it: repeated, late, interrupted and broken input."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from alerts.detection import (
    Cell,
    Change,
    Context,
    Engine,
    EngineSettings,
    PlannedEvent,
    Rule,
    hour_of,
    moment_of,
)

FIRST = 480_000
QUIET_DAYS = 40


def cell(hour: int, negative: int, positive: int = 0, **changes) -> Cell:
    values = {
        "brand": "shop",
        "source": "page",
        "hour": hour,
        "items": negative + positive,
        "negative": negative,
        "rated": negative + positive,
        "stars": float(negative + 5 * positive),
    }
    return Cell(**{**values, **changes})


def history(days: int = QUIET_DAYS) -> list[Cell]:
    """One complaint and four kind words a day, at changing hours."""
    return [cell(FIRST + 24 * d + (7 * d) % 24, 1, 4) for d in range(days)]


BURST = FIRST + 24 * QUIET_DAYS + 30


def engine(**settings) -> Engine:
    fresh = Engine(EngineSettings(**settings))
    fresh.learn(history())
    return fresh


def step(watch: Engine, hour: int, cells: Sequence[Cell] = (), **known) -> list[Change]:
    return watch.step(moment_of(hour + 1), cells, **known)


def kinds(changes: Sequence[Change]) -> list[str]:
    return [change.kind for change in changes if change.is_due]


def test_a_burst_within_an_hour_opens_at_its_end() -> None:
    changes = step(engine(), BURST, [cell(BURST, 12)])

    assert kinds(changes) == ["open"]
    assert changes[0].incident.posted_at == BURST + 1


def test_the_same_cells_again_change_nothing() -> None:
    watch = engine()
    step(watch, BURST, [cell(BURST, 12)])
    before = watch.dump()

    assert step(watch, BURST, [cell(BURST, 12)]) == []
    assert watch.dump() == before


def test_a_burst_that_a_slow_crawl_brings_hours_later_is_still_seen() -> None:
    watch = engine()
    assert step(watch, BURST + 8) == []

    changes = step(watch, BURST + 9, [cell(BURST, 7)])

    assert kinds(changes) == ["open"]


def test_a_run_resumed_from_its_dump_goes_on_as_if_never_interrupted() -> None:
    through, first = engine(), engine()
    later = [cell(BURST + 2, 30)]
    step(through, BURST, [cell(BURST, 12)])
    step(first, BURST, [cell(BURST, 12)])
    resumed = Engine(first.settings)
    resumed.load(json.loads(json.dumps(first.dump())))

    assert kinds(step(resumed, BURST + 2, later)) == kinds(step(through, BURST + 2, later))
    (one,), (other,) = resumed.incidents.values(), through.incidents.values()
    assert (one.severity, one.count, one.state) == (other.severity, other.count, other.state)
    assert one.expected == pytest.approx(other.expected, rel=1e-3)


def test_counts_from_the_future_wait_for_their_time() -> None:
    watch = engine()

    assert step(watch, BURST, [cell(BURST + 50, 40)]) == []
    assert kinds(step(watch, BURST + 50, [cell(BURST + 50, 40)])) == ["open"]


def test_a_brand_without_history_waits() -> None:
    watch = Engine(EngineSettings())
    watch.learn(history(days=10))

    assert step(watch, FIRST + 24 * 10, [cell(FIRST + 24 * 10, 12)]) == []


def test_one_text_with_a_date_years_back_is_no_history() -> None:
    watch = Engine(EngineSettings())
    watch.learn([cell(FIRST - 24 * 4000, 1), *history(days=10)])

    assert step(watch, FIRST + 24 * 10, [cell(FIRST + 24 * 10, 12)]) == []


def test_a_series_of_zeros_opens_nothing_and_its_first_complaints_are_low() -> None:
    watch = Engine(EngineSettings())
    watch.learn(cell(FIRST + 24 * d, 0, 4) for d in range(QUIET_DAYS))

    assert kinds(step(watch, BURST, [cell(BURST, 0, 4)])) == []
    assert kinds(step(watch, BURST + 1, [cell(BURST + 1, 2)])) == []


def test_a_change_of_daylight_saving_is_no_event() -> None:
    """Customers write by their own clock; hours here are UTC, so that none is missing or double."""
    london, first = ZoneInfo("Europe/London"), datetime(2026, 9, 1, tzinfo=UTC)
    days = [first + timedelta(days=d) for d in range(90)]
    told: list[Change] = []
    watch = Engine(EngineSettings())
    for day in days:
        for local in (9, 12, 18):
            hour = hour_of(day.replace(hour=local, tzinfo=london))
            told += step(watch, hour, [cell(hour, 3, 6)])

    assert told == []


def test_a_planned_event_raises_what_is_expected() -> None:
    event = PlannedEvent(
        brand="shop",
        name="launch",
        start_hour=BURST - 24,
        end_hour=BURST + 24,
        expected_factor=200.0,
    )

    assert kinds(step(engine(events=(event,)), BURST, [cell(BURST, 12)])) == []


def test_counts_by_day_never_enter_windows_below_a_day() -> None:
    day = BURST // 24 * 24
    changes = step(engine(), day, [cell(day, 12, precision="day")])

    assert all(part.horizon >= 24 for c in changes for part in c.incident.parts.values())
    assert kinds(changes) == ["open"]


def test_a_corrected_hour_replaces_and_absent_cells_are_zero() -> None:
    watch = engine()
    late = [cell(BURST, 2), cell(BURST, 2, theme="delivery")]
    step(watch, BURST, late)
    step(watch, BURST + 1, [cell(BURST, 1)])

    states = {key.theme: state for key, state in watch.book.states.items() if not key.source}
    assert states[None].recent[BURST][1] == 1
    assert BURST not in states["delivery"].recent


@pytest.mark.parametrize("broken", [{"negative": -3}, {"items": 0}, {"stars": float("nan")}])
def test_broken_counts_open_nothing(broken) -> None:
    assert kinds(step(engine(), BURST, [replace(cell(BURST, 4), **broken)])) == []


def test_a_muted_rule_logs_and_tells_nothing() -> None:
    changes = step(engine(rules=(Rule(is_muted=True),)), BURST, [cell(BURST, 12)])

    assert [change.kind for change in changes] == ["open"]
    assert kinds(changes) == []


def test_a_snoozed_incident_speaks_again_when_it_has_doubled() -> None:
    watch = engine()
    (opened,) = step(watch, BURST, [cell(BURST, 12)])
    opened.incident.snoozed_until, opened.incident.snoozed_count = BURST + 48, 12

    assert kinds(step(watch, BURST + 1, [cell(BURST + 1, 8)])) == []
    assert kinds(step(watch, BURST + 2, [cell(BURST + 2, 20)])) != []


def resolved(watch: Engine, until: int, **known) -> int | None:
    for hour in range(BURST + 1, until):
        if "resolve" in kinds(step(watch, hour, **known)):
            return hour
    return None


def test_it_resolves_in_silence_but_not_while_a_source_is_unhealthy() -> None:
    well, ill = engine(), engine()
    step(well, BURST, [cell(BURST, 12)])
    step(ill, BURST, [cell(BURST, 12)])
    context = Context(unhealthy_sources=frozenset({"page"}))

    assert resolved(well, BURST + 168) is not None
    assert resolved(ill, BURST + 168, context=context) is None


def test_it_reopens_within_the_cool_down_instead_of_opening_twice() -> None:
    watch = engine()
    step(watch, BURST, [cell(BURST, 12)])
    end = resolved(watch, BURST + 168)

    again = step(watch, end + 24, [cell(end + 24, 12)])

    assert kinds(again) == ["reopen"]
    assert len(watch.incidents) == 1
