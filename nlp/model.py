"""The tagger's model: sentiment, themes and sentiment towards each theme of a text.

model = load_model("earshot")
themes = model.encode_themes([ThemeText(name="delivery delay", description="...")])
predictions = model.predict(["Still waiting for my parcel"], themes)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch

from nlp.calibration import MatchScale, SentimentScale
from nlp.encoder import Encoder, batches, model_text, pad
from nlp.heads import Outputs
from nlp.names import BUCKETS, name_row, name_shares
from nlp.scorers import Scorer


@dataclass(frozen=True, kw_only=True)
class ThemeText:
    """A theme in words: what `encode_themes` turns into a vector.

    `by_name`: that the name stands in a text speaks for the theme (see `nlp.names`).
    """

    name: str
    description: str = ""
    examples: tuple[str, ...] = ()
    by_name: bool = True


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """Calibrated probabilities of one text.

    sentiment: (negative, neutral, positive), sums to 1.
    theme_probabilities: (themes,), each the chance that the text is about the theme.
    theme_sentiment: (themes, 3), sentiment towards each theme, given that the text is about it.
    """

    sentiment: tuple[float, float, float]
    theme_probabilities: np.ndarray
    theme_sentiment: np.ndarray


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """The three scales stored beside the weights."""

    sentiment: SentimentScale = field(default_factory=SentimentScale)
    theme_sentiment: SentimentScale = field(default_factory=SentimentScale)
    match: MatchScale = field(default_factory=MatchScale)
    theme_threshold: float = 0.5


class Model:
    """A loaded model; use `load_model`."""

    def __init__(
        self,
        *,
        id: str,
        encoder: Encoder,
        scorer: Scorer,
        calibration: Calibration,
        name_weight: float = 0.0,
    ) -> None:
        self.id = id
        self.encoder = encoder
        self.scorer = scorer
        self._calibration = calibration
        self._name_weight = name_weight
        self.themes: dict[ThemeText, np.ndarray] = {}
        """Unit vectors (theme width,) of all themes seen; those of an earlier run may be put in."""

    @property
    def theme_threshold(self) -> float:
        """Probability from which a theme counts as found: best F1 on themes never trained."""
        return self._calibration.theme_threshold

    def encode_themes(self, themes: Sequence[ThemeText]) -> np.ndarray:
        """A row for each theme, float32: its unit vector, then its name for `nlp.names`.

        A theme seen before costs nothing.
        """
        unseen = [theme for theme in dict.fromkeys(themes) if theme not in self.themes]
        self.themes.update(self._theme_vectors(unseen))
        width = self.scorer.theme_width + BUCKETS
        rows = [
            np.concatenate([self.themes[theme], name_row(theme.name if theme.by_name else "")])
            for theme in themes
        ]
        return np.stack(rows) if rows else np.zeros((0, width), np.float32)

    def _theme_vectors(self, themes: Sequence[ThemeText]) -> dict[ThemeText, np.ndarray]:
        """Of each theme the mean of its wordings, and that of its examples, as a unit vector."""
        wordings = [theme_wordings(theme) for theme in themes]
        parts = [*wordings, *(theme.examples for theme in themes)]
        texts = [text for part in parts for text in part]
        vectors = self._vectors(texts, self.scorer.theme, self.scorer.theme_width)
        ends = np.cumsum([len(part) for part in parts], dtype=int)
        means = [_mean(part) for part in np.split(vectors, ends)[:-1]]
        return {
            theme: _unit(means[place] + means[len(themes) + place])
            for place, theme in enumerate(themes)
        }

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors (texts, width), float32, for similarity and clustering."""
        return self._vectors(texts, self.scorer.embed, self.encoder.width)

    def centre(self, texts: Sequence[str]) -> np.ndarray:
        """Mean of the vectors by which texts are compared with themes (theme width,)."""
        mean: np.ndarray = self._vectors(texts, self.scorer.theme, self.scorer.theme_width).mean(0)
        return mean

    def _vectors(
        self, texts: Sequence[str], vectors_of: Callable[[torch.Tensor], torch.Tensor], width: int
    ) -> np.ndarray:
        rows = self.encoder.tokenise(texts)
        vectors = np.zeros((len(texts), width), np.float32)
        for chosen in batches(list(map(len, rows))):
            ids = pad([rows[index] for index in chosen], self.encoder.pad_id)
            with torch.inference_mode():
                vectors[chosen] = vectors_of(ids).numpy()
        return vectors

    def predict(
        self, texts: Sequence[str], theme_vectors: np.ndarray, *, groups: Sequence[int] = ()
    ) -> list[Prediction]:
        """Tag texts, one encoder pass for each distinct one, in batches of like length.

        A text of which cleaning leaves nothing is neutral and about no theme. `groups` are sizes
        of runs of themes that are rivals only among themselves, such as themes and urgent tags.
        """
        distinct: dict[str, Prediction] = {}
        cleaned = [model_text(text) for text in texts]
        wanted = sorted({text for text in cleaned if text})
        for text, prediction in self._predict_distinct(wanted, theme_vectors, groups):
            distinct[text] = prediction
        nothing = _nothing(len(theme_vectors))
        return [distinct.get(text, nothing) for text in cleaned]

    def _predict_distinct(
        self, texts: list[str], theme_vectors: np.ndarray, groups: Sequence[int]
    ) -> Iterator[tuple[str, Prediction]]:
        cuts = np.cumsum(groups, dtype=int)[:-1]
        for chosen, outputs in self.logits(texts, theme_vectors):
            sentiment = self._calibration.sentiment.apply(outputs.sentiment.numpy())
            parts = np.split(outputs.match.numpy(), cuts, axis=1)
            match = np.concatenate([self._calibration.match.apply(part) for part in parts], axis=1)
            towards = self._calibration.theme_sentiment.apply(outputs.theme_sentiment.numpy())
            for place, index in enumerate(chosen):
                negative, neutral, positive = sentiment[place].tolist()
                yield (
                    texts[index],
                    Prediction(
                        sentiment=(negative, neutral, positive),
                        theme_probabilities=match[place],
                        theme_sentiment=towards[place],
                    ),
                )

    def logits(
        self, texts: Sequence[str], theme_vectors: np.ndarray
    ) -> Iterator[tuple[np.ndarray, Outputs]]:
        """Uncalibrated outputs by batch, each with the indexes of its texts."""
        vectors, names = np.split(theme_vectors, [self.scorer.theme_width], axis=1)
        themes = torch.from_numpy(np.asarray(vectors, np.float32))
        rows = self.encoder.tokenise(texts)
        for chosen in batches(list(map(len, rows))):
            ids = pad([rows[index] for index in chosen], self.encoder.pad_id)
            with torch.inference_mode():
                outputs = self.scorer(ids, themes)
            named = name_shares([texts[index] for index in chosen], names)
            match = outputs.match + self._name_weight * torch.from_numpy(named)
            yield chosen, replace(outputs, match=match)


def theme_wordings(theme: ThemeText) -> list[str]:
    """The texts whose mean stands for a theme, beside its examples."""
    name = " ".join(theme.name.replace("_", " ").lower().split())
    if not theme.description:
        return [name]
    return [name, f"{name}: {theme.description}", theme.description]


def _mean(vectors: np.ndarray) -> np.ndarray:
    """Mean of vectors (n, width), zeros where there are none."""
    mean: np.ndarray = vectors.sum(0) / np.float32(max(1, len(vectors)))
    return mean


def _unit(vector: np.ndarray) -> np.ndarray:
    unit: np.ndarray = vector / np.float32(np.linalg.norm(vector))
    return unit


def _nothing(themes: int) -> Prediction:
    neutral = np.zeros((themes, 3), np.float32)
    neutral[:, 1] = 1.0
    return Prediction(
        sentiment=(0.0, 1.0, 0.0),
        theme_probabilities=np.zeros(themes, np.float32),
        theme_sentiment=neutral,
    )
