"""Replay: the same engine over a recorded history, arrival = publish time."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

from alerts.detection.engine import Engine
from alerts.detection.incident import Change, Incident, describe
from alerts.detection.records import Cell, Observation, SeriesKey, hour_of, moment_of
from alerts.detection.signals import EngineSettings

__all__ = ["Archive", "cells_of", "describe", "incidents_of", "replay"]


class Archive:
    """Observations in order of publishing, findable by brand and hours."""

    def __init__(self, observations: Iterable[Observation]) -> None:
        ordered = sorted(
            (o for o in observations if o.precision != "unknown"), key=lambda o: o.published_at
        )
        self._by_brand: dict[str, tuple[list[int], list[Observation]]] = {}
        for observation in ordered:
            hours, texts = self._by_brand.setdefault(observation.brand, ([], []))
            hours.append(hour_of(observation.published_at))
            texts.append(replace(observation, first_seen_at=observation.published_at))

    def between(self, key: SeriesKey, start: int, end: int) -> Sequence[Observation]:
        """Observations of a brand (product, source) published in [start, end) hours."""
        hours, texts = self._by_brand.get(key.brand, ([], []))
        found = texts[bisect_left(hours, start) : bisect_left(hours, end)]
        if key.product is None and key.source is None:
            return found
        return [
            t for t in found if key.product in (None, t.product) and key.source in (None, t.source)
        ]

    def hours(self) -> list[int]:
        """Hours in which anything was published, ascending."""
        return sorted({hour for hours, _ in self._by_brand.values() for hour in hours})

    def cells(self, hour: int) -> list[Cell]:
        """Hour counts of all brands."""
        return [
            cell
            for brand in self._by_brand
            for cell in cells_of(self.between(SeriesKey(brand=brand), hour, hour + 1))
        ]


def cells_of(observations: Iterable[Observation]) -> list[Cell]:
    """Count observations into cells, as the table of hourly counts does."""
    sums: dict[tuple[str, str, int, str | None, str | None, str], list[float]] = defaultdict(
        lambda: [0, 0, 0, 0.0]
    )
    for o in observations:
        if o.precision == "unknown":
            continue
        hour = hour_of(o.published_at)
        themes = [(None, o.is_negative), *((m.theme, m.is_negative) for m in o.themes)]
        for theme, is_negative in themes:
            row = sums[o.brand, o.source, hour, theme, o.product, o.precision]
            row[0] += 1
            row[1] += is_negative
            if theme is None and o.rating is not None:
                row[2] += 1
                row[3] += o.rating
    return [
        Cell(
            brand=brand,
            source=source,
            hour=hour,
            theme=theme,
            product=product,
            precision=precision,
            items=int(row[0]),
            negative=int(row[1]),
            rated=int(row[2]),
            stars=float(row[3]),
        )
        for (brand, source, hour, theme, product, precision), row in sums.items()
    ]


def replay(
    observations: Iterable[Observation],
    settings: EngineSettings,
    *,
    from_hour: int | None = None,
    to_hour: int | None = None,
) -> Iterator[Change]:
    """Move the clock through history, hour by hour, and yield what changes.

    Hours in which nothing was published and no incident is open are passed over: nothing can
    happen in them.

    Args:
        observations: any order.
        settings: rules, planned events and themes.
        from_hour: history before it is learned, not scored.
        to_hour: first hour that is not replayed.
    """
    archive = Archive(observations)
    engine = Engine(settings)
    hours = [h for h in archive.hours() if to_hour is None or h < to_hour]
    start = hours[0] if from_hour is None and hours else (from_hour or 0)
    engine.learn(cell for hour in hours if hour < start for cell in archive.cells(hour))
    published = [h for h in hours if h >= start]
    for index, hour in enumerate(published):
        yield from _step(engine, archive, hour, archive.cells(hour))
        until = published[index + 1] if index + 1 < len(published) else (to_hour or hour + 1)
        for silent in range(hour + 1, until):
            if not any(incident.is_open for incident in engine.incidents.values()):
                break
            yield from _step(engine, archive, silent, [])


def _step(engine: Engine, archive: Archive, hour: int, cells: Sequence[Cell]) -> list[Change]:
    """The step at the end of an hour, as a reader would see it: copies, so that each stands."""
    clock = moment_of(hour) + timedelta(hours=1)
    return engine.step(clock, cells, archive.between)


def incidents_of(changes: Iterable[Change]) -> list[Incident]:
    """The incidents behind a list of changes, in order of opening."""
    return list({change.incident.key: change.incident for change in changes}.values())
