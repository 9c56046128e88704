"""Yelp: the excerpts that the Places API gives of a business (docs.developer.yelp.com).

Three excerpts at most, no cursor: they are read again each time and known by id. Times carry no
zone; the source's `timezone` says which.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from pydantic import Field

from earshot.errors import StopSource
from earshot.platforms import dates, ratings
from earshot.platforms.answers import expect, json_of
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
    span_of,
)
from earshot.platforms.base import Options as BaseOptions
from earshot.platforms.calls import address, path_part, require
from earshot.platforms.limits import limits as limits
from earshot.platforms.payload import Gathered, Payload, attributes, known, text
from earshot.record import Feedback

name = "yelp"
needs = ("YELP_API_KEY",)
contract = Contract(required=("body", "rating", "published_at", "author_id"), least_items=1)
terms = Terms(note="Places API: 3 excerpts a business, 24 hours of storage without agreement.")

_KNOWN = known("")


class Options(BaseOptions):
    """Businesses by id or alias."""

    base_url: str = Field(default="https://api.yelp.com", description="Address of the API.")
    businesses: tuple[str, ...] = Field(min_length=1, description="Ids or aliases.")
    locale: str | None = Field(default=None, description="Such as de_DE.")


def first(
    options: Options,
    cursor: Cursor,
    credentials: Credentials,
    now: datetime,
    span: Span | None = None,
) -> list[Call]:
    """The newest excerpts of each business."""
    del cursor, now
    require(credentials, needs, options.base_url, options.source)
    backfill = {"span": span.note()} if span else {}
    return [_call(options, each, backfill) for each in options.businesses]


def read(answer: Answer, call: Call, options: Options, cursor: Cursor, now: datetime) -> Page:
    """The excerpts of one business."""
    del cursor, now
    payload = json_of(answer)
    reviews = expect(payload, "reviews", list, answer)
    if not reviews and payload.get("total"):
        raise StopSource(f"expected some of {payload['total']} reviews, found none")
    gathered = Gathered().add(reviews, lambda raw, to: _item(raw, call, options, to))
    gathered.judged(answer)
    return Page(
        items=gathered.within(span_of(call)),
        rejected=gathered.rejected,
        unread_fields=frozenset(gathered.unread),
    )


def _call(options: Options, business: str, backfill: dict[str, Any]) -> Call:
    path = f"v3/businesses/{path_part(business)}/reviews"
    query = {"locale": options.locale, "sort_by": "newest"}
    bearer = HeaderSecret(header="Authorization", template="Bearer {YELP_API_KEY}")
    return Call(
        url=address(options.base_url, path, query),
        note={"business": business, **backfill},
        secrets=(bearer,),
    )


def _item(raw: Any, call: Call, options: Options, to: Gathered) -> Iterator[Feedback]:
    review = Payload(raw)
    rating = ratings.read(review.need("rating"))
    published = dates.read(review.need("time_created"), zone=options.timezone)
    user = review.within("user")
    yield Feedback(
        source=options.source,
        platform=name,
        external_id=text(review.need("id")),
        brand=options.brand,
        product=options.product,
        body=text(review.take("text")),
        rating=rating.value,
        rating_scale=rating.scale,
        published_at=published.moment,
        published_precision=published.precision,
        url=review.take("url"),
        author_id=text(user.first("id", "name")) or None,
        attributes=attributes(business=call.note["business"]),
        language_hint=options.language or (options.locale or "").replace("_", "-") or None,
    )
    to.unread |= review.rest(_KNOWN)
