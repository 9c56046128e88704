"""What else a crisis looks like: shares at flat volume, falling stars, waves, very thin series."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import timedelta

from alerts.detection import (
    Cell,
    Context,
    Engine,
    EngineSettings,
    Incident,
    Observation,
    SeriesKey,
    ThemeMention,
    moment_of,
)
from tests.alerts.detection.test_engine import FIRST, cell, step

DAYS = 120


def after(history: Iterable[Cell], news: Iterable[Cell]) -> list[Incident]:
    """Incidents that are told where, after a history, more hours are lived through."""
    watch = Engine(EngineSettings())
    watch.learn(history)
    told = [change for voices in news for change in step(watch, voices.hour, [voices])]
    return list({change.incident.key: change.incident for change in told if change.is_due}.values())


def day_of(number: int, negative: int, **stars: float) -> list[Cell]:
    """Twenty voices of a day at any hour, so many of them complaints."""
    rng = random.Random(number)
    hours = [rng.randrange(24) for _ in range(20)]
    return [
        cell(FIRST + 24 * number + h, hours[:negative].count(h), hours[negative:].count(h), **stars)
        for h in sorted(set(hours))
    ]


def test_a_share_that_rises_while_volume_is_flat_opens() -> None:
    """Twenty voices a day without stars; half of them complain, where a fifth did."""
    rng = random.Random(7)
    usual = [sum(rng.random() < 0.2 for _ in range(20)) for _ in range(DAYS + 7)]
    history = [c for d in range(DAYS) for c in day_of(d, usual[d], rated=0)]

    def week(negative: int | None) -> list[Cell]:
        days = range(DAYS, DAYS + 7)
        return [c for d in days for c in day_of(d, negative or usual[d], rated=0)]

    assert after(history, week(None)) == []
    (incident,) = after(history, week(10))
    assert "share" in {part.kind for part in incident.parts.values()}
    assert "% of all voices, usually" in " ".join(incident.reasons)


def test_stars_that_fall_without_more_complaints_are_noticed() -> None:
    """The same two complaints a day; the content ones give three stars instead of five."""

    def days(since: int, number: int, stars: int) -> list[Cell]:
        hours = [FIRST + 24 * day + 12 for day in range(since, since + number)]
        return [cell(hour, 2, 18, stars=2.0 + 18 * stars) for hour in hours]

    history = days(0, DAYS, 5)

    assert after(history, days(DAYS, 14, 5)) == []
    (incident,) = after(history, days(DAYS, 14, 3))
    assert {part.kind for part in incident.parts.values()} == {"rating"}
    assert "2.8 stars on average, usually 4.6" in incident.reasons


def test_one_review_a_week_is_enough_to_know_and_two_at_once_are_no_crisis() -> None:
    weeks = [cell(FIRST + 168 * w, w % 2, 1 - w % 2) for w in range(52)]
    hour = FIRST + 168 * 52

    assert after(weeks, [cell(hour, 2)]) == []
    (incident,) = after(weeks, [cell(hour, 9)])
    assert incident.count == 9


def test_a_thousand_voices_an_hour_hide_no_burst_and_raise_none() -> None:
    rng = random.Random(3)
    hours = [
        cell(FIRST + hour, round(rng.gauss(200, 14)), round(rng.gauss(800, 28)))
        for hour in range(24 * 28)
    ]
    history, day = hours[:-24], hours[-24:]
    burst = cell(FIRST + 24 * 28, 800, 800)

    assert after(history, day) == []
    (incident,) = after(history, [*day, burst])
    assert incident.opened_at == burst.hour + 1


def wave(hour: int, voices: int) -> list[Observation]:
    """Angry texts of as many new authors that speak of no product and no theme."""
    begin = moment_of(hour)
    return [
        Observation(
            feedback_id=str(number),
            brand="shop",
            source="page",
            published_at=begin + timedelta(minutes=number),
            first_seen_at=begin + timedelta(minutes=number),
            is_negative=True,
            author_key=f"new {number}",
            text=f"shame on you, says number {number}",
        )
        for number in range(voices)
    ]


def test_review_bombing_is_a_kind_of_its_own_and_says_so() -> None:
    watch = Engine(EngineSettings())
    watch.learn(cell(FIRST + 24 * d, 1, 4) for d in range(40))
    hour = FIRST + 24 * 40
    customer = Observation(
        feedback_id="customer",
        brand="shop",
        source="page",
        published_at=moment_of(hour),
        first_seen_at=moment_of(hour),
        is_negative=False,
        themes=(ThemeMention(theme="quality", is_negative=False),),
        product="vase",
    )
    texts = [*wave(hour, 30), customer]

    def evidence(key: SeriesKey, start: int, end: int) -> list[Observation]:
        return [t for t in texts if moment_of(start) <= t.published_at < moment_of(end)]

    (opened,) = step(watch, hour, [cell(hour, 30, 1)], evidence=evidence)

    assert (opened.incident.kind, opened.is_due) == ("brigading", True)
    assert any("looks like brigading" in note for note in opened.incident.notes)


def test_themes_of_one_event_are_parts_of_one_incident() -> None:
    watch = Engine(EngineSettings())
    watch.learn(
        cell(FIRST + 24 * d, n, 4, theme=theme)
        for d in range(40)
        for theme, n in ((None, 1), ("delivery", 0), ("refunds", 0))
    )
    hour = FIRST + 24 * 40
    event = [
        cell(hour, 24),
        cell(hour, 16, theme="delivery"),
        cell(hour, 12, theme="refunds"),
    ]

    changes = step(watch, hour, event)

    (incident,) = watch.incidents.values()
    assert [change.kind for change in changes] == ["open"]
    assert {part.key.theme for part in incident.parts.values()} >= {None, "delivery", "refunds"}


def test_a_theme_whose_words_changed_is_not_told_by_the_rise_that_they_made() -> None:
    def told(context: Context) -> list[bool]:
        watch = Engine(EngineSettings())
        hours = [FIRST + 24 * day for day in range(40)]
        watch.learn(cell(hour, 12) for hour in hours)
        watch.learn(
            voices
            for hour in hours[::7]
            for voices in (cell(hour, 12), cell(hour, 1, theme="delivery"))
        )
        hour = FIRST + 24 * 40
        news = [cell(hour, 12), cell(hour, 12, theme="delivery")]
        return [change.is_due for change in step(watch, hour, news, context=context)]

    changed = FIRST + 24 * 40
    assert told(Context()) == [True]
    assert told(Context(themes_changed_hours={"refunds": changed})) == [True]
    assert told(Context(themes_changed_hours={"delivery": changed})) == [False]
