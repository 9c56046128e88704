"""From logits to probabilities that can be believed, fitted on held-out data.

Sentiment by vector scaling (Guo et al. 2017, arXiv 1706.04599) with one common scale; theme matches
by a logistic function of the logit and of its lead over the other themes of the taxonomy.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

BINS = 15
# A theme's rivals in a taxonomy of one: no lead, no penalty.
ALONE = 0.0


@dataclass(frozen=True, kw_only=True)
class SentimentScale:
    """softmax(scale * logits + bias); bias has one value per class."""

    scale: float = 1.0
    bias: tuple[float, float, float] = (0.0, 0.0, 0.0)

    def apply(self, logits: np.ndarray) -> np.ndarray:
        """Logits (..., 3) to probabilities (..., 3)."""
        return softmax(self.scale * logits + np.asarray(self.bias, dtype=logits.dtype))


@dataclass(frozen=True, kw_only=True)
class MatchScale:
    """sigmoid(scale * logit + lead * lead_over_others + bias)."""

    scale: float = 1.0
    lead: float = 0.0
    bias: float = 0.0

    def apply(self, logits: np.ndarray) -> np.ndarray:
        """Match logits (texts, themes) to probabilities of the same shape."""
        inner = self.scale * logits + self.lead * lead_over_others(logits) + self.bias
        probabilities: np.ndarray = 1 / (1 + np.exp(-inner))
        return probabilities


def lead_over_others(logits: np.ndarray) -> np.ndarray:
    """How far each theme's logit lies above the best other theme's, same shape as `logits`."""
    if logits.shape[-1] < 2:
        return np.full_like(logits, ALONE)
    ordered = np.sort(logits, axis=-1)
    best, second = ordered[..., -1:], ordered[..., -2:-1]
    return logits - np.where(logits == best, second, best)


def softmax(logits: np.ndarray) -> np.ndarray:
    """Softmax over the last axis."""
    shifted = np.exp(logits - logits.max(-1, keepdims=True))
    probabilities: np.ndarray = shifted / shifted.sum(-1, keepdims=True)
    return probabilities


def fit_sentiment(
    logits: np.ndarray, labels: np.ndarray, weights: np.ndarray | None = None
) -> SentimentScale:
    """Least (weighted) negative log likelihood on logits (n, 3) and class indexes (n,)."""
    from scipy.optimize import minimize

    weights = np.ones(len(labels)) if weights is None else weights

    def loss(values: np.ndarray) -> float:
        scale = SentimentScale(scale=values[0], bias=(values[1], 0.0, values[2]))
        chosen = scale.apply(logits)[np.arange(len(labels)), labels]
        return float(-(weights * np.log(chosen + 1e-12)).sum() / weights.sum())

    scale, negative, positive = minimize(loss, np.array([1.0, 0, 0]), method="Nelder-Mead").x
    return SentimentScale(scale=float(scale), bias=(float(negative), 0.0, float(positive)))


def fit_match(groups: list[tuple[np.ndarray, np.ndarray]]) -> MatchScale:
    """Least negative log likelihood over taxonomies, each counting alike.

    A group is logits (texts, themes) and 0/1 targets of the same shape, from themes never trained.
    """
    from scipy.optimize import minimize

    def loss(values: np.ndarray) -> float:
        fitted = MatchScale(scale=values[0], lead=values[1], bias=values[2])
        total = 0.0
        for logits, target in groups:
            inner = np.clip(fitted.apply(logits), 1e-7, 1 - 1e-7)
            total -= float((target * np.log(inner) + (1 - target) * np.log(1 - inner)).mean())
        return total / len(groups)

    scale, lead, bias = minimize(loss, np.array([1.0, 0.0, 0.0]), method="Nelder-Mead").x
    return MatchScale(scale=float(scale), lead=float(lead), bias=float(bias))


def fit_threshold(groups: list[tuple[np.ndarray, np.ndarray]]) -> float:
    """Threshold of best mean micro F1 over groups of probabilities and 0/1 targets."""

    def mean_f1(threshold: float) -> float:
        scores = []
        for probabilities, target in groups:
            found = probabilities >= threshold
            scores.append(2 * (found * target).sum() / max(1, found.sum() + target.sum()))
        return float(np.mean(scores))

    return float(max(np.arange(0.1, 0.9, 0.02).round(2), key=mean_f1))


def expected_calibration_error(confidence: np.ndarray, is_right: np.ndarray) -> float:
    """Mean gap between confidence and share right over BINS equal bins, weighted by their size."""
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    gap = 0.0
    for index in np.unique(bins):
        chosen = bins == index
        gap += abs(confidence[chosen].mean() - is_right[chosen].mean()) * chosen.mean()
    return float(gap)
