"""A generated connector is a working one whose golden run asks for a look first."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from earshot.errors import FixSettings
from scrapers.new_connector import new_connector

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The folders that a connector touches; the rest comes from this checkout."""
    for folder in ("scrapers/connectors", "tests/scrapers"):
        (tmp_path / folder).mkdir(parents=True)
    for file in (
        "tests/scrapers/golden.py",
        "scrapers/connectors/__init__.py",
        "scrapers/connectors/file.py",
    ):
        (tmp_path / file).write_bytes((ROOT / file).read_bytes())
    for module in (ROOT / "scrapers").glob("*"):
        target = tmp_path / "scrapers" / module.name
        if not target.exists():
            target.symlink_to(module)
    for name in ("earshot", "sql", "pyproject.toml"):
        (tmp_path / name).symlink_to(ROOT / name)
    return tmp_path


def _run(checkout: Path, *command: str) -> subprocess.CompletedProcess[str]:
    paths = os.pathsep.join([str(checkout), str(ROOT)])
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=checkout,
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_the_golden_run_fails_once_for_review_and_then_passes(checkout: Path):
    written = new_connector("parcel_talk", checkout)
    test = str(written[2])

    first = _run(checkout, "pytest", "-q", "-p", "no:cacheprovider", test)
    second = _run(checkout, "pytest", "-q", "-p", "no:cacheprovider", test)

    assert "wrote golden.json" in first.stdout, first.stdout + first.stderr
    assert second.returncode == 0, second.stdout + second.stderr


def test_the_generated_code_passes_the_linter(checkout: Path):
    written = new_connector("parcel_talk", checkout)
    python = [str(path) for path in written if path.suffix == ".py"]

    checked = _run(checkout, "ruff", "check", *python)
    formatted = _run(checkout, "ruff", "format", "--check", *python)

    assert checked.returncode == 0, checked.stdout
    assert formatted.returncode == 0, formatted.stdout + formatted.stderr


@pytest.mark.parametrize("name", ["Reddit", "reddit", "file", "../up", "x", ""])
def test_names_that_are_taken_or_no_names_are_refused(checkout: Path, name: str):
    with pytest.raises(FixSettings):
        new_connector(name, checkout)

    assert [path.name for path in (checkout / "tests/scrapers").iterdir()] == ["golden.py"]
