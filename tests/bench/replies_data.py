"""Reviews and company replies from the shared data, for the reply benchmarks; nothing is copied."""

from __future__ import annotations

import csv
import random
from dataclasses import dataclass
from pathlib import Path

_FILES = {
    "fanatics": ("feedback/trustpilot_fanatics.csv", "contents", "ratings", None, None),
    "kraken": ("feedback/play_kraken.csv", "content", "score", "reviewId", "replyContent"),
    "acorns": ("feedback/play_acorns.csv", "content", "score", "reviewId", "replyContent"),
    "fetch": ("feedback/trustpilot_fetch.csv", "text", "rating", "id", None),
    "aspca": ("feedback/trustpilot_aspca.csv", "text", "rating", "id", None),
    "figo": ("feedback/trustpilot_figo.csv", "text", "rating", "id", None),
    "fampay": ("replies/play_fampay.csv", "content", "score", "reviewId", "replyContent"),
    "rentals": ("replies/trustpilot_rentals.csv", "body", "rating", "review_id", "reply"),
}


@dataclass(frozen=True, kw_only=True)
class Row:
    """One review of the shared data; `id` is the platform's, or brand and row number."""

    brand: str
    id: str
    text: str
    stars: float
    reply: str


def rows(shared: Path, brand: str) -> list[Row]:
    """All reviews of a brand that have text and a rating."""
    name, text, stars, key, reply = _FILES[brand]
    found = []
    with (shared / "data" / name).open(encoding="utf-8", newline="") as file:
        for number, record in enumerate(csv.DictReader(file)):
            if (record[text] or "").strip() and record[stars]:
                found.append(
                    Row(
                        brand=brand,
                        id=record[key] if key else f"{brand}-{number}",
                        text=record[text],
                        stars=float(record[stars]),
                        reply=(record[reply] or "").strip() if reply else "",
                    )
                )
    return found


def negative(shared: Path, brand: str, count: int, *, seed: int) -> list[Row]:
    """A random sample of reviews of two stars or less with at least 15 characters."""
    pool = [row for row in rows(shared, brand) if row.stars <= 2 and len(row.text) >= 15]
    return random.Random(seed).sample(pool, min(count, len(pool)))
