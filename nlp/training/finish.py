"""The last step of a run: calibrate on what was kept out, write the shipped files."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch

from nlp.calibration import (
    MatchScale,
    SentimentScale,
    expected_calibration_error,
    fit_match,
    fit_sentiment,
    fit_threshold,
)
from nlp.loading import CARD_NAME, CENTRE, WEIGHTS_NAME, load_model
from nlp.model import Model, ThemeText
from nlp.training.data import Example
from nlp.training.labels import label_text, readable
from nlp.training.splits import Splits

UNSEEN_TEXTS = 1200


def write_weights(
    folder: Path,
    state: dict[str, torch.Tensor],
    card: dict[str, object],
    kept_out: Sequence[Example],
) -> None:
    """Adapters, heads and the mean text in half precision, with the card that says what they fit.

    The mean text is that of the kept-out examples.
    """
    width = len(state["heads.pool.weight"][0])
    _write_state(folder, {**state, CENTRE: torch.zeros(2 * width)})
    write_card(folder, card)
    centre = load_model(str(folder)).centre([row.text for row in kept_out])
    _write_state(folder, {**state, CENTRE: torch.from_numpy(centre)})


def _write_state(folder: Path, state: dict[str, torch.Tensor]) -> None:
    from safetensors.torch import save_file

    half = {key: value.detach().half().contiguous() for key, value in state.items()}
    save_file(half, folder / WEIGHTS_NAME)
    (folder / WEIGHTS_NAME).chmod(0o644)


def write_card(folder: Path, card: dict[str, object]) -> None:
    """The machine-readable card beside the weights."""
    (folder / CARD_NAME).write_text(json.dumps(card, indent=1, sort_keys=True) + "\n", "utf8")


def calibrate(folder: Path, splits: Splits) -> None:
    """Fit the scales on the kept-out examples and add them and what they reach to the card."""
    card = json.loads((folder / CARD_NAME).read_text("utf8"))
    card.pop("calibration", None)
    write_card(folder, card)
    model = load_model(str(folder))
    sentiment, towards = _sentiment_scales(model, splits.calibration)
    groups = {name: _unseen_group(model, rows) for name, rows in sorted(splits.unseen.items())}
    match = fit_match(list(groups.values()))
    judged = [(match.apply(logits), target) for logits, target in groups.values()]
    card["calibration"] = {
        "sentiment": asdict(sentiment[0]),
        "theme_sentiment": asdict(towards[0]),
        "match": asdict(match),
        "theme_threshold": fit_threshold(judged),
    }
    card["kept_out"] = {
        "sentiment": sentiment[1],
        "theme_sentiment": towards[1],
        "match": {scheme: _match_metrics(*group, match) for scheme, group in groups.items()},
    }
    write_card(folder, card)


Fitted = tuple[SentimentScale, dict[str, float]]


def _sentiment_scales(model: Model, examples: Sequence[Example]) -> tuple[Fitted, Fitted]:
    # Stars tell how content somebody is, and sentences of aspect sets are hardly ever neutral:
    # both would tilt the balance.
    plain = [row for row in examples if row.source.startswith("tweets")]
    logits = document_logits(model, [row.text for row in plain])
    document = _fit(logits, np.array([row.sentiment for row in plain]), _even(plain))
    towards = [_towards(model, rows) for rows in _by_scheme(examples)]
    if not towards:
        return document, document
    logits = np.concatenate([part for part, _ in towards])
    return document, _fit(logits, np.concatenate([values for _, values in towards]))


def _even(examples: Sequence[Example]) -> np.ndarray:
    """Weights (examples,) that make the sentiments of each set equally common.

    What customers feel is mixed otherwise in every set and unknown in the next one.
    """
    sizes = Counter(row.source for row in examples)
    common = Counter((row.source, row.sentiment) for row in examples)
    return np.array([sizes[row.source] / common[row.source, row.sentiment] for row in examples])


def _by_scheme(examples: Sequence[Example]) -> list[list[Example]]:
    rated = [row for row in examples if any(value is not None for value in row.labels.values())]
    schemes = sorted({row.scheme for row in rated})
    return [[row for row in rated if row.scheme == scheme] for scheme in schemes]


def _fit(logits: np.ndarray, labels: np.ndarray, weights: np.ndarray | None = None) -> Fitted:
    scale = fit_sentiment(logits, labels, weights)
    probabilities = scale.apply(logits)
    is_right = probabilities.argmax(-1) == labels
    return scale, {
        "n": len(labels),
        "accuracy": round(float(is_right.mean()), 4),
        "ece": round(expected_calibration_error(probabilities.max(-1), is_right), 4),
    }


def document_logits(model: Model, texts: Sequence[str]) -> np.ndarray:
    """Uncalibrated sentiment logits (texts, 3)."""
    logits = np.zeros((len(texts), 3), np.float32)
    for chosen, outputs in model.logits(texts, model.encode_themes([])):
        logits[chosen] = outputs.sentiment.numpy()
    return logits


def match_logits(model: Model, texts: Sequence[str], themes: Sequence[ThemeText]) -> np.ndarray:
    """Uncalibrated match logits (texts, themes)."""
    logits = np.zeros((len(texts), len(themes)), np.float32)
    for chosen, outputs in model.logits(texts, model.encode_themes(themes)):
        logits[chosen] = outputs.match.numpy()
    return logits


def _towards(model: Model, rows: Sequence[Example]) -> tuple[np.ndarray, np.ndarray]:
    """Logits (pairs, 3) and classes (pairs,) of every text and rated label of one scheme."""
    names = sorted({label for row in rows for label in row.labels})
    vectors = model.encode_themes([ThemeText(name=readable(name)) for name in names])
    logits, values = [], []
    for chosen, outputs in model.logits([row.text for row in rows], vectors):
        for place, index in enumerate(chosen):
            for label, value in rows[index].labels.items():
                if value is not None:
                    logits.append(outputs.theme_sentiment[place, names.index(label)].numpy())
                    values.append(value)
    return np.stack(logits), np.array(values)


def _unseen_group(model: Model, rows: Sequence[Example]) -> tuple[np.ndarray, np.ndarray]:
    rows = rows[:UNSEEN_TEXTS]
    labels = sorted({label for row in rows for label in row.labels})
    texts = [label_text(rows[0].scheme, label) for label in labels]
    themes = [ThemeText(name=text.name, description=text.description) for text in texts]
    target = np.array([[label in row.labels for label in labels] for row in rows], np.float32)
    return match_logits(model, [row.text for row in rows], themes), target


def _match_metrics(logits: np.ndarray, target: np.ndarray, scale: MatchScale) -> dict[str, float]:
    single = target.sum(-1) == 1
    top = logits[single].argmax(-1) == target[single].argmax(-1)
    probabilities = scale.apply(logits)
    ece = expected_calibration_error(probabilities.ravel(), target.ravel())
    return {
        "n": len(target),
        "themes": target.shape[1],
        "top1_accuracy": round(float(top.mean()), 4),
        "ece": round(ece, 4),
    }
