"""An incident is told by what stands out, in words that differ."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from alerts.detection import Observation
from alerts.detection.explain import differences, quotes

AT = datetime(2026, 3, 1, tzinfo=UTC)


def complaint(number: int, text: str, courier: str = "Northpost") -> Observation:
    at = AT + timedelta(hours=number)
    return Observation(
        feedback_id=str(number),
        brand="shop",
        source="page",
        published_at=at,
        first_seen_at=at,
        is_negative=True,
        text=text,
        attributes={"courier": courier},
    )


def test_what_is_over_represented_is_told_and_what_is_usual_is_not() -> None:
    late = [complaint(i, "the parcel never arrived", "Swiftline") for i in range(20)]
    usual = [complaint(i, "colour faded quickly", "Northpost") for i in range(60)]

    found = {(d.dimension, d.value): d for d in differences(late, usual)}

    assert found["courier", "Swiftline"].share == 1.0
    assert found["courier", "Swiftline"].usual_share == 0.0
    assert not any(dimension == "source" for dimension, _ in found)


def test_without_a_baseline_nothing_is_called_different() -> None:
    assert differences([complaint(i, "late parcel") for i in range(9)], []) == ()


def test_quotes_cover_different_complaints() -> None:
    late = [complaint(i, f"the parcel is late again, day {i}") for i in range(8)]
    broken = [complaint(20 + i, f"glass arrived broken in the box, item {i}") for i in range(4)]

    texts = [quote.text for quote in quotes([*late, *broken])]

    assert any("parcel" in text for text in texts)
    assert any("broken" in text for text in texts)
