"""One convention for ratings: the platform's number and its highest one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earshot.errors import SkipRecord
from earshot.platforms import ratings


@pytest.mark.parametrize(
    ("written", "rating"),
    [
        ("FIVE", (5, 5)),
        ("ONE", (1, 5)),
        (4, (4, 5)),
        (4.5, (4.5, 5)),
        ("4,5", (4.5, 5)),
        ("4.5 out of 5 stars", (4.5, 5)),
        ("4,0 von 5 Sternen", (4, 5)),
        ("8/10", (8, 10)),
        ("80%", (80, 100)),
        ("5つ星のうち4.0", (4, 5)),
        ("★★★★☆", (4, 5)),
        ("★★★½☆", (3.5, 5)),
        ("3 stars", (3, 5)),
        (None, (None, None)),
        ("", (None, None)),
        ("STAR_RATING_UNSPECIFIED", (None, None)),
    ],
)
def test_a_rating_keeps_the_platforms_unit(written: object, rating: tuple[float, float]) -> None:
    assert ratings.read(written) == rating


@pytest.mark.parametrize("written", [8, -1, "six stars of wonder", "excellent", "11/10"])
def test_what_is_no_rating_is_rejected_with_its_field(written: object) -> None:
    with pytest.raises(SkipRecord) as caught:
        ratings.read(written)

    assert caught.value.field == "rating"


@given(st.floats(0, 10, allow_nan=False))
def test_ten_point_scales_stay_ten_point(value: float) -> None:
    assert ratings.read(value, scale=10) == (value, 10)
