"""The same platforms from other years and countries: fields missing, null or of another type."""

from __future__ import annotations

import json
from typing import Any

import pytest

from earshot.errors import StopSource
from earshot.platforms import dates
from earshot.platforms.base import Page
from earshot.record import Feedback
from tests.platforms.test_quirks import begun, entry, received, store

AT = "2026-11-20T10:00:00Z"
LISTED: dict[str, Any] = {
    "yelp": {
        "total": "1",
        "reviews": [
            {"id": 7, "rating": "4", "time_created": "2026-11-20 10:00:00", "text": None,
             "user": {"id": None, "name": 12}, "possible_languages": None}
        ],
    },
    "bazaarvoice": {
        "TotalResults": "1",
        "Includes": None,
        "Results": [
            {"Id": 7, "Rating": "4", "RatingRange": "5", "SubmissionTime": AT, "AuthorId": 12,
             "ReviewText": None, "ClientResponses": [], "Badges": [], "SyndicationSource": None}
        ],
    },
    "yotpo": {
        "response": {
            "pagination": {"total": "1"},
            "reviews": [
                {"id": "7", "score": "4", "created_at": AT, "user": None, "votes_up": "3",
                 "comment": None, "name": "Ann", "title": None, "content": "Fine"}
            ],
        }
    },
    "googleplaces": {
        "status": "OK",
        "result": {
            "reviews": [{"rating": "4", "time": "1790000000", "author_name": "Ann", "text": None}]
        },
    },
    "hackernews": {
        "hits": [
            {"objectID": 7, "created_at": AT, "author": None, "comment_text": None, "points": None,
             "parent_id": 6, "story_id": "5"}
        ],
        "nbHits": "1",
        "nbPages": "1",
    },
    "reddit": {
        "kind": "Listing",
        "data": {
            "after": None,
            "children": [
                {"kind": "t3", "data": {"id": "7", "name": "t3_7", "created_utc": "1790000000.0",
                                        "author": None, "score": -3, "edited": True}}
            ],
        },
    },
    "youtube": {
        "items": [
            {"id": "7", "snippet": {
                "totalReplyCount": "0",
                "topLevelComment": {"id": "7", "snippet": {
                    "publishedAt": AT, "textDisplay": "Fine<br>now", "likeCount": "3",
                    "authorDisplayName": ""}}}}
        ]
    },
    "mastodon": [
        {"id": 7, "uri": "https://m.example/7", "created_at": AT, "content": "", "account": None,
         "language": None, "in_reply_to_id": 6, "reblog": None}
    ],
    "bluesky": {
        "posts": [
            {"uri": "at://d/p/7", "author": {"did": "did:plc:a"}, "indexedAt": AT,
             "record": {"text": "", "createdAt": "last week", "langs": None, "reply": None}}
        ]
    },
    "trustpilot_api": {
        "reviews": [
            {"id": 7, "stars": "4", "createdAt": AT, "consumer": None, "companyReply": None,
             "location": None, "title": None, "text": None, "isVerified": None}
        ]
    },
    "zendesk": {
        "tickets": [
            {"id": "7", "created_at": AT, "via": None, "tags": None, "requester_id": "5",
             "submitter_id": None, "subject": None, "description": None, "metric_set": None}
        ],
        "end_time": None,
        "next_page": None,
        "users": None,
    },
    "appstore": {
        "feed": {
            "entry": {"id": {"label": 7}, "im:rating": {"label": 4}, "title": None,
                      "content": [{"label": "Fine"}, {"label": "<p>Fine</p>"}], "author": None}
        }
    },
}  # fmt: skip


def _read(name: str, body: Any, **options: Any) -> Page:
    given = {"format": "json"} if name == "appstore" else {}
    return received(begun(name, **given, **options), body)


@pytest.mark.parametrize("name", LISTED)
def test_optional_fields_may_be_missing_null_or_of_another_type(name: str) -> None:
    page = _read(name, LISTED[name])

    (item,) = page.items
    assert [piece.reason for piece in page.rejected] == []
    assert item.external_id.endswith(("7", "p/at-20260921T141320"))
    assert item.published_at is not None or name == "appstore"


@pytest.mark.parametrize("name", ["yelp", "yotpo", "bazaarvoice", "trustpilot_api", "appstore"])
def test_stars_that_are_written_as_text_are_numbers(name: str) -> None:
    (item,) = _read(name, LISTED[name]).items

    assert (item.rating, item.rating_scale) == (4, 5)


EMPTY: dict[str, Any] = {
    "hackernews": {"hits": [], "nbHits": 0},
    "mastodon": [],
    "bluesky": {"posts": []},
    "youtube": {"items": []},
    "trustpilot_api": {"reviews": []},
    "yotpo": {"response": {"reviews": []}},
    "bazaarvoice": {"Results": [], "TotalResults": 0},
    "appstore": {"feed": {"entry": None}},
    "zendesk": {"tickets": [], "end_of_stream": True},
    "reddit": {"data": {"children": [], "after": None}},
}


@pytest.mark.parametrize("name", EMPTY)
def test_an_empty_list_is_an_end_and_no_failure(name: str) -> None:
    page = _read(name, EMPTY[name])

    assert (list(page.items), list(page.next_calls)) == ([], [])


@pytest.mark.parametrize("name", [each for each in LISTED if each not in ("mastodon",)])
def test_a_list_that_was_renamed_is_a_failure_and_no_empty_success(name: str) -> None:
    renamed = json.dumps(LISTED[name])
    for key in ("reviews", "Results", "hits", "children", "items", "posts", "tickets", "feed"):
        renamed = renamed.replace(f'"{key}"', f'"{key}_v2"')

    if name == "googleplaces":  # A place without reviews has no such list; its contract tells.
        assert not _read(name, renamed.encode()).items
        return
    with pytest.raises(StopSource):
        _read(name, renamed.encode())


def _export(number: int, next_page: str | None) -> dict[str, Any]:
    ticket = {"id": number, "created_at": AT, "requester_id": 5}
    return {"tickets": [ticket], "end_time": number, "next_page": next_page, "count": 1}


def test_an_old_time_export_whose_last_page_names_itself_ends() -> None:
    session = begun("zendesk", start="2026-11-01T00:00:00Z")
    call, items = session.calls()[0], []
    for number in (1_790_000_000, 1_790_000_001, 1_790_000_001):
        page = received(session, _export(number, "https://acme.zendesk.com/next"), call)
        items += [item.external_id for item in page.items]
        if not page.next_calls:
            break
        call = page.next_calls[0]

    assert items == ["1790000000", "1790000001"]
    assert page.next_calls == []
    assert session.cursor == {"tickets": {"end_time": 1_790_000_001}}


def test_an_export_of_more_than_a_hundred_calls_is_read_to_its_end() -> None:
    session = begun("zendesk")
    call, items = session.calls()[0], list[Feedback]()
    for number in range(1, 118):
        told = {**_export(1_790_000_000 + number, "x"), "end_of_stream": number == 117}
        page = received(session, told, call)
        items += page.items
        call = next(iter(page.next_calls), call)

    assert len({item.external_id for item in items}) == 117
    assert page.next_calls == []


def test_older_trustpilot_pages_list_reviews_under_the_company() -> None:
    node = {
        "@type": "Review",
        "@id": "https://www.trustpilot.com/#/schema/Review/example.com/r9",
        "reviewBody": "x",
        "reviewRating": {"ratingValue": "2"},
        "datePublished": "2019-11-20T10:00:00Z",
        "author": {"name": "n"},
    }
    listed = json.dumps([{"@type": "LocalBusiness", "review": [node]}])
    body = f'<html><script type="application/ld+json">{listed}</script></html>'

    assert [i.external_id for i in received(begun("trustpilot"), body.encode()).items] == ["r9"]


def test_a_store_feed_without_times_is_read_and_its_dates_are_unknown() -> None:
    items = received(begun("appstore", format="json"), store(entry(7), entry(8))).items

    assert {str(item.published_precision) for item in items} == {"unknown"}


def test_a_feed_entry_with_an_empty_link_leads_to_its_id() -> None:
    body = (
        '<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>https://x.example/1</id>'
        "<title>t</title><published>2026-11-20T10:00:00Z</published></entry></feed>"
    )
    rss = (
        "<rss><channel><item><title>t</title><link/><guid>https://x.example/2</guid></item>"
        "</channel></rss>"
    )

    assert received(begun("feed"), body.encode()).items[0].url == "https://x.example/1"
    assert received(begun("feed"), rss.encode()).items[0].url == "https://x.example/2"


@pytest.mark.parametrize(
    "written",
    ["Fri, 20 November 2026 10:00:00 +0100", "Fr, 20 Nov 2026 10:00:00 +0100"],
)
def test_a_zone_that_is_written_beats_the_sources(written: str) -> None:
    moment = dates.read(written, zone="America/New_York").moment

    assert moment is not None
    assert moment.isoformat() == "2026-11-20T09:00:00+00:00"
