"""The guide to the sources says what the readers are."""

from __future__ import annotations

from pathlib import Path

from earshot import platforms
from earshot.platforms._guide import guide

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "docs" / "SOURCES.md"
UNPROVEN = "from documentation, never run against the live service"


def test_the_guide_is_current() -> None:
    assert GUIDE.read_text() == guide(), "run: python -m earshot.platforms._guide > docs/SOURCES.md"


def test_what_never_ran_against_the_live_service_is_named_in_guide_and_readme() -> None:
    unproven = [n for n in platforms.names() if platforms.load(n).terms.from_documentation]
    readme = " ".join((ROOT / "README.md").read_text().split())
    _, _, told = readme.lower().partition(UNPROVEN)

    assert len(unproven) == 10
    assert [n for n in unproven if f"`{n}`" not in told] == []
    assert all(UNPROVEN in line for line in _rows(unproven))


def _rows(kinds: list[str]) -> list[str]:
    lines = GUIDE.read_text().splitlines()
    return [line for kind in kinds for line in lines if line.startswith(f"| `{kind}` |")]
