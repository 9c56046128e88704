"""Mastodon: posts of hashtags, accounts, lists and searches of one server.

A first crawl pages back by `max_id`. Later ones go forward by `min_id`, which hands over every
post above an id, oldest pages first (docs.joinmastodon.org/api/guidelines, "Pagination"). Ids carry
their time, and a post that arrives late from another server gets an id of when it was written, so
a crawl begins some time before the newest id. A boost is read as the post it boosts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from pydantic import Field, model_validator

from earshot.platforms import dates
from earshot.platforms.answers import changed, expect, json_of
from earshot.platforms.base import (
    Answer,
    Call,
    Contract,
    Credentials,
    Cursor,
    HeaderSecret,
    Page,
    Span,
    Terms,
    overlap_of,
    span_of,
)
from earshot.platforms.base import Options as BaseOptions
from earshot.platforms.calls import address, on_host, path_part, query_of, require, with_query
from earshot.platforms.limits import limits as limits
from earshot.platforms.newest_first import is_past
from earshot.platforms.payload import Gathered, Payload, attributes, known, text
from earshot.platforms.text import from_html
from earshot.record import Feedback, Kind, Speaker

name = "mastodon"
needs: tuple[str, ...] = ()
contract = Contract(required=("published_at", "url", "author_id"), overlap=timedelta(hours=12))
terms = Terms(note="Public API of the server: 300 calls in 5 minutes; search needs a token.")

_PAGE = 40
_SNOWFLAKE = 1 << 50
_LINK = re.compile(r"<([^>]+)>\s*;\s*rel=\"?(\w+)\"?")
_KNOWN = known(
    """
    id in_reply_to_account_id sensitive visibility replies_count reblogs_count favourites_count
    favourited reblogged muted bookmarked application media_attachments mentions tags emojis card
    poll quote quote_approval quotes_count pinned filtered tagged_collections local_only pleroma
    """
)


class Options(BaseOptions):
    """What to read on one server."""

    base_url: str = Field(default="https://mastodon.social", description="Address of the server.")
    tags: tuple[str, ...] = Field(default=(), description="Hashtags without #.")
    accounts: tuple[str, ...] = Field(default=(), description="Numbers of accounts there.")
    lists: tuple[str, ...] = Field(default=(), description="Numbers of lists (with a token).")
    queries: tuple[str, ...] = Field(default=(), description="Searches (with a token).")
    brand_accounts: tuple[str, ...] = Field(
        default=(), description="The brand's own, as user@server."
    )

    @model_validator(mode="after")
    def _something(self) -> Options:
        if not (self.tags or self.accounts or self.lists or self.queries):
            raise ValueError("expected one of tags, accounts, lists, queries: name what to read")
        return self


def first(
    options: Options,
    cursor: Cursor,
    credentials: Credentials,
    now: datetime,
    span: Span | None = None,
) -> list[Call]:
    """The first page of each timeline and search."""
    del now
    if options.queries or options.lists:
        require(credentials, ("MASTODON_TOKEN",), options.base_url, options.source)
    paths = [f"api/v1/timelines/tag/{path_part(each.lstrip('#'))}" for each in options.tags]
    paths += [f"api/v1/accounts/{path_part(each)}/statuses" for each in options.accounts]
    paths += [f"api/v1/timelines/list/{path_part(each)}" for each in options.lists]
    calls = [_begin(options, path, cursor, span) for path in paths]
    for query in options.queries:
        asked = {"q": query, "type": "statuses", "limit": _PAGE}
        note = {"key": f"search {query}", "offset": 0, **({"span": span.note()} if span else {})}
        calls.append(_call(address(options.base_url, "api/v2/search", asked), note))
    return calls


def read(answer: Answer, call: Call, options: Options, cursor: Cursor, now: datetime) -> Page:
    """The posts of one page."""
    del now
    payload = json_of(answer)
    is_search = "offset" in call.note
    statuses = expect(payload, "statuses", list, answer) if is_search else payload
    if not isinstance(statuses, list):
        raise changed("a list of posts", answer)
    gathered = Gathered().add(statuses, lambda raw, to: _item(raw, options, to))
    gathered.judged(answer)
    follow = _next_search if is_search else _next
    return Page(
        items=gathered.within(span_of(call)),
        rejected=gathered.rejected,
        unread_fields=frozenset(gathered.unread),
        next_calls=follow(answer, call, statuses, gathered, options) if statuses else [],
        cursor=None if is_search else _cursor(call, statuses, cursor),
    )


def _call(url: str, note: Mapping[str, Any]) -> Call:
    bearer = HeaderSecret(header="Authorization", template="Bearer {MASTODON_TOKEN}")
    return Call(url=url, note=note, secrets=(bearer,))


def _begin(options: Options, path: str, cursor: Cursor, span: Span | None) -> Call:
    url = address(options.base_url, path, {"limit": _PAGE})
    if span is not None:
        return _call(with_query(url, max_id=_id_at(span.until)), {"key": path, "span": span.note()})
    newest = cursor.get(path, {}).get("newest_id")
    if newest is None:
        return _call(url, {"key": path})
    return _call(with_query(url, min_id=_behind(newest, options)), {"key": path, "forward": True})


def _id_at(moment: datetime) -> int:
    """The id of a post of that instant (Mastodon's snowflakes: milliseconds, then 16 bits)."""
    return int(moment.timestamp() * 1000) << 16


def _behind(newest_id: str, options: Options) -> str:
    """The id to read on from; ids of servers that do not carry the time are taken as they are."""
    if not newest_id.isdigit() or int(newest_id) < _SNOWFLAKE:
        return newest_id
    back = int(overlap_of(options, contract).total_seconds() * 1000) << 16
    return str(int(newest_id) - back)


def _next(
    answer: Answer, call: Call, statuses: list[Any], gathered: Gathered, options: Options
) -> list[Call]:
    links = {rel: url for url, rel in _LINK.findall(answer.headers.get("link", ""))}
    link = links.get("prev" if call.note.get("forward") else "next")
    limit = (span_of(call) or Span(since=options.start or _NEVER, until=_NEVER)).since
    if link is None or (not call.note.get("forward") and is_past(gathered.items, limit)):
        return []
    if query_of(link).get("min_id") == query_of(call.url).get("min_id", "-"):
        return []
    return [_call(on_host(options.base_url, link), {k: v for k, v in call.note.items()})]


_NEVER = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


def _next_search(
    answer: Answer, call: Call, statuses: list[Any], gathered: Gathered, options: Options
) -> list[Call]:
    del answer, gathered, options
    offset = call.note["offset"] + len(statuses)
    return [_call(with_query(call.url, offset=offset), {**call.note, "offset": offset})]


def _cursor(call: Call, statuses: list[Any], cursor: Cursor) -> dict[str, Any] | None:
    """The highest id seen; pages back from the newest do not lower it."""
    key = call.note["key"]
    before = cursor.get(key, {}).get("newest_id")
    ids = [str(each["id"]) for each in statuses if isinstance(each, dict) and "id" in each]
    is_later = "max_id" in query_of(call.url)
    if "span" in call.note or is_later or not ids:
        return None
    highest = max([*ids, *([before] if before else [])], key=lambda each: (len(each), each))
    return {key: {"newest_id": highest}}


def _item(raw: Any, options: Options, to: Gathered) -> Iterator[Feedback]:
    status = Payload(raw)
    boosted = status.take("reblog")
    if isinstance(boosted, dict):
        yield from _item(boosted, options, to)
        return
    account = status.within("account")
    published = dates.read(status.need("created_at"), zone=options.timezone)
    uri, url = text(status.need("uri")), status.take("url")
    answered = status.take("in_reply_to_id")
    yield Feedback(
        source=options.source,
        platform=name,
        external_id=uri,
        kind=Kind.MENTION,
        speaker=_speaker(account, options),
        brand=options.brand,
        product=options.product,
        title=text(status.take("spoiler_text")),
        body=from_html(text(status.need("content"))),
        published_at=published.moment,
        published_precision=published.precision,
        edited_at=dates.instant(status.take("edited_at")),
        url=url or uri,
        author_id=text(account.first("uri", "url", "id")) or None,
        reach=max(0, int(account.take("followers_count") or 0)),
        attributes=attributes(in_reply_to=answered),
        language_hint=status.take("language") or options.language,
    )
    to.unread |= status.rest(_KNOWN)


def _speaker(account: Payload, options: Options) -> Speaker:
    if account.take("acct") in options.brand_accounts:
        return Speaker.BRAND
    return Speaker.OTHER if account.take("bot") is True else Speaker.CUSTOMER
