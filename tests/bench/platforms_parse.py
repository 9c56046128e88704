"""How many texts a second each reader takes apart, on one core, from recorded answers.

python -m tests.bench.platforms_parse
"""

from __future__ import annotations

import os
import time
from http import HTTPStatus
from pathlib import Path

from earshot import platforms
from earshot.platforms.base import Answer, Headers
from earshot.platforms.session import Session
from tests.platforms.drive import NOW
from tests.platforms.replay_server import Replay, recordings
from tests.platforms.scenarios import SCENARIOS, Scenario

GOAL = 500
SECONDS = 0.5
LEAST_ITEMS = 5


def main() -> None:
    """Print texts per second and their ratio to the goal for every scenario."""
    shared = Path(os.environ.get("EARSHOT_SHARED", "../shared"))
    for scenario in SCENARIOS:
        rate = texts_per_second(scenario, shared)
        if rate:
            print(f"{scenario.name:28} {rate:10,.0f}/s  {rate / GOAL:6.1f} x goal")


def texts_per_second(scenario: Scenario, shared: Path) -> float:
    """Texts of the scenario's first answer, read again and again; 0 for very short ones."""
    platform = platforms.load(scenario.platform)
    common = {"source": "s", "brand": ("b",), "base_url": "http://127.0.0.1:1"}
    options = platform.Options(**{**common, **scenario.options})
    call = Session(platform, options, now=NOW).calls()[0]
    path = call.url.removeprefix(common["base_url"])
    status, headers, body = Replay(recordings(shared, *scenario.recorded)).answer(call.method, path)
    if status != HTTPStatus.OK:
        return 0.0
    answer = Answer(status=status, headers=Headers(headers), body=body, url=call.url)
    count, begun = 0, time.process_time()
    while time.process_time() - begun < SECONDS:
        found = len(platform.read(answer, call, options, {}, NOW).items)
        if found < LEAST_ITEMS:
            return 0.0
        count += found
    return count / (time.process_time() - begun)


if __name__ == "__main__":
    main()
