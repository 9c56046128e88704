"""Listings that begin with the newest: when to stop, and what to remember."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from earshot.platforms import dates
from earshot.platforms.base import Call, Contract, Cursor, Options, overlap_of, span_of
from earshot.record import Feedback

Moment = Callable[[Feedback], datetime | None]


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Where a chain of pages stands.

    Attributes:
        is_done: the page reached what the last crawl read, or the beginning of the backfill.
        note: what the next call of the chain must carry.
        cursor: what to remember once the crawl is done.
        items: the page's records that belong to the backfill; all of them in a live crawl.
    """

    is_done: bool
    note: dict[str, Any]
    cursor: dict[str, Any] | None
    items: Sequence[Feedback] = field(repr=False)


def published(item: Feedback) -> datetime | None:
    """The time that most listings are ordered by."""
    return item.published_at


def changed(item: Feedback) -> datetime | None:
    """The time that listings by last change are ordered by."""
    return item.edited_at or item.published_at


def progress(  # one keyword a fact
    items: Sequence[Feedback],
    call: Call,
    *,
    cursor: Cursor,
    options: Options,
    contract: Contract,
    moment: Moment = published,
) -> Progress:
    """Judge one page of the chain `call.note["key"]`."""
    key, span = call.note["key"], span_of(call)
    note = {k: v for k, v in call.note.items() if k != "stale"}
    if span is not None:
        kept = [item for item in items if span.holds(item.published_at)]
        done = is_past(items, span.since, moment)
        return Progress(is_done=done, note=note, cursor=None, items=kept)
    before = dates.instant(cursor.get(key, {}).get("newest_at"))
    seen = [dates.instant(note.get("high")), before, *map(moment, items)]
    high = max((dates.in_utc(each) for each in seen if each is not None), default=None)
    if high is None:
        return Progress(is_done=False, note=note, cursor=None, items=items)
    limit = before - overlap_of(options, contract) if before else options.start
    return Progress(
        is_done=limit is not None and is_past(items, limit, moment),
        note={**note, "high": high.isoformat()},
        cursor={key: {"newest_at": high.isoformat()}},
        items=items,
    )


def is_past(items: Sequence[Feedback], limit: datetime, moment: Moment = published) -> bool:
    """Whether the second half of a page is older than `limit`: one item pinned on top or out of
    order ends nothing, and an undated page never does.
    """
    half = [at for at in map(moment, items[len(items) // 2 :]) if at is not None]
    return bool(half) and max(map(dates.in_utc, half)) < limit
