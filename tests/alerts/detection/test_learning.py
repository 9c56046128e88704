"""Sensitivity learns from verdicts, within bounds."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from alerts.detection.learning import LEAST_JUDGED, learned_factor

BOUNDS = {"false_share": 0.2, "least": 0.5, "most": 1.5}


def test_few_verdicts_change_nothing() -> None:
    assert learned_factor(0, LEAST_JUDGED - 1, **BOUNDS) == 1.0


def test_many_dismissed_ones_make_a_rule_duller_and_many_confirmed_ones_sharper() -> None:
    assert learned_factor(8, 2, **BOUNDS) == 1.0
    assert learned_factor(5, 5, **BOUNDS) < 1.0
    assert learned_factor(20, 0, **BOUNDS) > 1.0


@given(confirmed=st.integers(0, 500), dismissed=st.integers(0, 500))
def test_the_bounds_hold_and_a_dismissal_never_sharpens(confirmed: int, dismissed: int) -> None:
    factor = learned_factor(confirmed, dismissed, **BOUNDS)

    assert 0.5 <= factor <= 1.5
    if confirmed + dismissed >= LEAST_JUDGED:
        assert learned_factor(confirmed, dismissed + 1, **BOUNDS) <= factor
