"""Calibration recovers what was distorted, and its error measure sees it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.calibration import (
    MatchScale,
    expected_calibration_error,
    fit_match,
    fit_sentiment,
    fit_threshold,
    lead_over_others,
    softmax,
)


def test_overconfident_sentiment_becomes_calibrated() -> None:
    rng = np.random.default_rng(0)
    true = rng.normal(size=(4000, 3))
    labels = np.array([rng.choice(3, p=row) for row in softmax(true)])
    logits = 3 * true

    fitted = fit_sentiment(logits, labels)

    assert fitted.scale == pytest.approx(1 / 3, rel=0.1)
    probabilities = fitted.apply(logits)
    is_right = probabilities.argmax(-1) == labels
    assert expected_calibration_error(probabilities.max(-1), is_right) < 0.03
    assert expected_calibration_error(softmax(logits).max(-1), is_right) > 0.1


def test_matches_are_fitted_on_logit_and_lead() -> None:
    rng = np.random.default_rng(1)
    logits = rng.normal(size=(3000, 5)) * 4
    true = MatchScale(scale=0.5, lead=0.3, bias=-1.0)
    target = (rng.random(logits.shape) < true.apply(logits)).astype(float)

    fitted = fit_match([(logits, target)])

    assert fitted.scale == pytest.approx(true.scale, abs=0.05)
    assert fitted.lead == pytest.approx(true.lead, abs=0.05)
    assert fitted.bias == pytest.approx(true.bias, abs=0.15)


def test_the_threshold_is_where_f1_is_best() -> None:
    probabilities = np.array([[0.9], [0.6], [0.3], [0.2]])
    target = np.array([[1], [1], [1], [0]])

    assert 0.2 < fit_threshold([(probabilities, target)]) <= 0.3


@given(st.lists(st.floats(-30, 30), min_size=1, max_size=6))
def test_only_the_best_theme_leads(values: list[float]) -> None:
    logits = np.array([values])

    lead = lead_over_others(logits)

    if len(values) == 1:
        assert not lead.any()
    else:
        assert (lead > 0).sum() <= 1
        assert lead[0, logits.argmax()] >= 0
