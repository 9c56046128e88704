"""What each platform does differently, on answers made by hand."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from earshot import platforms
from earshot.errors import FixSettings, RetryLater, StopSource
from earshot.platforms.base import Answer, Call, Headers, Page
from earshot.platforms.calls import query_of
from earshot.platforms.session import Session
from tests.platforms.drive import NOW

HERE = "http://127.0.0.1:1"
OPTIONS: dict[str, dict[str, Any]] = {
    "appstore": {"app": "1"},
    "googleplay": {"app": "com.example"},
    "trustpilot": {"domain": "example.com"},
    "feed": {"urls": ("https://feeds.example/news",)},
    "youtube": {"videos": ("v",)},
    "mastodon": {"tags": ("shop",)},
    "bluesky": {"queries": ("shop",)},
    "yelp": {"businesses": ("b",)},
    "bazaarvoice": {},
    "yotpo": {"app_key": "k", "products": ("1",)},
    "googleplaces": {"places": ("p",), "api": "legacy"},
    "hackernews": {},
    "reddit": {"subreddits": ("a",), "read": ("new",)},
    "zendesk": {"export": "time"},
    "trustpilot_api": {"business_unit": "u"},
}


def begun(name: str, cursor: Mapping[str, Any] | None = None, **options: Any) -> Session:
    platform = platforms.load(name)
    given = {"source": "s", "brand": ("b",), "base_url": HERE, **OPTIONS[name], **options}
    return Session(platform, platform.Options(**given), cursor=cursor, now=NOW)


def received(session: Session, body: Any, call: Call | None = None, **more: Any) -> Page:
    call = call or session.calls()[0]
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = Headers(more.pop("headers", {}))
    return session.receive(
        Answer(**{"status": 200, "headers": headers, "body": raw, "url": call.url, **more}), call
    )


def entry(number: int) -> dict[str, Any]:
    labels = {"id": str(number), "title": "t", "content": "c", "im:rating": "3"}
    fields: dict[str, Any] = {name: {"label": value} for name, value in labels.items()}
    uri = {"label": f"https://itunes.apple.com/us/reviews/id{number}"}
    return {**fields, "author": {"name": {"label": "n"}, "uri": uri}}


def store(*entries: Any, last: int = 10) -> dict[str, Any]:
    link = {"attributes": {"rel": "last", "href": f"https://x/page={last}/id=1/xml"}}
    feed: dict[str, Any] = {"id": {"label": "f"}, "link": [link]}
    if len(entries) == 1:
        feed["entry"] = entries[0]
    elif entries:
        feed["entry"] = list(entries)
    return {"feed": feed}


def test_a_store_with_one_review_has_an_object_and_no_list() -> None:
    page = received(begun("appstore", format="json"), store(entry(7)))

    assert [(i.external_id, i.author_id) for i in page.items] == [("7", "7")]


def test_the_app_itself_at_the_head_of_an_old_feed_is_no_review() -> None:
    app = {"im:name": {"label": "App"}, "id": {"label": "https://itunes/app"}}

    page = received(begun("appstore", format="json"), store(app, entry(7), entry(8)))

    assert ([i.external_id for i in page.items], page.rejected) == (["7", "8"], [])


def test_the_store_is_read_to_its_last_page_and_never_past_the_tenth() -> None:
    session = begun("appstore", format="json")
    call, pages = session.calls()[0], 0
    while True:
        pages += 1
        page = received(session, store(entry(pages), entry(pages + 50), last=12), call)
        if not page.next_calls:
            break
        call = page.next_calls[0]

    assert pages == 10


def test_a_feed_that_is_suddenly_empty_is_read_again() -> None:
    known = {"us": {"newest_at": NOW.isoformat()}}

    with pytest.raises(RetryLater, match="empty feed"):
        received(begun("appstore", known, format="json"), store())


def play(*reviews: Any, token: str | None = None) -> bytes:
    inner = json.dumps([list(reviews), [None, token]])
    return b")]}'\n\n" + json.dumps([["wrb.fr", "UsvDTd", inner, None]]).encode()


REVIEW = ["id1", ["A Google user"], 4, None, "fine", [1790000000, 0], 2,
          ["Shop", "Thanks", [1790000500, 0]], None, ["42"], "1.2"]  # fmt: skip


def test_a_review_of_the_play_store_with_its_answer() -> None:
    page = received(begun("googleplay"), play(REVIEW, token="T"))

    item = page.items[0]
    assert (item.rating, item.brand_reply, item.reach, item.author_id) == (4, "Thanks", 2, None)
    assert b"T" in (page.next_calls[0].body or b"")


def test_an_answer_of_the_play_store_without_payload_is_throttling() -> None:
    with pytest.raises(RetryLater, match="throttles"):
        received(begun("googleplay"), b')]}\'\n\n[["wrb.fr","UsvDTd",null,null,[5]]]')


def test_an_answer_of_the_play_store_may_come_in_chunks() -> None:
    inner = json.dumps([[REVIEW], [None, None]])
    line = json.dumps([["wrb.fr", "UsvDTd", inner]])
    body = f')]}}\'\n\n{len(line)}\n{line}\n25\n[["e",4,null,null,1]]\n'

    assert [i.external_id for i in received(begun("googleplay"), body.encode()).items] == ["id1"]


def trustpilot(pages: int = 3, **dates: Any) -> bytes:
    review = {
        "id": "r1",
        "isPending": False,
        "text": "x",
        "title": "t",
        "rating": 1,
        "source": "Organic",
        "topics": [],
        "dates": {"publishedDate": "2026-11-20T10:00:00.000Z", **dates},
        "consumer": {"id": "c", "countryCode": "DE"},
        "labels": {"verification": {"isVerified": True, "verificationLevel": "invited"}},
        "reply": {"message": "Sorry", "publishedDate": "2026-11-21T10:00:00.000Z"},
    }
    paging = {"pagination": {"currentPage": 1, "totalPages": pages, "totalCount": 60}}
    data = {"props": {"pageProps": {"reviews": [review], "filters": paging}}}
    script = f'<script id="__NEXT_DATA__" type="application/json">{json.dumps(data)}</script>'
    return f"<html><body>{script}</body></html>".encode()


def test_a_page_of_2026_has_further_fields_and_the_same_reviews() -> None:
    page = received(begun("trustpilot"), trustpilot(submittedDate="2026-11-20T10:00:00.000Z"))

    item = page.items[0]
    assert (item.is_verified, item.brand_reply, item.attributes["invitation"]) == (
        True,
        "Sorry",
        "invited",
    )
    assert page.unread_fields == frozenset()
    assert query_of(page.next_calls[0].url)["page"] == "2"


def test_without_its_data_a_page_is_read_by_its_json_ld() -> None:
    node = {
        "@type": "Review",
        "@id": "https://www.trustpilot.com/#/schema/Review/example.com/r9",
        "reviewBody": "x",
        "reviewRating": {"ratingValue": "2"},
        "datePublished": "2026-11-20T10:00:00.000Z",
        "author": {"name": "n", "url": "https://www.trustpilot.com/users/u1/"},
    }
    graph = json.dumps({"@graph": [{"@type": "Organization"}, node]})
    body = f'<html><script type="application/ld+json">{graph}</script></html>'

    page = received(begun("trustpilot"), body.encode())

    assert [(i.external_id, i.rating, i.author_id) for i in page.items] == [("r9", 2, "u1")]


def test_a_login_wall_ends_a_first_crawl_and_fails_a_later_one() -> None:
    wall = {"status": 302, "headers": {"Location": "https://www.trustpilot.com/users/connect"}}
    session = begun("trustpilot")
    second = received(session, trustpilot()).next_calls[0]

    assert "login" in received(session, b"", second, **wall).warnings[0]
    later = begun("trustpilot", {"example.com": {"newest_at": NOW.isoformat()}})
    with pytest.raises(StopSource, match="login wall"):
        received(later, b"", second, **wall)


def test_reviews_that_vanish_from_a_page_that_counts_them_are_a_failure() -> None:
    data = {"reviews": [], "filters": {"pagination": {"currentPage": 1, "totalCount": 60}}}
    script = json.dumps({"props": {"pageProps": data}})
    body = f'<html><script id="__NEXT_DATA__">{script}</script></html>'

    with pytest.raises(StopSource, match="60 reviews"):
        received(begun("trustpilot"), body.encode())


def rss(item: str) -> bytes:
    return f'<?xml version="1.0"?><rss><channel>{item}</channel></rss>'.encode()


def test_a_google_alert_leads_to_the_text_itself() -> None:
    link = "https://www.google.com/url?rct=j&amp;url=https://paper.example/a?b%3D1&amp;usg=x"
    body = rss(f"<item><title>A &lt;b&gt;shop&lt;/b&gt;</title><link>{link}</link></item>")

    item = received(begun("feed"), body).items[0]

    assert (item.title, item.url) == ("A shop", "https://paper.example/a?b=1")
    assert str(item.published_precision) == "unknown"


def test_the_publisher_is_taken_off_a_google_news_headline() -> None:
    body = rss(
        "<item><title>Big sale - The Paper</title><guid>CBMiabcdefghijklmnopqrst</guid>"
        "<link>https://news.google.com/rss/articles/CBMi</link>"
        '<source url="https://paper.example">The Paper</source></item>'
    )

    item = received(begun("feed"), body).items[0]

    assert (item.title, item.attributes["publisher"]) == ("Big sale", "The Paper")


def test_rdf_feeds_are_read_too() -> None:
    body = (
        b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
        b'xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">'
        b"<channel><title>c</title></channel><item><title>t</title><link>https://x.example/1"
        b"</link><dc:date>2026-11-20</dc:date><dc:creator>me</dc:creator></item></rdf:RDF>"
    )

    item = received(begun("feed"), body).items[0]

    assert (item.url, item.author_id, str(item.published_precision)) == (
        "https://x.example/1",
        "me",
        "day",
    )


def test_a_feed_in_another_encoding_than_it_says_is_read() -> None:
    body = '<?xml version="1.0" encoding="utf-8"?><rss><channel><item><title>Café</title>'
    body += "<link>https://x.example/1</link></item></channel></rss>"

    assert received(begun("feed"), body.encode("cp1252")).items[0].title.startswith("Caf")


def test_a_feed_in_utf_16_is_read() -> None:
    body = '<?xml version="1.0" encoding="utf-16"?><rss><channel><item><title>Café</title>'
    body += "<link>https://x.example/1</link></item></channel></rss>"

    assert received(begun("feed"), body.encode("utf-16")).items[0].title == "Café"


def test_entities_are_not_expanded() -> None:
    bomb = b'<!DOCTYPE r [<!ENTITY a "x"><!ENTITY b "&a;&a;&a;">]>'
    body = bomb + b"<rss><channel><item><title>&b;</title><link>l</link></item></channel></rss>"

    assert "x" not in received(begun("feed"), body).items[0].title


def comment(number: str) -> dict[str, Any]:
    at = "2026-11-20T10:00:00Z"
    snippet = {"textOriginal": "x", "publishedAt": at, "updatedAt": at, "videoId": "v"}
    return {"id": number, "snippet": {**snippet, "authorChannelId": {"value": f"c{number}"}}}


def thread(number: str, replies: int, *given: str) -> dict[str, Any]:
    return {
        "id": number,
        "snippet": {"topLevelComment": comment(number), "totalReplyCount": replies},
        "replies": {"comments": [comment(each) for each in given]},
    }


def test_replies_that_a_thread_leaves_out_are_asked_for() -> None:
    page = received(begun("youtube"), {"items": [thread("a", 1, "a.1"), thread("b", 9, "b.1")]})

    assert [(i.external_id, i.parent_id) for i in page.items] == [
        ("a", None),
        ("a.1", "a"),
        ("b", None),
        ("b.1", "b"),
    ]
    assert [query_of(call.url)["parentId"] for call in page.next_calls] == ["b"]


def test_a_used_up_quota_waits_and_switched_off_comments_are_told() -> None:
    def refused(reason: str) -> Page:
        error = {"error": {"errors": [{"reason": reason}]}}
        return received(begun("youtube"), error, status=403)

    with pytest.raises(RetryLater, match="quota"):
        refused("quotaExceeded")
    assert "switched off" in refused("commentsDisabled").warnings[0]
    with pytest.raises(FixSettings):
        refused("forbidden")


def status(number: int, **more: Any) -> dict[str, Any]:
    return {
        "id": str(number),
        "uri": f"https://m.example/{number}",
        "created_at": "2026-11-20T10:00:00Z",
        "content": "<p>Hi &amp; bye</p><p>you</p>",
        "account": {"acct": "a@m.example", "uri": "https://m.example/a", "bot": False},
        **more,
    }


def test_a_later_crawl_goes_forward_from_some_time_before_the_newest_post() -> None:
    newest = int(NOW.timestamp() * 1000) << 16
    known = {"api/v1/timelines/tag/shop": {"newest_id": str(newest)}}

    call = begun("mastodon", known).calls()[0]

    back = timedelta(milliseconds=(newest - int(query_of(call.url)["min_id"])) >> 16)
    assert back == timedelta(hours=12)


def test_boosts_are_the_posts_they_boost_and_bots_are_no_customers() -> None:
    bot = {"acct": "bot@m.example", "uri": "https://m.example/bot", "bot": True}

    page = received(begun("mastodon"), [status(3, reblog=status(1)), status(2, account=bot)])

    assert [(i.external_id, str(i.speaker)) for i in page.items] == [
        ("https://m.example/1", "customer"),
        ("https://m.example/2", "other"),
    ]
    assert page.items[0].body == "Hi & bye\n\nyou"


def test_a_search_that_ends_at_ten_thousand_posts_goes_on_before_the_oldest() -> None:
    session = begun("bluesky")
    call = session.calls()[0]
    at_its_end = Call(url=call.url, note={**call.note, "count": 9_950})
    record = {"text": "x", "createdAt": "2026-11-20T10:00:00Z"}
    post = {"uri": "at://did:plc:a/p/1", "author": {"did": "did:plc:a"}, "record": record}

    page = received(session, {"posts": [post]}, at_its_end)

    assert query_of(page.next_calls[0].url)["until"] == "2026-11-20T10:00:01.000Z"


def test_a_post_dated_in_the_future_was_written_when_it_was_seen() -> None:
    record = {"text": "x", "createdAt": "2031-01-01T00:00:00Z"}
    post = {
        "uri": "at://did:plc:a/p/1",
        "author": {"did": "did:plc:a"},
        "record": record,
        "indexedAt": "2026-11-20T10:00:00Z",
    }

    item = received(begun("bluesky"), {"posts": [post]}).items[0]

    assert item.published_at is not None
    assert item.published_at.year == 2026
