"""The moments of the shop's story at which the demo stops and lets the DAGs run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from earshot.shop import story


@dataclass(frozen=True, kw_only=True)
class Step:
    """One stop of the clock."""

    moment: datetime
    says: str
    """What the person in front of the terminal is told."""
    is_crawled: bool = True
    """False while the crawl is down: the other DAGs run all the same."""


STEPS = (
    Step(
        moment=story.day(39, 20),
        says="first crawl: five weeks of reviews become history, nothing is posted",
    ),
    Step(
        moment=story.day(40, 22),
        says="promotion day: a burst of five-star reviews, to be left alone",
    ),
    Step(
        moment=story.day(55, 16),
        says="one long review, copied under twenty products, to be left alone",
    ),
    Step(
        moment=story.day(63, 12),
        says="the crawl is down for two days; the others go on and must not panic",
        is_crawled=False,
    ),
    Step(moment=story.day(64, 6), says="the crawl is back and catches up"),
    Step(moment=story.day(72, 23), says="one loud author complains nine times, to be left alone"),
    Step(
        moment=story.day(88, 14),
        says=f"{story.FAILED_COURIER}'s depot has stood still since 06:00",
    ),
    Step(moment=story.day(88, 20), says="six hours later: the same message is edited"),
)
