"""Bazaarvoice Conversations API 5.4: reviews and comments of products.

Errors come inside HTTP 200 as `HasErrors` and `Errors`. Reviews are read by last change, newest
first, so edits and late moderation are seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from pydantic import Field

from earshot.errors import FixSettings, RetryLater, SkipRecord
from earshot.platforms import dates, ratings
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
from earshot.platforms.calls import address, require
from earshot.platforms.limits import limits as limits
from earshot.platforms.newest_first import changed, progress
from earshot.platforms.payload import Gathered, Payload, attributes, known, text
from earshot.record import Feedback, Kind

name = "bazaarvoice"
needs = ("BAZAARVOICE_PASSKEY",)
contract = Contract(
    required=("rating", "published_at", "author_id"), least_items=1, overlap=timedelta(days=3)
)
terms = Terms(note="Conversations API with the passkey of your account.")

_ABSENT = object()
_PAGE = 100
_RETRY = ("REQUEST_LIMIT", "ERROR_UNKNOWN", "TIMEOUT", "UNAVAILABLE")
_KNOWN = known(
    """
    AdditionalFields AdditionalFieldsOrder Badges BadgesOrder CID CommentIds
    ContextDataValues ContextDataValuesOrder Helpfulness IPAddress InappropriateFeedbackList
    IsFeatured IsRatingsOnly LastModeratedTime ModerationStatus Photos ProductRecommendationIds
    SecondaryRatings SecondaryRatingsOrder SourceClient SubmissionId TagDimensions
    TagDimensionsOrder TotalClientResponseCount TotalCommentCount TotalFeedbackCount
    TotalNegativeFeedbackCount TotalPositiveFeedbackCount UserEmailAddress UserLocation Videos
    StoryId UserNickname OriginalProductName RatingDistribution CampaignId
    """
)


class Options(BaseOptions):
    """Products of one client, or all of them."""

    base_url: str = Field(default="https://api.bazaarvoice.com", description="Address of the API.")
    products: tuple[str, ...] = Field(default=(), description="Product ids; all if none.")
    comments: bool = Field(default=False, description="Read readers' comments on reviews too.")
    locale: str | None = Field(default=None, description="Such as en_US.")


def first(
    options: Options,
    cursor: Cursor,
    credentials: Credentials,
    now: datetime,
    span: Span | None = None,
) -> list[Call]:
    """The page of the latest changes of each product."""
    del cursor, now
    require(credentials, needs, options.base_url, options.source)
    backfill = {"span": span.note()} if span else {}
    keys = options.products or ("",)
    return [_call(options, {"key": each, "offset": 0, **backfill}) for each in keys]


def read(answer: Answer, call: Call, options: Options, cursor: Cursor, now: datetime) -> Page:
    """The reviews of one page."""
    del now
    payload = json_of(answer)
    if isinstance(payload, dict) and payload.get("HasErrors"):
        raise _refused(payload.get("Errors") or [{}])
    results = expect(payload, "Results", list, answer)
    included = payload.get("Includes") or {}
    pieces = [*results, *(included.get("Comments") or {}).values()]
    products = included.get("Products") or {}
    gathered = Gathered().add(pieces, lambda raw, to: _item(raw, options, to, products))
    gathered.judged(answer)
    done = progress(
        gathered.items, call, cursor=cursor, options=options, contract=contract, moment=changed
    )
    offset = call.note["offset"] + len(results)
    has_more = bool(results) and offset < int(payload.get("TotalResults") or 0)
    goes_on = has_more and not done.is_done
    return Page(
        items=done.items,
        rejected=gathered.rejected,
        unread_fields=frozenset(gathered.unread),
        cursor=done.cursor,
        next_calls=[_call(options, {**done.note, "offset": offset})] if goes_on else [],
    )


def _call(options: Options, note: dict[str, Any]) -> Call:
    filters = [f"ProductId:{note['key']}"] if note["key"] else []
    filters += [f"ContentLocale:{options.locale}"] if options.locale else []
    query = {
        "apiversion": "5.4",
        "Filter": filters or None,
        "Sort": "LastModificationTime:desc",
        "Include": "Products,Comments" if options.comments else "Products",
        "Limit": _PAGE,
        "Offset": note["offset"],
    }
    return Call(
        url=address(options.base_url, "data/reviews.json", query),
        note=note,
        secrets=(QuerySecret(parameter="passkey", credential="BAZAARVOICE_PASSKEY"),),
    )


def _refused(errors: list[dict[str, Any]]) -> FixSettings | RetryLater:
    code = str(errors[0].get("Code", "an error"))
    if any(sign in code for sign in _RETRY):
        return RetryLater(f"expected reviews, found {code} inside HTTP 200: later")
    return FixSettings(f"expected reviews, found {code} inside HTTP 200: check passkey and filter")


def _item(
    raw: Any, options: Options, to: Gathered, products: Mapping[str, Any]
) -> Iterator[Feedback]:
    piece = Payload(raw)
    is_comment = "CommentText" in raw
    number = text(piece.need("Id"))
    rating = ratings.NOT_RATED if is_comment else _rating(piece)
    published = dates.read(piece.need("SubmissionTime"), zone=options.timezone)
    product_id, review_id = piece.take("ProductId"), piece.take("ReviewId")
    reply, replied_at = _reply(piece.take("ClientResponses"))
    yield Feedback(
        source=options.source,
        platform=name,
        external_id=f"comment-{number}" if is_comment else number,
        kind=Kind.MENTION if is_comment else Kind.REVIEW,
        parent_id=text(review_id) or None,
        brand=options.brand,
        product=options.product or _product(product_id, products),
        title=text(piece.take("Title")),
        body=text(piece.first("ReviewText", "CommentText")),
        rating=rating.value,
        rating_scale=rating.scale,
        published_at=published.moment,
        published_precision=published.precision,
        edited_at=dates.instant(piece.take("LastModificationTime")),
        author_id=text(piece.take("AuthorId") or raw.get("UserNickname")) or None,
        is_verified=_has(raw, "verifiedPurchaser"),
        is_incentivised=_has(raw, "incentivizedReview"),
        brand_reply=reply,
        brand_replied_at=replied_at,
        attributes=_attributes(piece, product_id),
        language_hint=text(piece.take("ContentLocale")).replace("_", "-") or options.language,
    )
    to.unread |= piece.rest(_KNOWN)


def _rating(piece: Payload) -> ratings.Rating:
    """A review may go without a rating; an answer without the field is another format."""
    scale, rating = piece.take("RatingRange"), piece.take("Rating", _ABSENT)
    if rating is _ABSENT:
        raise SkipRecord('expected field "Rating", found none', field="rating")
    return ratings.read(rating, scale=float(scale or 5))


def _product(product_id: Any, products: Mapping[str, Any]) -> str | None:
    named = products.get(product_id) or {}
    return named.get("Name") or (text(product_id) or None)


def _reply(responses: Any) -> tuple[str | None, datetime | None]:
    """The brand's latest answer."""
    if not responses:
        return None, None
    last = max(responses, key=lambda each: str(each.get("Date")))
    return last.get("Response"), dates.instant(last.get("Date"))


def _has(raw: Mapping[str, Any], mark: str) -> bool | None:
    """A badge or context value, which some clients write in another case; absent is unknown."""
    marks = {*(raw.get("Badges") or {}), *(raw.get("ContextDataValues") or {})}
    return True if mark.lower() in {each.lower() for each in marks} else None


def _attributes(piece: Payload, product_id: Any) -> dict[str, str]:
    syndicated = piece.take("SyndicationSource")
    is_syndicated = piece.take("IsSyndicated")
    return attributes(
        product_id=product_id,
        recommended=piece.take("IsRecommended"),
        syndicated_from=(syndicated or {}).get("Name") or ("unknown" if is_syndicated else None),
        pros=piece.take("Pros"),
        cons=piece.take("Cons"),
    )
