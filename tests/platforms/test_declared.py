"""Platforms declared as data read what their documentation shows."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from earshot import platforms
from earshot.errors import FixSettings, StopSource
from earshot.platforms.base import Answer, Headers, Page
from earshot.platforms.session import Session
from earshot.record import Feedback, Kind, Speaker
from tests.platforms.drive import NOW

HERE = "http://127.0.0.1:1"


@dataclass(frozen=True, kw_only=True)
class Case:
    """One answer as documented, and what must come of it."""

    platform: str
    body: Any
    expected: dict[str, Any]
    options: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    following: dict[str, str] | None = None
    endpoint: int = 0


CASES = (
    Case(
        platform="appstoreconnect",
        options={"app": "123"},
        body={
            "data": [
                {
                    "type": "customerReviews",
                    "id": "00000026-aaaa",
                    "attributes": {
                        "rating": 2,
                        "title": "Slow",
                        "body": "It hangs at checkout.",
                        "reviewerNickname": "nick",
                        "createdDate": "2026-11-20T10:00:00-07:00",
                        "territory": "USA",
                    },
                    "relationships": {"response": {"data": {"id": "r1"}}},
                }
            ],
            "included": [
                {
                    "id": "r1",
                    "attributes": {"responseBody": "Sorry!", "lastModifiedDate": "2026-11-21"},
                }
            ],
            "links": {"next": "https://api.example/v1/apps/123/customerReviews?cursor=AB"},
        },
        expected={
            "external_id": "00000026-aaaa",
            "published_at": "2026-11-20T17:00:00+00:00",
            "rating": 2.0,
            "brand_reply": "Sorry!",
        },
        following={"cursor": "AB"},
    ),
    Case(
        platform="androidpublisher",
        options={"app": "com.example"},
        body={
            "reviews": [
                {
                    "reviewId": "gp:1",
                    "authorName": "",
                    "comments": [
                        {
                            "userComment": {
                                "text": "Great\tLove the new look",
                                "lastModified": {"seconds": "1790000000", "nanos": 1},
                                "starRating": 5,
                                "reviewerLanguage": "en",
                                "appVersionName": "3.1",
                                "thumbsUpCount": 4,
                            }
                        },
                        {
                            "developerComment": {
                                "text": "Thanks",
                                "lastModified": {"seconds": "1790000100"},
                            }
                        },
                    ],
                }
            ],
            "tokenPagination": {"nextPageToken": "T2"},
        },
        expected={
            "external_id": "gp:1",
            "title": "Great",
            "body": "Love the new look",
            "rating": 5.0,
            "author_id": None,
            "brand_reply": "Thanks",
            "reach": 4,
        },
        following={"token": "T2"},
    ),
    Case(
        platform="googlebusiness",
        options={"account": "1", "location": "2"},
        body={
            "reviews": [
                {
                    "name": "accounts/1/locations/2/reviews/r",
                    "reviewId": "r",
                    "reviewer": {"displayName": "Ann", "isAnonymous": False},
                    "starRating": "FIVE",
                    "comment": "(Translated by Google) Good\n\n(Original)\nGut",
                    "createTime": "2026-11-20T10:00:00Z",
                    "updateTime": "2026-11-20T11:00:00Z",
                    "reviewReply": {"comment": "Danke", "updateTime": "2026-11-21T11:00:00Z"},
                }
            ],
            "nextPageToken": "N",
        },
        expected={"external_id": "r", "rating": 5.0, "body": "Gut", "brand_reply": "Danke"},
        following={"pageToken": "N"},
    ),
    Case(
        platform="judgeme",
        options={"shop": "example.myshopify.com"},
        body={
            "reviews": [
                {
                    "id": 7,
                    "title": "Nice",
                    "body": "Warm socks",
                    "rating": 4,
                    "product_external_id": 11,
                    "product_title": "Socks",
                    "reviewer": {"id": 3, "email": "a@example.com"},
                    "verified": "buyer",
                    "created_at": "2026-11-20T10:00:00+00:00",
                    "updated_at": "2026-11-20T10:00:00+00:00",
                }
            ]
        },
        expected={"external_id": "7", "author_id": "3", "product": "Socks", "is_verified": True},
        following={"page": "2"},
    ),
    Case(
        platform="woocommerce",
        body=[
            {
                "id": 22,
                "date_created": "2026-11-20T12:00:00",
                "date_created_gmt": "2026-11-20T10:00:00",
                "product_id": 5,
                "product_name": "Mug",
                "status": "approved",
                "reviewer": "Jo",
                "reviewer_email": "jo@example.com",
                "review": "<p>Fine &amp; big</p>\n",
                "rating": 0,
                "verified": False,
            }
        ],
        expected={
            "external_id": "22",
            "body": "Fine & big",
            "rating": None,
            "published_at": "2026-11-20T10:00:00+00:00",
            "is_verified": False,
        },
        following={"page": "2"},
    ),
    Case(
        platform="zohodesk",
        options={"organisation": "9"},
        body={
            "data": [
                {
                    "id": "55",
                    "ticketNumber": "101",
                    "subject": "Where is my parcel",
                    "createdTime": "2026-11-20T10:00:00.000Z",
                    "modifiedTime": "2026-11-20T12:00:00.000Z",
                    "closedTime": None,
                    "status": "Open",
                    "channel": "Email",
                    "threadCount": "1",
                    "contactId": "c1",
                }
            ]
        },
        expected={"external_id": "55", "kind": Kind.TICKET_MESSAGE, "author_id": "c1"},
        following={"from": "1"},
    ),
    Case(
        platform="freshdesk",
        body=[
            {
                "id": 3,
                "subject": "Refund",
                "description_text": "Please refund me",
                "created_at": "2026-11-20T10:00:00Z",
                "updated_at": "2026-11-20T11:00:00Z",
                "requester_id": 8,
                "status": 2,
                "source": 1,
                "stats": {"first_responded_at": "2026-11-20T10:30:00Z", "resolved_at": None},
            }
        ],
        headers={"Link": '<https://acme.freshdesk.com/api/v2/tickets?page=2>; rel="next"'},
        expected={"external_id": "3", "body": "Please refund me", "author_id": "8"},
        following={"page": "2"},
    ),
    Case(
        platform="gorgias",
        body={
            "data": [
                {
                    "id": 1,
                    "ticket_id": 2,
                    "from_agent": True,
                    "sender": {"id": 4},
                    "stripped_text": "We are on it",
                    "created_datetime": "2026-11-20T10:00:00",
                    "public": True,
                }
            ],
            "meta": {"next_cursor": "C"},
        },
        expected={
            "external_id": "1",
            "parent_id": "2",
            "speaker": Speaker.BRAND,
            "attributes": {"is_public": "true", "conversation": "2"},
        },
        following={"cursor": "C"},
    ),
    Case(
        platform="intercom",
        body={
            "conversations": [
                {
                    "type": "conversation",
                    "id": "77",
                    "created_at": 1790000000,
                    "updated_at": 1790000500,
                    "state": "open",
                    "source": {
                        "type": "email",
                        "subject": "Help",
                        "body": "<p>It broke</p>",
                        "author": {"type": "user", "id": "u1"},
                    },
                    "statistics": {"first_admin_reply_at": 1790000300, "count_reopens": 1},
                }
            ],
            "pages": {"next": {"starting_after": "S"}},
        },
        expected={"external_id": "77", "body": "It broke", "speaker": Speaker.CUSTOMER},
    ),
)


def received(case: Case) -> tuple[Page, Session]:
    platform = platforms.load(case.platform)
    options = platform.Options(
        **{"source": "test", "brand": ("brand",), "base_url": HERE, **case.options}
    )
    session = Session(platform, options, now=NOW)
    call = session.calls()[case.endpoint]
    headers = Headers({"Content-Type": "application/json", **case.headers})
    body = json.dumps(case.body).encode()
    return session.receive(
        Answer(status=200, headers=headers, body=body, url=call.url), call
    ), session


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.platform)
def test_a_documented_answer_is_read(case: Case) -> None:
    page, _ = received(case)

    item = page.items[0]
    seen = {name: getattr(item, name) for name in case.expected}
    if "published_at" in seen:
        seen["published_at"] = seen["published_at"].isoformat()
    assert seen == case.expected
    assert page.unread_fields == frozenset()
    assert page.rejected == []


@pytest.mark.parametrize("case", [c for c in CASES if c.following], ids=lambda c: c.platform)
def test_the_next_page_is_asked_for_on_our_host(case: Case) -> None:
    page, _ = received(case)

    url = page.next_calls[0].url
    query = {name: values[-1] for name, values in parse_qs(urlsplit(url).query).items()}
    assert url.startswith(HERE)
    assert query | (case.following or {}) == query


def test_a_cursor_of_a_posted_search_goes_into_its_body() -> None:
    page, _ = received(CASES[-1])

    body = json.loads(page.next_calls[0].body or b"")
    assert body["pagination"] == {"per_page": 150, "starting_after": "S"}


def test_support_tickets_bring_their_times() -> None:
    metrics = {case.platform: received(case)[0].ticket_metrics for case in CASES}

    freshdesk, intercom = metrics["freshdesk"][0], metrics["intercom"][0]
    assert freshdesk.first_response_at.isoformat() == "2026-11-20T10:30:00+00:00"
    assert freshdesk.channel == "email"
    assert (intercom.reopens, metrics["zohodesk"][0].resolved_at) == (1, None)


def test_declared_platforms_say_that_they_never_ran_against_the_live_service() -> None:
    assert all(platforms.load(case.platform).terms.from_documentation for case in CASES)


REST = {
    "path": "api/reviews",
    "items": "data.rows",
    "fields": {"id": "id", "body": "text", "rating": "stars", "published": "at"},
    "rating_scale": 10,
    "paging": {"style": "cursor", "parameter": "after", "path": "data.next"},
    "auth": {"style": "bearer", "credential": "SHOP_TOKEN"},
}


def _rest(body: Any, **options: Any) -> tuple[Page, Session]:
    return received(Case(platform="rest", body=body, expected={}, options={**REST, **options}))


def test_any_json_endpoint_can_be_declared_in_the_settings() -> None:
    rows = [{"id": 1, "text": "ok", "stars": 8, "at": "2026-11-20", "colour": "red"}]

    page, _ = _rest({"data": {"rows": rows, "next": "n2"}})

    item: Feedback = page.items[0]
    assert (item.external_id, item.stars, str(item.published_precision)) == ("test:1", 4.0, "day")
    assert page.unread_fields == {"colour"}
    assert page.next_calls[0].url.endswith("after=n2")


def test_a_list_that_moved_is_no_empty_success() -> None:
    with pytest.raises(StopSource, match="a list at"):
        _rest({"data": {"entries": [{"id": 1}]}})


def test_items_without_their_id_are_a_changed_format() -> None:
    with pytest.raises(StopSource, match="unreadable"):
        _rest({"data": {"rows": [{"key": n, "text": "x", "at": "2026-11-20"} for n in range(6)]}})


def test_one_broken_item_is_rejected_alone() -> None:
    rows = [{"id": n, "text": "x", "stars": n, "at": "2026-11-20"} for n in (8, 9, 77)]

    page, _ = _rest({"data": {"rows": rows}})

    assert ([i.external_id for i in page.items], page.rejected[0].field) == (
        ["test:8", "test:9"],
        "rating",
    )


def test_a_missing_credential_is_named_unless_the_service_is_a_stand_in() -> None:
    platform = platforms.load("rest")
    options = platform.Options(
        **{"source": "test", "brand": ("b",), "base_url": "https://shop.example", **REST}
    )

    with pytest.raises(FixSettings, match="SHOP_TOKEN"):
        platform.first(options, {}, {}, NOW)


def test_an_unknown_kind_names_the_known_ones() -> None:
    with pytest.raises(FixSettings, match="zendesk"):
        platforms.load("zendisk")


@pytest.mark.parametrize("name", platforms.names())
def test_a_platform_documents_itself_and_all_its_options(name: str) -> None:
    platform = platforms.load(name)

    undescribed = [k for k, v in platform.Options.model_fields.items() if not v.description]
    assert undescribed == []
    assert platform.Options.__doc__
    assert platform.terms.note
    assert platform.contract.required


def test_a_source_may_say_how_fresh_it_must_be() -> None:
    case = replace(CASES[3], options={**CASES[3].options, "newest_within_days": 2})

    _, session = received(case)

    assert session.contract.newest_at_most == timedelta(days=2)


def test_a_token_comes_from_the_region_of_the_source() -> None:
    platform = platforms.load("zohodesk")
    options = platform.Options(
        source="s", brand=("b",), organisation="9", base_url="https://desk.zoho.eu"
    )

    call = platform.first(options, {}, {name: "x" for name in platform.needs}, NOW)[0]

    assert call.url == "https://accounts.zoho.eu/oauth/v2/token"
