"""All stages at once under a steady load, then a burst of ten times with a crisis in it.

    python -m tests.bench.load --rate 8 --minutes 60        writes docs/LOAD.md
    python -m tests.bench.load --ramp 4,8,16,32             which rate holds, two minutes each

On a Postgres of its own in a temporary folder, with its usual durability. A shop's API publishes
reviews; each stage runs as its DAG runs it (a process a run, woken by the stage before it and by
time); Slack is the strict stand-in of the tests. A sample is taken every 30 seconds.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from earshot.local import postgres
from earshot.settings import Settings, load
from scrapers.catalogue import sync_catalogue
from sql.connect import connect
from tests.bench import load_history, load_report, load_samples, load_world
from tests.bench.load_stages import REPOSITORY, Stage, running
from tests.slack_standin import SlackStandIn

BURST, BURST_SECONDS = 10.0, 300.0
SAMPLE_SECONDS = 30.0
CRAWL_SECONDS = 120.0
NORMAL_LAG_SECONDS = 300.0
"""Age of the oldest text without tags: within one crawl and one run of the tagger."""
CHANNELS = ("voice-of-customer", "earshot-ops")


@dataclass(kw_only=True)
class World:
    """Everything that a run needs."""

    settings: Settings
    file: Path
    environment: dict[str, str]
    reviews: load_world.Reviews
    slack: SlackStandIn
    samples: list[dict[str, Any]]
    began: float = 0.0


@contextmanager
def world(rate: float, *, weights: str) -> Iterator[World]:
    """Database with history, shop and Slack; everything goes at the end."""
    reviews = load_world.Reviews()
    with (
        tempfile.TemporaryDirectory(prefix="earshot-load-") as name,
        load_world.serving(reviews) as shop,
        SlackStandIn() as slack,
    ):
        os.chmod(name, 0o711)
        for channel in CHANNELS:
            slack.add_channel(channel)
        file = Path(name) / "earshot.toml"
        file.write_text(_settings(shop, slack.url, weights), "utf-8")
        environment = {**os.environ, "EARSHOT_SLACK_TOKEN": slack.bot_token}
        environment |= {"EARSHOT_AUTHOR_KEY": "of the load test", "PYTHONPATH": str(REPOSITORY)}
        environment["OMP_NUM_THREADS"] = "1"
        environment.pop("EARSHOT_DATABASE_URL", None)
        os.environ.update(environment)
        settings = load(file)
        try:
            _history(settings, file, environment, rate)
            yield World(settings=settings, file=file, environment=environment, reviews=reviews,
                        slack=slack, samples=[])  # fmt: skip
        finally:
            postgres.remove(settings.home_folder)


def _settings(shop: str, slack: str, weights: str) -> str:
    facts = REPOSITORY / "alerts" / "replies" / "example_facts.toml"
    columns = {"external_id": "id", "author_id": "user", "body": "text", "rating": "stars",
               "published_at": "created_at", "product": "sku"}  # fmt: skip
    fields = {"id": "id", "body": "text", "rating": "stars", "published": "created_at",
              "author": "user", "product": "sku", "reply": "reply",
              "replied": "replied_at"}  # fmt: skip
    return f"""
contact = "load@northwind.example"
home = "home"
[[brand]]
key = "northwind"
name = "Northwind Home"
facts = "{facts}"
[[source]]
name = "history"
kind = "file"
brand = "northwind"
schedule = "none"
path = "history.jsonl"
columns = {_inline(columns)}
[[source]]
name = "shop"
kind = "rest"
brand = "northwind"
schedule = "*/2 * * * *"
language = "en"
base_url = "{shop}"
path = "api/reviews"
items = "data"
fields = {_inline(fields)}
ignored = ["title"]
paging = {{ style = "page" }}
since = {{ parameter = "since", format = "iso" }}
overlap_days = 0.0002
[slack]
api_url = "{slack}"
[model]
weights = "{weights}"
"""


def _inline(table: dict[str, str]) -> str:
    return "{ " + ", ".join(f'{key} = "{value}"' for key, value in table.items()) + " }"


def _history(settings: Settings, file: Path, environment: dict[str, str], rate: float) -> None:
    """Import and tag the sample, write counts at the size of the run, and let watch learn them."""
    rows = load_world.sample(load_history.SAMPLE, load_history.DAYS)
    path = file.parent / "history.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), "utf-8")
    for arguments in (["crawl", "history"], ["tag"], ["watch"]):
        _once(arguments, file, environment)
    with connect(settings) as conn:
        sync_catalogue(conn, settings)
    with connect(settings, "owner") as conn:
        written = load_history.scale_up(conn, rate=rate)
    took = time.monotonic()
    _once(["watch"], file, environment)
    _say(f"{written:,} rows of counts learned in {time.monotonic() - took:.0f} s")


def _once(arguments: list[str], file: Path, environment: dict[str, str]) -> None:
    command = [sys.executable, "-m", "earshot", *arguments, "--settings", str(file)]
    subprocess.run(command, cwd=REPOSITORY, env=environment, check=True, capture_output=True)


def stages() -> list[Stage]:
    """The DAGs: what each runs, how often by time, and whom it wakes."""
    return [
        Stage("crawl", ["crawl", "shop"], CRAWL_SECONDS, ["tag"]),
        Stage("tag", ["tag", "--seconds", "180"], 600, ["watch"]),
        Stage("watch", ["watch"], 600, ["reply", "deliver"]),
        Stage("reply", ["replies"], 600, ["deliver"]),
        Stage("deliver", ["deliver"], 60),
    ]


def live(made: World, at_work: dict[str, Stage], seconds: float, phase: str) -> None:
    """Let time pass; a sample every half minute."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        time.sleep(min(SAMPLE_SECONDS, left))
        _sample(made, at_work, phase)


def recover(made: World, at_work: dict[str, Stage], most_seconds: float) -> float | None:
    """Until nothing waits longer than usual; returns the seconds, or None where time ran out."""
    began = time.monotonic()
    while time.monotonic() - began < most_seconds:
        time.sleep(SAMPLE_SECONDS)
        taken = _sample(made, at_work, "recovery")
        if taken["oldest_untagged_seconds"] < NORMAL_LAG_SECONDS:
            return time.monotonic() - began
    return None


def _sample(made: World, at_work: dict[str, Stage], phase: str) -> dict[str, Any]:
    taken = load_samples.take(made.settings, at_work, made.reviews, made.slack)
    taken |= {"phase": phase, "minute": round((time.time() - made.began) / 60, 2)}
    made.samples.append(taken)
    _say(
        f"{taken['minute']:6.1f} {phase:<8} untagged {taken['untagged']:>6,} "
        f"(oldest {taken['oldest_untagged_seconds']:.0f} s) lag {taken['lag_tagged_p95']:.0f} s "
        f"outbox {taken['outbox']} tagged/s {taken['tagged_a_second']:.1f}"
    )
    return taken


def _say(line: str) -> None:
    print(f"{datetime.now(UTC):%H:%M:%S} {line}", flush=True)


def full_run(chosen: argparse.Namespace) -> None:
    """Steady load, burst, recovery, report."""
    with world(chosen.rate, weights=chosen.weights) as made:
        with running(stages(), made.file, made.environment) as at_work:
            made.began, made.reviews.rate = time.time(), chosen.rate
            live(made, at_work, chosen.minutes * 60, "steady")
            made.reviews.burst = BURST
            live(made, at_work, chosen.burst_minutes * 60, "burst")
            made.reviews.burst = 1.0
            recovered = recover(made, at_work, chosen.most_recovery_minutes * 60)
            made.reviews.rate = 0.0
        facts = load_samples.facts(made.settings, made.reviews, made.slack, at_work)
    given = {key: value for key, value in vars(chosen).items() if key != "out"}
    load_report.keep(chosen.out, made.samples, facts | {"recovered_seconds": recovered} | given)
    load_report.write(chosen.out)


def ramp(chosen: argparse.Namespace) -> None:
    """Two minutes at each rate; it holds where the queue is no longer at the end than midway."""
    for rate in chosen.ramp:
        with (
            world(rate, weights=chosen.weights) as made,
            running(stages(), made.file, made.environment) as at_work,
        ):
            made.began, made.reviews.rate = time.time(), rate
            live(made, at_work, chosen.minutes * 60, f"at {rate:g}")
            made.reviews.rate = 0.0
        half, last = made.samples[len(made.samples) // 2], made.samples[-1]
        _say(f"rate {rate:g}/s: {half['untagged']:,} untagged midway, {last['untagged']:,} at last")


def main() -> None:
    """Parse, run, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=8.0, help="Reviews a second.")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--burst-minutes", type=float, default=5.0)
    parser.add_argument("--most-recovery-minutes", type=float, default=40.0)
    parser.add_argument("--weights", default="earshot", help="As in the settings.")
    parser.add_argument("--note", default="", help="What else ran on the machine.")
    parser.add_argument("--out", type=Path, default=REPOSITORY / "docs")
    rates = {"type": lambda text: [float(each) for each in text.split(",")]}
    parser.add_argument("--ramp", **rates, help="Rates to try, instead of the full run.")
    chosen = parser.parse_args()
    # A polite end leaves no server behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    ramp(chosen) if chosen.ramp else full_run(chosen)


if __name__ == "__main__":
    main()
