"""Metrics in Prometheus' text format, made from one snapshot of the database at each scrape.

Most processes of the pipeline live for seconds and cannot be scraped; what they did stands in the
database. Counters and histograms only grow, so that `rate` works; a restart loses nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from sql.health import Finding, Snapshot

LAG_SECONDS = (60, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400)
MODEL_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1)
STEP_SECONDS = (0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600)
"""Upper bounds of the buckets, as `earshot.note_seconds` fills them."""
HISTOGRAMS: dict[str, tuple[str, str, str, tuple[float, ...]]] = {
    "lag_stored": (
        "earshot_lag_stored_seconds",
        "From publish time until a text was stored.",
        "source",
        LAG_SECONDS,
    ),
    "lag_tagged": (
        "earshot_lag_tagged_seconds",
        "From publish time until a text had its tags.",
        "source",
        LAG_SECONDS,
    ),
    "lag_alerted": (
        "earshot_lag_alerted_seconds",
        "From the first text of an incident until its message stood in Slack.",
        "brand",
        LAG_SECONDS,
    ),
    "model_seconds": (
        "earshot_model_seconds_per_text",
        "What the model took for a text, as the mean of the run that read it.",
        "step",
        MODEL_SECONDS,
    ),
    "step": ("earshot_step_seconds", "How long a run of a step took.", "step", STEP_SECONDS),
}
Row = Mapping[str, Any]


def exposition(taken: Snapshot | None, found: Sequence[Finding] = ()) -> bytes:
    """Everything in the text format; without a snapshot only that the database is down."""

    class Once(Collector):
        def collect(self) -> Iterable[Metric]:
            yield _gauge("database_up", "Whether the database answers.", float(taken is not None))
            if taken is not None:
                yield from _of(taken, found)

    registry = CollectorRegistry(auto_describe=False)
    registry.register(Once())
    return generate_latest(registry)


def _of(taken: Snapshot, found: Sequence[Finding]) -> Iterator[Metric]:
    yield _labelled(
        "finding_well", "1 where a check of `earshot health` is well.", "check",
        {finding.name: float(finding.is_well) for finding in found},
    )  # fmt: skip
    yield from _sources(taken)
    yield from _queues(taken)
    yield from _steps(taken)
    yield from _histograms(taken.samples)
    records = CounterMetricFamily(
        "earshot_records", "Records that crawls and imports met.", labels=["outcome"]
    )
    for name, value in dict(taken.counters).items():
        records.add_metric([name], value)
    yield records
    yield _labelled(
        "incidents_open", "Incidents that are not resolved.", "severity",
        {row["severity"]: row["incidents"] for row in taken.incidents},
    )  # fmt: skip
    yield _gauge("alarms_open", "Alerts about the pipeline itself.", len(taken.alarms))
    yield _gauge("database_bytes", "Size of the database.", taken.database_bytes)


def _sources(taken: Snapshot) -> Iterator[Metric]:
    rows = taken.sources
    yield _labelled(
        "source_healthy", "0 where a source breaks its contract.", "source",
        {row["name"]: float(row["health"] != "unhealthy") for row in rows},
    )  # fmt: skip
    yield _labelled(
        "source_last_good_crawl_seconds", "Since a crawl of the source ended well.", "source",
        {
            row["name"]: (taken.now - row["last_good_at"]).total_seconds()
            for row in rows
            if row["last_good_at"]
        },
    )  # fmt: skip
    yield _labelled(
        "source_quarantined_share", "Share of a day's records that could not be used.", "source",
        {row["name"]: row["quarantined"] / row["seen"] for row in rows if row["seen"]},
    )  # fmt: skip


def _queues(taken: Snapshot) -> Iterator[Metric]:
    queue, drafts = taken.queue, taken.drafts
    yield _gauge("tag_queue_texts", "Texts that wait for their tags.", queue["waiting"])
    yield _gauge("tag_queue_claimed", "Texts that a tagger has at the moment.", queue["claimed"])
    yield _gauge("tag_queue_expired", "Claims that outlived their lease.", queue["expired"])
    yield _gauge(
        "tag_queue_oldest_seconds", "How long the oldest text waits.", queue["oldest_seconds"]
    )
    yield _labelled(
        "outbox_messages", "Messages of the outbox.", "state",
        {row["state"]: row["messages"] for row in taken.outbox},
    )  # fmt: skip
    yield _labelled(
        "outbox_oldest_seconds", "How long the oldest message has been due.", "state",
        {row["state"]: max(0.0, row["oldest_seconds"]) for row in taken.outbox},
    )  # fmt: skip
    yield _gauge("replies_waiting", "Reply drafts that wait for a person.", drafts["waiting"])
    yield _gauge("replies_late", "Reply drafts that are past their time.", drafts["late"])


def _steps(taken: Snapshot) -> Iterator[Metric]:
    yield _labelled(
        "step_last_good_seconds", "Since a run of the step ended well.", "step",
        {r["step"]: r["good_seconds"] for r in taken.steps if r["good_seconds"] is not None},
    )  # fmt: skip
    yield _labelled(
        "step_failures_day", "Runs of a day that ended with an error.", "step",
        {row["step"]: row["failures"] for row in taken.steps},
    )  # fmt: skip


def _histograms(samples: Sequence[Row]) -> Iterator[Metric]:
    found: dict[str, list[Row]] = {}
    for metric, rows in groupby(samples, key=lambda row: str(row["metric"])):
        found[metric] = list(rows)
    for metric, (name, help_, label, bounds) in HISTOGRAMS.items():
        family = HistogramMetricFamily(name, help_, labels=[label])
        for value, rows in groupby(found.get(metric, []), key=lambda row: str(row["label"])):
            buckets, total = _cumulative(list(rows), bounds)
            family.add_metric([value], buckets, total)
        yield family


def _cumulative(
    rows: Sequence[Row], bounds: Sequence[float]
) -> tuple[list[tuple[str, float]], float]:
    """Buckets as Prometheus wants them: each holds all that is at most its bound."""
    buckets = [
        ("+Inf" if math.isinf(bound) else f"{bound:g}", _sum(rows, bound))
        for bound in (*bounds, math.inf)
    ]
    return buckets, float(sum(row["total"] for row in rows))


def _sum(rows: Sequence[Row], bound: float) -> float:
    return float(sum(row["observations"] for row in rows if row["at_most"] <= bound))


def _gauge(name: str, help_: str, value: float) -> Metric:
    return GaugeMetricFamily(f"earshot_{name}", help_, value=float(value))


def _labelled(name: str, help_: str, label: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(f"earshot_{name}", help_, labels=[label])
    for key, value in values.items():
        family.add_metric([key], float(value))
    return family
