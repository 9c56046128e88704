"""Recorded review streams as observations: the shared CSV files, with or without their tags."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from alerts.detection.records import Observation, ThemeMention
from alerts.detection.signals import EngineSettings
from earshot.text.cleaning import whole_text
from earshot.text.copies import copy_key

STREAMS = (
    "play_kraken",
    "play_etoro",
    "play_acorns",
    "play_robinhood",
    "trustpilot_fanatics",
    "trustpilot_fetch",
    "trustpilot_aspca",
    "trustpilot_akc",
    "trustpilot_figo",
)
TIMES, RATINGS = ("at", "times", "published"), ("score", "ratings", "rating")
AUTHORS, IDS = ("userName", "usernames"), ("reviewId", "id")
TITLES, TEXTS = ("title",), ("content", "contents", "text", "body")


@dataclass(frozen=True, kw_only=True, slots=True)
class Tags:
    """What a tagger said of one stream, a line a row; made by `tests.bench.detection_tags`."""

    model: str
    themes: Mapping[str, Mapping[str, Any]]
    """Weight and owner by theme key."""
    rows: Sequence[Mapping[str, Any]]

    @classmethod
    def load(cls, file: Path) -> Tags:
        """Read a file of the cache."""
        head, *rows = map(json.loads, file.read_text(encoding="utf-8").splitlines())
        return cls(model=head["model"], themes=head["themes"], rows=rows)

    def settings(self) -> EngineSettings:
        """Engine settings with the weights and owners of the taxonomy, as watch has them."""
        return EngineSettings(
            theme_weights={key: theme["weight"] for key, theme in self.themes.items()},
            theme_owners={k: theme["owner"] for k, theme in self.themes.items() if theme["owner"]},
            quiet_themes=frozenset(key for key in self.themes if key.startswith("praise_")),
        )


def read(file: Path, tags: Tags | None = None) -> Iterator[Observation]:
    """Reviews of a shared CSV as observations; without tags, by their ratings alone."""
    with file.open(newline="", encoding="utf-8") as handle:
        for number, row in enumerate(csv.DictReader(handle)):
            at = datetime.fromisoformat(first_of(row, TIMES).replace("Z", "+00:00"))
            at = at if at.tzinfo else at.replace(tzinfo=UTC)
            rating = float(first_of(row, RATINGS))
            found = tags.rows[number] if tags else {"themes": (), "urgent": ()}
            key = copy_key(title_and_text(row)[1])
            yield Observation(
                feedback_id=first_of(row, IDS) or str(number),
                brand=file.stem,
                source=file.stem,
                published_at=at,
                first_seen_at=at,
                is_negative=rating <= 2,
                rating=rating,
                author_key=first_of(row, AUTHORS) or None,
                text=whole_text(*title_and_text(row)),
                text_key=key.hex() if key else None,
                themes=tuple(ThemeMention(theme=t, is_negative=n) for t, n in found["themes"]),
                urgent=tuple(found["urgent"]),
            )


def title_and_text(row: Mapping[str, str]) -> tuple[str, str]:
    """Title and body of a row, each empty where the file has none."""
    return first_of(row, TITLES), first_of(row, TEXTS)


def first_of(row: Mapping[str, str], names: Sequence[str]) -> str:
    """The value of the first of these columns that a row has."""
    return next((row[name] for name in names if name in row), "")
