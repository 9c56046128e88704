"""What happens in the sample shop's ninety days, and when. All moments are UTC.

Day 1 begins at `START`; day 90 ends at `END`. One episode is a crisis, the others must stay quiet.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

NAME = "Northwind Home"
SEED = 20260315
DAYS = 90
END = datetime(2026, 3, 15, tzinfo=UTC)
START = END - timedelta(days=DAYS)


def day(number: int, hour: int = 0) -> datetime:
    """The moment at which an hour of a day of the story begins; the first day is 1."""
    return START + timedelta(days=number - 1, hours=hour)


PROMOTION = day(40)
"""Spring fair: for one day a burst of honest five-star reviews."""

SYNDICATED_FROM = day(55, 9)
SYNDICATED_UNTIL = day(55, 15)
"""One long two-star review appears under twenty products within six hours."""

DOWN_FROM = day(62)
DOWN_UNTIL = day(64)
"""The demo does not crawl for these two days and catches up afterwards."""

LOUD_FROM = day(72, 8)
LOUD_UNTIL = day(72, 22)
LOUD_AUTHOR = "Bartholomew Crake"
"""One author complains under nine products within a day."""

FAILURE_FROM = day(88, 6)
FAILURE_UNTIL = END
"""The courier's depot stands still: the crisis of the story."""
FAILED_COURIER = "Swiftline"
