"""YouTube comments of videos or of a whole channel (developers.google.com/youtube/v3).

There is no "changed since": pages are read newest first down to the overlap. A thread carries only
some of its replies; where there are more, they are asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from pydantic import Field, model_validator

from earshot.errors import RetryLater
from earshot.platforms import dates
from earshot.platforms.answers import expect, json_of
from earshot.platforms.base import (
    Answer,
    Call,
    Contract,
    Credentials,
    Cursor,
    Page,
    QuerySecret,
    Span,
    Terms,
)
from earshot.platforms.base import Options as BaseOptions
from earshot.platforms.calls import address, require, with_query
from earshot.platforms.limits import limits as limits
from earshot.platforms.newest_first import progress
from earshot.platforms.payload import Gathered, Payload, attributes, known, text
from earshot.platforms.text import from_html
from earshot.record import Feedback, Kind, Speaker

name = "youtube"
needs = ("YOUTUBE_API_KEY",)
contract = Contract(required=("published_at", "body", "author_id"), overlap=timedelta(days=7))
terms = Terms(note="Data API: 10,000 units a day, one a page; comments may be kept 30 days.")

_PAGE = 100
_QUOTA_WAIT = 3600.0
_QUOTA = (b"quotaExceeded", b"rateLimitExceeded", b"userRateLimitExceeded")
_KNOWN = known(
    """
    authorProfileImageUrl canRate viewerRating channelId moderationStatus textDisplay
    """
)


class Options(BaseOptions):
    """Videos, or all that concerns a channel."""

    base_url: str = Field(default="https://www.googleapis.com", description="Address of the API.")
    videos: tuple[str, ...] = Field(default=(), description="Ids of videos.")
    channels: tuple[str, ...] = Field(default=(), description="Ids of channels, all their threads.")
    threads: tuple[str, ...] = Field(default=(), description="Ids of comments, all their replies.")
    brand_channels: tuple[str, ...] = Field(default=(), description="The brand's own channels.")

    @model_validator(mode="after")
    def _something(self) -> Options:
        if not (self.videos or self.channels or self.threads):
            raise ValueError("expected videos, channels or threads: name what to read")
        return self


def first(
    options: Options,
    cursor: Cursor,
    credentials: Credentials,
    now: datetime,
    span: Span | None = None,
) -> list[Call]:
    """The newest page of each video and channel."""
    del cursor, now
    require(credentials, needs, options.base_url, options.source)
    backfill = {"span": span.note()} if span else {}
    asked = [("videoId", each) for each in options.videos]
    asked += [("allThreadsRelatedToChannelId", each) for each in options.channels]
    calls = [_threads(options, parameter, value, backfill) for parameter, value in asked]
    return calls + [_replies(options, each, backfill) for each in options.threads]


def read(answer: Answer, call: Call, options: Options, cursor: Cursor, now: datetime) -> Page:
    """Comments and replies of one page."""
    del now
    if answer.status == 403 and any(sign in answer.body for sign in _QUOTA):
        raise RetryLater(
            "expected comments, found the quota used up", retry_after_seconds=_QUOTA_WAIT
        )
    if answer.status == 403 and b"commentsDisabled" in answer.body:
        return Page(warnings=[f"{call.note['key']}: comments are switched off"])
    if answer.status == 404 and "parent" in call.note:
        return Page(warnings=[f"{call.note['parent']}: the thread is gone"])
    payload = json_of(answer)
    pieces = expect(payload, "items", list, answer)
    gathered = Gathered().add(pieces, lambda raw, to: _items(raw, options, to))
    gathered.judged(answer)
    done = progress(gathered.items, call, cursor=cursor, options=options, contract=contract)
    is_replies = "parent" in call.note
    token = payload.get("nextPageToken")
    more = [_call(with_query(call.url, pageToken=token), done.note)] if token else []
    is_done = done.is_done and not is_replies
    return Page(
        items=done.items,
        rejected=gathered.rejected,
        unread_fields=frozenset(gathered.unread),
        next_calls=[*_left_out(pieces, call, options), *([] if is_done else more)],
        cursor=None if is_replies else done.cursor,
    )


def _call(url: str, note: Mapping[str, Any]) -> Call:
    return Call(
        url=url, note=note, secrets=(QuerySecret(parameter="key", credential="YOUTUBE_API_KEY"),)
    )


def _threads(options: Options, parameter: str, value: str, backfill: dict[str, Any]) -> Call:
    query = {
        "part": "snippet,replies",
        parameter: value,
        "maxResults": _PAGE,
        "order": "time",
        "textFormat": "plainText",
    }
    url = address(options.base_url, "youtube/v3/commentThreads", query)
    return _call(url, {"key": value, **backfill})


def _replies(options: Options, parent: str, backfill: Mapping[str, Any]) -> Call:
    query = {
        "part": "snippet",
        "parentId": parent,
        "maxResults": _PAGE,
        "textFormat": "plainText",
    }
    url = address(options.base_url, "youtube/v3/comments", query)
    return _call(url, {"key": parent, "parent": parent, **backfill})


def _left_out(pieces: list[Any], call: Call, options: Options) -> list[Call]:
    """Calls for the replies of threads that carry only some of them."""
    calls, backfill = [], {k: v for k, v in call.note.items() if k == "span"}
    for piece in pieces:
        count = int((piece.get("snippet") or {}).get("totalReplyCount") or 0)
        given = len((piece.get("replies") or {}).get("comments") or ())
        if count > given and piece.get("id"):
            calls.append(_replies(options, piece["id"], backfill))
    return calls


def _items(raw: Any, options: Options, to: Gathered) -> Iterator[Feedback]:
    """One comment, or a thread's comment and the replies it carries."""
    piece = Payload(raw)
    snippet = piece.within("snippet")
    top = snippet.take("topLevelComment")
    if top is None:
        yield _comment(raw, options, to, None)
        return
    yield _comment(top, options, to, None)
    for reply in piece.within("replies").take("comments") or ():
        yield _comment(reply, options, to, top.get("id"))


def _comment(raw: Any, options: Options, to: Gathered, thread: Any) -> Feedback:
    piece = Payload(raw)
    number, snippet = text(piece.need("id")), piece.within("snippet")
    published = dates.read(snippet.need("publishedAt"))
    updated = dates.instant(snippet.take("updatedAt"))
    channel = snippet.within("authorChannelId").take("value")
    body = snippet.take("textOriginal")
    video = snippet.take("videoId")
    item = Feedback(
        source=options.source,
        platform=name,
        external_id=number,
        kind=Kind.MENTION,
        parent_id=snippet.take("parentId") or thread,
        speaker=Speaker.BRAND if channel in options.brand_channels else Speaker.CUSTOMER,
        brand=options.brand,
        product=options.product,
        body=text(body) if body is not None else from_html(text(snippet.need("textDisplay"))),
        published_at=published.moment,
        published_precision=published.precision,
        edited_at=updated if updated != published.moment else None,
        url=f"https://www.youtube.com/watch?v={video}&lc={number}" if video else None,
        author_id=channel or _named(snippet),
        reach=int(snippet.take("likeCount") or 0),
        attributes=attributes(video=video),
        language_hint=options.language,
    )
    snippet.take("authorDisplayName"), snippet.take("authorChannelUrl")
    to.unread |= snippet.rest(_KNOWN)
    return item


def _named(snippet: Payload) -> str | None:
    return snippet.first("authorChannelUrl", "authorDisplayName") or None
