"""What the tagger says of one text: plain values between reading and storing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

Sentiment = Literal["negative", "neutral", "positive"]
Outcome = Literal["tagged", "empty", "not_supported", "failed"]
Probabilities: TypeAlias = tuple[float, float, float]
"""Of negative, neutral and positive; they sum to one."""

SENTIMENTS: tuple[Sentiment, Sentiment, Sentiment] = ("negative", "neutral", "positive")
UNREAD: Probabilities = (0.0, 1.0, 0.0)
"""Stored where there was nothing to read; the outcome says that it means nothing."""


@dataclass(frozen=True, kw_only=True)
class SentenceTag:
    """One sentence: where it stands in the cleaned whole text, and how it sounds."""

    start: int
    end: int
    probabilities: Probabilities
    theme_ids: tuple[int, ...] = ()

    def as_row(self) -> list[Any]:
        """`[start, end, p_negative, p_neutral, p_positive, [theme ids]]`, as stored."""
        rounded = [round(probability, 4) for probability in self.probabilities]
        return [self.start, self.end, *rounded, list(self.theme_ids)]


@dataclass(frozen=True, kw_only=True)
class ThemeTag:
    """A theme that the text is about, and the sentiment towards that theme."""

    theme_id: int
    probability: float
    probabilities: Probabilities
    sentence: int
    """Index of the sentence that says it most clearly, from 0."""


@dataclass(frozen=True, kw_only=True)
class TextTags:
    """Everything said of one text; without content, language or result the outcome says so."""

    language: str
    outcome: Outcome = "tagged"
    reason: str | None = None
    probabilities: Probabilities = UNREAD
    sentences: tuple[SentenceTag, ...] = ()
    themes: tuple[ThemeTag, ...] = ()


def likeliest(probabilities: Probabilities) -> tuple[Sentiment, float]:
    """The most probable class and its probability."""
    index = max(range(3), key=lambda position: probabilities[position])
    return SENTIMENTS[index], probabilities[index]
