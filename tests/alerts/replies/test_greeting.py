"""Greetings by name at publish time."""

from __future__ import annotations

import pytest

from alerts.replies.greeting import greet


def test_greets_in_the_language_of_the_reply() -> None:
    assert greet("Sorry.", "Susan", language="en", platform="shop") == "Hello Susan,\nSorry."
    assert greet("Sorry.", "Jörg", language="de", platform="shop").startswith("Guten Tag Jörg,")


@pytest.mark.parametrize(
    "name",
    [None, "", "A Google user", "xx99", "<b>Al</b>", "@here", "evil.com", "al\u202eice", "a" * 40],
)
def test_leaves_out_what_is_no_plain_name(name: str | None) -> None:
    assert greet("Sorry.", name, language="en", platform="shop") == "Sorry."


def test_never_breaks_the_limit() -> None:
    text = "a" * 345

    assert greet(text, "Susan", language="en", platform="googleplay") == text
