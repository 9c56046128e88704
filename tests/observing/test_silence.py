"""Webhooks are judged by their own habit: silence is told, quiet by nature is not."""

from __future__ import annotations

from datetime import timedelta

import pytest

from earshot.settings import Settings, Source
from sql.connect import connect
from sql.health import findings, snapshot
from sql.silence import judge_silence
from tests.observing.conftest import World

DAY = 24.0
WEEKDAYS_ONLY = [
    DAY * back + hour
    for back in range(2, 30)
    if back % 7 not in (0, 1)
    for hour in (0.0, 6.0, 12.0, 18.0)
]
"""Deliveries all day long, but none on two days of seven; the last two days are such days."""


def _webhook(live: Settings, **options: float) -> Settings:
    given = {"name": "shop", "kind": "webhook", "brand": "northwind", **options}
    return live.model_copy(update={"source": [Source.model_validate(given)]})


def _judged(world: World, settings: Settings, *hours_ago: float) -> str:
    world.run("update earshot.source set kind = 'webhook'")
    world.run("delete from earshot.crawl")
    for ago in hours_ago:
        world.crawl(ended=timedelta(hours=ago), seen=3)
    with connect(settings) as conn, conn:
        judge_silence(conn, settings, world.now)
    return str(world.run("select health from earshot.source")[0][0])


def test_a_webhook_that_no_longer_brings_what_it_used_to_is_unhealthy(
    live: Settings, world: World
) -> None:
    settings = _webhook(live)

    assert _judged(world, settings, *(72 + 6 * at for at in range(80))) == "unhealthy"

    (found,) = [f for f in findings(settings, snapshot(settings)) if not f.is_well]
    assert found.name == "source:shop"
    assert "expected within 24 h" in found.detail
    assert "earshot crawl" not in found.remedy


def test_it_is_healthy_again_with_its_next_delivery(live: Settings, world: World) -> None:
    old = [72.0 + 6 * at for at in range(80)]

    assert _judged(world, _webhook(live), *old) == "unhealthy"
    assert _judged(world, _webhook(live), 0.5, *old) == "healthy"


@pytest.mark.parametrize(
    "hours_ago",
    [
        [],
        [72.0, 78.0],
        [40.0 + 6 * at for at in range(8)] + [400.0],
        [1.0 + at for at in range(10)],
        WEEKDAYS_ONLY,
        [72.0 + 2 * at for at in range(40)],
    ],
    ids=["never used", "seldom used", "long pauses", "busy", "weekend", "new, first weekend"],
)
def test_a_webhook_that_is_quiet_by_nature_stays_healthy(
    hours_ago: list[float], live: Settings, world: World
) -> None:
    assert _judged(world, _webhook(live), *hours_ago) in ("unknown", "healthy")


def test_deliveries_of_which_nothing_could_be_read_are_silence(
    live: Settings, world: World
) -> None:
    settings = _webhook(live, silent_after_hours=4)
    _judged(world, settings, 5)

    world.crawl(ended=timedelta(hours=1), seen=3, bad=3)
    with connect(settings) as conn, conn:
        judge_silence(conn, settings, world.now)

    assert world.run("select health from earshot.source")[0][0] == "unhealthy"


def test_the_settings_say_how_long_a_webhook_may_be_silent(live: Settings, world: World) -> None:
    assert _judged(world, _webhook(live, silent_after_hours=6), 5) == "healthy"
    assert _judged(world, _webhook(live, silent_after_hours=4), 5) == "unhealthy"
