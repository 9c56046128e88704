"""How steady the scores of tweet counts are: `python tests/bench/detection_tweets.py [SHARED]`.

Judged by the shared tool at one threshold, the one that is best on all five open series: as they
are; each constant moved by 15 and 30 per cent either way; every series thinned, as that of a brand
of which less is said; and each series at the threshold that is best on the other four.
"""

from __future__ import annotations

import csv
import importlib.util
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from alerts.detection import counts

CONSTANTS = (
    "LEVEL_DAYS",
    "PROFILE_DAYS",
    "TAIL_DAYS",
    "KEPT_SHARE",
    "OFFSET",
    "TAIL_SHARE",
    "TOLD_ONCE_IN_DAYS",
    "HOLD_DAYS",
    "GROWTH",
)
MOVES = (0.7, 0.85, 1.15, 1.3)
Rows = dict[str, tuple[list[tuple[float, int, float]], int]]


def main() -> None:
    """Print every table."""
    shared = Path(sys.argv[1] if len(sys.argv) > 1 else "../shared")
    tool = _tool(shared / "tools" / "nab_score.py")
    series = dict(_series(shared / "data" / "counts", tool))
    rows = _judged(series, tool)
    threshold = best(rows, tool)
    print(f"as they are, at {threshold:.2f}: {total(rows, threshold, tool):.1f}")
    for name in CONSTANTS:
        moved = [_with_moved(name, factor, series, tool, threshold) for factor in MOVES]
        print(name, *(f"{m:+.0%} {s:.1f}" for m, s in zip(np.array(MOVES) - 1, moved, strict=True)))
    for share in (0.75, 0.5):
        thin = _judged(series, tool, thinned(share))
        print(f"thinned to {share:.0%}: {total(thin, threshold, tool):.1f}")
    left = {n: best({k: v for k, v in rows.items() if k != n}, tool) for n in rows}
    print(f"each at the threshold of the others: {total(rows, left, tool):.1f}")


def best(rows: Rows, tool: Any) -> float:
    """The threshold with the highest total, the middle one where several have it."""
    grid = np.arange(0.3, 0.9, 0.01)
    found = np.array([total(rows, t, tool) for t in grid])
    ties = np.flatnonzero(found >= found.max() - 1e-9)
    return float(grid[ties[0]])


def total(rows: Rows, threshold: float | dict[str, float], tool: Any) -> float:
    """The normalised score of all series."""
    at = threshold if isinstance(threshold, dict) else dict.fromkeys(rows, threshold)
    windows = sum(n for _, n in rows.values())
    raw = sum(tool.total(r, n, at[name] - 1e-9)[0] for name, (r, n) in rows.items())
    return float(100 * (raw + windows) / (2 * windows))


def thinned(share: float) -> Callable[[Any], Any]:
    """Keep each tweet with that chance; seeded."""
    rng = np.random.default_rng(1)
    return lambda values: rng.binomial(values.astype(int), share)


def _judged(series: dict[str, Any], tool: Any, change: Callable[[Any], Any] = np.asarray) -> Rows:
    return {
        name: tool.contributions(
            times, counts.score_counts([*map(datetime.fromisoformat, times)], change(values)), found
        )
        for name, (times, values, found) in series.items()
    }


def _with_moved(
    name: str, factor: float, series: dict[str, Any], tool: Any, threshold: float
) -> float:
    with _moved(name, factor):
        return total(_judged(series, tool), threshold, tool)


@contextmanager
def _moved(name: str, factor: float) -> Iterator[None]:
    """A constant of the module multiplied for a while; of a share near one, what is left out."""
    usual = getattr(counts, name)
    moved = 1 - (1 - usual) * factor if name == "KEPT_SHARE" else usual * factor
    setattr(counts, name, round(moved) if isinstance(usual, int) else moved)
    try:
        yield
    finally:
        setattr(counts, name, usual)


def _series(folder: Path, tool: Any) -> Iterator[tuple[str, Any]]:
    labelled = json.loads((folder / "windows.json").read_text(encoding="utf-8"))
    for name, windows in labelled.items():
        with (folder / Path(name).name).open(newline="", encoding="utf-8") as handle:
            rows = list(csv.DictReader(handle))
        times = [row["timestamp"] for row in rows]
        values = np.array([float(row["value"]) for row in rows])
        yield name, (times, values, tool.window_indices(times, windows))


def _tool(file: Path) -> Any:
    spec = importlib.util.spec_from_file_location("nab_score", file)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["nab_score"] = module
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    main()
