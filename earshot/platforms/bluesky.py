"""Bluesky: posts of searches, accounts, lists and threads, and notifications of the brand.

Search goes newest first; its cursor ends at 10,000 posts, so a long crawl goes on with `until` at
the oldest post seen (docs.bsky.app, app.bsky.feed.searchPosts). `since` is inclusive. A repost is
read as the post it repeats. A thread tells which of its posts were deleted.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from pydantic import Field, model_validator

from earshot.errors import SkipRecord
from earshot.platforms import dates, oauth
from earshot.platforms.answers import changed, expect, json_of
from earshot.platforms.base import (
    Answer,
    Call,
    Contract,
    Credentials,
    Cursor,
    FormSecret,
    HeaderSecret,
    Page,
    Span,
    Terms,
    overlap_of,
)
from earshot.platforms.base import Options as BaseOptions
from earshot.platforms.calls import address, is_loopback, require, with_query
from earshot.platforms.limits import limits as limits
from earshot.platforms.newest_first import progress
from earshot.platforms.payload import Gathered, Payload, known, oldest, text
from earshot.record import Feedback, Kind, Precision, Speaker

name = "bluesky"
needs = ("BLUESKY_HANDLE", "BLUESKY_APP_PASSWORD")
contract = Contract(required=("published_at", "url", "author_id"), overlap=timedelta(hours=12))
terms = Terms(note="Public API with an app password: 3,000 calls in 5 minutes.")

_PAGE = 100
_SKEW = timedelta(minutes=5)
_SEARCH_END = 9_900
_SAID = frozenset({"mention", "reply", "quote"})
_KNOWN = known(
    """
    cid embed replyCount repostCount quoteCount bookmarkCount viewer labels threadgate isRead
    reason reasonSubject debug indexedAt
    """
)
_KNOWN_RECORD = known("$type embed entities facets labels tags via threadgate bridgyOriginalText "
                      "bridgyOriginalUrl fediverseId")  # fmt: skip


class Options(BaseOptions):
    """What to read."""

    base_url: str = Field(default="https://bsky.social", description="Server of the account.")
    queries: tuple[str, ...] = Field(default=(), description="Searches in Lucene form.")
    authors: tuple[str, ...] = Field(default=(), description="Handles whose feeds are read.")
    lists: tuple[str, ...] = Field(default=(), description="Addresses (at://) of lists.")
    threads: tuple[str, ...] = Field(default=(), description="Addresses (at://) of posts.")
    notifications: bool = Field(default=False, description="What mentions the account itself.")
    brand_accounts: tuple[str, ...] = Field(default=(), description="The brand's own handles.")

    @model_validator(mode="after")
    def _something(self) -> Options:
        named = (self.queries, self.authors, self.lists, self.threads, self.notifications)
        if not any(named):
            raise ValueError("expected one of queries, authors, lists, threads, notifications")
        return self


def first(
    options: Options,
    cursor: Cursor,
    credentials: Credentials,
    now: datetime,
    span: Span | None = None,
) -> list[Call]:
    """A session, then the newest page of each feed."""
    del now
    begin = list(_begin(options, cursor, span))
    is_stand_in = is_loopback(options.base_url) and not credentials.get(needs[0])
    if is_stand_in or credentials.get("BLUESKY_TOKEN"):
        return begin
    require(credentials, needs, options.base_url, options.source)
    return [_session_call(options, [(call.url, call.note) for call in begin])]


def read(answer: Answer, call: Call, options: Options, cursor: Cursor, now: datetime) -> Page:
    """The posts of one page."""
    del now
    if oauth.is_token(call):
        return oauth.read_token(answer, call, "BLUESKY_TOKEN", _call, key="accessJwt")
    expired = answer.status == 400 and b"ExpiredToken" in answer.body and not call.note.get("again")
    if expired or oauth.has_expired(answer, call):
        return Page(next_calls=[_session_call(options, oauth.waiting(call))])
    payload = json_of(answer)
    posts = list(_posts(payload, answer))
    gathered = Gathered().add(posts, lambda raw, to: _item(raw, options, to))
    gathered.judged(answer)
    done = progress(gathered.items, call, cursor=cursor, options=options, contract=contract)
    follow = [] if done.is_done else _next(payload, call, done.note, posts, gathered)
    return Page(
        items=done.items,
        deleted=gathered.deleted,
        rejected=gathered.rejected,
        unread_fields=frozenset(gathered.unread),
        next_calls=follow,
        cursor=done.cursor,
    )


def _begin(options: Options, cursor: Cursor, span: Span | None) -> Iterator[Call]:
    backfill = {"span": span.note()} if span else {}
    for query in options.queries:
        key = f"search {query}"
        asked = {
            "q": query,
            "sort": "latest",
            "limit": _PAGE,
            **_window(key, options, cursor, span),
        }
        yield _asked(options, "app.bsky.feed.searchPosts", asked, {"key": key, **backfill})
    for method, parameter, values in (
        ("app.bsky.feed.getAuthorFeed", "actor", options.authors),
        ("app.bsky.feed.getListFeed", "list", options.lists),
    ):
        for value in values:
            note = {"key": f"{parameter} {value}", **backfill}
            yield _asked(options, method, {parameter: value, "limit": _PAGE}, note)
    for uri in options.threads:
        asked = {"uri": uri, "depth": 100}
        yield _asked(options, "app.bsky.feed.getPostThread", asked, {"key": uri, **backfill})
    if options.notifications:
        asked, note = {"limit": _PAGE}, {"key": "notifications", **backfill}
        yield _asked(options, "app.bsky.notification.listNotifications", asked, note)


def _window(key: str, options: Options, cursor: Cursor, span: Span | None) -> dict[str, str]:
    if span is not None:
        return {"since": _written(span.since), "until": _written(span.until)}
    newest = dates.instant(cursor.get(key, {}).get("newest_at"))
    start = newest - overlap_of(options, contract) if newest else options.start
    return {"since": _written(start)} if start else {}


def _written(moment: datetime) -> str:
    return dates.in_utc(moment).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _asked(options: Options, method: str, query: dict[str, Any], note: dict[str, Any]) -> Call:
    return _call(address(options.base_url, f"xrpc/{method}", query), note)


def _call(url: str, note: Mapping[str, Any]) -> Call:
    bearer = HeaderSecret(header="Authorization", template="Bearer {BLUESKY_TOKEN}")
    return Call(url=url, note=note, secrets=(bearer,))


def _session_call(options: Options, then: oauth.Waiting) -> Call:
    secrets = (
        FormSecret(parameter="identifier", credential="BLUESKY_HANDLE"),
        FormSecret(parameter="password", credential="BLUESKY_APP_PASSWORD"),
    )
    again = max((int(note.get("again", 0)) for _, note in then), default=0)
    return Call(
        method="POST",
        url=address(options.base_url, "xrpc/com.atproto.server.createSession"),
        headers={"Content-Type": "application/json"},
        body=json.dumps({}).encode(),
        secrets=secrets,
        note={"token": True, "then": [[url, dict(note)] for url, note in then], "again": again},
    )


def _posts(payload: Any, answer: Answer) -> Iterator[Any]:
    """Posts of a search, feed, thread or list of notifications."""
    for key in ("posts", "feed", "notifications"):
        if isinstance(payload, dict) and key in payload:
            yield from (_post(each) for each in expect(payload, key, list, answer))
            return
    if not isinstance(payload, dict) or "thread" not in payload:
        raise changed("posts, a feed or a thread", answer)
    yield from _thread([payload["thread"]])


def _post(piece: Any) -> Any:
    return piece["post"] if isinstance(piece, dict) and "post" in piece else piece


def _thread(nodes: Iterable[Any]) -> Iterator[Any]:
    """A post, what it answers and its answers; of a deleted one only its address is left."""
    for node in nodes:
        if not isinstance(node, dict):
            continue
        if isinstance(node.get("parent"), dict):
            yield from _thread([node["parent"]])
        if "post" in node or node.get("notFound") is True:
            yield _post(node)
        yield from _thread(node.get("replies") or ())


def _next(
    payload: Any, call: Call, note: dict[str, Any], posts: list[Any], gathered: Gathered
) -> list[Call]:
    cursor, count = payload.get("cursor"), note.get("count", 0) + len(posts)
    if not posts:
        return []
    if cursor:
        return [_call(with_query(call.url, cursor=cursor), {**note, "count": count})]
    last = oldest(gathered.items)
    if not note["key"].startswith("search ") or count < _SEARCH_END or last is None:
        return []
    further = with_query(call.url, cursor=None, until=_written(last + timedelta(seconds=1)))
    return [_call(further, {**note, "count": 0})]


def _item(raw: Any, options: Options, to: Gathered) -> Iterator[Feedback]:
    post = Payload(raw)
    if raw.get("notFound") is True:
        to.deleted.append(text(post.need("uri")))
        return
    if (reason := raw.get("reason")) and isinstance(reason, str) and reason not in _SAID:
        return
    record, author = post.within("record"), post.within("author")
    uri, handle = text(post.need("uri")), text(author.take("handle"))
    published = _published(record.take("createdAt"), post.take("indexedAt"))
    yield Feedback(
        source=options.source,
        platform=name,
        external_id=uri,
        kind=Kind.MENTION,
        parent_id=record.within("reply").within("parent").take("uri"),
        speaker=Speaker.BRAND if handle in options.brand_accounts else Speaker.CUSTOMER,
        brand=options.brand,
        product=options.product,
        body=text(record.need("text")),
        published_at=published,
        published_precision=Precision.SECOND,
        url=f"https://bsky.app/profile/{handle}/post/{uri.rsplit('/', 1)[-1]}",
        author_id=author.take("did"),
        reach=int(post.take("likeCount") or 0),
        language_hint=next(iter(record.take("langs") or ()), options.language),
    )
    to.unread |= post.rest(_KNOWN) | record.rest(_KNOWN_RECORD)


def _published(created: Any, indexed: Any) -> datetime:
    """When it was written; a client may claim any time, but not one after it was seen."""
    written, seen = dates.instant(created), dates.instant(indexed)
    if written is not None and (seen is None or written <= seen + _SKEW):
        return written
    if seen is None:
        raise SkipRecord("expected createdAt or indexedAt, found neither", field="published_at")
    return seen
