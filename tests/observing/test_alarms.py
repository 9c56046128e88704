"""Alerts about the pipeline itself: once when it begins, once when it is over."""

from __future__ import annotations

from datetime import timedelta

from alerts.alarms import look_after, run_late, step_done, task_failed
from earshot.errors import FixSettings
from earshot.settings import Settings
from tests.observing.conftest import World


def test_what_is_unwell_is_told_once_and_its_end_once(live: Settings, world: World) -> None:
    world.message(due=timedelta(hours=1))

    first, second = look_after(live), look_after(live)
    world.run("update earshot.outbox set state = 'sent' where key not like 'ops:%%'")
    third, fourth = look_after(live), look_after(live)

    assert [r["raised"] for r in (first, second, third, fourth)] == [1, 0, 0, 0]
    assert [r["cleared"] for r in (first, second, third, fourth)] == [0, 0, 1, 0]
    said = world.said()
    assert len(said) == 2
    assert "1 messages wait" in said[0]
    assert "outbox is well again" in said[1]


def test_it_is_told_again_where_it_comes_back(live: Settings, world: World) -> None:
    world.crawl(ended=timedelta(hours=9))
    look_after(live)
    world.run("update earshot.crawl set finished_at = now()")
    look_after(live)
    world.run("update earshot.crawl set finished_at = now() - interval '9 hours'")

    look_after(live)

    assert len(world.said()) == 3


def test_a_replayed_clock_raises_no_alarm(settings: Settings, world: World) -> None:
    world.message(due=timedelta(hours=5))

    assert look_after(settings)["raised"] == 0


def failed(settings: Settings, run: str, error: BaseException | None = None) -> bool:
    return task_failed(settings, dag="watch", task="move_incidents", run=run, error=error)


def done(settings: Settings, error: BaseException | None = None) -> None:
    step_done(
        settings,
        step="watch",
        dag="watch",
        task="move_incidents",
        run="r",
        seconds=1.5,
        counts={"hours": 3},
        error=error,
    )


def test_a_task_that_fails_run_after_run_is_one_message(live: Settings, world: World) -> None:
    error = FixSettings("earshot.toml: brand.key: is missing; add it.")

    told = [failed(live, f"run{n}", error) for n in range(5)]
    done(live)

    assert told == [True, False, False, False, False]
    said = world.said()
    assert len(said) == 2
    assert "brand.key" in said[0]
    assert "run0" in said[0]
    assert "well again" in said[1]


def test_of_a_foreign_error_only_its_class_is_told(live: Settings, world: World) -> None:
    failed(live, "r", ValueError("the customer said canary-words"))

    assert "ValueError" in world.said()[0]
    assert "canary" not in world.said()[0]


def test_a_late_run_is_told_once_and_ends_with_the_next_good_one(
    live: Settings, world: World
) -> None:
    assert [run_late(live, dag="watch", minutes=60) for _ in range(3)] == [True, False, False]

    done(live)

    assert len(world.said()) == 2


def test_a_source_that_told_of_itself_is_not_told_twice(live: Settings, world: World) -> None:
    world.run("update earshot.source set health = 'unhealthy', health_reason = 'a consent page'")

    is_told = task_failed(live, dag="crawl__shop", task="fetch", run="r", error=None)

    assert (is_told, world.said()) == (False, [])


def test_runs_are_written_down_with_counts_and_error(live: Settings, world: World) -> None:
    done(live)
    done(live, KeyError("x"))

    rows = world.run("select step, error, counts from earshot.step_run order by id")
    assert [tuple(row) for row in rows] == [
        ("watch", None, {"hours": 3}),
        ("watch", "KeyError", {"hours": 3}),
    ]
