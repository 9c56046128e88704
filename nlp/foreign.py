"""Models that are not ours: a ready sentiment classifier or a bare encoder, by one setting."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn
from torch.nn import functional

from earshot.errors import FixSettings
from nlp.encoder import Encoder, load_encoder, wrap
from nlp.encoders import hub
from nlp.heads import Outputs
from nlp.model import Calibration, Model

# Sharpness of cosines between texts of one encoder, and the cosine at which a theme is even odds.
COSINE_SCALE, COSINE_CENTRE = 20.0, 0.45
SENTIMENT_WORDS = (
    "This is terrible, I am disappointed and angry.",
    "This is a plain statement of fact.",
    "This is wonderful, I am happy with it.",
)
LABEL_ORDER = (("neg", "label_0", "1 star"), ("neu", "label_1"), ("pos", "label_2"))


class ForeignScorer:
    """Sentiment from `classify`, themes from cosines; the sentiment holds for every theme."""

    def __init__(self, encoder: Encoder, classifier: nn.Module | None, order: list[int]) -> None:
        self.encoder = encoder
        self.classifier = classifier
        self.order = order
        self.words: torch.Tensor | None = None

    def __call__(self, ids: torch.Tensor, themes: torch.Tensor) -> Outputs:
        """See nlp.scorers.Scorer."""
        vectors = self.embed(ids)
        sentiment = self._sentiment(ids, vectors)
        match = COSINE_SCALE * (vectors @ themes.T - COSINE_CENTRE)
        towards = sentiment[:, None].expand(-1, len(themes), -1)
        return Outputs(sentiment=sentiment, match=match, theme_sentiment=towards)

    def embed(self, ids: torch.Tensor) -> torch.Tensor:
        """See nlp.scorers.Scorer."""
        states, mask = self.encoder.states(ids)
        weights = mask[..., None].float()
        return functional.normalize((states.float() * weights).sum(1) / weights.sum(1), dim=-1)

    def theme(self, ids: torch.Tensor) -> torch.Tensor:
        """See nlp.scorers.Scorer."""
        return self.embed(ids)

    @property
    def theme_width(self) -> int:
        """See nlp.scorers.Scorer."""
        return self.encoder.width

    @property
    def encoders(self) -> tuple[Encoder, ...]:
        """See nlp.scorers.Scorer."""
        return (self.encoder,)

    def _sentiment(self, ids: torch.Tensor, vectors: torch.Tensor) -> torch.Tensor:
        if self.classifier is None:
            return COSINE_SCALE * vectors @ self._word_vectors().T
        mask = (ids != self.encoder.pad_id).long()
        logits = self.classifier(input_ids=ids, attention_mask=mask).logits.float()
        chosen = logits[:, [max(place, 0) for place in self.order]]
        absent = torch.tensor([place < 0 for place in self.order])
        return chosen.masked_fill(absent, -1e4)

    def _word_vectors(self) -> torch.Tensor:
        if self.words is None:
            rows = [
                self.embed(torch.tensor([row])) for row in self.encoder.tokenise(SENTIMENT_WORDS)
            ]
            self.words = torch.cat(rows)
        return self.words


def load_foreign(name: str) -> Model:
    """A Hugging Face classifier or encoder; raises FixSettings where it cannot serve."""
    if name not in ("e5", "minilm") and hub.is_classifier(name):
        return _load_classifier(name)
    encoder = load_encoder(name)
    return _model(name, encoder, ForeignScorer(encoder, None, []))


def _load_classifier(name: str) -> Model:
    classifier, tokenizer = hub.load_classifier(name)
    base = classifier.base_model
    encoder = wrap(Path(name).name, base, tokenizer)
    labels = [str(label).lower() for label in classifier.config.id2label.values()]
    return _model(name, encoder, ForeignScorer(encoder, classifier, _label_order(name, labels)))


def _label_order(name: str, labels: list[str]) -> list[int]:
    """Place of negative, neutral and positive among the labels, -1 for a missing neutral."""
    order = []
    for starts in LABEL_ORDER:
        places = [place for place, label in enumerate(labels) if label.startswith(starts)]
        order.append(places[0] if places else -1)
    if order[0] < 0 or order[2] < 0:
        raise FixSettings(
            f"model {name} has labels {labels}, expected negative, neutral and positive among them:"
            " choose a sentiment classifier"
        )
    return order


def _model(name: str, encoder: Encoder, scorer: ForeignScorer) -> Model:
    return Model(
        id=f"foreign-{Path(name).name}",
        encoder=encoder,
        scorer=scorer,
        calibration=Calibration(),
    )
