"""A model that reads words, for tests in which the quality of the model is not the point."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from nlp.model import Prediction, ThemeText

BAD = ("late", "broken", "lost", "rude", "awful", "nobody")
GOOD = ("great", "quick", "love", "lovely", "friendly")
THEME_WORDS = {
    "Delivery delay": ("late", "quick"),
    "Damaged in transit, packaging": ("broken",),
    "Customer service attitude": ("rude", "friendly"),
    "Praise for product": ("lovely",),
}


class WordModel:
    """Sentiment and themes by words; counts what it was asked; `before` may fail or wait."""

    theme_threshold = 0.5

    def __init__(self, id: str = "words-1", before: Callable[[str], None] | None = None) -> None:
        self.id = id
        self.read: list[str] = []
        self.embedded: list[ThemeText] = []
        self._before = before
        self._themes: list[ThemeText] = []
        self.themes: dict[ThemeText, np.ndarray] = {}

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        return np.ones((len(texts), 4), np.float32) / 2

    def encode_themes(self, themes: Sequence[ThemeText]) -> np.ndarray:
        self.embedded = list(themes)
        self._themes = list(themes)
        rows = np.eye(len(themes), dtype=np.float32)
        self.themes.update(zip(themes, rows, strict=True))
        return rows

    def predict(
        self, texts: Sequence[str], theme_vectors: np.ndarray, *, groups: Sequence[int] = ()
    ) -> list[Prediction]:
        assert sum(groups) == len(theme_vectors)
        if self._before:
            for text in texts:
                self._before(text)
        self.read.extend(texts)
        return [self._prediction(text.lower()) for text in texts]

    def _prediction(self, text: str) -> Prediction:
        sentiment = _sentiment(text)
        words = [THEME_WORDS.get(theme.name, ()) for theme in self._themes]
        is_meant = np.array([any(word in text for word in known) for known in words])
        return Prediction(
            sentiment=sentiment,
            theme_probabilities=np.where(is_meant, 0.9, 0.05),
            theme_sentiment=np.tile(np.array(sentiment), (len(self._themes), 1)),
        )


def _sentiment(text: str) -> tuple[float, float, float]:
    bad = sum(word in text for word in BAD)
    good = sum(word in text for word in GOOD)
    if bad == good:
        return (0.1, 0.8, 0.1)
    return (0.8, 0.1, 0.1) if bad > good else (0.1, 0.1, 0.8)
