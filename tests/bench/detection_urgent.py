"""Single urgent reports, measured: `python -m tests.bench.detection_urgent SHARED [PAGE]`.

Texts that we wrote (tests/nlp/urgent_reports.tsv) and real ones that we read and labelled by file
and row (detection_urgent.toml). A text alerts where the shipped tagger raises a tag and the second
look at its words bears it out, as in `earshot watch`. Prints precision and recall of each kind, and
writes the tables to PAGE, from which docs/DETECTION.md takes them.
"""

from __future__ import annotations

import csv
import sys
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from alerts.detection.credible import is_credible
from alerts.detection.records import Observation
from alerts.detection.streams import first_of, title_and_text
from nlp.loading import load_model
from nlp.reading import read
from nlp.tagger import Tagger
from nlp.taxonomy import load_taxonomy

WRITTEN = Path(__file__).parents[1] / "nlp" / "urgent_reports.tsv"
LABELS = Path(__file__).with_suffix(".toml")
KINDS = ("safety", "data_leak", "fraud", "legal", "press", "self_harm")
STARS = ("score", "ratings", "rating")
HEAD = """## Single reports that cannot wait

`python -m tests.bench.detection_urgent ../shared docs/detection/urgent.md`: the shipped tagger's
urgent tags, after the second look at the words. The real texts were labelled one by one by the
author of the rules (`detection_urgent.toml`), many long ones from excerpts around the words that
may be urgent, so a report elsewhere in such a text can be missing from the labels. Two thirds were
drawn among texts with such a word: a hard mix. The tags were tuned on every other one of the
written texts.
"""
THEN = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Report:
    """One text, its stars where it has any, and the kinds it was labelled with."""

    name: str
    title: str
    body: str
    stars: float | None
    kinds: frozenset[str]


def main() -> None:
    """Measure both lists."""
    shared = Path(sys.argv[1])
    page = [HEAD]
    for name, reports in (("we wrote", written()), ("are real", list(real(shared)))):
        found = alerts(reports)
        wrong = [r.name for r, got in zip(reports, found, strict=True) if got - r.kinds]
        missed = [r.name for r, got in zip(reports, found, strict=True) if r.kinds - got]
        print("wrong:", *wrong, "\nmissed:", *missed)
        page += [f"{len(reports)} texts that {name}:\n", *table(reports, found), ""]
    print("\n".join(page))
    for file in sys.argv[2:]:
        Path(file).write_text("\n".join(page), encoding="utf-8")


def written() -> list[Report]:
    """Texts of our own."""
    rows = [line.split("\t") for line in WRITTEN.read_text(encoding="utf-8").splitlines()]
    return [
        Report(
            name=f"written:{number}",
            title="",
            body=text,
            stars=None,
            kinds=frozenset() if key == "none" else frozenset({key.removeprefix("urgent_")}),
        )
        for number, (key, text) in enumerate(rows)
    ]


def real(shared: Path) -> Iterator[Report]:
    """Labelled rows of the shared files."""
    for name, labels in tomllib.loads(LABELS.read_text(encoding="utf-8")).items():
        (file,) = (shared / "data").glob(f"*/{name}.csv")
        with file.open(newline="", encoding="utf-8") as handle:
            rows = list(csv.DictReader(handle))
        for number in labels["rows"]:
            title, body = title_and_text(rows[number])
            stars = first_of(rows[number], STARS)
            yield Report(
                name=f"{name}:{number}",
                title=title,
                body=body,
                stars=float(stars) if stars else None,
                kinds=frozenset(k for k in KINDS if number in labels.get(f"urgent_{k}", ())),
            )


def alerts(reports: Sequence[Report]) -> list[frozenset[str]]:
    """The kinds that each text alone would alert for."""
    taxonomy = load_taxonomy()
    tagger = Tagger(load_model(), taxonomy, {key: i for i, key in enumerate(taxonomy.keys)})
    readings = [read(report.title, report.body, "en") for report in reports]
    found = []
    for report, reading, tags in zip(reports, readings, tagger.tags(readings), strict=True):
        raised = [taxonomy.keys[theme.theme_id] for theme in (tags.themes if tags else ())]
        seen = Observation(
            feedback_id=report.name,
            brand="",
            source="",
            published_at=THEN,
            first_seen_at=THEN,
            is_negative=True,
            rating=report.stars,
            text=reading.whole,
        )
        urgent = [key for key in raised if key.startswith("urgent_")]
        kinds = (key.removeprefix("urgent_") for key in urgent if is_credible(seen, key))
        found.append(frozenset(kinds))
    return found


def table(reports: Sequence[Report], found: Sequence[frozenset[str]]) -> Iterator[str]:
    """Precision and recall by kind, and of all alerts together."""
    yield "| kind | labelled | alerts | right | precision | recall |"
    yield "|---|---|---|---|---|---|"
    pairs = list(zip(reports, found, strict=True))
    sums = [0, 0, 0]
    for kind in KINDS:
        labelled = sum(kind in report.kinds for report, _ in pairs)
        raised = sum(kind in got for _, got in pairs)
        right = sum(kind in got and kind in report.kinds for report, got in pairs)
        sums = [a + b for a, b in zip(sums, (labelled, raised, right), strict=True)]
        yield _row(kind.replace("_", " "), labelled, raised, right)
    yield _row("all", *sums)


def _row(name: str, labelled: int, raised: int, right: int) -> str:
    precision = f"{right / raised:.2f}" if raised else "–"
    recall = f"{right / labelled:.2f}" if labelled else "–"
    return f"| {name} | {labelled} | {raised} | {right} | {precision} | {recall} |"


if __name__ == "__main__":
    main()
