"""The state of a series: order of arrival does not matter, and its dump is complete."""

from __future__ import annotations

import json
import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from alerts.detection.series import ITEMS, NEGATIVE, RECENT_HOURS, SeriesState

HOUR = 480_000
rows = st.tuples(st.integers(0, 9), st.integers(0, 9)).map(lambda n: (n[0] + n[1], n[1], 0, 0, 0))
hours = st.dictionaries(st.integers(HOUR, HOUR + 150), rows, min_size=1, max_size=12)


def filled(items) -> SeriesState:
    state = SeriesState()
    for hour, row in items:
        state.set_hour(hour, row)
    return state


@given(hours, st.randoms(use_true_random=False))
def test_late_hours_end_in_the_same_counts(counts, order) -> None:
    shuffled = list(counts.items())
    order.shuffle(shuffled)

    late, timely = filled(shuffled), filled(sorted(counts.items()))

    assert late.recent == timely.recent
    assert np.array_equal(late.history(HOUR // 24 + 7, 9), timely.history(HOUR // 24 + 7, 9))


@given(hours)
def test_setting_an_hour_twice_changes_nothing(counts) -> None:
    once, twice = filled(counts.items()), filled([*counts.items(), *counts.items()])

    assert once.dump() == twice.dump()


@given(hours)
def test_a_dumped_state_comes_back_whole(counts) -> None:
    state = filled(sorted(counts.items()))

    loaded = SeriesState.load(json.loads(json.dumps(state.dump())))

    assert loaded.dump() == state.dump()
    assert np.array_equal(loaded.window(HOUR + 150, 72), state.window(HOUR + 150, 72))


def test_windows_end_with_their_hour() -> None:
    state = filled([(HOUR, (3, 2, 0, 0, 0)), (HOUR + 5, (4, 1, 0, 0, 0))])

    assert state.window(HOUR + 4, 24)[ITEMS] == 3
    assert state.window(HOUR + 5, 24)[NEGATIVE] == 3
    assert state.window(HOUR + 5, 5)[NEGATIVE] == 1


def test_nan_and_negative_quantities_count_as_zero() -> None:
    state = filled([(HOUR, (math.nan, 3, -1, math.inf, 0)), (HOUR + 1, (-5, 2, 0, 0, 0))])

    assert state.recent == {}


def test_an_hour_older_than_the_recent_ones_is_refused() -> None:
    state = filled([(HOUR, (1, 1, 0, 0, 0))])

    assert not state.set_hour(HOUR - RECENT_HOURS, (1, 1, 0, 0, 0))


def test_a_gap_longer_than_the_ring_leaves_no_old_days() -> None:
    state = filled([(HOUR, (9, 9, 0, 0, 0)), (HOUR + 24 * 400, (1, 1, 0, 0, 0))])

    assert state.history(state.last_day, 200)[:, ITEMS].sum() == 1
