"""Stored feedback as detection reads it: hour counts and the texts behind them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from psycopg2.extensions import connection as Connection

from alerts.detection import Cell, Observation, SeriesKey, ThemeMention, hour_of, moment_of
from sql.named import queries

BLOCK_HOURS = 10 * 24
"""Texts are fetched in blocks of this length, so that a long look back asks rarely."""

Evidence = Callable[[SeriesKey, int, int], Sequence[Observation]]


def cells(conn: Connection, brand: str, hours: Sequence[int]) -> dict[int, list[Cell]]:
    """Hour counts of a brand for those hours, by hour; an hour without any has an empty list."""
    found: dict[int, list[Cell]] = {hour: [] for hour in hours}
    if not hours:
        return found
    rows = queries.watch_cells(
        conn, brand=brand, since=moment_of(min(hours)), until=moment_of(max(hours) + 1)
    )
    for row in rows:
        hour = hour_of(row["hour"])
        if hour in found:
            found[hour].append(_cell(brand, hour, row))
    return found


def _cell(brand: str, hour: int, row: Any) -> Cell:
    return Cell(
        brand=brand,
        source=row["source"],
        hour=hour,
        theme=row["theme"],
        product=row["product"],
        precision=row["precision"],
        items=row["items"],
        negative=row["negative"],
        rated=row["rated"],
        stars=row["stars"],
    )


def observations(
    conn: Connection, brand: str, since: datetime, until: datetime
) -> list[Observation]:
    """Every counted text of a brand in a span of publish times, oldest first."""
    rows = queries.watch_observations(conn, brand=brand, since=since, until=until)
    return [_observation(brand, row) for row in rows]


def _observation(brand: str, row: Any) -> Observation:
    return Observation(
        feedback_id=str(row["feedback_id"]),
        brand=brand,
        source=row["source"],
        product=row["product"],
        published_at=row["published_at"],
        first_seen_at=row["first_seen_at"],
        precision=row["published_precision"],
        is_negative=row["sentiment"] == "negative",
        rating=row["stars"],
        themes=tuple(
            ThemeMention(theme=theme, is_negative=is_negative)
            for theme, is_negative, kind in row["themes"]
            if kind != "urgent"
        ),
        urgent=tuple(theme for theme, _, kind in row["themes"] if kind == "urgent"),
        author_key=row["author_key"],
        text=_whole_text(row["title"].strip(), row["body"].strip()),
        text_key=row["copy_key"],
        attributes=row["attributes"],
        reach=row["reach"],
        url=row["url"],
        model_id=row["model_id"],
    )


def _whole_text(title: str, body: str) -> str:
    """Title and body as one text; a title that the body repeats is left out."""
    if not title or body.startswith(title.rstrip("….")):
        return body
    return f"{title}{'' if title[-1] in '.!?…' else '.'} {body}"


class Texts:
    """Texts of one brand by hours, fetched in blocks and kept for the length of a run.

    What was published before `trusted_from` counts as seen when it was published: for history,
    arrival is publishing. Later texts keep the moment at which they were first seen.
    """

    def __init__(self, conn: Connection, brand: str, trusted_from: datetime) -> None:
        self._conn, self._brand, self._trusted_from = conn, brand, trusted_from
        self._blocks: dict[int, dict[int, list[Observation]]] = {}

    def between(self, key: SeriesKey, start: int, end: int) -> Sequence[Observation]:
        """Observations of a product or source published in [start, end) hours."""
        found = [
            text
            for block in range(start // BLOCK_HOURS, (end - 1) // BLOCK_HOURS + 1)
            for hour, texts in self._block(block).items()
            if start <= hour < end
            for text in texts
        ]
        if key.product is None and key.source is None:
            return found
        return [
            t for t in found if key.product in (None, t.product) and key.source in (None, t.source)
        ]

    def _block(self, number: int) -> dict[int, list[Observation]]:
        """Texts of a block by hour, oldest first."""
        if number not in self._blocks:
            since = moment_of(number * BLOCK_HOURS)
            until = since + timedelta(hours=BLOCK_HOURS)
            by_hour: dict[int, list[Observation]] = {}
            for text in observations(self._conn, self._brand, since, until):
                by_hour.setdefault(hour_of(text.published_at), []).append(self._arrived(text))
            self._blocks[number] = by_hour
        return self._blocks[number]

    def _arrived(self, text: Observation) -> Observation:
        if text.published_at >= self._trusted_from:
            return text
        return replace(text, first_seen_at=text.published_at)
