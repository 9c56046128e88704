"""Hacker News stories and comments, through Algolia's search by date (hn.algolia.com/api).

About 1,000 hits can be reached by one query, so a long crawl moves a window of `created_at_i`
backwards; both ends are inclusive and repeated items are dropped by id.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from pydantic import Field

from earshot.platforms import dates
from earshot.platforms.answers import expect, json_of
from earshot.platforms.base import (
    Answer,
    Call,
    Contract,
    Credentials,
    Cursor,
    Page,
    Span,
    Terms,
    overlap_of,
)
from earshot.platforms.base import Options as BaseOptions
from earshot.platforms.calls import address
from earshot.platforms.limits import limits as limits
from earshot.platforms.newest_first import progress
from earshot.platforms.payload import Gathered, Payload, attributes, known, oldest, text
from earshot.platforms.text import from_html
from earshot.record import Feedback, Kind

name = "hackernews"
needs: tuple[str, ...] = ()
contract = Contract(required=("published_at", "url", "author_id"), overlap=timedelta(days=1))
terms = Terms(note="Algolia's public search of Hacker News: about 10,000 calls an hour.")

_PAGE = 100
_SITE = "https://news.ycombinator.com/item?id="
_KNOWN = known(
    """
    _tags _highlightResult created_at num_comments story_url relevancy_score updated_at children
    _snippetResult _rankingInfo job_text parts options dead
    """
)


class Options(BaseOptions):
    """One search."""

    base_url: str = Field(default="https://hn.algolia.com", description="Address of the search.")
    query: str = Field(default="", description="Words to find.")
    tags: str = Field(default="(story,comment)", description="Kinds of items, as Algolia's tags.")


def first(
    options: Options,
    cursor: Cursor,
    credentials: Credentials,
    now: datetime,
    span: Span | None = None,
) -> list[Call]:
    """The newest page."""
    del credentials, now
    key = f"{options.tags} {options.query}"
    note: dict[str, Any] = {"key": key, "page": 0, "count": 0}
    if span is not None:
        times = {"from": int(span.since.timestamp()), "to": int(span.until.timestamp())}
        return [_call(options, {**note, **times, "span": span.note()})]
    newest = dates.instant(cursor.get(key, {}).get("newest_at"))
    start = newest - overlap_of(options, contract) if newest else options.start
    return [_call(options, {**note, "from": int(start.timestamp()) if start else None})]


def read(answer: Answer, call: Call, options: Options, cursor: Cursor, now: datetime) -> Page:
    """The hits of one page."""
    del now
    payload = json_of(answer)
    hits = expect(payload, "hits", list, answer)
    gathered = Gathered().add(hits, lambda raw, to: _item(raw, options, to))
    gathered.judged(answer)
    done = progress(gathered.items, call, cursor=cursor, options=options, contract=contract)
    has_more = bool(hits) and not done.is_done
    return Page(
        items=done.items,
        rejected=gathered.rejected,
        unread_fields=frozenset(gathered.unread),
        next_calls=_next(payload, hits, done.note, gathered, options) if has_more else [],
        cursor=done.cursor,
    )


def _call(options: Options, note: dict[str, Any]) -> Call:
    bounds = [f"created_at_i>={note['from']}"] if note.get("from") is not None else []
    bounds += [f"created_at_i<={note['to']}"] if note.get("to") is not None else []
    query = {
        "query": options.query,
        "tags": options.tags,
        "numericFilters": ",".join(bounds) or None,
        "hitsPerPage": _PAGE,
        "page": note["page"],
    }
    return Call(url=address(options.base_url, "api/v1/search_by_date", query), note=note)


def _next(
    payload: Any, hits: list[Any], note: dict[str, Any], gathered: Gathered, options: Options
) -> list[Call]:
    """The next page, or the window before the oldest hit once the pages are used up."""
    count = note["count"] + len(hits)
    if note["page"] + 1 < int(payload.get("nbPages") or 0):
        return [_call(options, {**note, "page": note["page"] + 1, "count": count})]
    last = oldest(gathered.items)
    if count >= int(payload.get("nbHits") or 0) or last is None:
        return []
    until = int(last.timestamp())
    if until == note.get("to"):
        until -= 1
    return [_call(options, {**note, "page": 0, "count": 0, "to": until})]


def _item(raw: Any, options: Options, to: Gathered) -> Iterator[Feedback]:
    hit = Payload(raw)
    number = text(hit.need("objectID"))
    published = dates.read(hit.first("created_at_i", "created_at"))
    parent, linked = hit.take("parent_id"), hit.take("url")
    yield Feedback(
        source=options.source,
        platform=name,
        external_id=number,
        kind=Kind.MENTION,
        parent_id=str(parent) if parent else None,
        brand=options.brand,
        product=options.product,
        title=text(hit.take("title")),
        body=from_html(text(hit.first("comment_text", "story_text", "text"))),
        published_at=published.moment,
        published_precision=published.precision,
        url=f"{_SITE}{number}",
        author_id=hit.take("author") or None,
        reach=max(0, int(hit.take("points") or 0)),
        attributes=attributes(
            thread=hit.take("story_title"), story=hit.take("story_id"), links_to=linked
        ),
        language_hint=options.language or "en",
    )
    to.unread |= hit.rest(_KNOWN)
