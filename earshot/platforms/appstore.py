"""App Store customer reviews, from the public RSS feed (XML or JSON), per country.

A feed holds 50 reviews a page and 10 pages at most. The JSON of 2015 to 2021 has no times, the XML
always has; in JSON `entry` is an object where there is one review and absent where there is none,
links lead to XML, and the next link of the last page repeats. Older feeds begin with the app
itself. A feed that is empty for a while although there are reviews is common: it is read again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Literal

from pydantic import Field, field_validator

from earshot.errors import RetryLater
from earshot.platforms import dates, ratings
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
)
from earshot.platforms.base import Options as BaseOptions
from earshot.platforms.calls import address, path_part
from earshot.platforms.limits import limits as limits
from earshot.platforms.newest_first import progress
from earshot.platforms.payload import Gathered, Payload, attributes, known
from earshot.platforms.xml import children, local, root_of, words
from earshot.record import Feedback

name = "appstore"
needs: tuple[str, ...] = ()
contract = Contract(
    required=("title", "body", "rating", "author_id"), least_items=1, overlap=timedelta(days=7)
)
terms = Terms(note="Public feed of the store; at most 500 reviews a country.")

_LAST_PAGE = 10
_PAGE_IN_LINK = re.compile(r"page=(\d+)")
_ID_IN_URI = re.compile(r"/id(\d+)")
_KNOWN = known("im:contentType contentType im:voteSum voteSum category rights")


class Options(BaseOptions):
    """One app in one or more countries."""

    base_url: str = Field(default="https://itunes.apple.com", description="Address of the store.")
    app: str = Field(description="Number of the app, such as 1404176564.")
    countries: tuple[str, ...] = Field(default=("us",), min_length=1, description="Two letters.")
    format: Literal["xml", "json"] = Field(default="xml", description="XML always has times.")

    @field_validator("app", mode="before")
    @classmethod
    def _number(cls, value: Any) -> str:
        return str(value).strip().removeprefix("id")


def first(
    options: Options,
    cursor: Cursor,
    credentials: Credentials,
    now: datetime,
    span: Span | None = None,
) -> list[Call]:
    """The first page of each country."""
    del cursor, credentials, now
    backfill = {"span": span.note()} if span else {}
    return [
        _call(options, {"key": each.lower(), "page": 1, **backfill}) for each in options.countries
    ]


def read(answer: Answer, call: Call, options: Options, cursor: Cursor, now: datetime) -> Page:
    """The reviews of one page of one country."""
    del now
    entries, links = _entries(answer, options)
    if not entries and call.note["page"] == 1 and call.note["key"] in cursor:
        raise RetryLater("expected reviews, found an empty feed where there were some before")
    gathered = Gathered().add(entries, lambda raw, to: _item(raw, call, options, to))
    gathered.judged(answer)
    done = progress(gathered.items, call, cursor=cursor, options=options, contract=contract)
    return Page(
        items=done.items,
        rejected=gathered.rejected,
        unread_fields=frozenset(gathered.unread),
        cursor=done.cursor,
        next_calls=[] if done.is_done else _next(call, bool(entries), links, done.note, options),
    )


def _call(options: Options, note: dict[str, Any]) -> Call:
    where = f"{path_part(note['key'])}/rss/customerreviews/page={note['page']}"
    path = f"{where}/id={path_part(options.app)}/sortby=mostrecent/{options.format}"
    return Call(url=address(options.base_url, path), note=note, wants_validators=True)


def _next(
    call: Call, has_entries: bool, links: dict[str, str], note: dict[str, Any], options: Options
) -> list[Call]:
    page = call.note["page"]
    last = _PAGE_IN_LINK.search(links.get("last", ""))
    if not has_entries or page >= min(int(last.group(1)) if last else _LAST_PAGE, _LAST_PAGE):
        return []
    return [_call(options, {**note, "page": page + 1})]


def _entries(answer: Answer, options: Options) -> tuple[list[Any], dict[str, str]]:
    """Entries in the form of the JSON feed, and links by their `rel`."""
    if answer.body.lstrip()[:1] == b"<":
        root = root_of(answer)
        links = {each.get("rel", ""): each.get("href", "") for each in children(root, "link")}
        return [_as_json(each) for each in children(root, "entry")], links
    feed = expect(json_of(answer), "feed", dict, answer)
    linked = feed.get("link")
    found = [each.get("attributes", {}) for each in linked] if isinstance(linked, list) else []
    entries = feed.get("entry") or []
    entries = [entries] if isinstance(entries, dict) else entries
    return entries, {each.get("rel", ""): each.get("href", "") for each in found}


def _as_json(entry: Any) -> dict[str, Any]:
    """An XML entry in the form of the JSON feed."""
    fields: dict[str, Any] = {}
    for each in entry:
        written = local(each)
        if written == "content" and each.get("type") == "html":
            continue
        if written == "author":
            fields["author"] = {local(part): {"label": words(part)} for part in each}
        elif written == "link":
            fields["link"] = {"attributes": dict(each.attrib)}
        elif written:
            prefix = "im:" if "itunes" in str(each.tag) else ""
            fields[prefix + written] = {"label": words(each)}
    return fields


def _item(raw: Any, call: Call, options: Options, to: Gathered) -> Iterator[Feedback]:
    entry = Payload(raw)
    if entry.take("im:name") is not None:
        return
    rating = ratings.read(_label(entry.need("im:rating")))
    published = dates.read(_label(entry.take("updated")), zone=options.timezone)
    author = Payload(entry.take("author") or {})
    yield Feedback(
        source=options.source,
        platform=name,
        external_id=_label(entry.need("id")),
        brand=options.brand,
        product=options.product,
        title=_label(entry.take("title")),
        body=_label(entry.take("content")),
        rating=rating.value,
        rating_scale=rating.scale,
        published_at=published.moment,
        published_precision=published.precision,
        url=_link(entry.take("link")),
        author_id=_author(author),
        reach=int(_label(entry.take("im:voteCount")) or 0),
        attributes=attributes(
            app=options.app, country=call.note["key"], version=_label(entry.take("im:version"))
        ),
        language_hint=options.language,
    )
    to.unread |= entry.rest(_KNOWN)


def _label(value: Any) -> str:
    value = value[0] if isinstance(value, list) and value else value
    found = value.get("label") if isinstance(value, dict) else value
    return "" if found is None else str(found)


def _author(author: Payload) -> str | None:
    number = _ID_IN_URI.search(_label(author.take("uri")))
    return number.group(1) if number else _label(author.take("name")) or None


def _link(value: Any) -> str | None:
    link = value[0] if isinstance(value, list) and value else value
    return link.get("attributes", {}).get("href") if isinstance(link, dict) else None
