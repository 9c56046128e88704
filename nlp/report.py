"""Write docs/EVALUATION.md: `python -m nlp.report --data DATA`.

Every set with its size, our figure with a 95 % bootstrap interval, a baseline beside it, where it
fails by row number, and the calibration curve as a picture.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from nlp import evaluate
from nlp import report_sets as sets
from nlp.calibration import expected_calibration_error
from nlp.loading import WEIGHTS, load_model
from nlp.model import Model
from nlp.taxonomy import Theme, load_taxonomy

ROOT = Path(__file__).parent.parent
AIRLINE = Path(__file__).with_name("report_airline.toml")
RESAMPLES = 1000
WORST = 5
CURVE_BINS = 10


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One line of the table; `low` and `high` bound the 95 % interval, `worst` are row numbers."""

    name: str
    n: int
    metric: str
    value: float
    low: float
    high: float
    baseline: str
    ece: float | None = None
    worst: tuple[int, ...] = ()


def accuracy(labels: np.ndarray, predicted: np.ndarray) -> float:
    """Share of right answers."""
    return float((labels == predicted).mean())


def macro_recall(labels: np.ndarray, predicted: np.ndarray) -> float:
    """Mean recall of the classes among the labels."""
    return float(np.mean(evaluate.class_scores(labels, predicted, 3)[0]))


def macro_f1(labels: np.ndarray, predicted: np.ndarray) -> float:
    """Mean F1 of the classes."""
    return float(np.mean(evaluate.class_scores(labels, predicted, 3)[1]))


Scores = TypeVar("Scores")
Metric = Callable[[np.ndarray, np.ndarray], float]


def interval(labels: np.ndarray, predicted: np.ndarray, metric: Metric) -> tuple[float, float]:
    """95 % percentile bootstrap over texts."""
    rng = np.random.default_rng(0)
    chosen = rng.integers(0, len(labels), (RESAMPLES, len(labels)))
    values = [metric(labels[index], predicted[index]) for index in chosen]
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)


def sentiment_figure(
    chosen: sets.Set, model: Model, metric: Metric, baseline: str
) -> tuple[Figure, evaluate.SentimentScores]:
    """Document sentiment of one set."""
    scores = _with_file(chosen, lambda path: evaluate.score_sentiment(path, model))
    return _figure(chosen.name, scores, metric, baseline, chosen.numbers), scores


def aspect_figure(chosen: sets.Set, model: Model) -> Figure:
    """Sentiment towards the given categories of one set."""
    scores = _with_file(chosen, lambda path: evaluate.score_aspects(path, model))
    numbers = [
        number
        for number, row in zip(chosen.numbers, chosen.rows, strict=True)
        for _ in row["aspects"]
    ]
    return _figure(chosen.name, scores, accuracy, _majority(scores.labels), numbers)


def _figure(
    name: str,
    scores: evaluate.SentimentScores,
    metric: Metric,
    baseline: str,
    numbers: Sequence[int],
) -> Figure:
    is_right = scores.predicted == scores.labels
    confidence = scores.probabilities.max(-1)
    low, high = interval(scores.labels, scores.predicted, metric)
    surely_wrong = np.argsort(np.where(is_right, 0, -confidence))[:WORST]
    return Figure(
        name=name,
        n=len(scores.labels),
        metric=metric.__name__.replace("_", " "),
        value=metric(scores.labels, scores.predicted),
        low=low,
        high=high,
        baseline=baseline or _majority(scores.labels),
        ece=expected_calibration_error(confidence, is_right),
        worst=tuple(numbers[index] for index in surely_wrong if not is_right[index]),
    )


def theme_figures(
    chosen: sets.Set, defined: Sequence[Theme], model: Model, frozen: Model | None
) -> list[Figure]:
    """Top-1 accuracy and macro F1 where each row has one theme, else micro F1."""
    scores = _with_file(chosen, lambda path: evaluate.score_themes(path, defined, model))
    probabilities, target = scores.probabilities, scores.target
    ece = expected_calibration_error(probabilities.ravel(), target.ravel())
    if (target.sum(-1) != 1).any():
        found = probabilities >= model.theme_threshold
        return [_micro_f1(chosen.name, found, target, ece)]
    baseline = ""
    if frozen:
        plain = _with_file(chosen, lambda path: evaluate.score_themes(path, defined, frozen))
        baseline = f"base model untrained {_top1(plain):.3f}"
    labels, predicted = target.argmax(-1), probabilities.argmax(-1)
    worst = np.argsort(np.where(labels == predicted, 0, -probabilities.max(-1)))[:WORST]
    figures = []
    for metric in (accuracy, theme_macro_f1):
        low, high = interval(labels, predicted, metric)
        figures.append(
            Figure(
                name=chosen.name,
                n=len(labels),
                metric=metric.__name__.replace("_", " "),
                value=metric(labels, predicted),
                low=low,
                high=high,
                baseline=baseline,
                ece=ece,
                worst=tuple(chosen.numbers[index] for index in worst),
            )
        )
    return figures


def theme_macro_f1(labels: np.ndarray, predicted: np.ndarray) -> float:
    """Mean F1 over the themes among the labels."""
    themes = int(max(labels.max(), predicted.max())) + 1
    return float(np.mean(evaluate.class_scores(labels, predicted, themes)[1]))


def _micro_f1(name: str, found: np.ndarray, target: np.ndarray, ece: float) -> Figure:
    rng = np.random.default_rng(0)
    chosen = rng.integers(0, len(target), (RESAMPLES, len(target)))
    values = [evaluate.f1(found[index], target[index]) for index in chosen]
    low, high = np.percentile(values, [2.5, 97.5])
    common = np.zeros_like(target)
    common[:, target.sum(0).argmax()] = True
    return Figure(
        name=name,
        n=len(target),
        metric="micro f1",
        value=evaluate.f1(found, target),
        low=float(low),
        high=float(high),
        baseline=f"most common theme for all {evaluate.f1(common, target):.3f}",
        ece=ece,
    )


def _top1(scores: evaluate.ThemeScores) -> float:
    return float((scores.probabilities.argmax(-1) == scores.target.argmax(-1)).mean())


def _majority(labels: np.ndarray) -> str:
    ((_, count),) = Counter(labels.tolist()).most_common(1)
    return f"most common class {count / len(labels):.3f}"


def _with_file(chosen: sets.Set, score: Callable[[Path], Scores]) -> Scores:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in chosen.rows), "utf8")
        return score(path)


def measure(data: Path, model: Model) -> tuple[list[Figure], list[evaluate.SentimentScores]]:
    """All figures, and the sentiment scores for the calibration curve."""
    figures, curves = [], []
    plans: list[tuple[sets.Set, Metric, str]] = [
        (sets.tweets(data), macro_recall, "RoBERTa-base, TweetEval 0.7286 (its own test)"),
        (sets.airline(data), macro_f1, "frozen e5, logistic head 0.563"),
        *((chosen, macro_f1, "") for chosen in sets.language_tweets(data)),
        *((chosen, accuracy, "") for chosen in sets.stand_ins(data)),
        (sets.shop_reviews(data), accuracy, ""),
    ]
    for chosen, metric, baseline in plans:
        figure, scores = sentiment_figure(chosen, model, metric, baseline)
        figures.append(figure)
        curves.append(scores)
    reasons = load_taxonomy(AIRLINE).themes
    figures += theme_figures(sets.airline_reasons(data), reasons, model, load_model("e5"))
    for chosen in sets.support_tweets(data):
        keys = sorted({key for row in chosen.rows for key in row["themes"]})
        named = [Theme(key=key, name=key) for key in keys]
        figures += theme_figures(chosen, named, model, None)
    figures += [aspect_figure(chosen, model) for chosen in sets.aspect_sets(data)]
    return figures, curves


def draw_curves(scores: Sequence[evaluate.SentimentScores], path: Path) -> None:
    """Confidence against share right over all sentiment sets, by class count."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    confidence = np.concatenate([row.probabilities.max(-1) for row in scores])
    is_right = np.concatenate([row.predicted == row.labels for row in scores])
    bins = np.minimum((confidence * CURVE_BINS).astype(int), CURVE_BINS - 1)
    present = np.unique(bins)
    figure, axes = pyplot.subplots(figsize=(5, 4.5))
    axes.plot([0, 1], [0, 1], color="grey", linewidth=1, label="perfect")
    axes.plot(
        [confidence[bins == index].mean() for index in present],
        [is_right[bins == index].mean() for index in present],
        marker="o",
        label=f"{len(confidence):,} texts",
    )
    axes.set(xlabel="confidence", ylabel="share right", xlim=(0.3, 1), ylim=(0.3, 1))
    axes.legend()
    figure.savefig(path, dpi=110, bbox_inches="tight")
    pyplot.close(figure)


def write(figures: Sequence[Figure], model: Model, folder: Path) -> None:
    """The page, from its template and the notes on failures."""
    lines = [
        "| set | n | measure | ours | 95 % interval | baseline | ECE |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in figures:
        ece = "" if row.ece is None else f"{row.ece:.3f}"
        lines.append(
            f"| {row.name} | {row.n:,} | {row.metric} | {row.value:.3f} |"
            f" {row.low:.3f} to {row.high:.3f} | {row.baseline} | {ece} |"
        )
    by_name = {row.name: row for row in figures}
    languages = [by_name[name] for name in sets.LANGUAGES]
    mean = float(np.mean([row.value for row in languages]))
    wrong = [f"- {row.name}: {', '.join(map(str, row.worst))}" for row in figures if row.worst]
    template = (folder / "evaluation_template.md").read_text("utf8")
    page = template.format(
        model=model.id,
        table="\n".join(lines),
        language_mean=f"{mean:.3f}",
        worst="\n".join(wrong),
        notes=(folder / "evaluation_notes.md").read_text("utf8").strip(),
        card=json.dumps(json.loads((WEIGHTS / "model.json").read_text())["kept_out"], indent=1),
    )
    (folder / "EVALUATION.md").write_text(page, "utf8")


def main() -> None:
    """Command line of the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder that holds SETS.md")
    parser.add_argument("--model", default="earshot")
    chosen = parser.parse_args()
    model = load_model(chosen.model)
    figures, curves = measure(chosen.data, model)
    draw_curves(curves, ROOT / "docs" / "calibration.png")
    write(figures, model, ROOT / "docs")


if __name__ == "__main__":
    main()
