"""Google Play reviews as the store's page shows them (unofficial `batchexecute` calls).

The answer is `)]}'` and then JSON lines; a line `["wrb.fr", "UsvDTd", "<JSON>"]` carries an array
of reviews and a token of the next page. HTTP 200 with no payload is throttling or failure: it is
repeated, for otherwise the crawl would stop short in silence.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from pydantic import Field

from earshot.errors import RetryLater, SkipRecord
from earshot.platforms import ratings
from earshot.platforms.answers import changed, check, parse_json, text_of
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
from earshot.platforms.calls import address
from earshot.platforms.limits import limits as limits
from earshot.platforms.newest_first import progress
from earshot.platforms.payload import Gathered, attributes, text
from earshot.record import Feedback, Precision

name = "googleplay"
needs: tuple[str, ...] = ()
contract = Contract(
    required=("body", "rating", "published_at", "author_id"),
    required_share=0.9,
    least_items=1,
    overlap=timedelta(days=7),
)
terms = Terms(
    note="Unofficial; the store's terms forbid automated reading: prefer androidpublisher.",
    is_on_by_default=False,
)

_RPC = "UsvDTd"
_PAGE = 150
_NEWEST = 2
_READ = frozenset({0, 1, 2, 4, 5, 6, 7, 9, 10})
_KNOWN = frozenset({3, 8, 11, 12, 13, 14, 15, 16})
_NOBODY = frozenset({"", "a google user", "ein google-nutzer", "un utilisateur de google"})


class Options(BaseOptions):
    """One app, in the languages and the country of readers."""

    base_url: str = Field(default="https://play.google.com", description="Address of the store.")
    app: str = Field(description="Package, such as com.example.shop.")
    languages: tuple[str, ...] = Field(default=("en",), min_length=1, description="hl.")
    country: str = Field(default="us", description="gl of the store.")


def first(
    options: Options,
    cursor: Cursor,
    credentials: Credentials,
    now: datetime,
    span: Span | None = None,
) -> list[Call]:
    """The newest page of each language."""
    del cursor, credentials, now
    backfill = {"span": span.note()} if span else {}
    return [_call(options, {"key": each, **backfill}, None) for each in options.languages]


def read(answer: Answer, call: Call, options: Options, cursor: Cursor, now: datetime) -> Page:
    """The reviews of one page."""
    del now
    reviews, token = _reviews(answer)
    gathered = Gathered().add(reviews, lambda raw, to: _item(raw, call, options, to))
    gathered.judged(answer)
    done = progress(gathered.items, call, cursor=cursor, options=options, contract=contract)
    goes_on = token is not None and not done.is_done
    return Page(
        items=done.items,
        rejected=gathered.rejected,
        unread_fields=frozenset(gathered.unread),
        cursor=done.cursor,
        next_calls=[_call(options, done.note, token)] if goes_on else [],
    )


def _call(options: Options, note: dict[str, Any], token: str | None) -> Call:
    inner = [None, None, [2, _NEWEST, [_PAGE, None, token], None, []], [options.app, 7]]
    request = [[[_RPC, json.dumps(inner, separators=(",", ":")), None, "generic"]]]
    query = {"rpcids": _RPC, "hl": note["key"], "gl": options.country}
    return Call(
        method="POST",
        url=address(options.base_url, "_/PlayStoreUi/data/batchexecute", query),
        headers={"Content-Type": "application/x-www-form-urlencoded;charset=UTF-8"},
        body=urlencode({"f.req": json.dumps(request, separators=(",", ":"))}).encode(),
        note=note,
    )


def _reviews(answer: Answer) -> tuple[list[Any], str | None]:
    check(answer)
    payload = _payload(answer)
    if not payload:
        return [], None
    if not isinstance(payload, list) or not isinstance(payload[0], list | None):
        raise changed("a list of reviews", answer)
    more = payload[1] if len(payload) > 1 else None
    token = more[1] if isinstance(more, list) and len(more) > 1 else None
    return payload[0] or [], token if isinstance(token, str) and token else None


def _payload(answer: Answer) -> Any:
    """The inner JSON of the review call's line.

    Raises:
        RetryLater: the store answered without data.
    """
    rows = _rows(answer)
    row = next((r for r in rows if r[:2] == ["wrb.fr", _RPC]), None)
    row = row or next((r for r in rows if r[:1] == ["wrb.fr"]), None)
    if row is None:
        raise changed(f'a line ["wrb.fr", "{_RPC}", …]', answer)
    if len(row) < 3 or row[2] is None:
        raise RetryLater("expected reviews, found an answer without payload (the store throttles)")
    return parse_json(row[2], answer)


def _rows(answer: Answer) -> list[Any]:
    """Rows of the envelope, sent whole or in chunks with their lengths between."""
    body = text_of(answer).removeprefix(")]}'").strip()
    if not body.startswith("[") and not body[:1].isdigit():
        parse_json(body, answer)
        raise changed("the store's envelope", answer)
    try:
        return [row for row in json.loads(body) if isinstance(row, list)]
    except ValueError:
        pass
    lines = [line for line in body.splitlines() if line.startswith("[")]
    return [row for line in lines for row in parse_json(line, answer) if isinstance(row, list)]


def _item(raw: Any, call: Call, options: Options, to: Gathered) -> Iterator[Feedback]:
    if not isinstance(raw, list) or not raw or not isinstance(raw[0], str):
        raise SkipRecord("expected an array that begins with an id", field="external_id")
    rating = ratings.read(_at(raw, 2))
    reply, replied_at = _reply(raw)
    yield Feedback(
        source=options.source,
        platform=name,
        external_id=raw[0],
        brand=options.brand,
        product=options.product,
        body=text(_at(raw, 4)),
        rating=rating.value,
        rating_scale=rating.scale,
        published_at=(published := _moment(_at(raw, 5))),
        published_precision=Precision.SECOND if published else Precision.UNKNOWN,
        url=f"https://play.google.com/store/apps/details?id={options.app}&reviewId={raw[0]}",
        author_id=_author(raw),
        reach=int(_at(raw, 6) or 0),
        brand_reply=reply,
        brand_replied_at=replied_at,
        attributes=attributes(app=options.app, version=_at(raw, 10)),
        language_hint=call.note["key"],
    )
    to.unread |= {
        f"[{at}]" for at, value in enumerate(raw) if value is not None and at not in _READ | _KNOWN
    }


def _at(values: Any, *path: int) -> Any:
    """A value deep inside, or nothing."""
    for step in path:
        if not isinstance(values, list) or step >= len(values):
            return None
        values = values[step]
    return values


def _moment(pair: Any) -> datetime | None:
    seconds, nanos = _at(pair, 0), _at(pair, 1) or 0
    if not isinstance(seconds, int):
        return None
    return datetime.fromtimestamp(seconds, tz=UTC) + timedelta(microseconds=nanos // 1000)


def _reply(raw: Any) -> tuple[str | None, datetime | None]:
    return _at(raw, 7, 1), _moment(_at(raw, 7, 2))


def _author(raw: Any) -> str | None:
    written, number = text(_at(raw, 1, 0)), _at(raw, 9, 0)
    return None if written.lower() in _NOBODY else text(number) or written
