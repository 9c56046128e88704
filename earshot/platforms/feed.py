"""Any RSS or Atom feed, with what Google Alerts and Google News do differently.

Alerts: the link is a redirect whose `url` parameter is the real address; words are HTML with `<b>`.
News: the link cannot be resolved, the title ends in " - Publisher", the description repeats other
headlines. Feeds show their newest entries only, so they must be read often enough. What an Atom
feed tells as deleted (RFC 6721) is a deletion.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from pydantic import Field

from earshot.platforms import dates
from earshot.platforms.answers import changed
from earshot.platforms.base import (
    Answer,
    Call,
    Contract,
    Credentials,
    Cursor,
    Page,
    Span,
    Terms,
)
from earshot.platforms.base import Options as BaseOptions
from earshot.platforms.calls import on_host, query_of
from earshot.platforms.limits import limits as limits
from earshot.platforms.newest_first import progress
from earshot.platforms.payload import Gathered, attributes, known
from earshot.platforms.text import from_html
from earshot.platforms.xml import child, children, local, root_of, words
from earshot.record import Feedback, Kind, Speaker

name = "feed"
needs: tuple[str, ...] = ()
contract = Contract(required=("title", "url"), required_share=0.9, overlap=timedelta(days=2))
terms = Terms(note="Published feeds; Google's are for personal, non-commercial reading.")

_LONGEST_ID = 512
_ENTRIES = ("item", "entry")
_BODIES = ("encoded", "content", "description", "summary")
_DATES = ("published", "pubDate", "date", "issued", "updated", "modified")
_READ = frozenset({"id", "guid", "title", "link", "author", "creator", "source", "language",
                   *_BODIES, *_DATES})  # fmt: skip
_KNOWN = known(
    """
    category comments enclosure thumbnail group rights contributor commentRss post-id
    origLink origEnclosureLink total rating credit point image keywords statistics community
    duration explicit subtitle season episode episodeType subject identifier rights type
    """
)


class Options(BaseOptions):
    """One feed or more."""

    urls: tuple[str, ...] = Field(min_length=1, description="Addresses of the feeds.")
    speaker: Speaker = Field(default=Speaker.CUSTOMER, description="Who speaks in them.")


def first(
    options: Options,
    cursor: Cursor,
    credentials: Credentials,
    now: datetime,
    span: Span | None = None,
) -> list[Call]:
    """One call for each feed."""
    del cursor, credentials, now
    backfill = {"span": span.note()} if span else {}
    return [
        Call(url=_where(options, url), note={"key": url, **backfill}, wants_validators=True)
        for url in options.urls
    ]


def read(answer: Answer, call: Call, options: Options, cursor: Cursor, now: datetime) -> Page:
    """The entries of one feed, or of one page of it (RFC 5005), and its tombstones (RFC 6721)."""
    root = root_of(answer)
    if local(root) not in ("rss", "feed", "RDF"):
        raise changed("an RSS or Atom feed", answer)
    channel = child(root, "channel") if local(root) == "rss" else root
    if channel is None:
        raise changed("a channel", answer)
    entries = children(channel, *_ENTRIES) or children(root, *_ENTRIES)
    gathered = Gathered().add(entries, lambda raw, to: _item(raw, call, options, to, now))
    gathered.judged(answer)
    deleted = [each.get("ref", "").strip() for each in children(channel, "deleted-entry")]
    done = progress(gathered.items, call, cursor=cursor, options=options, contract=contract)
    link = next((x.get("href") for x in children(channel, "link") if x.get("rel") == "next"), None)
    goes_on = link if entries and not done.is_done else None
    return Page(
        items=done.items,
        deleted=[_unique(ref, call.note["key"]) for ref in deleted if ref],
        rejected=gathered.rejected,
        unread_fields=frozenset(gathered.unread),
        cursor=done.cursor,
        next_calls=[Call(url=on_host(call.url, goes_on), note=done.note)] if goes_on else [],
    )


def _where(options: Options, url: str) -> str:
    return on_host(options.base_url, url) if options.base_url else url


def _item(
    entry: Any, call: Call, options: Options, to: Gathered, now: datetime
) -> Iterator[Feedback]:
    published = dates.read(_date(entry), zone=options.timezone, now=now, language=options.language)
    source, link = child(entry, "source"), _link(entry)
    is_news = "/rss/articles/" in link
    title = from_html(words(child(entry, "title")))
    publisher = words(source).strip() if source is not None else ""
    number = _number(entry, link, title, call.note["key"])
    edited = dates.instant(words(child(entry, "updated")).strip())
    yield Feedback(
        source=options.source,
        platform=name,
        external_id=number,
        kind=Kind.MENTION,
        speaker=options.speaker,
        brand=options.brand,
        product=options.product,
        title=title.removesuffix(f" - {publisher}") if is_news and publisher else title,
        body="" if is_news else _body(entry),
        published_at=published.moment,
        published_precision=published.precision,
        edited_at=edited if edited and edited != published.moment else None,
        url=link or None,
        author_id=_author(entry),
        attributes=attributes(publisher=publisher),
        language_hint=words(child(entry, "language")).strip() or options.language,
    )
    to.unread |= {local(each) for each in entry if local(each)} - _READ - _KNOWN


def _date(entry: Any) -> str:
    found = (words(child(entry, each)).strip() for each in _DATES)
    return next((each for each in found if each), "")


def _link(entry: Any) -> str:
    """The address of the text itself, out of a Google Alerts redirect."""
    links = children(entry, "link")
    best = next((x for x in links if x.get("rel", "alternate") == "alternate"), None)
    best = best if best is not None else (links[0] if links else None)
    address = "" if best is None else (best.get("href") or words(best)).strip()
    if not address:
        number = words(child(entry, "guid", "id")).strip()
        return number if number.startswith("http") else ""
    parts = urlsplit(address)
    if re.search(r"(^|\.)google\.\w+", parts.netloc) and parts.path == "/url":
        return query_of(address).get("url") or query_of(address).get("q") or address
    return address


def _number(entry: Any, link: str, title: str, feed: str) -> str:
    """The entry's id; a short one is unique in its own feed only."""
    found = words(child(entry, "id", "guid")).strip()
    if not found:
        return _short(link or f"{feed}#{title}")
    return _unique(found, feed)


def _unique(found: str, feed: str) -> str:
    is_unique = "/" in found or ":" in found or len(found) >= 20
    return _short(found if is_unique else f"{urlsplit(feed).netloc}#{found}")


def _short(number: str) -> str:
    """The id itself, or its beginning and digest where it is longer than a record may hold."""
    if len(number) <= _LONGEST_ID:
        return number
    return f"{number[:440]}~{sha256(number.encode()).hexdigest()}"


def _body(entry: Any) -> str:
    found = (words(child(entry, each)) for each in _BODIES)
    return from_html(next((each for each in found if each.strip()), ""))


def _author(entry: Any) -> str | None:
    written = words(child(entry, "creator")).strip()
    author = child(entry, "author")
    named = child(author, "name") if author is not None else None
    return written or words(named if named is not None else author).strip() or None
