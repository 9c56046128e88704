"""What is unwell is named with its remedy; what is well is not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from earshot.settings import Settings
from sql.health import findings, interval_of, snapshot
from tests.observing.conftest import World

HOUR = timedelta(hours=1)


def unwell(settings: Settings) -> dict[str, str]:
    found = findings(settings, snapshot(settings))
    assert all(finding.remedy for finding in found if not finding.is_well)
    return {finding.name: finding.detail for finding in found if not finding.is_well}


def fine(world: World) -> None:
    world.crawl(ended=HOUR, seen=100, bad=1)
    world.queue(world.text(published=HOUR, seen=HOUR / 3))
    world.message(due=timedelta(minutes=2))
    world.run("insert into earshot.step_run (step, seconds) values ('watch', 1)")


def test_a_pipeline_that_does_its_work_is_well(live: Settings, world: World) -> None:
    fine(world)

    assert unwell(live) == {}


def test_a_new_installation_is_well(live: Settings) -> None:
    assert unwell(live) == {}


FAULTS: dict[str, Callable[[World], None]] = {
    "crawl:shop": lambda w: w.run("update earshot.crawl set finished_at = now() - interval '9 h'"),
    "source:shop": lambda w: w.run(
        "update earshot.source set health = 'unhealthy', health_reason = 'no reviews'"
    ),
    "quarantine:shop": lambda w: w.crawl(ended=HOUR, seen=100, bad=30),
    "tag_queue": lambda w: w.queue(w.text(published=5 * HOUR, seen=2 * HOUR)),
    "leases": lambda w: w.queue(w.text(published=HOUR), lease=HOUR / 4),
    "outbox": lambda w: w.message(due=HOUR),
    "outbox_dead": lambda w: w.message(due=HOUR, state="dead"),
    "step:watch": lambda w: w.run(
        "update earshot.step_run set started_at = now() - interval '3 hours'"
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_is_found_and_nothing_else(name: str, live: Settings, world: World) -> None:
    fine(world)
    if name == "tag_queue":
        world.run("delete from earshot.tag_queue")

    FAULTS[name](world)

    assert set(unwell(live)) == {name}


def test_a_source_that_was_never_read_is_late_once_the_others_have_run(
    live: Settings, world: World
) -> None:
    world.run(
        "insert into earshot.step_run (step, seconds, started_at)"
        " values ('deliver', 1, now() - interval '1 day'), ('deliver', 1, now())"
    )

    assert unwell(live) == {
        "crawl:shop": "Source shop was not read well ever; expected every 60 min."
    }


@pytest.mark.parametrize(
    ("schedule", "hours"),
    [("@hourly", 1), ("*/15 * * * *", 0.25), ("0 9-17 * * *", 16), ("@daily", 24), ("none", None)],
)
def test_the_longest_pause_of_a_schedule_counts(schedule: str, hours: float | None) -> None:
    assert interval_of(schedule) == (None if hours is None else timedelta(hours=hours))
