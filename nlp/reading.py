"""From stored title and body to what the model reads, and from its answers to tags.

The model reads every sentence once, and a text of several sentences also as a whole where it
fits. Sentiment of the text is that of the whole; of a longer text the mean over its sentences,
weighted by length. A theme's probability is that of the sentence that says it most clearly, its
sentiment the mean over the sentences that speak of it, weighted by how clearly they do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from earshot.text.cleaning import has_content, has_words, whole_text
from earshot.text.language import Language, language_of
from earshot.text.sentences import sentences
from nlp.tags import Outcome, Probabilities, SentenceTag, TextTags, ThemeTag

if TYPE_CHECKING:
    from nlp.model import Prediction
    from nlp.taxonomy import Theme

WHOLE_CHARACTERS = 450
"""About the 128 tokens that the model reads at once."""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """One text, cut for the model; nothing to read gives no units."""

    language: Language
    whole: str
    pieces: tuple[str, ...]
    outcome: Outcome = "tagged"

    @property
    def units(self) -> list[str]:
        """What the model reads: the sentences, then the whole text where it fits."""
        has_whole = len(self.pieces) > 1 and len(self.whole) <= WHOLE_CHARACTERS
        return [*self.pieces, self.whole] if has_whole else list(self.pieces)


def read(title: str, body: str, language_hint: str | None) -> Reading:
    """Clean a text, find its language, cut it into sentences."""
    whole = whole_text(title, body)
    if not has_content(whole):
        language = language_of("", language_hint)
        return Reading(language=language, whole=whole, pieces=(), outcome="empty")
    language = language_of(whole, language_hint)
    if not language.is_supported:
        return Reading(language=language, whole=whole, pieces=(), outcome="not_supported")
    return Reading(language=language, whole=whole, pieces=tuple(sentences(whole, language.code)))


def text_tags(
    reading: Reading,
    predictions: Sequence[Prediction],
    themes: Sequence[tuple[int, Theme]],
    thresholds: np.ndarray,
) -> TextTags:
    """Tags of one text from the model's answers to its units, in their order.

    Args:
        reading: the text.
        predictions: one per unit.
        themes: id and definition in the order of the model's theme vectors.
        thresholds: probability from which each theme is written, in the same order.
    """
    if reading.outcome != "tagged":
        return TextTags(language=reading.language.code, outcome=reading.outcome)
    of_pieces = predictions[: len(reading.pieces)]
    probability = np.stack([np.asarray(item.theme_probabilities) for item in of_pieces])
    towards = np.stack([np.asarray(item.theme_sentiment) for item in of_pieces])
    is_meant = (probability >= thresholds) & _can_mean(towards, [theme for _, theme in themes])
    is_meant &= np.array([has_words(piece) for piece in reading.pieces])[:, None]
    return TextTags(
        language=reading.language.code,
        probabilities=_of_text(reading, predictions),
        sentences=_sentence_tags(reading, of_pieces, is_meant, themes),
        themes=tuple(
            _theme_tag(id_, probability[:, column], towards[:, column], is_meant[:, column])
            for column, (id_, _) in enumerate(themes)
            if is_meant[:, column].any()
        ),
    )


def _can_mean(towards: np.ndarray, themes: Sequence[Theme]) -> np.ndarray:
    """Whether each sentence (rows) has the sentiment without which a theme is not meant."""
    likeliest = towards.argmax(axis=-1)
    wanted = {"any": None, "negative": 0, "positive": 2}
    return np.stack(
        [
            np.ones(len(towards), dtype=bool)
            if wanted[theme.polarity] is None
            else likeliest[:, column] == wanted[theme.polarity]
            for column, theme in enumerate(themes)
        ],
        axis=1,
    )


def _theme_tag(
    theme_id: int, probability: np.ndarray, towards: np.ndarray, is_meant: np.ndarray
) -> ThemeTag:
    weights = probability * is_meant
    return ThemeTag(
        theme_id=theme_id,
        probability=float(weights.max()),
        probabilities=_mean(towards, weights),
        sentence=int(weights.argmax()),
    )


def _of_text(reading: Reading, predictions: Sequence[Prediction]) -> Probabilities:
    sentiment = np.array([item.sentiment for item in predictions], dtype=float)
    if len(predictions) > len(reading.pieces):
        return _mean(sentiment[-1:], np.ones(1))
    return _mean(sentiment, np.array([len(piece) for piece in reading.pieces], dtype=float))


def _mean(probabilities: np.ndarray, weights: np.ndarray) -> Probabilities:
    mean = np.average(probabilities, axis=0, weights=weights).clip(0, 1)
    negative, neutral, positive = (float(value) for value in mean / mean.sum())
    return negative, neutral, positive


def _sentence_tags(
    reading: Reading,
    predictions: Sequence[Prediction],
    is_meant: np.ndarray,
    themes: Sequence[tuple[int, Theme]],
) -> tuple[SentenceTag, ...]:
    spans = locate(reading.whole, reading.pieces)
    return tuple(
        SentenceTag(
            start=start,
            end=end,
            probabilities=_mean(np.array([item.sentiment], dtype=float), np.ones(1)),
            theme_ids=tuple(id_ for (id_, _), meant in zip(themes, row, strict=True) if meant),
        )
        for (start, end), item, row in zip(spans, predictions, is_meant, strict=True)
    )


def locate(whole: str, pieces: Sequence[str]) -> list[tuple[int, int]]:
    """Start and end of each piece in the text, which may differ from it in blanks only."""
    spans: list[tuple[int, int]] = []
    position = 0
    for piece in pieces:
        letters = "".join(piece.split())
        start = whole.find(letters[0], position)
        end = start
        for letter in letters:
            end = whole.find(letter, end) + 1
        spans.append((start, end))
        position = end
    return spans
