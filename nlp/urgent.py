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

THEME_THRESHOLD = 0.5
URGENT_THRESHOLD = 0.5
"""Applies to the weighed value, not to the model's own probability."""

_PROVEN = 0.9
_HINT_NEEDS = 0.6
_ALONE_NEEDS = 0.9
_BELOW = 0.49
_CONTENT_ABOVE = 0.7


@dataclass(frozen=True, kw_only=True)
class Words:
    """Patterns for one tag."""

    strong: re.Pattern[str]
    weak: re.Pattern[str]
    unlike: re.Pattern[str]


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
        _raised(evidence(unit), prediction, columns)
        for unit, prediction in zip(units, predictions, strict=True)
    ]


def thresholds_of(themes: Sequence[Theme]) -> np.ndarray:
    """Probability from which each theme is written."""
    return np.array(
        [URGENT_THRESHOLD if theme.kind == "urgent" else THEME_THRESHOLD for theme in themes]
    )


def _raised(
    found: dict[str, str], prediction: Prediction, columns: list[tuple[int, str]]
) -> Prediction:
    probabilities = np.array(prediction.theme_probabilities, dtype=float)
    is_content = prediction.sentiment[2] > _CONTENT_ABOVE
    for column, key in columns:
        probabilities[column] = _weighed(
            found.get(key), float(probabilities[column]), is_content=is_content
        )
    return replace(prediction, theme_probabilities=probabilities)


def _weighed(words: str | None, probability: float, *, is_content: bool) -> float:
    if words == "strong":
        return max(probability, _PROVEN)
    needed = _HINT_NEEDS if words == "weak" else _ALONE_NEEDS
    if is_content or probability < needed:
        return min(probability, _BELOW)
    return probability


@lru_cache(maxsize=1)
def _words() -> dict[str, Words]:
    given = tomllib.loads(EVIDENCE.read_text(encoding="utf-8"))
    return {
        key: Words(
            strong=_any_of(patterns["strong"]),
            weak=_any_of(patterns["weak"]),
            unlike=_any_of(patterns["not"]),
        )
        for key, patterns in given.items()
    }


def _any_of(patterns: list[str]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.IGNORECASE)
