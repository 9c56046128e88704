"""docs/LOAD.md and its picture from what a run kept: `python -m tests.bench.load_report`.

The text around the figures is `docs/load_template.md`; a name in double braces is a figure.
"""

from __future__ import annotations

import csv
import json
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

CORE_HOUR_EUROS = 0.04
"""Assumed: a virtual core with 4 GB, bought by the hour."""
BRAND_ITEMS_A_DAY = 5_000_000
STAGES = ("crawl", "tag", "watch", "reply", "deliver")
Samples = Sequence[Mapping[str, Any]]


def keep(out: Path, samples: Samples, facts: Mapping[str, Any]) -> None:
    """Write `load/samples.csv` and `load/facts.json`."""
    folder = out / "load"
    folder.mkdir(parents=True, exist_ok=True)
    names = list(dict.fromkeys(name for sample in samples for name in sample))
    with (folder / "samples.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(samples)
    (folder / "facts.json").write_text(json.dumps(facts, indent=1, default=str) + "\n")


def write(out: Path) -> None:
    """Picture and page from what stands in `load/`."""
    folder = out / "load"
    with (folder / "samples.csv").open(newline="") as file:
        samples = [{k: _number(v) for k, v in row.items()} for row in csv.DictReader(file)]
    facts = json.loads((folder / "facts.json").read_text())
    _picture(samples, folder / "run.png")
    template = out / "load_template.md"
    if template.exists():
        told = figures(samples, facts)
        page = re.sub(r"\{\{(\w+)\}\}", lambda found: told[found.group(1)], template.read_text())
        (out / "LOAD.md").write_text(page)


def _number(text: str) -> Any:
    try:
        return float(text or 0)
    except ValueError:
        return text


def figures(samples: Samples, facts: Mapping[str, Any]) -> dict[str, str]:
    """Every figure of the page, ready to be read."""
    steady = [each for each in samples if each["phase"] == "steady"]
    settled = steady[len(steady) // 6 :]
    recovery = [each for each in samples if each["phase"] == "recovery"]
    runs = facts["runs"]
    return {
        "rate": f"{facts['rate']:g}",
        "rate_day": f"{facts['rate'] * 86400:,.0f}",
        "minutes": f"{facts['minutes']:g}",
        "note": facts["note"] or "Nothing else ran on the machine.",
        "published": f"{facts['published']:,}",
        "stored": f"{samples[-1]['stored']:,.0f}",
        "tagged_a_second": f"{_mean(settled, 'tagged_a_second'):.2f}",
        "stored_lag": _spread(settled, "lag_stored_p50", "lag_stored_p95"),
        "tagged_lag": _spread(settled, "lag_tagged_p50", "lag_tagged_p95"),
        "oldest": f"{_most(settled, 'oldest_untagged_seconds'):.0f} s",
        "dead_at_last": f"{_dead_share(samples[-20:]):.1%}",
        "untagged": f"{_mean(settled, 'untagged'):.0f} (most {_most(settled, 'untagged'):.0f})",
        "outbox": f"{_mean(settled, 'outbox'):.1f} (most {_most(settled, 'outbox'):.0f})",
        "burst_untagged": f"{_most(samples, 'untagged'):,.0f}",
        "burst_lag": f"{_most(samples, 'lag_tagged_p95'):.0f}",
        "recovered": _recovered(facts, recovery),
        "incidents": _incidents(facts["incidents"]),
        "crisis": _crisis(facts["incidents"]),
        "messages": f"{facts['messages']:,}",
        "doubles": f"{facts['doubles']}",
        "doctor": f"{sum(facts['doctor'].values())}",
        "failed": f"{sum(runs[name]['failed'] for name in STAGES)}",
        "all_runs": f"{sum(runs[name]['runs'] for name in STAGES):,}",
        "memory": _memory(settled),
        "dead": _dead(settled),
        "growth": _growth(settled),
        "stages": _stages(samples, facts),
        **_capacity(samples, settled, facts),
    }


def _mean(samples: Samples, name: str) -> float:
    return sum(each[name] for each in samples) / max(1, len(samples))


def _most(samples: Samples, name: str) -> float:
    return float(max((each[name] for each in samples), default=0.0))


def _spread(samples: Samples, middle: str, high: str) -> str:
    busy = [each for each in samples if each[high]]
    return f"{_mean(busy, middle):.0f} s / {_mean(busy, high):.0f} s"


def _recovered(facts: Mapping[str, Any], recovery: Samples) -> str:
    if facts["recovered_seconds"] is not None:
        return f"{facts['recovered_seconds'] / 60:.0f} minutes"
    left = recovery[-1]["untagged"] if recovery else 0
    return f"not within the time watched ({left:,.0f} texts left)"


def _incidents(rows: Sequence[Mapping[str, Any]]) -> str:
    lines = ["| theme | severity | complaints | first text of the crisis to message in Slack |",
             "|---|---|---|---|"]  # fmt: skip
    lines += [
        f"| {row['theme'] or 'all feedback'} | {row['severity']} | {row['items']:,} | "
        f"{row['posted_after_seconds']:.0f} s |"
        for row in rows
        if (row.get("posted_after_seconds") or 0) > 0
    ]
    return "\n".join(lines)


def _crisis(rows: Sequence[Mapping[str, Any]]) -> str:
    """The injected one is by far the largest."""
    told = [row for row in rows if (row.get("posted_after_seconds") or 0) > 0]
    largest = max(told, key=lambda row: int(row["items"]), default=None)
    return f"{largest['posted_after_seconds']:.0f} s" if largest else "not at all"


def _memory(samples: Samples) -> str:
    """Mean of the first and the last third of each process, while it was at work."""
    lines = ["| process | first third | last third | most |", "|---|---|---|---|"]
    third = len(samples) // 3
    for name in ("postgres", *STAGES):
        key = f"mb_{name}"
        first, last = (
            [each[key] for each in part if each[key]]
            for part in (samples[:third], samples[-third:])
        )
        if first and last:
            lines.append(
                f"| {name} | {sum(first) / len(first):.0f} MB | {sum(last) / len(last):.0f} MB "
                f"| {_most(samples, key):.0f} MB |"
            )
    return "\n".join(lines)


def _dead(samples: Samples) -> str:
    third = len(samples) // 3
    return (
        f"{_dead_share(samples[:third]):.1%} of all rows in the first third, "
        f"{_dead_share(samples[-third:]):.1%} in the last"
    )


def _dead_share(samples: Samples) -> float:
    return _mean(samples, "dead_rows") / max(1.0, _mean(samples, "live_rows"))


def _growth(samples: Samples) -> str:
    return f"{_bytes_a_review(samples) / 1e3:.1f} kB a review"


def _bytes_a_review(samples: Samples) -> float:
    grown = samples[-1]["database_bytes"] - samples[0]["database_bytes"]
    return float(grown / max(1.0, samples[-1]["stored"] - samples[0]["stored"]))


def _stages(samples: Samples, facts: Mapping[str, Any]) -> str:
    stored = samples[-1]["stored"]
    lines = ["| stage | runs | median, longest run | processor | processor a review |",
             "|---|---|---|---|---|"]  # fmt: skip
    for name in STAGES:
        run = facts["runs"][name]
        lines.append(
            f"| {name} | {run['runs']} | {run['median_seconds']:.0f} s, "
            f"{run['longest_seconds']:.0f} s | {run['cpu_seconds']:.0f} s | "
            f"{1e3 * run['cpu_seconds'] / stored:.1f} ms |"
        )
    server = samples[-1]["cpu_postgres"] - samples[0]["cpu_postgres"]
    lines.append(f"| Postgres | | | {server:.0f} s | {1e3 * server / stored:.1f} ms |")
    return "\n".join(lines)


def _capacity(samples: Samples, settled: Samples, facts: Mapping[str, Any]) -> dict[str, str]:
    """Reviews a core and day, bytes and euros, and what five million a day take."""
    used = sum(facts["runs"][name]["cpu_seconds"] for name in STAGES)
    used += samples[-1]["cpu_postgres"] - samples[0]["cpu_postgres"]
    each = used / samples[-1]["stored"]
    a_core = 86400 / each
    size = _bytes_a_review(settled)
    return {
        "cpu_a_review": f"{1e3 * each:.0f} ms",
        "a_core": f"{a_core:,.0f}",
        "million_core_hours": f"{each * 1e6 / 3600:.0f}",
        "million_euros": f"{each * 1e6 / 3600 * CORE_HOUR_EUROS:.2f}",
        "euros": f"{CORE_HOUR_EUROS}",
        "million_gb": f"{size * 1e6 / 1e9:.1f}",
        "big_cores": f"{BRAND_ITEMS_A_DAY / a_core:.0f}",
        "big_gb_day": f"{size * BRAND_ITEMS_A_DAY / 1e9:.0f}",
        "big_rate": f"{BRAND_ITEMS_A_DAY / 86400:.0f}",
    }


def _picture(samples: Samples, file: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(4, 1, figsize=(9, 11), sharex=True)
    minutes = [each["minute"] for each in samples]
    shown: list[tuple[str, list[tuple[str, str, float]]]] = [
        ("texts", [("untagged", "wait for tags", 1), ("outbox", "wait in the outbox", 1)]),
        ("seconds", [("lag_stored_p95", "published to stored, p95", 1),
                     ("lag_tagged_p95", "published to tagged, p95", 1)]),
        ("MB", [(f"mb_{name}", name, 1) for name in ("postgres", "tag", "watch", "crawl")]),
        ("thousand rows, MB", [("dead_rows", "dead rows (thousand)", 1e-3),
                               ("database_bytes", "database (MB)", 1e-6)]),
    ]  # fmt: skip
    for axis, (unit, lines) in zip(axes, shown, strict=True):
        for name, label, scale in lines:
            axis.plot(minutes, [scale * each.get(name, 0) for each in samples], label=label)
        for phase in ("burst", "recovery"):
            begins = [each["minute"] for each in samples if each["phase"] == phase][:1]
            for minute in begins:
                axis.axvline(minute, color="grey", linestyle=":", linewidth=1)
        axis.set_ylabel(unit)
        axis.set_ylim(bottom=0)
        axis.legend(loc="upper left", fontsize="small")
    axes[-1].set_xlabel("minutes; dotted: burst begins, burst ends")
    figure.tight_layout()
    figure.savefig(file, dpi=80)
    pyplot.close(figure)


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[2] / "docs")
