"""Urgent tags: the model's opinion of a sentence, weighed with the words that stand in it.

One credible report is enough, so a tag must not be missed for want of similar training data, and
must not fire on "to die for". Words alone decide where they are unmistakable ("caught fire"),
words that only hint ("smoke") need the model to agree, and the model alone must be nearly sure.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from nlp.model import Prediction
    from nlp.taxonomy import Theme

EVIDENCE = Path(__file__).parent / "urgent.toml"

THEME_FLOOR = 0.44
"""A model's own threshold serves the mean F1 of its sets; counts suffer more from wrong tags. On
support tweets 0.87 of the tags from here on are right, and on airline reasons 0.66."""
URGENT_THRESHOLD = 0.5
"""Applies to the weighed value, not to the model's own probability."""

_PROVEN = 0.9
_LIKELY = 0.7
_BELOW = 0.49
_CONTENT_ABOVE = 0.7
_LEAST_WORDS = 5
"""Shorter sentences give the model too little to be believed alone."""


@dataclass(frozen=True, kw_only=True)
class Words:
    """Patterns for one tag, and how sure the model must be with a hint and without a word."""

    strong: re.Pattern[str]
    weak: re.Pattern[str]
    unlike: re.Pattern[str]
    with_hint: float
    alone: float


def evidence(text: str) -> dict[str, str]:
    """Urgent keys for which the text holds words, each `strong` or `weak`."""
    found = {}
    for key, words in _words().items():
        rest = words.unlike.sub(" ", text)
        if words.strong.search(rest):
            found[key] = "strong"
        elif words.weak.search(rest):
            found[key] = "weak"
    return found


def raised(
    units: Sequence[str], predictions: Sequence[Prediction], keys: Sequence[str | None]
) -> list[Prediction]:
    """Predictions with the probabilities of the urgent columns weighed with the words.

    Args:
        units: what the model read.
        predictions: its answers.
        keys: urgent key of each theme column, None for themes.
    """
    columns = [(column, key) for column, key in enumerate(keys) if key]
    if not columns:
        return list(predictions)
    return [
        _raised(unit, prediction, columns)
        for unit, prediction in zip(units, predictions, strict=True)
    ]


def thresholds_of(themes: Sequence[Theme], theme_threshold: float) -> np.ndarray:
    """Probability from which each theme is written: its own, or the model's with a floor."""
    return np.array([_threshold(theme, theme_threshold) for theme in themes])


def _threshold(theme: Theme, theme_threshold: float) -> float:
    if theme.kind == "urgent":
        return URGENT_THRESHOLD
    return theme.least_probability or max(theme_threshold, THEME_FLOOR)


def _raised(unit: str, prediction: Prediction, columns: list[tuple[int, str]]) -> Prediction:
    found = evidence(unit)
    probabilities = np.array(prediction.theme_probabilities, dtype=float)
    is_content = prediction.sentiment[2] > _CONTENT_ABOVE
    is_short = len(unit.split()) < _LEAST_WORDS
    for column, key in columns:
        words, probability = found.get(key), float(probabilities[column])
        needed = _words()[key].with_hint if words else _words()[key].alone
        if words == "strong":
            weighed = max(probability, _PROVEN)
        elif is_content or probability < needed or (is_short and not words):
            weighed = min(probability, _BELOW)
        else:
            weighed = max(probability, _LIKELY)
        probabilities[column] = weighed
    return replace(prediction, theme_probabilities=probabilities)


@lru_cache(maxsize=1)
def _words() -> dict[str, Words]:
    given = tomllib.loads(EVIDENCE.read_text(encoding="utf-8"))
    return {
        key: Words(
            strong=_any_of(patterns["strong"]),
            weak=_any_of(patterns["weak"]),
            unlike=_any_of(patterns["not"]),
            with_hint=float(patterns["with_hint"]),
            alone=float(patterns["alone"]),
        )
        for key, patterns in given.items()
    }


def _any_of(patterns: list[str]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.IGNORECASE)
