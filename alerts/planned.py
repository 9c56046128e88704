"""Planned events: from the settings, and those that a run of the watch DAG was given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from psycopg2.extensions import connection as Connection
from pydantic import ValidationError

from alerts.detection import PlannedEvent, hour_of
from earshot.errors import FixSettings
from earshot.settings import Settings, explain
from earshot.settings_detection import PlannedEvent as Planned
from sql.connect import connect
from sql.named import queries

YEARS_BACK, YEARS_AHEAD = 10, 1
"""A yearly event stands for so many years before and after the present one."""


def planned_events(conn: Connection, settings: Settings, now: datetime) -> tuple[PlannedEvent, ...]:
    """Every planned event of our brands, as the engine reads it."""
    ours = [brand.key for brand in settings.brand if brand.role == "own"]
    given = [
        _event(brand, event.name, start, end, event.expected_factor)
        for event in settings.planned_event
        for brand in ([event.brand] if event.brand else ours)
        for start, end in _times(event, now.year)
    ]
    stored = [
        _event(row["brand"], row["name"], row["starts_at"], row["ends_at"], row["expected_factor"])
        for row in queries.planned_events(conn)
    ]
    return (*given, *stored)


def plan_event(settings: Settings, given: Mapping[str, Any]) -> int:
    """Store an event that concerns every later run of watch, until it is over.

    Args:
        settings: the brands.
        given: the keys of a `[[planned_event]]`; the same name and start replaces what stood there.

    Returns:
        For how many brands it stands.

    Raises:
        FixSettings: a key is wrong, the brand is none of ours, or it would come back each year.
    """
    try:
        event = Planned.model_validate(dict(given))
    except ValidationError as error:
        raise FixSettings(explain("planned_event", error)) from error
    if event.every_year:
        raise FixSettings(
            "planned_event.every_year: a run of watch stores one event; write what comes back each "
            "year as [[planned_event]] in earshot.toml."
        )
    brands = [settings.brand_named(event.brand)] if event.brand else settings.brand
    with connect(settings) as conn, conn:
        return sum(
            queries.planned_event_save(
                conn,
                brand=brand.key,
                name=event.name,
                starts_at=datetime.fromisoformat(event.start),
                ends_at=datetime.fromisoformat(event.end),
                expected_factor=event.expected_factor,
            )
            for brand in brands
        )


def _times(event: Planned, year: int) -> Iterator[tuple[datetime, datetime]]:
    start, end = datetime.fromisoformat(event.start), datetime.fromisoformat(event.end)
    if not event.every_year:
        yield start, end
        return
    for moved in range(year - YEARS_BACK, year + YEARS_AHEAD + 1):
        begun = _in_year(start, moved)
        yield begun, begun + (end - start)


def _in_year(moment: datetime, year: int) -> datetime:
    """The same day of another year; 29 February is the 28th where there is none."""
    try:
        return moment.replace(year=year)
    except ValueError:
        return moment.replace(year=year, day=28)


def _event(
    brand: str, name: str, start: datetime, end: datetime, expected_factor: float
) -> PlannedEvent:
    return PlannedEvent(
        brand=brand,
        name=name,
        start_hour=hour_of(start.astimezone(UTC)),
        end_hour=hour_of(end.astimezone(UTC)),
        expected_factor=expected_factor,
    )
