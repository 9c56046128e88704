"""Cost of one incremental run: 10,000 series with two years of history, 5 % active in an hour.

    python tests/bench/detection_speed.py [--series N ...]

Prints seconds, resident memory and the ratio of cost to active series, at several sizes: the
last column is flat where cost grows linearly.
"""

from __future__ import annotations

import argparse
import resource
import time

import numpy as np

from alerts.detection import Cell, Engine, EngineSettings, moment_of

FIRST = 460_000
DAYS = 730
ACTIVE = 0.05


def filled(series: int, rng) -> Engine:
    """An engine whose brands have fifty theme series each, and two years of daily counts."""
    engine = Engine(EngineSettings())
    brands = series // 50
    for day in range(DAYS - 280, DAYS):
        hour = FIRST + 24 * day
        engine.learn(
            cell
            for brand in range(brands)
            for cell in cells(brand, hour + int(rng.integers(24)), rng.integers(0, 48, 20))
        )
    return engine


def cells(brand: int, hour: int, themes) -> list[Cell]:
    """One hour of a brand: an item cell and a cell of each theme."""
    common = {"brand": f"b{brand}", "source": "s", "hour": hour}
    items = Cell(**common, items=len(themes), negative=len(themes) // 2, rated=0, stars=0.0)
    return [
        items,
        *(Cell(**common, theme=f"t{t}", items=2, negative=1) for t in set(themes.tolist())),
    ]


def main() -> None:
    """Fill, run once, report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, nargs="+", default=[2500, 5000, 10000])
    args = parser.parse_args()
    for series in args.series:
        rng = np.random.default_rng(1)
        engine = filled(series, rng)
        now = FIRST + 24 * DAYS
        per_brand = max(1, round(50 * ACTIVE))
        fresh = [
            cell
            for brand in range(series // 50)
            for cell in cells(brand, now, rng.integers(0, 48, per_brand))
        ]
        begin = time.process_time()
        engine.step(moment_of(now + 1), fresh)
        seconds = time.process_time() - begin
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        active = len({(c.brand, c.theme) for c in fresh})
        print(
            f"{len(engine.book.states):6d} series  {active:5d} active  {seconds:6.2f} s CPU"
            f"  {memory:6.0f} MB  {1000 * seconds / active:.2f} ms each"
        )


if __name__ == "__main__":
    main()
