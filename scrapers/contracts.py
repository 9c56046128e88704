"""Judging a crawl by its contract: a lower bound on everything, an upper bound on nothing.

A surge is what Earshot exists for, so it never breaks a contract.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from earshot.platforms.base import Contract
from scrapers.pipeline import Tally

LEAST_HISTORY = 8
"""Earlier crawls at this weekday and hour without which nothing is learned from them."""
LEAST_USUAL = 8
"""A source whose quietest crawl brought fewer records is quiet by nature."""
SHARE_OF_USUAL = 0.25


def breaches(
    contract: Contract,
    tally: Tally,
    *,
    now: datetime,
    newest: datetime | None,
    history: Sequence[int],
    has_unchanged_pages: bool,
) -> list[str]:
    """What the crawl owes its contract, one sentence each.

    Args:
        contract: what a healthy source gives.
        tally: what the crawl met.
        now: the present instant.
        newest: publish time of the newest record of the source.
        history: records of earlier good crawls at this weekday and hour.
        has_unchanged_pages: whether the server said of pages that nothing changed.
    """
    found = [*_unfilled(contract, tally), *_unparsed(contract, tally)]
    if contract.newest_at_most is not None and newest is not None:
        age = now - newest
        if age > contract.newest_at_most:
            found.append(
                f"the newest record is {_days(age.total_seconds())} old, expected at most "
                f"{_days(contract.newest_at_most.total_seconds())}"
            )
    if tally.pages and not has_unchanged_pages:
        bound = least_expected(contract, history)
        if tally.records < bound:
            found.append(f"{tally.records} records were read, expected {bound} or more")
    return found


def least_expected(contract: Contract, history: Sequence[int]) -> int:
    """The fewest records to expect: what is declared, or a quarter of the quietest crawl."""
    if len(history) < LEAST_HISTORY or min(history) < LEAST_USUAL:
        return contract.least_items
    return max(contract.least_items, int(min(history) * SHARE_OF_USUAL))


def _unfilled(contract: Contract, tally: Tally) -> list[str]:
    if not tally.records:
        return []
    shares = {name: tally.filled[name] / tally.records for name in contract.required}
    return [
        f'the field "{name}" is filled in {share:.0%} of {tally.records} records, expected '
        f"{contract.required_share:.0%} or more"
        for name, share in shares.items()
        if share < contract.required_share
    ]


def _unparsed(contract: Contract, tally: Tally) -> list[str]:
    pieces = tally.records + tally.rejected
    if not pieces or tally.records / pieces >= contract.parsed_share:
        return []
    return [
        f"{tally.rejected} of {pieces} pieces could not be read, expected "
        f"{1 - contract.parsed_share:.0%} at most"
    ]


def _days(seconds: float) -> str:
    return f"{seconds / 86_400:.1f} days"


def missed_share(*, known: int, met: int, again: int) -> float | None:
    """Share of a population that neither of two captures holds (Chapman's estimator, 1951).

    Args:
        known: items of the window that were stored before this crawl.
        met: items of the window that this crawl read.
        again: items that are both.

    Returns:
        The estimated share that is still missing, or nothing where too little was met again.
    """
    if again < 5:
        return None
    population = (known + 1) * (met + 1) / (again + 1) - 1
    stored = known + met - again
    return max(0.0, 1 - stored / population) if population > 0 else None
