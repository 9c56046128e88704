"""The sets of docs/EVALUATION.md: where their rows come from and what stands beside our figure."""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SAMPLE = 2000
LANGUAGES = ("arabic", "french", "german", "hindi", "italian", "portuguese", "spanish")
ASPECT_SETS = (
    *("restaurant", "laptop", "mams", "oats_hotels"),
    *(f"phone_shop_{code}" for code in ("en", "de", "fr", "es", "nl", "pt")),
)
STAND_INS = {
    "product sentences (stand-in: aspects/memd_clothing_dev)": "memd_clothing",
    "restaurant sentences (stand-in: aspects/restaurant_dev)": "restaurant",
    "film sentences (stand-in: aspects/memd_books_dev)": "memd_books",
}
WITHOUT_REASON = ("", "Can't Tell")


@dataclass(frozen=True, kw_only=True)
class Set:
    """Rows to evaluate; `numbers[i]` is the row's place in its file, counted from 1."""

    name: str
    rows: list[dict[str, Any]]
    numbers: list[int]


def tweets(data: Path) -> Set:
    """English tweets, three classes."""
    return _set(
        "tweets, 3 classes (sentiment/tweets_val)", _jsonl(data / "sentiment/tweets_val.jsonl")
    )


def language_tweets(data: Path) -> list[Set]:
    """Tweets in seven languages, three balanced classes."""
    return [
        _set(language, _jsonl(data / f"sentiment/tweets_{language}_val.jsonl"))
        for language in LANGUAGES
    ]


def airline(data: Path) -> Set:
    """Airline tweets, three classes, a fixed sample."""
    rows = (
        {"text": row["text"], "sentiment": row["airline_sentiment"]} for row in _airline_rows(data)
    )
    return _set("airline tweets, 3 classes (feedback/twitter_us_airline)", rows, SAMPLE)


def airline_reasons(data: Path) -> Set:
    """Airline complaint reasons as themes, a fixed sample."""
    rows = (
        {"text": row["text"], "themes": [row["negativereason"]]}
        if row["negativereason"] not in WITHOUT_REASON
        else None
        for row in _airline_rows(data)
    )
    return _set("airline complaint reasons (feedback/twitter_us_airline)", rows, SAMPLE)


def support_tweets(data: Path) -> list[Set]:
    """Support tweets with shop-made labels, some rows without any."""
    names = ("support_tweets_applesupport", "support_tweets_spotifycares")
    return [_set(f"themes/{name}", _jsonl(data / f"themes/{name}.jsonl")) for name in names]


def stand_ins(data: Path) -> list[Set]:
    """Sentences of one sentiment, positive or negative, from aspect sets."""
    return [
        _set(name, map(_polar, _jsonl(data / f"aspects/{stem}_dev.jsonl")))
        for name, stem in STAND_INS.items()
    ]


def shop_reviews(data: Path) -> Set:
    """Whole reviews of a brand never trained on, by stars (three stars left out)."""
    with (data / "feedback/trustpilot_fanatics.csv").open(encoding="utf8", newline="") as lines:
        found = list(csv.DictReader(lines))
    with (data / "feedback/trustpilot_figo.csv").open(encoding="utf8", newline="") as lines:
        found += [{"contents": x["text"], "ratings": x["rating"]} for x in csv.DictReader(lines)]
    rows = (_starred(row) for row in found)
    return _set("reviews by stars (feedback/trustpilot_fanatics, _figo)", rows, SAMPLE // 2)


def aspect_sets(data: Path) -> list[Set]:
    """Sentences with categories and the sentiment towards each."""
    return [
        _set(f"aspects/{stem}_dev", (row for row in _jsonl(data / f"aspects/{stem}_dev.jsonl")))
        for stem in ASPECT_SETS
    ]


def _starred(row: dict[str, str]) -> dict[str, Any] | None:
    stars = int(row["ratings"])
    mood = {1: "negative", 2: "negative", 4: "positive", 5: "positive"}.get(stars)
    return {"text": row["contents"], "sentiment": mood} if mood else None


def _polar(row: dict[str, Any]) -> dict[str, Any] | None:
    moods = {aspect["sentiment"] for aspect in row["aspects"]}
    is_polar = len(moods) == 1 and "neutral" not in moods
    return {"text": row["text"], "sentiment": moods.pop()} if is_polar else None


def _set(name: str, rows: Iterable[dict[str, Any] | None], limit: int = 0) -> Set:
    numbered = [(number, row) for number, row in enumerate(rows, start=1) if row is not None]
    if 0 < limit < len(numbered):
        numbered = sorted(random.Random(0).sample(numbered, limit), key=lambda pair: pair[0])
    return Set(name=name, rows=[row for _, row in numbered], numbers=[at for at, _ in numbered])


def _airline_rows(data: Path) -> Iterator[dict[str, str]]:
    with (data / "feedback/twitter_us_airline.csv").open(encoding="utf8", newline="") as lines:
        yield from csv.DictReader(lines)


def _jsonl(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf8") as lines:
        yield from map(json.loads, lines)
