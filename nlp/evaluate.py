"""Evaluations of the tagger on labelled JSONL files, as `earshot evaluate` prints them."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from earshot.errors import FixSettings
from nlp.calibration import expected_calibration_error
from nlp.loading import load_model
from nlp.model import Model, ThemeText
from nlp.taxonomy import Theme, load_taxonomy

SENTIMENTS = ("negative", "neutral", "positive")
PRAISED_AND_BLAMED = 2


@dataclass(frozen=True, kw_only=True)
class SentimentScores:
    """Per text: class probabilities (n, classes), the right class (n,), and the class names."""

    probabilities: np.ndarray
    labels: np.ndarray
    classes: tuple[str, ...]
    seconds: float

    @property
    def predicted(self) -> np.ndarray:
        """Most probable class of each text."""
        classes: np.ndarray = self.probabilities.argmax(-1)
        return classes


@dataclass(frozen=True, kw_only=True)
class ThemeScores:
    """Per text and theme: probability and whether the label says so, both (n, themes)."""

    probabilities: np.ndarray
    target: np.ndarray
    keys: tuple[str, ...]


def sentiment(path: Path, model: Model | str = "earshot") -> dict[str, Any]:
    """Document sentiment of `{"text", "sentiment"}` rows.

    A file with two labels only is scored by the larger of those two probabilities.
    """
    loaded = _loaded(model)
    scores = score_sentiment(path, loaded)
    is_right = scores.predicted == scores.labels
    recalls, f1s = class_scores(scores.labels, scores.predicted, len(scores.classes))
    return {
        "n": len(scores.labels),
        "accuracy": _round(is_right.mean()),
        "macro_recall": _round(np.mean(recalls)),
        "macro_f1": _round(np.mean(f1s)),
        "ece": _round(expected_calibration_error(scores.probabilities.max(-1), is_right)),
        "texts_per_second": round(len(scores.labels) / scores.seconds, 1),
        "model": loaded.id,
    }


def themes(path: Path, taxonomy: Path, model: Model | str = "earshot") -> dict[str, Any]:
    """Themes of `{"text", "themes": [key, ...]}` rows under a taxonomy file, without training.

    A theme counts as found from the model's theme threshold on; `top1_accuracy` is over rows with
    exactly one theme; `ece` over all decisions, a text and a theme each.
    """
    loaded = _loaded(model)
    scores = score_themes(path, load_taxonomy(taxonomy).themes, loaded)
    found = scores.probabilities >= loaded.theme_threshold
    target = scores.target
    single = target.sum(-1) == 1
    top = scores.probabilities[single].argmax(-1) == target[single].argmax(-1)
    per_theme = {
        key: _precision_recall(found[:, place], target[:, place])
        for place, key in enumerate(scores.keys)
    }
    seen = [values["f1"] for values in per_theme.values() if values["support"]]
    return {
        "n": len(target),
        "micro_f1": _round(f1(found, target)),
        "macro_f1": _round(np.mean(seen) if seen else 0.0),
        "top1_accuracy": _round(top.mean() if single.any() else 0.0),
        "ece": _round(expected_calibration_error(scores.probabilities.ravel(), target.ravel())),
        "per_theme": per_theme,
    }


def aspects(path: Path, model: Model | str = "earshot") -> dict[str, Any]:
    """Sentiment towards given categories of `{"text", "aspects": [...]}` rows."""
    scores = score_aspects(path, _loaded(model))
    _, f1s = class_scores(scores.labels, scores.predicted, len(scores.classes))
    return {
        "n": len(scores.labels),
        "sentiment_accuracy": _round((scores.predicted == scores.labels).mean()),
        "sentiment_macro_f1": _round(np.mean(f1s)),
    }


def score_sentiment(path: Path, model: Model) -> SentimentScores:
    """Predictions and labels of a sentiment file; the time excludes loading the model."""
    rows = read_rows(path, ("text", "sentiment"))
    known = [SENTIMENTS.index(_label(path, row["sentiment"])) for row in rows]
    present = sorted(set(known))
    chosen = present if len(present) == PRAISED_AND_BLAMED else [0, 1, 2]
    began = time.perf_counter()
    predictions = model.predict([str(row["text"]) for row in rows], model.encode_themes([]))
    seconds = time.perf_counter() - began
    probabilities = np.array([prediction.sentiment for prediction in predictions])[:, chosen]
    total = probabilities.sum(-1, keepdims=True)
    return SentimentScores(
        probabilities=np.where(total > 0, probabilities / np.maximum(total, 1e-9), 0.5),
        labels=np.array([chosen.index(value) for value in known]),
        classes=tuple(SENTIMENTS[index] for index in chosen),
        seconds=seconds,
    )


def score_themes(path: Path, defined: Sequence[Theme], model: Model) -> ThemeScores:
    """Probabilities and targets of a theme file; raises FixSettings for an unknown key."""
    rows = read_rows(path, ("text", "themes"))
    keys = tuple(theme.key for theme in defined)
    target = np.zeros((len(rows), len(keys)), bool)
    for number, row in enumerate(rows):
        for key in row["themes"]:
            if key not in keys:
                raise FixSettings(
                    f"{path} line {number + 1} has theme {key!r}, which the taxonomy lacks:"
                    " add it or correct the row"
                )
            target[number, keys.index(key)] = True
    vectors = model.encode_themes([theme_text(theme) for theme in defined])
    predictions = model.predict([str(row["text"]) for row in rows], vectors)
    probabilities = np.stack([prediction.theme_probabilities for prediction in predictions])
    return ThemeScores(probabilities=probabilities, target=target, keys=keys)


def score_aspects(path: Path, model: Model) -> SentimentScores:
    """Sentiment towards each labelled category, one row per text and category."""
    rows = read_rows(path, ("text", "aspects"))
    names = sorted({readable(aspect["category"]) for row in rows for aspect in row["aspects"]})
    vectors = model.encode_themes([ThemeText(name=name) for name in names])
    began = time.perf_counter()
    predictions = model.predict([str(row["text"]) for row in rows], vectors)
    seconds = time.perf_counter() - began
    probabilities, labels = [], []
    for row, prediction in zip(rows, predictions, strict=True):
        for aspect in row["aspects"]:
            place = names.index(readable(aspect["category"]))
            probabilities.append(prediction.theme_sentiment[place])
            labels.append(SENTIMENTS.index(_label(path, aspect["sentiment"])))
    return SentimentScores(
        probabilities=np.array(probabilities).reshape(-1, 3),
        labels=np.array(labels, int),
        classes=SENTIMENTS,
        seconds=seconds,
    )


def readable(category: str) -> str:
    """A category string as a theme name: `#` and `_` read as spaces."""
    return " ".join(category.replace("#", " ").replace("_", " ").split())


def theme_text(theme: Theme) -> ThemeText:
    """What the model reads of a theme; urgent tags weigh words by lists of their own."""
    return ThemeText(
        name=theme.name,
        description=theme.description,
        examples=theme.examples,
        by_name=theme.kind != "urgent",
    )


def read_rows(path: Path, fields: tuple[str, ...]) -> list[dict[str, Any]]:
    """JSONL rows that must have `fields`; raises FixSettings naming file and line."""
    try:
        lines = path.read_text("utf8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise FixSettings(f"cannot read {path} ({error}): correct the path") from error
    rows = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            missing = [field for field in fields if field not in row]
        except (ValueError, TypeError) as error:
            raise FixSettings(f"{path} line {number} is no JSON object: correct it") from error
        if missing:
            raise FixSettings(f"{path} line {number} lacks {', '.join(missing)}: add it")
        rows.append(row)
    if not rows:
        raise FixSettings(f"{path} holds no rows: give a file with labelled texts")
    return rows


def class_scores(
    labels: np.ndarray, predicted: np.ndarray, classes: int
) -> tuple[list[float], list[float]]:
    """Recall and F1 of each class that occurs among labels or predictions."""
    recalls, f1s = [], []
    for index in range(classes):
        is_label, is_found = labels == index, predicted == index
        if is_label.any():
            recalls.append(float((is_label & is_found).sum() / is_label.sum()))
        if is_label.any() or is_found.any():
            f1s.append(f1(is_found, is_label))
    return recalls, f1s


def _precision_recall(found: np.ndarray, target: np.ndarray) -> dict[str, float]:
    hits = float((found & target).sum())
    return {
        "precision": _round(hits / max(1, found.sum())),
        "recall": _round(hits / max(1, target.sum())),
        "f1": _round(f1(found, target)),
        "support": int(target.sum()),
    }


def f1(found: np.ndarray, target: np.ndarray) -> float:
    """F1 of boolean arrays of one shape, over all their elements."""
    total = float(found.sum() + target.sum())
    return 2 * float((found & target).sum()) / total if total else 0.0


def _label(path: Path, value: object) -> str:
    if value not in SENTIMENTS:
        raise FixSettings(f"{path} has sentiment {value!r}: use one of {', '.join(SENTIMENTS)}")
    return str(value)


def _loaded(model: Model | str) -> Model:
    return load_model(model) if isinstance(model, str) else model


def _round(value: float | np.floating[Any]) -> float:
    return round(float(value), 4)
