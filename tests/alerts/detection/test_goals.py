"""What streams are known to hold, and real invited drives, which are no crisis."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from alerts.detection import EngineSettings, Incident, incidents_of, moment_of, replay
from alerts.detection.goals import Window, crises_of, drive_days, posted
from alerts.detection.streams import Tags, read


def incident(opened: int, resolved: int | None) -> Incident:
    return Incident(
        key="one",
        brand="shop",
        rule="default",
        kind="spike",
        state="open",
        severity="medium",
        started_at=opened - 5,
        opened_at=opened,
        posted_at=opened,
        updated_at=opened,
        last_anomalous_at=opened,
        resolved_at=resolved,
    )


def test_found_means_open_in_the_window_and_not_long_before_it() -> None:
    window = Window(name="crisis", start=1000, end=1100)

    assert window.finds(incident(940, 1001))
    assert window.finds(incident(1099, None))
    assert not window.finds(incident(900, 1050))
    assert window.overlaps(incident(900, 1050))
    assert not window.overlaps(incident(940, 1000))
    assert not window.overlaps(incident(1100, None))


def test_a_cache_of_tags_names_themes_with_their_weights(tmp_path: Path) -> None:
    stream, cache = tmp_path / "trustpilot_shop.csv", tmp_path / "tags.jsonl"
    stream.write_text("contents,times,ratings\nIt never came,2026-01-01T10:00:00Z,1\n")
    head = {"model": "m1", "themes": {"delivery_delay": {"weight": 1.2, "owner": "logistics"}}}
    row = {"themes": [["delivery_delay", True]], "urgent": ["urgent_legal"]}
    cache.write_text(json.dumps(head) + "\n" + json.dumps(row) + "\n")

    tags = Tags.load(cache)
    (seen,) = read(stream, tags)

    assert (seen.themes[0].theme, seen.themes[0].is_negative) == ("delivery_delay", True)
    assert (seen.urgent, seen.is_negative) == (("urgent_legal",), True)
    assert tags.settings().theme_weights == {"delivery_delay": 1.2}


def test_real_invited_drives_are_no_crisis(shared: Path) -> None:
    voices = list(read(shared / "data" / "feedback" / "trustpilot_fetch.csv"))
    days = drive_days(voices)

    crises = crises_of(incidents_of(replay(voices, EngineSettings())))

    assert "2023-08-18" in {day.name for day in days}
    assert not [c for c in crises if any(day.overlaps(c) for day in days)]
    assert max(Counter(moment_of(posted(c)).year for c in crises).values(), default=0) <= 1
