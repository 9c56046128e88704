"""Texts are never HTML, cells never formulas, and shares carry their interval."""

from __future__ import annotations

import csv
import html
import io
import re

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earshot.errors import FixSettings
from earshot.settings import Settings
from earshot.web.server import serve
from earshot.web.show import as_csv, interval, marked, share


@given(
    text=st.text(max_size=200),
    cuts=st.lists(st.tuples(st.integers(-5, 220), st.integers(-5, 220)), max_size=5),
)
def test_marked_text_says_exactly_the_text(text: str, cuts: list[tuple[int, int]]) -> None:
    spans = [(min(cut), max(cut), "negative") for cut in cuts if min(cut) >= 0]

    made = marked(text, spans)

    inside = made.removeprefix('<p style="white-space:pre-wrap;overflow-wrap:anywhere">')
    words = re.sub(r'<span style="[^"<>]*" title="negative">|</span>', "", inside[:-4])
    assert "<" not in words
    assert html.unescape(words) == text


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_of_a_download_is_a_formula(start: str) -> None:
    made = as_csv(pd.DataFrame({"body": [f"{start}cmd|' /C calc'!A0", "fine"], "n": [-1, 2]}))

    rows = list(csv.reader(io.StringIO(made.decode("utf-8-sig"), newline="")))
    assert rows[1][0] == f"'{start}cmd|' /C calc'!A0"
    assert rows[2] == ["fine", "2"]
    assert rows[1][1] == "-1"  # a number is no formula


def test_shares_carry_their_interval() -> None:
    low, high = interval(30, 100)

    assert low == pytest.approx(0.217, abs=0.002)
    assert high == pytest.approx(0.394, abs=0.002)
    assert share(0, 0) == "–"
    assert interval(0, 5)[0] == 0.0
    assert interval(5, 5)[1] == 1.0


@pytest.mark.parametrize("address", ["0.0.0.0", "192.0.2.7", "shop.example"])
def test_other_machines_need_a_sign_in(address: str) -> None:
    settings = Settings.model_validate(
        {
            "contact": "ops@northwind.example",
            "brand": [{"key": "northwind", "name": "Northwind Home"}],
            "web": {"address": address},
        }
    )

    with pytest.raises(FixSettings, match=r"web\.address.*sign_in"):
        serve(settings)
