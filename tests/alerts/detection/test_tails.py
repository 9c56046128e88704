"""Tail probabilities agree with the reference distributions."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from alerts.detection.tails import count_quantile, count_tail, discoveries, share_tail


@pytest.mark.parametrize(
    ("count", "mean", "variance"), [(5, 2.0, 3.0), (40, 10.0, 30.0), (1, 0.1, 0.2)]
)
def test_count_tail_is_that_of_the_negative_binomial(count, mean, variance) -> None:
    size = mean**2 / (variance - mean)
    expected = stats.nbinom.sf(count - 1, size, size / (size + mean))

    assert count_tail(count, mean, variance) == pytest.approx(expected, rel=1e-6)


def test_without_overdispersion_it_is_poisson() -> None:
    assert count_tail(7, 2.0, 2.0) == pytest.approx(stats.poisson.sf(6, 2.0), rel=1e-3)


def test_a_count_of_zero_is_never_surprising() -> None:
    assert count_tail(0, 0.0, 0.0) == 1.0


def test_the_quantile_inverts_the_tail() -> None:
    bound = count_quantile(0.95, 10.0, 30.0)

    assert 0.02 < float(count_tail(round(bound) + 1, 10.0, 30.0)) < 0.08


def test_share_tail_is_binomial_where_voices_are_independent() -> None:
    assert share_tail(9, 12, 0.4, 1.0) == pytest.approx(stats.binom.sf(8, 12, 0.4), rel=1e-9)


def test_discoveries_pass_more_where_many_are_small() -> None:
    alone = discoveries(np.array([0.004]), 10, 0.01)
    together = discoveries(np.array([0.0004, 0.001, 0.003, 0.004]), 10, 0.01)

    assert not alone.any()
    assert together.all()
