"""Yotpo: the reviews that a shop's product pages show.

`widget` is today's address, `products` an older one that still answers. Text is escaped for HTML.
The application key is public (it stands in the shop's pages), so it is an option.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from html import unescape
from typing import Any, Literal

from pydantic import Field

from earshot.errors import FixSettings, RetryLater, StopSource
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
from earshot.platforms.payload import Gathered, Payload, attributes, known, text
from earshot.record import Feedback

name = "yotpo"
needs: tuple[str, ...] = ()
contract = Contract(
    required=("body", "rating", "published_at"), least_items=1, overlap=timedelta(days=7)
)
terms = Terms(
    note="Public widget API of the shop.",
    evidence="recorded answers of the older address, the widget from documentation",
)

_PAGE = 100
_KNOWN = known(
    """
    user_type users products votes_down user_vote new archived social_pushed facebook_pushed
    twitter_pushed account products_apps sentiment custom_fields images_data videos_data
    product_id source_review_id grouping_data topic syndication is_incentivized name
    """
)


class Options(BaseOptions):
    """Products of one shop."""

    base_url: str = Field(default="https://api.yotpo.com", description="Address of the API.")
    app_key: str = Field(description="The shop's application key, as in its pages.")
    products: tuple[str, ...] = Field(min_length=1, description="Product ids.")
    api: Literal["widget", "products"] = Field(default="widget", description="Which address.")


def first(
    options: Options,
    cursor: Cursor,
    credentials: Credentials,
    now: datetime,
    span: Span | None = None,
) -> list[Call]:
    """The newest page of each product."""
    del cursor, credentials, now
    backfill = {"span": span.note()} if span else {}
    return [_call(options, {"key": each, "page": 1, **backfill}) for each in options.products]


def read(answer: Answer, call: Call, options: Options, cursor: Cursor, now: datetime) -> Page:
    """The reviews of one page."""
    del now
    response = _response(json_of(answer), answer)
    reviews = expect(response, "reviews", list, answer)
    gathered = Gathered().add(reviews, lambda raw, to: _item(raw, call, options, to))
    gathered.judged(answer)
    done = progress(gathered.items, call, cursor=cursor, options=options, contract=contract)
    seen = call.note.get("seen", 0) + len(reviews)
    goes_on = bool(reviews) and seen < _total(response, seen) and not done.is_done
    note = {**done.note, "page": call.note["page"] + 1, "seen": seen}
    return Page(
        items=done.items,
        deleted=gathered.deleted,
        rejected=gathered.rejected,
        unread_fields=frozenset(gathered.unread),
        cursor=done.cursor,
        next_calls=[_call(options, note)] if goes_on else [],
    )


def _call(options: Options, note: dict[str, Any]) -> Call:
    app, product = path_part(options.app_key), path_part(note["key"])
    if options.api == "products":
        path = f"products/{app}/{product}/reviews"
        query: dict[str, Any] = {"count": _PAGE, "page": note["page"]}
    else:
        path = f"v1/widget/{app}/products/{product}/reviews.json"
        query = {"per_page": _PAGE, "page": note["page"], "sort": "date", "direction": "desc"}
    return Call(url=address(options.base_url, path, query), note=note)


def _response(payload: Any, answer: Answer) -> Any:
    status = payload.get("status") if isinstance(payload, dict) else None
    code = status.get("code", 200) if isinstance(status, dict) else 200
    if code in (429, 500, 502, 503, 504):
        raise RetryLater(f"expected reviews, found status {code} inside HTTP 200: later")
    if code in (401, 403, 404):
        raise FixSettings(f"expected reviews, found status {code}: check app_key and product")
    if code != 200:
        raise StopSource(f"expected reviews, found status {code}: look at it by hand")
    return expect(payload, "response", dict, answer)


def _total(response: Any, seen: int) -> int:
    """How many reviews there are; one more than seen where the answer does not say."""
    paging = response.get("pagination") or {}
    total = paging.get("total", response.get("total_reviews"))
    return seen + 1 if total is None else int(total)


def _item(raw: Any, call: Call, options: Options, to: Gathered) -> Iterator[Feedback]:
    review = Payload(raw)
    number = text(review.need("id"))
    if review.take("deleted") is True:
        to.deleted.append(number)
        return
    rating = ratings.read(review.need("score"))
    published = dates.read(review.need("created_at"), zone=options.timezone)
    user, reply = review.within("user"), review.within("comment")
    answered = reply.take("content")
    verified = review.take("verified_buyer")
    yield Feedback(
        source=options.source,
        platform=name,
        external_id=number,
        brand=options.brand,
        product=options.product or _product(raw) or call.note["key"],
        title=unescape(text(review.take("title"))),
        body=unescape(text(review.take("content"))),
        rating=rating.value,
        rating_scale=rating.scale,
        published_at=published.moment,
        published_precision=published.precision,
        author_id=text(user.first("id", "user_id", "display_name")) or None,
        reach=max(0, int(review.take("votes_up") or 0)),
        is_verified=verified if isinstance(verified, bool) else None,
        brand_reply=unescape(answered) if answered else None,
        brand_replied_at=dates.instant(reply.take("created_at")),
        attributes=attributes(product_id=call.note["key"]),
        language_hint=review.take("language") or options.language,
    )
    to.unread |= review.rest(_KNOWN)


def _product(raw: Any) -> str | None:
    for each in raw.get("products") or ():
        found = (each.get("Product") or {}).get("name") if isinstance(each, dict) else None
        if found:
            return str(found)
    return None
