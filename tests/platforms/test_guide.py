"""The guide to the sources says what the readers are."""

from __future__ import annotations

from pathlib import Path

from earshot.platforms._guide import guide

GUIDE = Path(__file__).parents[2] / "docs" / "SOURCES.md"


def test_the_guide_is_current() -> None:
    assert GUIDE.read_text() == guide(), "run: python -m earshot.platforms._guide > docs/SOURCES.md"
