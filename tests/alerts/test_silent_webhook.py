"""A webhook that fell silent: from then on nothing is concluded from its silence."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from alerts.watch import watch
from earshot.settings import Settings, Source
from earshot.shop import story
from sql.clock import advance
from sql.connect import connect

LiveUntil = Callable[..., Settings]
CRISIS = story.FAILURE_FROM + timedelta(hours=8)
LATER = CRISIS + timedelta(days=12)
OPEN = "select count(*) from earshot.incident where not is_historical and state <> 'resolved'"
DELIVERED = """
update earshot.source set kind = 'webhook';
insert into earshot.crawl (source_id, purpose, started_at, finished_at, status, seen)
select id, 'live', %(at)s, %(at)s, 'ok', 3 from earshot.source;
"""


def test_an_incident_waits_while_its_webhook_is_silent_and_resolves_once_it_is_back(
    live_until: LiveUntil, database: Any
) -> None:
    settings = _pushed(live_until(CRISIS))
    _delivered(database, at=CRISIS)
    watch(settings)

    _pass_to(settings, LATER)
    watch(settings)
    while_silent = _rows(database, OPEN)
    _delivered(database, at=LATER)
    _pass_to(settings, LATER + timedelta(hours=1))
    watch(settings)

    assert (while_silent, _rows(database, OPEN)) == ([(1,)], [(0,)])


def test_a_webhook_s_silence_and_its_return_are_each_told_once(
    live_until: LiveUntil, database: Any
) -> None:
    settings = _pushed(live_until(story.START))
    _delivered(database, at=story.START)

    for hours in (23, 25, 26):
        _pass_to(settings, story.START + timedelta(hours=hours))
        watch(settings)
    silent = _health(database)
    _delivered(database, at=story.START + timedelta(hours=26))
    for _ in range(2):
        watch(settings)

    assert silent[0] == "unhealthy"
    assert "Nothing usable was delivered" in silent[1]
    assert _health(database) == ("healthy", None)
    said = [row[0] for row in _rows(database, "select payload ->> 'text' from earshot.outbox")]
    assert ["not healthy" in text for text in said] == [True, False]
    assert "earshot crawl" not in said[0]


def _pushed(settings: Settings) -> Settings:
    given = {"name": "shop", "kind": "webhook", "brand": "northwind", "silent_after_hours": 24}
    return settings.model_copy(update={"source": [Source.model_validate(given)]})


def _delivered(database: Any, *, at: Any) -> None:
    with database.connect("owner") as conn, conn, conn.cursor() as cursor:
        cursor.execute(DELIVERED, {"at": at})


def _pass_to(settings: Settings, moment: Any) -> None:
    with connect(settings) as conn, conn:
        advance(conn, moment)


def _rows(database: Any, query: str) -> list[Any]:
    with database.connect("owner") as conn, conn.cursor() as cursor:
        cursor.execute(query)
        return [tuple(row.values()) for row in cursor.fetchall()]


def _health(database: Any) -> Any:
    return _rows(database, "select health, health_reason from earshot.source")[0]
