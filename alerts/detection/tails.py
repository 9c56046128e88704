"""Upper-tail probabilities and the control of false discoveries."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

TINY = 1e-300

Floats = NDArray[Any]


def count_tail(count: ArrayLike, mean: ArrayLike, variance: ArrayLike) -> Floats:
    """P(X >= count) of a negative binomial of that mean and variance.

    A variance at or below the mean means Poisson. Arguments broadcast.
    """
    n: Floats = np.asarray(count, float)
    mu: Floats = np.maximum(np.asarray(mean, float), 1e-9)
    excess = np.maximum(np.asarray(variance, float) - mu, 1e-9 * mu)
    size = mu**2 / excess
    some = np.maximum(n, 1e-9)
    negative_binomial = special.betainc(some, size, mu / (mu + size))
    tail = np.where(excess > 1e-6 * mu, negative_binomial, special.gammainc(some, mu))
    return np.where(n <= 0, 1.0, np.clip(tail, TINY, 1.0))


def count_quantile(probability: float, mean: float, variance: float) -> float:
    """The quantile of that negative binomial, continuous between whole counts."""
    mean = max(mean, 1e-9)
    excess = max(variance - mean, 1e-6 * mean)
    size = mean**2 / excess
    return float(special.gammaincinv(size, probability) * mean / size) if size < 1e6 else mean


def share_tail(hits: float, trials: float, share: float, design_effect: float) -> float:
    """P(at least `hits` of `trials`) at a base share, trials shrunk by the design effect."""
    if hits <= 0 or trials <= 0:
        return 1.0
    trials, hits = trials / design_effect, hits / design_effect
    share = min(max(share, 1e-6), 1 - 1e-6)
    return float(max(special.betainc(hits, max(trials - hits, 0.0) + 1.0, share), TINY))


def discoveries(p_values: Floats, tested: int, level: float) -> NDArray[np.bool_]:
    """Which hypotheses Benjamini and Hochberg (1995) reject at a false discovery rate.

    Args:
        p_values: those that were computed.
        tested: all hypotheses of the step; series without news count with p = 1.
        level: false discovery rate.
    """
    if not len(p_values):
        return np.zeros(0, dtype=bool)
    order = np.sort(p_values)
    ranks = np.arange(1, len(order) + 1)
    passing = np.flatnonzero(order <= level * ranks / max(tested, len(order)))
    cut = order[passing[-1]] if len(passing) else -1.0
    return np.asarray(p_values <= cut)
