"""Google Places: the five reviews that the API shows of a place, legacy or new form.

Neither form pages nor names its reviews reliably; Google allows one review a person and place, so
a review is known by place and author and an edit stays the same review. Legacy answers are HTTP
200 with a `status` of their own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from earshot.errors import FixSettings, RetryLater, StopSource
from earshot.platforms import dates, ratings
from earshot.platforms.answers import changed, json_of
from earshot.platforms.base import (
    Answer,
    Call,
    Contract,
    Credentials,
    Cursor,
    HeaderSecret,
    Page,
    QuerySecret,
    Span,
    Terms,
    span_of,
)
from earshot.platforms.base import Options as BaseOptions
from earshot.platforms.calls import address, path_part, require
from earshot.platforms.limits import limits as limits
from earshot.platforms.payload import Gathered, Payload, attributes, known, text
from earshot.record import Feedback

name = "googleplaces"
needs = ("GOOGLE_PLACES_KEY",)
contract = Contract(
    required=("rating", "published_at", "author_id"), required_share=0.9, least_items=1
)
terms = Terms(
    note="Places API: 5 reviews a place; only the place id may be stored for long.",
    evidence="recorded answers of the legacy form, the new form from documentation",
)

_NEW, _LEGACY = "https://places.googleapis.com", "https://maps.googleapis.com"
_MASK = "id,displayName,userRatingCount,reviews"
_FIELDS = "place_id,name,user_ratings_total,reviews"
_CONTRIBUTOR = re.compile(r"(?:/contrib|plus\.google\.com)/(\d+)")
_RETRY = frozenset({"OVER_QUERY_LIMIT", "UNKNOWN_ERROR", "RESOURCE_EXHAUSTED"})
_WRONG = frozenset({"NOT_FOUND", "INVALID_REQUEST", "REQUEST_DENIED", "ZERO_RESULTS"})
_KNOWN = known(
    """
    profile_photo_url relative_time_description translated author_name
    relativePublishTimeDescription name flagContentUri visitDate
    """
)


class Options(BaseOptions):
    """Places by id."""

    base_url: str = Field(default="", description="Address of the API; by `api` if empty.")
    api: Literal["new", "legacy"] = Field(default="new", description="Form of the API.")
    places: tuple[str, ...] = Field(min_length=1, description="Place ids.")

    @property
    def base(self) -> str:
        """Where to call."""
        return self.base_url or (_NEW if self.api == "new" else _LEGACY)


def first(
    options: Options,
    cursor: Cursor,
    credentials: Credentials,
    now: datetime,
    span: Span | None = None,
) -> list[Call]:
    """One call for each place."""
    del cursor, now
    require(credentials, needs, options.base, options.source)
    backfill = {"span": span.note()} if span else {}
    asked = _new if options.api == "new" else _legacy
    return [asked(options, place, {"place": place, **backfill}) for place in options.places]


def read(answer: Answer, call: Call, options: Options, cursor: Cursor, now: datetime) -> Page:
    """The reviews of one place."""
    del cursor, now
    payload = json_of(answer)
    place = _place(payload, answer)
    reviews = place.get("reviews") or []
    count = place.get("userRatingCount") or place.get("user_ratings_total")
    if not reviews and count:
        return Page(warnings=[f"{call.note['place']}: {count} ratings and no review shown"])
    gathered = Gathered().add(reviews, lambda raw, to: _item(raw, call, options, to))
    gathered.judged(answer)
    return Page(
        items=gathered.within(span_of(call)),
        rejected=gathered.rejected,
        unread_fields=frozenset(gathered.unread),
    )


def _new(options: Options, place: str, note: dict[str, Any]) -> Call:
    return Call(
        url=address(
            options.base, f"v1/places/{path_part(place)}", {"languageCode": options.language}
        ),
        headers={"X-Goog-FieldMask": _MASK},
        note=note,
        secrets=(HeaderSecret(header="X-Goog-Api-Key", template="{GOOGLE_PLACES_KEY}"),),
    )


def _legacy(options: Options, place: str, note: dict[str, Any]) -> Call:
    query = {
        "place_id": place,
        "fields": _FIELDS,
        "reviews_sort": "newest",
        "reviews_no_translations": True,
        "language": options.language,
    }
    return Call(
        url=address(options.base, "maps/api/place/details/json", query),
        note=note,
        secrets=(QuerySecret(parameter="key", credential="GOOGLE_PLACES_KEY"),),
    )


def _place(payload: Any, answer: Answer) -> dict[str, Any]:
    """The place of a legacy or new answer; an error inside HTTP 200 is raised."""
    if not isinstance(payload, dict):
        raise changed("a place", answer)
    error = payload.get("error")
    status = error.get("status") if isinstance(error, dict) else payload.get("status")
    if status in _RETRY:
        raise RetryLater(f"expected a place, found {status}: the quota is used up for now")
    if status in _WRONG:
        raise FixSettings(f"expected a place, found {status}: check the place id and the key")
    if status not in (None, "OK") or error is not None:
        raise StopSource(f"expected a place, found the status {status}: look at it by hand")
    place = payload.get("result") if status == "OK" else payload
    if not isinstance(place, dict) or not place:
        raise changed("a place", answer)
    return place


def _item(raw: Any, call: Call, options: Options, to: Gathered) -> Iterator[Feedback]:
    review = Payload(raw)
    has_aspects = review.take("aspects") is not None
    rating = ratings.read(review.take("rating") if has_aspects else review.need("rating"))
    published = dates.read(review.first("publishTime", "time"), zone=options.timezone)
    by = review.within("authorAttribution")
    uri, link = text(review.first("author_url") or by.take("uri")), review.take("googleMapsUri")
    author = _CONTRIBUTOR.search(uri)
    body, language = _words(review)
    number = author.group(1) if author else f"at-{published.moment:%Y%m%dT%H%M%S}"
    yield Feedback(
        source=options.source,
        platform=name,
        external_id=f"{call.note['place']}/{number}",
        brand=options.brand,
        product=options.product,
        body=body,
        rating=rating.value,
        rating_scale=rating.scale,
        published_at=published.moment,
        published_precision=published.precision,
        url=link or uri or None,
        author_id=author.group(1) if author else by.take("displayName") or raw.get("author_name"),
        attributes=attributes(place=call.note["place"]),
        language_hint=language or options.language,
    )
    to.unread |= review.rest(_KNOWN)


def _words(review: Payload) -> tuple[str, str | None]:
    """What was written, in the language it was written in, and that language."""
    shown, original = review.take("text"), review.take("originalText")
    languages = review.take("original_language"), review.take("language")
    written = original if isinstance(original, dict) else shown
    if isinstance(written, dict):
        return text(written.get("text")), written.get("languageCode")
    return text(written), languages[1] or languages[0]
