"""The replay of a made-up history: a crisis is found, decoys stay quiet."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest

from alerts.detection import (
    EngineSettings,
    Incident,
    Observation,
    ThemeMention,
    incidents_of,
    replay,
)

START = datetime(2026, 1, 1, tzinfo=UTC)


def voice(at: datetime, stars: int, *, theme: str = "quality", author: str = "") -> Observation:
    return Observation(
        feedback_id=f"{at.isoformat()}-{author}-{stars}",
        brand="shop",
        source="page",
        published_at=at,
        first_seen_at=at,
        is_negative=stars <= 2,
        rating=float(stars),
        themes=(ThemeMention(theme=theme, is_negative=stars <= 2),),
        author_key=author or None,
        text=f"text {at.isoformat()} {author}",
    )


def ordinary(days: int, seed: int = 3) -> list[Observation]:
    rng = random.Random(seed)
    moments = [START + timedelta(hours=rng.random() * 24 * days) for _ in range(6 * days)]
    return [
        voice(at, 1 if rng.random() < 0.2 else 5, author=f"a{i}") for i, at in enumerate(moments)
    ]


def crisis(day: int, voices: int, *, hours: int = 10) -> list[Observation]:
    begin = START + timedelta(days=day)
    return [
        voice(
            begin + timedelta(minutes=i * 60 * hours / voices), 1, theme="delivery", author=f"c{i}"
        )
        for i in range(voices)
    ]


def opened(observations: list[Observation]) -> list[Incident]:
    changes = list(replay(observations, EngineSettings()))
    return [i for i in incidents_of(changes) if i.severity != "low"]


def test_a_burst_of_complaints_opens_one_incident_named_after_its_theme() -> None:
    (incident,) = opened(ordinary(90) + crisis(80, 30))

    assert incident.theme == "delivery"
    assert incident.posted_at - incident.started_at <= 24
    assert incident.count == pytest.approx(30, abs=6)


def test_it_resolves_when_complaints_are_back_in_the_usual_band() -> None:
    (incident,) = opened(ordinary(100) + crisis(80, 30))

    assert incident.state == "resolved"
    assert incident.resolved_at - incident.opened_at < 8 * 24


def test_an_ordinary_season_opens_nothing() -> None:
    assert opened(ordinary(200, seed=4)) == []


def test_a_surge_of_praise_opens_nothing() -> None:
    day = START + timedelta(days=80)
    praise = [voice(day + timedelta(minutes=6 * i), 5, author=f"p{i}") for i in range(150)]

    assert opened(ordinary(90) + praise) == []
