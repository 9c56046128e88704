"""Trustpilot's Business API (developers.trustpilot.com/business-units-api); from documentation.

With an API key the public list of reviews; with an access token (`TRUSTPILOT_TOKEN`) the private
one, which also takes a range of times. A page past the end is an empty list.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from pydantic import Field, model_validator

from earshot.errors import FixSettings
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
from earshot.platforms.newest_first import progress
from earshot.platforms.payload import Gathered, Payload, attributes, known, text
from earshot.record import Feedback

name = "trustpilot"
needs = ("TRUSTPILOT_API_KEY",)
contract = Contract(
    required=("body", "rating", "published_at", "author_id"),
    required_share=0.9,
    least_items=1,
    overlap=timedelta(days=14),
)
terms = Terms(note="Business API: 833 calls in 5 minutes, 10,000 an hour.", from_documentation=True)

_PAGE = 100
_KNOWN = known(
    """
    links numberOfLikes status reportData complianceLabels countsTowardsTrustScore
    countsTowardsLocationTrustScore businessUnit email orderId referralEmail referenceId
    reviewVerificationLevel isVerified findReviewer tags invitation consumerIsVerified
    """
)


class Options(BaseOptions):
    """One business unit, by its id or its domain."""

    base_url: str = Field(default="https://api.trustpilot.com", description="Address of the API.")
    business_unit: str | None = Field(default=None, description="Id of the business unit.")
    domain: str | None = Field(default=None, description="Domain, where the id is not known.")

    @model_validator(mode="after")
    def _something(self) -> Options:
        if not (self.business_unit or self.domain):
            raise ValueError("expected business_unit or domain: name the company")
        return self


def first(
    options: Options,
    cursor: Cursor,
    credentials: Credentials,
    now: datetime,
    span: Span | None = None,
) -> list[Call]:
    """The newest page, or the search for the business unit."""
    del cursor, now
    is_private = bool(credentials.get("TRUSTPILOT_TOKEN"))
    if not is_private:
        require(credentials, needs, options.base_url, options.source)
    note: dict[str, Any] = {"page": 1, "is_private": is_private}
    if span is not None:
        note["span"] = span.note()
    if options.business_unit:
        return [_call(options, {**note, "key": options.business_unit})]
    url = address(options.base_url, "v1/business-units/find", {"name": options.domain})
    return [Call(url=url, note={**note, "find": True}, secrets=_secrets())]


def read(answer: Answer, call: Call, options: Options, cursor: Cursor, now: datetime) -> Page:
    """The reviews of one page."""
    del now
    payload = json_of(answer)
    if call.note.get("find"):
        unit = payload.get("id") if isinstance(payload, dict) else None
        if not unit:
            raise FixSettings(f'expected a business unit for "{options.domain}", found none')
        note = {k: v for k, v in call.note.items() if k != "find"}
        return Page(next_calls=[_call(options, {**note, "key": unit})])
    reviews = expect(payload, "reviews", list, answer)
    gathered = Gathered().add(reviews, lambda raw, to: _item(raw, options, to))
    gathered.judged(answer)
    done = progress(gathered.items, call, cursor=cursor, options=options, contract=contract)
    note = {**done.note, "page": call.note["page"] + 1}
    return Page(
        items=done.items,
        rejected=gathered.rejected,
        unread_fields=frozenset(gathered.unread),
        cursor=done.cursor,
        next_calls=[_call(options, note)] if reviews and not done.is_done else [],
    )


def _call(options: Options, note: dict[str, Any]) -> Call:
    private = "private/" if note["is_private"] else ""
    query = {"page": note["page"], "perPage": _PAGE, "orderBy": "createdat.desc"}
    call = Call(url="", note=note)
    if private and (span := span_of(call)) is not None:
        query |= {"startDateTime": _written(span.since), "endDateTime": _written(span.until)}
    path = f"v1/{private}business-units/{path_part(note['key'])}/reviews"
    return Call(url=address(options.base_url, path, query), note=note, secrets=_secrets())


def _secrets() -> tuple[HeaderSecret, ...]:
    return (
        HeaderSecret(header="apikey", template="{TRUSTPILOT_API_KEY}"),
        HeaderSecret(header="Authorization", template="Bearer {TRUSTPILOT_TOKEN}"),
    )


def _written(moment: datetime) -> str:
    return dates.in_utc(moment).strftime("%Y-%m-%dT%H:%M:%SZ")


def _item(raw: Any, options: Options, to: Gathered) -> Iterator[Feedback]:
    review = Payload(raw)
    number = text(review.need("id"))
    rating = ratings.read(review.need("stars"))
    published = dates.read(review.need("createdAt"), zone=options.timezone)
    consumer, reply = review.within("consumer"), review.within("companyReply")
    location = review.within("location")
    level = review.take("reviewVerificationLevel")
    verified = review.take("isVerified")
    yield Feedback(
        source=options.source,
        platform=name,
        external_id=number,
        brand=options.brand,
        product=options.product,
        title=text(review.take("title")),
        body=text(review.take("text")),
        rating=rating.value,
        rating_scale=rating.scale,
        published_at=published.moment,
        published_precision=published.precision,
        edited_at=dates.instant(review.take("updatedAt")),
        url=f"https://www.trustpilot.com/reviews/{number}",
        author_id=text(consumer.first("id", "displayName")) or None,
        is_verified=verified if isinstance(verified, bool) else None,
        brand_reply=reply.take("text"),
        brand_replied_at=dates.instant(reply.take("createdAt")),
        attributes=attributes(
            invitation=level,
            collected_by=review.take("source"),
            location=location.first("name", "id"),
            experienced=text(review.take("experiencedAt"))[:10],
        ),
        language_hint=review.take("language") or options.language,
    )
    to.unread |= review.rest(_KNOWN)
