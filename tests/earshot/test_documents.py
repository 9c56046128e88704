"""What the documents and messages point to is there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
LINK = re.compile(r"""(?:\]\(|\bsrc=")(?!https?:)([^)\s"]*)""")
NAMED = re.compile(r"docs/OPERATIONS\.md,[\s\"]*([A-Z][^.\"`]+)\.")
HELP = re.compile(r'@echo "make (\w+)')


def documents() -> list[Path]:
    return [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]


def anchors(file: Path) -> set[str]:
    """As GitHub makes them of headings, and those that are written."""
    text = file.read_text(encoding="utf-8")
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    made = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    return made | set(re.findall(r'id="([\w-]+)"', text))


def broken(file: Path) -> Iterator[str]:
    for target in LINK.findall(file.read_text(encoding="utf-8")):
        name, _, anchor = target.partition("#")
        to = (file.parent / name).resolve() if name else file
        if not to.exists() or (anchor and to.suffix == ".md" and anchor not in anchors(to)):
            yield f"{file.relative_to(ROOT)}: {target}"


def test_every_link_in_the_documents_leads_somewhere() -> None:
    assert [fault for file in documents() for fault in broken(file)] == []


def test_the_sections_that_messages_name_are_there() -> None:
    headings = re.findall(r"^## (.+)$", (ROOT / "docs/OPERATIONS.md").read_text(), re.MULTILINE)
    files = [*ROOT.glob("*/*.py"), *ROOT.glob("*/*/*.py"), *ROOT.glob("docs/grafana/*")]
    sources = [file for file in files if "tests" not in file.parts and ".venv" not in file.parts]
    named = {name for file in sources for name in NAMED.findall(file.read_text(errors="replace"))}

    assert "When a source goes quiet" in named
    assert named <= set(headings)


def test_help_names_every_target_of_the_makefile() -> None:
    text = (ROOT / "Makefile").read_text()
    phony = re.search(r"^\.PHONY: (.+)$", text, re.MULTILINE)

    assert phony is not None
    assert set(HELP.findall(text)) == set(phony[1].split()) - {"help"}
