"""Ninety days of reviews from our own phrases, the same for the same seed."""

from __future__ import annotations

import math
import random
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from importlib.resources import files
from typing import Any, Literal

from earshot.shop import story
from earshot.shop.products import PRODUCTS, Product

Episode = Literal["everyday", "promotion", "syndicated", "loud", "failure"]
Mood = Literal["positive", "mixed", "negative"]

_MOODS: tuple[tuple[Mood, float], ...] = (("positive", 0.64), ("mixed", 0.16), ("negative", 0.20))
_STARS: dict[Mood, tuple[int, ...]] = {
    "positive": (5, 5, 5, 4, 4),
    "mixed": (3, 3, 3, 4),
    "negative": (1, 1, 2, 2, 2),
}
_WEEKDAYS = (1.10, 0.95, 0.90, 0.90, 0.95, 1.05, 1.30)
_HOURS = (2, 1, 1, 1, 1, 2, 4, 7, 8, 8, 8, 8, 9, 8, 7, 7, 8, 9, 11, 13, 14, 12, 8, 4)
_A_DAY = 18.0
_FAILURE_FIRST_DAY = (2, 2, 3, 3, 3, 4, 3, 3, 3, 3, 4, 4, 5, 5, 5, 4, 3, 2)
"""Reviews an hour from `FAILURE_FROM` on."""
_FAILURE_LATER_DAYS = (58, 40)
_PROMOTION_REVIEWS = 80


@dataclass(frozen=True, kw_only=True)
class Review:
    """A review as the shop shows it; `author` is a name on the page, empty for none."""

    sku: str
    author: str
    title: str
    body: str
    stars: int
    published_at: datetime
    episode: Episode


def generate(seed: int = story.SEED) -> list[Review]:
    """All reviews of the story, oldest first."""
    chance = random.Random(seed)
    reviews = [
        *_everyday(chance),
        *_promotion(chance),
        *_syndicated(chance),
        *_loud(chance),
        *_failure(chance),
    ]
    return sorted(reviews, key=lambda review: (review.published_at, review.sku))


@lru_cache(maxsize=1)
def _phrases() -> dict[str, Any]:
    return tomllib.loads(files("earshot.shop").joinpath("phrases.toml").read_text("utf-8"))


def _everyday(chance: random.Random) -> Iterator[Review]:
    for number in range(1, story.DAYS + 1):
        begin = story.day(number)
        expected = _A_DAY * _WEEKDAYS[begin.weekday()]
        for _ in range(_poisson(chance, expected)):
            hour = chance.choices(range(24), weights=_HOURS)[0]
            moment = begin + timedelta(hours=hour, seconds=chance.randrange(3600))
            yield _everyday_review(chance, moment)


def _everyday_review(chance: random.Random, moment: datetime) -> Review:
    product = _any_product(chance)
    mood = chance.choices([m for m, _ in _MOODS], weights=[w for _, w in _MOODS])[0]
    author = "Anonymous" if chance.random() < 0.03 else _author(chance)
    return Review(
        sku=product.sku,
        author=author,
        title=_fill(chance, chance.choice(_phrases()["titles"][mood]), product),
        body=_fill(chance, _body(chance, mood), product),
        stars=chance.choice(_STARS[mood]),
        published_at=moment,
        episode="everyday",
    )


def _body(chance: random.Random, mood: Mood) -> str:
    phrases = _phrases()
    if mood != "mixed" and chance.random() < 0.10:
        return str(chance.choice(phrases["short"][mood]))
    themes = phrases["theme"]
    said: list[str] = []
    for mind in _minds(chance, mood):
        theme = chance.choices(themes, weights=[theme["weight"] for theme in themes])[0]
        left = [phrase for phrase in theme[mind] if phrase not in said]
        said.append(chance.choice(left))
    opener = chance.choice(phrases["openers"][mood])
    closer = chance.choice(phrases["closers"][mood])
    return " ".join(part for part in (opener, *said, closer) if part)


def _minds(chance: random.Random, mood: Mood) -> list[str]:
    """Which way each sentence about a theme leans."""
    if mood == "mixed":
        return ["positive", "negative"]
    return [mood] * chance.choices((1, 2, 3), weights=(5, 4, 1))[0]


def _promotion(chance: random.Random) -> Iterator[Review]:
    phrases = _phrases()["promotion"]
    for _ in range(_PROMOTION_REVIEWS):
        product = _any_product(chance)
        hour = chance.choices(range(24), weights=_HOURS)[0]
        yield Review(
            sku=product.sku,
            author=_author(chance),
            title=chance.choice(phrases["titles"]),
            body=_fill(chance, _joined(chance, phrases["first"], phrases["second"]), product),
            stars=5,
            published_at=story.PROMOTION + timedelta(hours=hour, seconds=chance.randrange(3600)),
            episode="promotion",
        )


def _syndicated(chance: random.Random) -> Iterator[Review]:
    phrases = _phrases()["syndicated"]
    span = (story.SYNDICATED_UNTIL - story.SYNDICATED_FROM).total_seconds()
    for product in chance.sample(PRODUCTS, 20):
        yield Review(
            sku=product.sku,
            author="Anonymous",
            title=phrases["title"],
            body=phrases["body"].strip(),
            stars=2,
            published_at=story.SYNDICATED_FROM + timedelta(seconds=int(chance.random() * span)),
            episode="syndicated",
        )


def _loud(chance: random.Random) -> Iterator[Review]:
    phrases = _phrases()["loud"]
    span = (story.LOUD_UNTIL - story.LOUD_FROM).total_seconds()
    products = chance.sample(PRODUCTS, len(phrases["bodies"]))
    for product, title, body in zip(products, phrases["titles"], phrases["bodies"], strict=True):
        yield Review(
            sku=product.sku,
            author=story.LOUD_AUTHOR,
            title=title,
            body=_fill(chance, body, product),
            stars=1,
            published_at=story.LOUD_FROM + timedelta(seconds=int(chance.random() * span)),
            episode="loud",
        )


def _failure(chance: random.Random) -> Iterator[Review]:
    """Two an hour at first, more towards the evening, and on through the nights."""
    phrases = _phrases()["courier"]
    for moment in _failure_moments(chance):
        product = _any_product(chance)
        body = _joined(chance, phrases["first"], phrases["second"], phrases["third"])
        weekday = (moment - timedelta(days=chance.randint(2, 4))).strftime("%A")
        yield Review(
            sku=product.sku,
            author=_author(chance),
            title=chance.choice(phrases["titles"]),
            body=_fill(chance, body.replace("{day}", weekday), product),
            stars=chance.choice((1, 1, 1, 2)),
            published_at=moment,
            episode="failure",
        )


def _failure_moments(chance: random.Random) -> Iterator[datetime]:
    begins = [
        story.FAILURE_FROM + timedelta(hours=hour)
        for hour, count in enumerate(_FAILURE_FIRST_DAY)
        for _ in range(count)
    ]
    for number, count in enumerate(_FAILURE_LATER_DAYS, start=89):
        hours = chance.choices(range(24), weights=_HOURS, k=count)
        begins += [story.day(number, hour) for hour in hours]
    for begin in begins:
        yield begin + timedelta(seconds=chance.randrange(3600))


def _any_product(chance: random.Random) -> Product:
    return chance.choices(PRODUCTS, weights=[product.popularity for product in PRODUCTS])[0]


def _author(chance: random.Random) -> str:
    initials = "ABCDEFGHIJKLMNOPRSTUVWY"
    return (
        f"{chance.choice(_phrases()['slots']['first'])} "
        f"{chance.choice(initials)}{chance.choice('aeiou')}{chance.choice('lmnrst')}."
    )


def _joined(chance: random.Random, *choices: list[str]) -> str:
    return " ".join(part for part in map(chance.choice, choices) if part)


def _fill(chance: random.Random, template: str, product: Product) -> str:
    slots = _phrases()["slots"]
    values = {
        "product": product.noun,
        "days": str(chance.randint(2, 6)),
        "order": str(chance.randint(10**7, 10**8 - 1)),
    }
    for name in ("room", "colour", "town", "courier", "amount", "name"):
        values[name] = chance.choice(slots[name])
    return template.format_map(values)


def _poisson(chance: random.Random, expected: float) -> int:
    """A Poisson variate by Knuth's method."""
    limit, count, product = math.exp(-expected), 0, chance.random()
    while product > limit:
        count += 1
        product *= chance.random()
    return count
