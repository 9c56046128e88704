"""A theme's name in the text counts, in the forms people write it in."""

from __future__ import annotations

import pytest

from nlp.names import name_row, name_shares


def _share(name: str, text: str) -> float:
    return float(name_shares([text], name_row(name)[None])[0, 0])


@pytest.mark.parametrize(
    ("name", "text", "share"),
    [
        ("Refund", "I want my money REFUNDED now", 1.0),
        ("cancelled_flight", "your cancellation ruined my week", 0.5),
        ("Prices", "what a price", 1.0),
        ("praise for service", "The service at the door was for free", 0.5),
        ("Refund", "I want my money back", 0.0),
        ("Apple Pay", "@ApplePay please help", 0.0),
        ("...", "anything", 0.0),
    ],
)
def test_a_name_is_found_by_its_words_in_any_form(name: str, text: str, share: float) -> None:
    assert _share(name, text) == pytest.approx(share)
