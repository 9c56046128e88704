"""Trustpilot's public page of a company, where its terms are accepted knowingly.

The page carries its data as `__NEXT_DATA__` (2024 and 2026 differ: `pending` became `isPending`,
times and sources were added) and, as a second source of the same reviews, as JSON-LD. Later pages
ask for a login.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from pydantic import Field

from earshot.errors import RetryLater, SkipRecord, StopSource
from earshot.platforms import dates, ratings
from earshot.platforms.answers import check, refusal_in, text_of
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

name = "trustpilot"
needs: tuple[str, ...] = ()
contract = Contract(
    required=("body", "rating", "published_at", "author_id"),
    required_share=0.9,
    least_items=1,
    overlap=timedelta(days=14),
)
terms = Terms(
    note="Trustpilot's terms forbid reading pages by machine: prefer kind trustpilot_api.",
    is_on_by_default=False,
    is_page_crawl=True,
)

_NEXT_DATA = re.compile(r'<script[^>]+id="__NEXT_DATA__"[^>]*>(.*?)</script>', re.S)
_JSON_LD = re.compile(r"<script[^>]+application/ld\+json[^>]*>(.*?)</script>", re.S)
_KNOWN = known(
    """
    filtered isFiltered pending isPending likes report hasUnhandledReports
    consumersReviewCountOnSameDomain consumersReviewCountOnSameLocation productReviews topics
    reviewSource hasReply mergeData replyAllowed tags
    """
)


class Options(BaseOptions):
    """One company."""

    base_url: str = Field(default="https://www.trustpilot.com", description="Country site.")
    domain: str = Field(description="The company's domain as in the page's address.")


def first(
    options: Options,
    cursor: Cursor,
    credentials: Credentials,
    now: datetime,
    span: Span | None = None,
) -> list[Call]:
    """The newest page."""
    del cursor, credentials, now
    note = {"key": options.domain, **({"span": span.note()} if span else {})}
    return [_call(options, {**note, "page": 1})]


def read(answer: Answer, call: Call, options: Options, cursor: Cursor, now: datetime) -> Page:
    """The reviews of one page."""
    del now
    if _is_login_wall(answer):
        return _end_at_wall(call, cursor)
    check(answer)
    reviews, pages = _reviews(text_of(answer), answer)
    gathered = Gathered().add(reviews, lambda raw, to: _item(raw, options, to))
    gathered.judged(answer)
    done = progress(gathered.items, call, cursor=cursor, options=options, contract=contract)
    goes_on = bool(reviews) and call.note["page"] < pages and not done.is_done
    note = {**done.note, "page": call.note["page"] + 1}
    return Page(
        items=done.items,
        rejected=gathered.rejected,
        unread_fields=frozenset(gathered.unread),
        cursor=done.cursor,
        next_calls=[_call(options, note)] if goes_on else [],
    )


def _call(options: Options, note: dict[str, Any]) -> Call:
    query = {"sort": "recency", "languages": "all"}
    if note["page"] > 1:
        query["page"] = str(note["page"])
    return Call(
        url=address(options.base_url, f"review/{path_part(options.domain)}", query),
        note=note,
        wants_validators=True,
    )


def _is_login_wall(answer: Answer) -> bool:
    moved = answer.headers.get("location", "") if 300 <= answer.status < 400 else answer.url
    if "/users/connect" in moved or "/login" in moved:
        return True
    return b"__NEXT_DATA__" not in answer.body and refusal_in(answer.body) == "a login wall"


def _end_at_wall(call: Call, cursor: Cursor) -> Page:
    """A first crawl ends there; a later one would lose reviews, so it fails."""
    page = call.note["page"]
    if page == 1 or call.note["key"] in cursor:
        raise StopSource(
            f"expected page {page} of reviews, found a login wall: use kind trustpilot_api"
        )
    return Page(warnings=[f"page {page} and older ones need a login: not read"])


def _reviews(html: str, answer: Answer) -> tuple[list[Any], int]:
    """Raw reviews and the number of pages."""
    if html.lstrip()[:1] not in ("<", ""):
        raise _changed(answer, html)
    if "</html" not in html[-200:].lower() and refusal_in(answer.body) is None:
        raise RetryLater("expected a whole page, found one that ends early: later")
    found = _NEXT_DATA.search(html)
    try:
        props = json.loads(found.group(1))["props"]["pageProps"] if found else {}
        if isinstance(props.get("reviews"), list):
            paging = (props.get("filters") or {}).get("pagination") or {}
            return _unless_vanished(props["reviews"], paging), int(paging.get("totalPages") or 1)
        linked = _from_json_ld(html)
    except (ValueError, KeyError, TypeError) as error:
        raise _changed(answer, html) from error
    if not linked:
        raise _changed(answer, html)
    return linked, 10_000


def _unless_vanished(reviews: list[Any], paging: dict[str, Any]) -> list[Any]:
    on_first = paging.get("currentPage", 1) == 1
    if not reviews and on_first and paging.get("totalCount"):
        raise StopSource(
            f"expected {paging['totalCount']} reviews, found none on the page: update the reader"
        )
    return reviews


def _changed(answer: Answer, html: str) -> StopSource:
    what = refusal_in(answer.body) or f"a page of {len(html)} characters without it"
    return StopSource(
        f"expected __NEXT_DATA__ or JSON-LD with reviews at {answer.url.split('?', 1)[0]}, "
        f"found {what}: look at it by hand"
    )


def _from_json_ld(html: str) -> list[Any]:
    """The reviews of JSON-LD in the form of `__NEXT_DATA__`."""
    graphs = [json.loads(block) for block in _JSON_LD.findall(html)]
    roots = [root for graph in graphs for root in (graph if isinstance(graph, list) else [graph])]
    nodes = [n for root in roots for n in (root.get("@graph") or [root, *_listed(root)])]
    return [_as_next_data(node) for node in nodes if node.get("@type") == "Review"]


def _listed(root: dict[str, Any]) -> list[Any]:
    """Older pages list their reviews under the company."""
    found = root.get("review") or []
    return found if isinstance(found, list) else [found]


def _as_next_data(node: dict[str, Any]) -> dict[str, Any]:
    author = node.get("author") or {}
    link = str(author.get("url", "")).rstrip("/")
    return {
        "id": str(node.get("@id", "")).rsplit("/", 1)[-1],
        "title": node.get("headline"),
        "text": node.get("reviewBody"),
        "rating": (node.get("reviewRating") or {}).get("ratingValue"),
        "dates": {"publishedDate": node.get("datePublished")},
        "consumer": {"id": link.rsplit("/", 1)[-1], "displayName": author.get("name")},
        "language": node.get("inLanguage"),
    }


def _item(raw: Any, options: Options, to: Gathered) -> Iterator[Feedback]:
    review = Payload(raw)
    number = text(review.need("id"))
    if not number:
        raise SkipRecord("expected an id, found none", field="external_id")
    rating = ratings.read(review.need("rating"))
    times = review.within("dates")
    published = dates.read(times.need("publishedDate"), zone=options.timezone)
    consumer, reply = review.within("consumer"), review.within("reply")
    verification = review.within("labels").within("verification")
    is_verified = verification.take("isVerified")
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
        edited_at=dates.instant(times.take("updatedDate")),
        url=f"https://www.trustpilot.com/reviews/{number}",
        author_id=text(consumer.first("id", "displayName")) or None,
        is_verified=is_verified if isinstance(is_verified, bool) else None,
        brand_reply=reply.take("message"),
        brand_replied_at=dates.instant(reply.take("publishedDate")),
        attributes=_attributes(review, times, consumer, verification),
        language_hint=review.take("language") or options.language,
    )
    to.unread |= review.rest(_KNOWN)


def _attributes(
    review: Payload, times: Payload, consumer: Payload, verification: Payload
) -> dict[str, str]:
    location = review.take("location")
    source = review.take("source")
    return attributes(
        country=consumer.take("countryCode"),
        experienced=text(times.take("experiencedDate"))[:10],
        invitation=verification.first("verificationLevel"),
        collected_by=verification.first("reviewSourceName") or text(source),
        location=location.get("name") if isinstance(location, dict) else location,
    )
