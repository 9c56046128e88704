"""No recording is forgotten: read, expected to fail, or left out with a reason."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.platforms.scenarios import SCENARIOS
from tests.platforms.test_recorded_errors import ERRORS, TOKEN_ERRORS

TABLE = Path(__file__).parent / "RECORDINGS.md"


def left_out() -> list[str]:
    return re.findall(r"^\| `([^`]+)` \| \S", TABLE.read_text(), re.M)


def test_every_recording_is_read_or_named_with_a_reason(shared: Path) -> None:
    rows = [json.loads(line) for line in (shared / "recorded/index.jsonl").open()]
    read = [prefix for scenario in SCENARIOS for prefix in scenario.recorded]
    known = [*read, *ERRORS, *TOKEN_ERRORS, *left_out()]

    forgotten = [r["body"] for r in rows if not r["body"].startswith(tuple(known))]

    assert forgotten == []


def test_nothing_is_left_out_that_is_read() -> None:
    read = [prefix for scenario in SCENARIOS for prefix in scenario.recorded]

    assert [each for each in left_out() if each.startswith(tuple(read))] == []
