"""Is one urgent report credible enough to wake somebody? A second look at its words.

The tagger errs on the side of raising a tag: fine for counts, not for an alert on one text. "They
stole my money" is a verdict on a shop, "my card was used by somebody else" is a report. Texts in
other languages than English are taken as tagged.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from alerts.detection.records import Observation

WORDS = Path(__file__).with_suffix(".toml")
ENGLISH = re.compile(
    r"\b(?:the|and|to|i|my|is|it|was|of|this|they|you|have|not|for|that|me|your|with)\b", re.I
)
LEAST_ENGLISH = 0.15
"""Share of the commonest English words in an English text of some length; in others about 0."""
LEAST_WORDS = 4
"""Fewer report nothing credible, and cannot be told from a foreign text."""
CONTENT = 5.0
"""A rating with which nobody reports an emergency."""


@dataclass(frozen=True, kw_only=True)
class Words:
    """What the words of a report with one tag must and must not hold."""

    needs: re.Pattern[str]
    unless: re.Pattern[str]
    beside: re.Pattern[str] | None


def is_credible(report: Observation, tag: str) -> bool:
    """Whether the words of a report bear out its urgent tag."""
    if report.rating is not None and report.rating >= CONTENT:
        return False
    words = _words().get(tag)
    if words is None or not report.text:
        return True
    if report.text.isascii() and len(report.text.split()) < LEAST_WORDS:
        return False
    if not _is_english(report.text):
        return True
    if words.beside is not None and words.beside.search(report.text):
        return False
    return words.needs.search(words.unless.sub(" … ", report.text)) is not None


def _is_english(text: str) -> bool:
    words = re.findall(r"\w+", text)
    return len(ENGLISH.findall(text)) >= LEAST_ENGLISH * len(words)


@lru_cache(maxsize=1)
def _words() -> dict[str, Words]:
    given = tomllib.loads(WORDS.read_text(encoding="utf-8"))
    return {
        tag: Words(
            needs=_any_of(lists["needs"]),
            unless=_any_of(lists["unless"]),
            beside=_any_of(lists["beside"]) if "beside" in lists else None,
        )
        for tag, lists in given.items()
    }


def _any_of(patterns: list[str]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.IGNORECASE)
