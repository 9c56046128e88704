"""The tagger's model: sentiment, themes and sentiment towards each theme of a text.

model = load_model("earshot")
themes = model.encode_themes([ThemeText(name="delivery delay", description="...")])
predictions = model.predict(["Still waiting for my parcel"], themes)
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch.nn import functional

from earshot.errors import FixSettings
from nlp import lora
from nlp.calibration import MatchScale, SentimentScale
from nlp.encoder import Encoder, batches, load_encoder, model_text, pad, set_precision
from nlp.heads import Heads, Outputs, likeness
from nlp.names import BUCKETS, NAME_WEIGHT, name_row, name_shares

WEIGHTS = Path(__file__).parent / "weights"
WEIGHTS_NAME, CARD_NAME = "model.safetensors", "model.json"


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


class Scorer(Protocol):
    """Logits for padded ids: what differs between our model and a foreign one."""

    def __call__(self, ids: torch.Tensor, themes: torch.Tensor) -> Outputs:
        """Outputs for ids (batch, length) and theme vectors (themes, width)."""

    def embed(self, ids: torch.Tensor) -> torch.Tensor:
        """Unit vectors (batch, width), for likeness of meaning."""

    def theme(self, ids: torch.Tensor) -> torch.Tensor:
        """What a theme's wording is to be compared by: (batch, theme width)."""

    @property
    def theme_width(self) -> int:
        """Size of a theme vector."""

    @property
    def encoders(self) -> tuple[Encoder, ...]:
        """Every encoder that it runs."""


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """The three scales stored beside the weights."""

    sentiment: SentimentScale = field(default_factory=SentimentScale)
    theme_sentiment: SentimentScale = field(default_factory=SentimentScale)
    match: MatchScale = field(default_factory=MatchScale)
    theme_threshold: float = 0.5


class EarshotScorer:
    """With adapters merged for sentiment; together with the base as it is for themes.

    Adapters that learn sentiment and known label schemes make the encoder forget what it knew of
    themes nobody labelled: airline complaint reasons fall from 0.56 to 0.44. A second pass costs
    as much as the first one, and keeps both.
    """

    def __init__(self, base: Encoder, encoder: Encoder, heads: Heads) -> None:
        self.base = base
        self.encoder = encoder
        self.heads = heads.eval()

    @property
    def theme_width(self) -> int:
        """See Scorer."""
        return 2 * self.encoder.width

    @property
    def encoders(self) -> tuple[Encoder, ...]:
        """See Scorer."""
        return (self.base, self.encoder)

    def __call__(self, ids: torch.Tensor, themes: torch.Tensor) -> Outputs:
        """See Scorer."""
        states, mask = self.encoder.states(ids)
        states, mask = states.float().cpu(), mask.cpu()
        plain, tuned = (functional.normalize(half, dim=-1) for half in themes.chunk(2, dim=-1))
        outputs: Outputs = self.heads(states, mask, tuned)
        if not len(themes):
            return outputs
        both = torch.cat([plain, tuned], dim=-1)
        match = likeness(self._pooled(self.base, ids), self.heads.embed(states, mask), both)
        return replace(outputs, match=match)

    def embed(self, ids: torch.Tensor) -> torch.Tensor:
        """See Scorer."""
        return self._pooled(self.encoder, ids)

    def theme(self, ids: torch.Tensor) -> torch.Tensor:
        """See Scorer: both halves, each a unit vector."""
        return torch.cat([self._pooled(self.base, ids), self.embed(ids)], dim=-1)

    def _pooled(self, encoder: Encoder, ids: torch.Tensor) -> torch.Tensor:
        states, mask = encoder.states(ids)
        return self.heads.embed(states.float().cpu(), mask.cpu())


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
        self._theme_cache: dict[ThemeText, np.ndarray] = {}

    @property
    def theme_threshold(self) -> float:
        """Probability from which a theme counts as found: best F1 on themes never trained."""
        return self._calibration.theme_threshold

    def encode_themes(self, themes: Sequence[ThemeText]) -> np.ndarray:
        """A row for each theme, float32: its unit vector, then its name for `nlp.names`.

        A theme seen before costs nothing.
        """
        for theme in themes:
            if theme not in self._theme_cache:
                self._theme_cache[theme] = self._theme_vector(theme)
        if not themes:
            return np.zeros((0, self.scorer.theme_width + BUCKETS), np.float32)
        return np.stack([self._theme_cache[theme] for theme in themes])

    def _theme_vector(self, theme: ThemeText) -> np.ndarray:
        texts = [*theme_wordings(theme), *theme.examples]
        vectors = self._vectors(texts, self.scorer.theme, self.scorer.theme_width)
        split = len(vectors) - len(theme.examples)
        vector = vectors[:split].mean(0)
        if theme.examples:
            vector = vector + vectors[split:].mean(0)
        name = name_row(theme.name if theme.by_name else "")
        return np.concatenate([vector / np.linalg.norm(vector), name])

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors (texts, width), float32, for similarity and clustering."""
        return self._vectors(texts, self.scorer.embed, self.encoder.width)

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


def load_model(setting: str = "earshot", *, precision: str = "auto", device: str = "cpu") -> Model:
    """Load the shipped model (``earshot``), a trained folder, or a Hugging Face folder or name.

    A sequence classifier gives its own sentiment; a bare encoder compares texts with sentiment
    words. `precision` and `device` as in `nlp.encoder.set_precision`; the heads stay on the CPU in
    single precision. Raises FixSettings where weights are missing, cut or made for another base.
    """
    folder = WEIGHTS if setting == "earshot" else Path(setting)
    if setting == "earshot" or (folder / CARD_NAME).is_file():
        model = _load_trained(folder)
    else:
        from nlp.foreign import load_foreign

        model = load_foreign(setting)
    for encoder in model.scorer.encoders:
        set_precision(encoder, precision, device)
    return model


def _load_trained(folder: Path) -> Model:
    card = _read_card(folder / CARD_NAME)
    state = _read_weights(folder / WEIGHTS_NAME)
    encoder = load_encoder(card["base"])
    if card["base_fingerprint"] != fingerprint(encoder):
        raise FixSettings(
            f"{folder / WEIGHTS_NAME} was trained on another {card['base']} than the one installed"
            " (fingerprints differ): install the pinned base package or train again"
        )
    heads = Heads(encoder.width)
    base = _beside(encoder)
    try:
        lora.merge(encoder.body, _part(state, "lora."))
        heads.load_state_dict(_part(state, "heads."))
    except (ValueError, RuntimeError, KeyError) as error:
        raise FixSettings(
            f"{folder / WEIGHTS_NAME} does not fit base model {card['base']} ({error}): restore the"
            " file or train again"
        ) from error
    return Model(
        id=card["id"],
        encoder=encoder,
        scorer=EarshotScorer(base, encoder, heads),
        calibration=_calibration(card.get("calibration", {})),
        name_weight=NAME_WEIGHT,
    )


def _beside(encoder: Encoder) -> Encoder:
    """The base model once more, before adapters are merged; the word table is shared."""
    words = encoder.body.embeddings.word_embeddings
    body = deepcopy(encoder.body, {id(words): words})
    return replace(encoder, body=body)


def fingerprint(encoder: Encoder) -> str:
    """Short hash of a base model's weights, taken before anything is merged into them."""
    digest = sha256()
    for name, parameter in sorted(encoder.body.named_parameters()):
        digest.update(name.encode())
        digest.update(parameter.detach().float().flatten()[:64].numpy().tobytes())
    return digest.hexdigest()[:16]


def _read_card(path: Path) -> dict[str, Any]:
    try:
        card: dict[str, Any] = json.loads(path.read_text("utf8"))
    except (OSError, ValueError) as error:
        raise FixSettings(f"cannot read {path} ({error}): restore it or reinstall") from error
    return card


def _read_weights(path: Path) -> dict[str, torch.Tensor]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        state = load_file(path)
    except (OSError, SafetensorError) as error:
        raise FixSettings(
            f"weights {path} are missing or truncated ({error}): restore the file or reinstall"
        ) from error
    return {key: value.float() for key, value in state.items()}


def _part(state: dict[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    return {key.removeprefix(prefix): state[key] for key in state if key.startswith(prefix)}


def _calibration(card: dict[str, Any]) -> Calibration:
    def sentiment(name: str) -> SentimentScale:
        values = card.get(name, {"scale": 1.0, "bias": (0.0, 0.0, 0.0)})
        return SentimentScale(scale=values["scale"], bias=tuple(values["bias"]))

    return Calibration(
        sentiment=sentiment("sentiment"),
        theme_sentiment=sentiment("theme_sentiment"),
        match=MatchScale(**card.get("match", {})),
        theme_threshold=card.get("theme_threshold", 0.5),
    )


def _nothing(themes: int) -> Prediction:
    neutral = np.zeros((themes, 3), np.float32)
    neutral[:, 1] = 1.0
    return Prediction(
        sentiment=(0.0, 1.0, 0.0),
        theme_probabilities=np.zeros(themes, np.float32),
        theme_sentiment=neutral,
    )
