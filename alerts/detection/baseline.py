"""The robust expected count: quasi-Poisson regression with down-weighted outbreaks.

Follows Farrington et al. (1996) as improved by Noufaily et al. (2013): log-linear mean, Anscombe
residuals above 2.58 lose weight by their square, overdispersion from the weighted Pearson
statistic, and the uncertainty of the mean goes into the predictive variance. Added here: recency
weights (half-life), a ridge on the trend, and a prior on the dispersion, because a brand may have
one review a week.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from alerts.detection.tails import Floats

OUTLIER_RESIDUAL = 2.58
ITERATIONS = 6
SPARSE_TOTAL = 5.0
"""Below this many (weighted) counts only a level is estimated, with half a count as prior."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Fit:
    """Expected count of the next bin, and how well it is known."""

    mean: float
    relative_error: float
    """Standard error of the mean divided by the mean."""
    dispersion: float
    """Variance of one bin divided by its mean; at least 1."""
    weights: Floats
    fitted: Floats

    def variance(self, mean: float, *, dispersion: float, model_error: float) -> float:
        """Predictive variance of a count whose expectation is `mean`."""
        return dispersion * mean + (self.relative_error**2 + model_error**2) * mean**2


def fit(
    counts: Floats,
    design: Floats,
    *,
    now: Floats,
    recency: Floats,
    ridge: Floats,
    prior_dispersion: float = 1.3,
    prior_bins: float = 10.0,
) -> Fit:
    """Fit the expected count per bin and predict it at `now`.

    Args:
        counts: shape (n,), oldest first.
        design: shape (n, p); the first column is one.
        now: shape (p,), the design row to predict.
        recency: shape (n,), prior weights in [0, 1]; 0 leaves a bin out.
        ridge: shape (p,), precision of a zero-mean prior on each coefficient; 0 is none.
        prior_dispersion: value that the dispersion is drawn to.
        prior_bins: strength of that pull in bins.
    """
    usual = np.minimum(counts, max(1.0, float(np.quantile(counts, 0.9))))
    fitted = np.full(len(counts), max(_level(usual, recency), 1e-6))
    weights = recency * _robustness(counts, fitted, 1.5)
    phi = 1.0
    coefficients: Floats = np.zeros(design.shape[1])
    covariance: Floats = np.zeros((1, 1))
    coefficients[0] = np.log(fitted[0])
    use = design.shape[1] if float(counts @ recency) >= SPARSE_TOTAL else 0
    for _ in range(ITERATIONS):
        if use:
            coefficients, covariance = _newton(counts, design, weights, ridge, coefficients)
            fitted = np.exp(np.clip(design @ coefficients, -15.0, 20.0))
        else:
            fitted = np.full(len(counts), _level(counts, weights))
        phi = _dispersion(counts, fitted, weights, prior_dispersion, prior_bins)
        weights = recency * _robustness(counts, fitted, phi)
    if use:
        mean = _predict(float(now @ coefficients), fitted, weights)
        error = float(np.sqrt(max(float(now @ covariance @ now), 0.0) * phi))
    else:
        mean = float(fitted[0]) if len(fitted) else 0.5
        error = float(1.0 / np.sqrt(weights @ counts + 0.5))
    return Fit(mean=mean, relative_error=error, dispersion=phi, weights=weights, fitted=fitted)


def _level(counts: Floats, weights: Floats) -> float:
    return float((weights @ counts + 0.5) / (weights.sum() + 1.0))


def _newton(
    counts: Floats, design: Floats, weights: Floats, ridge: Floats, start: Floats
) -> tuple[Floats, Floats]:
    """One step; weights and coefficients settle together over the iterations."""
    mean = np.exp(np.minimum(design @ start, 20.0))
    information = (design * (weights * mean)[:, None]).T @ design + np.diag(ridge + 1e-9)
    score = design.T @ (weights * (counts - mean)) - ridge * start
    covariance: Floats = np.linalg.inv(information)
    return start + np.clip(covariance @ score, -2.0, 2.0), covariance


def _predict(log_mean: float, fitted: Floats, weights: Floats) -> float:
    """The extrapolated mean, held within what the fit has seen (Farrington's rule)."""
    heaviest = float(weights.max())
    seen: Floats = np.sort(fitted[weights > 0.1 * heaviest])
    return float(np.clip(np.exp(min(log_mean, 20.0)), 0.8 * seen[0], 1.25 * seen[-1]))


def _dispersion(
    counts: Floats, fitted: Floats, weights: Floats, prior: float, prior_bins: float
) -> float:
    pearson = (counts - fitted) ** 2 / np.maximum(fitted, 0.2)
    pooled = (weights @ pearson + prior_bins * prior) / (weights.sum() + prior_bins)
    return max(1.0, float(pooled))


def residual(counts: Floats, mean: Floats, phi: float = 1.0) -> Floats:
    """Anscombe's residual of a count: about standard normal where counts are quasi-Poisson."""
    mean = np.maximum(mean, 1e-6)
    return np.asarray(1.5 * (counts ** (2 / 3) * mean ** (-1 / 6) - mean**0.5) / np.sqrt(phi))


def _robustness(counts: Floats, fitted: Floats, phi: float) -> Floats:
    """Weight of each bin: less by the square of its residual where that is an outlier."""
    excess = np.maximum(residual(counts, fitted, phi), OUTLIER_RESIDUAL)
    return np.asarray((OUTLIER_RESIDUAL / excess) ** 2)
