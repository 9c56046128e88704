"""Write docs/DETECTION.md: replays of real streams with pictures, beside the market's rules.

    python -m tests.bench.detection_tags ../shared TAGS      # once a model, an hour on two cores
    python -m tests.bench.detection_urgent ../shared docs/detection/urgent.md
    python -m alerts.detection.report ../shared/data docs TAGS

Every stream is replayed by its ratings alone, which depends on no model, and once more with the
tagger's themes where TAGS has them.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import numpy as np

from alerts.detection.counts import score_folder
from alerts.detection.goals import crises_of, judged, posted
from alerts.detection.incident import Incident, describe
from alerts.detection.records import Observation, SeriesKey, hour_of, moment_of
from alerts.detection.replay import incidents_of, replay
from alerts.detection.scoring import Setting, volume_at
from alerts.detection.series import SeriesState
from alerts.detection.signals import EngineSettings
from alerts.detection.streams import STREAMS, Tags, read
from alerts.detection.tails import Floats
from alerts.detection.usual import Tuning


@dataclass(frozen=True, kw_only=True, slots=True)
class Replayed:
    """One stream and what was opened on it."""

    name: str
    observations: list[Observation]
    incidents: list[Incident]
    """Those of many voices that were told."""
    rules: dict[str, int]
    """Incidents that each simple rule would have opened."""


def replayed(file: Path, tags: Tags | None = None) -> Replayed:
    """Replay one stream, by its ratings alone or with its tags."""
    observations = list(read(file, tags))
    settings = tags.settings() if tags else EngineSettings()
    return Replayed(
        name=file.stem,
        observations=observations,
        incidents=crises_of(incidents_of(replay(observations, settings))),
        rules=simple_rules(observations),
    )


def daily(observations: Sequence[Observation]) -> tuple[Floats, Floats, int]:
    """All and negative reviews by day, and the first day since 1970."""
    days = np.array([hour_of(o.published_at) // 24 for o in observations])
    first = int(days.min())
    negative = np.array([o.is_negative for o in observations], float)
    return np.bincount(days - first), np.bincount(days - first, negative), first


def simple_rules(observations: Sequence[Observation]) -> dict[str, int]:
    """Incidents of the market's rules; alarms within three days are one incident."""
    every, negative, _ = daily(observations)
    share = negative / np.maximum(every, 1)
    alarms: dict[str, list[int]] = {"24 h": [], "share": [], "weekly": []}
    for day in range(56, len(negative)):
        week = negative[day - 7 : day]
        if negative[day] >= 3 and negative[day] > week.mean() + 2 * week.std():
            alarms["24 h"].append(day)
        shares = share[day - 28 : day]
        if every[day] >= 3 and share[day] > shares.mean() + 2 * shares.std():
            alarms["share"].append(day)
        weeks = negative[day - 55 : day + 1].reshape(8, 7).sum(axis=1)
        if weeks[7] >= 3 and weeks[7] > weeks[:7].mean() + 2 * weeks[:7].std():
            alarms["weekly"].append(day)
    return {name: _groups(days) for name, days in alarms.items()}


def _groups(days: Sequence[int]) -> int:
    return sum(1 for i, day in enumerate(days) if i == 0 or day - days[i - 1] > 3)


def band(stream: Replayed) -> tuple[Floats, Floats]:
    """Expected negative reviews of each day and the 95 % bound, as the engine saw them."""
    every, negative, first = daily(stream.observations)
    told = [(i.started_at // 24, (i.resolved_at or 0) // 24 + 1) for i in stream.incidents]
    state, key = SeriesState(), SeriesKey(brand="stream")
    expected, upper = np.full(len(every), np.nan), np.full(len(every), np.nan)
    for index in range(len(every)):
        hour = (first + index) * 24 + 23
        if every[index]:
            row = (float(every[index]), float(negative[index]), 0.0, 0.0, float(negative[index]))
            state.set_hour(hour, row)
        state.leave_out(tuple(span for span in told if span[0] <= first + index))
        setting = Setting(key=key, state=state, brand=state, hour=hour, tuning=Tuning())
        if not setting.is_young:
            found = volume_at(setting, 24)
            expected[index], upper[index] = found.expected / found.surge, found.upper
    return expected, upper


def draw(stream: Replayed, file: Path) -> None:
    """Counts a day, what was expected, and the incidents."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    _, negative, first = daily(stream.observations)
    expected, upper = band(stream)
    days = [moment_of(24 * (first + i)) for i in range(len(negative))]
    figure, axes = plt.subplots(figsize=(11, 3.2), layout="constrained")
    axes.fill_between(days, 0, upper, color="#c9ced6", label="expected (95 %)", step="mid")
    axes.plot(days, expected, color="#6b7280", lw=0.8)
    axes.bar(days, negative, width=1.0, color="#b42318", label="reviews of 1 or 2 stars a day")
    for incident in stream.incidents:
        end = incident.resolved_at or hour_of(days[-1])
        axes.axvspan(
            moment_of(incident.posted_at or incident.opened_at),
            moment_of(end) + timedelta(hours=1),
            color="#f5b849",
            alpha=0.45,
            lw=0,
        )
    axes.set_yscale("symlog", linthresh=10)
    axes.set_title(f"{stream.name}: {len(stream.incidents)} incidents (amber)", loc="left")
    axes.legend(loc="upper left", frameon=False, fontsize=8)
    figure.savefig(file, dpi=80)
    plt.close(figure)


def lines(streams: Sequence[Replayed], data: Path) -> Iterator[str]:
    """The page."""
    yield "# Detection: what it opens on real streams\n"
    yield (
        "Generated by `python -m alerts.detection.report ../shared/data docs TAGS`; do not edit."
        " Replays use star ratings alone (at most 2 of 5 is negative); the tagger's themes name"
        " incidents and add theme series. Times are UTC. An incident is one of medium severity or"
        " more.\n"
    )
    yield "## Beside simple rules\n"
    yield (
        "`24 h`: a day above the mean of seven days plus two standard deviations; `share`: a day's"
        " share of negatives above four weeks' plus two; `weekly`: a week above seven weeks' plus"
        " two. Alarms within three days count as one.\n"
    )
    yield "| stream | reviews | days | ours | 24 h | share | weekly |"
    yield "|---|---|---|---|---|---|---|"
    for s in streams:
        every, _, _ = daily(s.observations)
        rules = " | ".join(str(s.rules[name]) for name in ("24 h", "share", "weekly"))
        yield (
            f"| {s.name} | {len(s.observations):,} | {len(every):,} | {len(s.incidents)} "
            f"| {rules} |"
        )
    for s in streams:
        yield from _section(s)
    yield "\n## Held against what is known, by ratings alone\n"
    yield "| stream | held against what is known |"
    yield "|---|---|"
    for s in streams:
        if held := list(judged(s.name, s.observations, s.incidents, data / "feedback")):
            yield f"| {s.name} | {'; '.join(held)} |"


def _section(stream: Replayed) -> Iterator[str]:
    yield f"\n## {stream.name}\n"
    yield (
        f"![Negative reviews a day of {stream.name}, the expected band and"
        f" {len(stream.incidents)} incidents](detection/{stream.name}.png)\n"
    )
    if stream.incidents:
        yield from _table(stream)
    else:
        yield "No incident.\n"


def themed_lines(streams: Sequence[Replayed], model: str, data: Path) -> Iterator[str]:
    """The same streams with the tagger's themes, beside what they are known to hold."""
    yield "\n## With the tagger's themes\n"
    yield (
        f"The same replays with the tags of model `{model}`, cached by"
        " `python -m tests.bench.detection_tags`; single urgent reports are left out.\n"
    )
    yield "| stream | incidents | held against what is known |"
    yield "|---|---|---|"
    for s in streams:
        held = "; ".join(judged(s.name, s.observations, s.incidents, data / "feedback"))
        yield f"| {s.name} | {len(s.incidents)} | {held} |"
    for s in streams:
        if s.incidents:
            yield f"\n### {s.name}, with themes\n"
            yield from _table(s)


def _table(stream: Replayed) -> Iterator[str]:
    yield "| opened | resolved | severity | kind | theme | count | usual | why | first reviews |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for incident in stream.incidents:
        line = describe(incident)
        end = str(line["resolved_at"] or "open")[:16]
        first = ", ".join(_first_reviews(stream, incident))
        yield (
            f"| {str(line['opened_at'])[:16]} | {end} | {line['severity']} | {incident.kind} |"
            f" {line['theme'] or ''} | {line['count']} | {line['baseline']} | {line['reason']} |"
            f" {first} |"
        )


def _first_reviews(stream: Replayed, incident: Incident) -> list[str]:
    """Ids (their first eight characters, or the row) of the first complaints behind it."""
    key, end = incident.primary.key, posted(incident)
    return [
        o.feedback_id[:8]
        for o in sorted(stream.observations, key=lambda o: o.published_at)
        if incident.started_at <= hour_of(o.published_at) <= end and key.covers(o)
    ][:3]


def benchmark(data: Path, scratch: Path) -> Iterator[str]:
    """The open count series, scored and judged where the judging tool is at hand."""
    import subprocess

    tool = data.parent / "tools" / "nab_score.py"
    if not tool.exists():
        return
    score_folder(data / "counts", scratch)
    command = [sys.executable, str(tool), str(data / "counts" / "windows.json"), str(scratch)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    yield "\n## Tweet counts (NAB realTweets, five open series, standard profile)\n"
    yield f"```\n{done.stdout.strip()}\n```\n"
    yield (
        "Published: ARTime 81.8, contextOSE 74.5, numenta 68.0, twitterADVec 59.6, windowed"
        " Gaussian 51.4.\n"
    )


def themed(data: Path, cache: Path) -> Iterator[str]:
    """The section with themes, over the streams that the cache has tags of."""
    files = [cache / f"{name}.jsonl" for name in STREAMS]
    tags = {file.stem: Tags.load(file) for file in files if file.exists()}
    streams = [replayed(data / "feedback" / f"{name}.csv", t) for name, t in tags.items()]
    if streams:
        yield from themed_lines(streams, ", ".join({t.model for t in tags.values()}), data)


def main() -> None:
    """Replay every stream, draw it, and write the page."""
    import tempfile

    data, docs, *cache = map(Path, sys.argv[1:])
    (docs / "detection").mkdir(parents=True, exist_ok=True)
    streams = []
    for name in STREAMS:
        stream = replayed(data / "feedback" / f"{name}.csv")
        draw(stream, docs / "detection" / f"{name}.png")
        print(json.dumps({"stream": name, "incidents": len(stream.incidents)}), flush=True)
        streams.append(stream)
    with tempfile.TemporaryDirectory() as scratch:
        page = [*lines(streams, data), *benchmark(data, Path(scratch))]
    for folder in cache:
        page += themed(data, folder)
    page += [
        "\n" + file.read_text(encoding="utf-8")
        for file in (docs / "detection" / "urgent.md", docs / "detection" / "notes.md")
        if file.exists()
    ]
    (docs / "DETECTION.md").write_text("\n".join(page) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
