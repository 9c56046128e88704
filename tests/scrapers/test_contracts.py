"""Contracts have lower bounds only; the overlap tells how much is still missing."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earshot.platforms.base import Contract
from scrapers.contracts import breaches, least_expected, missed_share
from scrapers.pipeline import Tally

NOW = datetime(2026, 3, 1, tzinfo=UTC)
CONTRACT = Contract(
    required=("body", "rating"),
    required_share=0.9,
    parsed_share=0.95,
    newest_at_most=timedelta(days=3),
    least_items=1,
)


def _breaches(tally: Tally, **given: object) -> list[str]:
    known = {"now": NOW, "newest": NOW, "history": [], "has_unchanged_pages": False, **given}
    return breaches(CONTRACT, tally, **known)  # type: ignore[arg-type]


def _tally(records: int, *, rejected: int = 0, rated: int | None = None, pages: int = 1) -> Tally:
    filled = Counter({"body": records, "rating": records if rated is None else rated})
    return Tally(pages=pages, records=records, rejected=rejected, filled=filled)


def test_a_healthy_crawl_breaks_nothing():
    assert _breaches(_tally(40)) == []


def test_a_field_that_vanished_is_named():
    assert _breaches(_tally(40, rated=3)) == [
        'the field "rating" is filled in 8% of 40 records, expected 90% or more'
    ]


def test_pieces_that_cannot_be_read_are_counted():
    assert _breaches(_tally(40, rejected=10)) == [
        "10 of 50 pieces could not be read, expected 5% at most"
    ]


def test_a_stale_source_says_how_stale():
    assert _breaches(_tally(40), newest=NOW - timedelta(days=5)) == [
        "the newest record is 5.0 days old, expected at most 3.0 days"
    ]


def test_no_records_from_pages_that_were_read_is_a_breach():
    assert _breaches(_tally(0)) == ["0 records were read, expected 1 or more"]


def test_pages_that_did_not_change_owe_nothing():
    assert _breaches(_tally(0), has_unchanged_pages=True) == []
    assert _breaches(_tally(0, pages=0)) == []


def test_a_busy_hour_that_falls_silent_is_a_breach():
    assert _breaches(_tally(3), history=[40, 52, 47, 61, 44, 50, 49, 55]) == [
        "3 records were read, expected 10 or more"
    ]


@pytest.mark.parametrize("history", [[], [400] * 7, [0, 3, 5, 2, 9, 1, 4, 2, 7]])
def test_short_histories_and_quiet_hours_teach_nothing(history: list[int]):
    assert least_expected(CONTRACT, history) == CONTRACT.least_items


@settings(deadline=None)
@given(
    st.lists(st.integers(0, 10_000), max_size=60),
    st.integers(1, 300),
)
def test_no_surge_ever_breaks_a_contract(history: list[int], factor: int):
    usual = max([1, *history])

    assert _breaches(_tally(usual * factor), history=history) == []


def test_missed_share_is_zero_where_all_was_met_again():
    assert missed_share(known=100, met=100, again=100) == 0
    assert missed_share(known=100, met=10, again=10) == 0


def test_missed_share_finds_what_neither_crawl_holds():
    """Two captures that each hold four fifths of 1,000 at random leave 4 % unseen."""
    share = missed_share(known=800, met=800, again=640)

    assert share == pytest.approx(0.04, abs=0.005)


def test_too_little_overlap_tells_nothing():
    assert missed_share(known=100, met=4, again=4) is None


@settings(deadline=None)
@given(st.integers(5, 500), st.integers(0, 500), st.integers(0, 500))
def test_missed_share_is_a_share(again: int, only_before: int, only_now: int):
    share = missed_share(known=again + only_before, met=again + only_now, again=again)

    assert share is not None
    assert 0 <= share < 1
