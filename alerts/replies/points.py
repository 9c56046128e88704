"""Particulars that a review tells beside its problem, with clauses that say them in our words.

A draft that only names the kind of problem could answer any review of that kind. What sets one
review apart (who it was for, whom the customer asked, what the vet said) is said back in words of
our own, so that the customer sees that somebody has read to the end.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from alerts.replies.lexicon import Issue, normalised, pattern_entry, read_toml
from alerts.replies.records import Point


@dataclass(frozen=True, kw_only=True)
class _Entry:
    pattern: Issue
    point: Point


def find_points(sentences: list[str], language: str) -> tuple[Point, ...]:
    """Particulars of a review, the most telling first; none in a language without a list."""
    folded = [normalised(sentence) for sentence in sentences]
    whole = " ".join(folded)
    told = [
        (-entry.point.weight, place, entry.point)
        for entry in _entries(language)
        if entry.pattern.fits(whole) and (place := _first(entry.pattern, folded)) is not None
    ]
    return tuple(point for _, _, point in sorted(told, key=lambda found: found[:2]))


def _first(pattern: Issue, folded: list[str]) -> int | None:
    return next((i for i, said in enumerate(folded) if pattern.find(said) is not None), None)


@cache
def _entries(language: str) -> tuple[_Entry, ...]:
    content = read_toml("lexicon", f"{language}_points")
    among: dict[str, str] = content.get("among", {})
    return tuple(
        _Entry(
            pattern=pattern_entry(_with_context(entry, among)),
            point=Point(
                key=entry["key"],
                clauses=tuple(entry["say"]),
                weight=float(entry.get("weight", 1.0)),
                covers=frozenset(entry.get("covers", ())),
                opens=bool(entry.get("opens", False)),
                trade=entry.get("among"),
            ),
        )
        for entry in content.get("point", ())
    )


def _with_context(entry: dict[str, Any], among: dict[str, str]) -> dict[str, Any]:
    return {**entry, "context": [among[entry["among"]]]} if "among" in entry else entry
