"""Hundreds of seeds: `python -m tests.faults --seeds 300 [--first 0]`; one JSON line each.

The exit status is 1 where a seed broke a promise; the last line counts runs, blows, violations.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from collections import Counter
from dataclasses import asdict

from tests.faults.seeds import Outcome, disturb
from tests.faults.world import world


def main() -> int:
    """Run and count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=300)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--minutes", type=float, default=None, help="Stop after so long.")
    chosen = parser.parse_args()
    outcomes: list[Outcome] = []
    # A polite end leaves no server and no mount behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    began = time.monotonic()
    with world() as made:
        for seed in range(chosen.first, chosen.first + chosen.seeds):
            if chosen.minutes and time.monotonic() - began > chosen.minutes * 60:
                break
            started = time.monotonic()
            outcomes.append(disturb(made, seed))
            told = asdict(outcomes[-1]) | {"seconds": round(time.monotonic() - started, 1)}
            print(json.dumps(told), flush=True)
    print(json.dumps(_summary(outcomes)))
    return int(any(outcome.violations for outcome in outcomes))


def _summary(outcomes: list[Outcome]) -> dict[str, object]:
    blows: Counter[str] = Counter()
    for outcome in outcomes:
        blows[outcome.kind] += outcome.blows
    return {
        "seeds": len(outcomes),
        "by_kind": Counter(outcome.kind for outcome in outcomes),
        "blows": blows,
        "violations": sum(bool(outcome.violations) for outcome in outcomes),
    }


if __name__ == "__main__":
    sys.exit(main())
