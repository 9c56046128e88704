"""Paging ends, repeats nothing, sees edits and deletions, and a backfill moves no cursor."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from earshot import platforms
from earshot.errors import FixSettings, RetryLater, StopSource
from earshot.platforms.base import Answer, Call, Headers, Span
from earshot.platforms.calls import query_of
from earshot.platforms.session import Session
from earshot.record import Feedback
from earshot.settings import Brand
from earshot.text.brands import assigner
from tests.platforms.drive import NOW

HERE = "http://127.0.0.1:1"
Answering = Callable[[Call], Any]


def crawl(
    name: str,
    answering: Answering,
    options: dict[str, Any],
    most: int = 200,
    **more: Any,
) -> tuple[list[Feedback], Session, int]:
    """Items, books and number of calls of one crawl against a function."""
    platform = platforms.load(name)
    known = platform.Options(**{"source": "s", "brand": ("b",), "base_url": HERE, **options})
    session = Session(platform, known, now=NOW, **more)
    items: list[Feedback] = []
    waiting, calls = session.calls(), 0
    while waiting and calls < most:
        call = waiting.pop(0)
        calls += 1
        body = json.dumps(answering(call)).encode()
        page = session.receive(Answer(status=200, headers=Headers(), body=body, url=call.url), call)
        items += page.items
        waiting += page.next_calls
    return items, session, calls


def hit(number: int, at: int, text: str = "x") -> dict[str, Any]:
    return {"objectID": str(number), "created_at_i": at, "author": "a", "comment_text": text}


BEGIN = int(datetime(2026, 11, 1, tzinfo=UTC).timestamp())
REDDIT = {"subreddits": ("a",), "read": ("new",)}


def post(number: int, **more: Any) -> dict[str, Any]:
    data = {
        "name": f"t3_{number}",
        "title": f"title {number}",
        "selftext": f"text {number}",
        "author": f"author{number}",
        "created_utc": BEGIN + number * 60,
        **more,
    }
    return {"kind": "t3", "data": data}


def listing(*posts: dict[str, Any], after: str | None = None) -> dict[str, Any]:
    return {"kind": "Listing", "data": {"children": list(posts), "after": after}}


def subreddit(numbers: list[int], size: int = 10) -> Answering:
    """Reddit's listing of posts, newest first, by `after` and `before`."""

    def answer(call: Call) -> Any:
        query, newest = query_of(call.url), sorted(numbers, reverse=True)
        names = [f"t3_{n}" for n in newest]
        if "before" in query:
            if query["before"] not in names:
                return listing()
            end = names.index(query["before"])
            return listing(*map(post, newest[max(0, end - size) : end]))
        start = names.index(query["after"]) + 1 if "after" in query else 0
        page = newest[start : start + size]
        more = start + size < len(newest)
        return listing(*map(post, page), after=f"t3_{page[-1]}" if more else None)

    return answer


def test_a_later_crawl_reads_the_new_items_and_some_of_the_old_ones() -> None:
    _, first, _ = crawl("reddit", subreddit(list(range(40))), REDDIT)

    items, _, calls = crawl("reddit", subreddit(list(range(60))), REDDIT, cursor=first.cursor)

    ids = {item.external_id for item in items}
    assert {f"t3_{n}" for n in range(40, 60)} <= ids
    assert "t3_35" in ids
    assert calls < 8


def test_new_items_are_found_although_the_anchor_was_deleted() -> None:
    _, first, _ = crawl("reddit", subreddit(list(range(40))), REDDIT)
    anchors = {int(a.removeprefix("t3_")) for a in first.cursor["r/a/new"]["anchors"]}
    left = [n for n in range(50) if n not in anchors]

    items, _, _ = crawl("reddit", subreddit(left), REDDIT, cursor=first.cursor)

    assert {f"t3_{n}" for n in range(40, 50)} <= {item.external_id for item in items}


def test_an_edit_between_two_crawls_is_seen() -> None:
    cursor = crawl("reddit", subreddit(list(range(20))), REDDIT)[1].cursor

    def edited(call: Call) -> Any:
        page = subreddit(list(range(20)))(call)
        for each in page["data"]["children"]:
            each["data"] |= {"selftext": "other words", "edited": BEGIN + 9000.0}
        return page

    items, _, _ = crawl("reddit", edited, REDDIT, cursor=cursor)

    assert {item.body for item in items} == {"other words"}
    assert {item.edited_at for item in items} == {datetime.fromtimestamp(BEGIN + 9000, UTC)}


def test_a_deletion_is_told_by_its_id() -> None:
    def deleted(call: Call) -> Any:
        return listing(post(1, author="[deleted]", selftext="[removed]"), post(2))

    platform = platforms.load("reddit")
    options = platform.Options(source="s", brand=("b",), base_url=HERE, **REDDIT)
    session = Session(platform, options, now=NOW)
    call = session.calls()[0]
    body = json.dumps(deleted(call)).encode()
    page = session.receive(Answer(status=200, headers=Headers(), body=body, url=call.url), call)

    assert (page.deleted, [i.external_id for i in page.items]) == (["t3_1"], ["t3_2"])


def test_a_link_to_itself_ends() -> None:
    items, session, calls = crawl("reddit", lambda call: listing(post(1), after="t3_1"), REDDIT)

    assert (len(items), calls) == (1, 2)
    assert "already read" in session.warnings[0]


def test_endless_links_with_the_same_items_end_after_some_patience() -> None:
    count = iter(range(10_000))

    items, session, calls = crawl(
        "reddit", lambda call: listing(post(1), after=f"t3_x{next(count)}"), REDDIT
    )

    assert (len(items), calls) == (1, 4)
    assert "repeated earlier ones" in session.warnings[0]


def test_endless_new_items_end_with_a_clear_failure() -> None:
    count = iter(range(10_000))

    def endless(call: Call) -> Any:
        number = next(count)
        return listing(post(number), after=f"t3_x{number}")

    with pytest.raises(StopSource, match="max_pages = 20"):
        crawl("reddit", endless, {**REDDIT, "max_pages": 20})


def test_an_item_on_two_pages_is_given_once() -> None:
    pages = {0: [hit(3, BEGIN + 3), hit(2, BEGIN + 2)], 1: [hit(2, BEGIN + 2), hit(1, BEGIN + 1)]}

    def answer(call: Call) -> Any:
        page = int(query_of(call.url)["page"])
        return {"hits": pages.get(page, []), "nbPages": 2, "nbHits": 4}

    items, session, _ = crawl("hackernews", answer, {})

    assert [item.external_id for item in items] == ["3", "2", "1"]
    assert session.repeated_items == 1


def test_a_window_moves_back_where_a_query_shows_a_thousand_hits_only() -> None:
    hits = [hit(n, BEGIN + n // 3) for n in range(1000)][::-1]

    def answer(call: Call) -> Any:
        query = query_of(call.url)
        bounds = [b for b in query.get("numericFilters", "").split(",") if "<=" in b]
        until = int(bounds[0].split("<=")[1]) if bounds else BEGIN * 2
        found = [each for each in hits if each["created_at_i"] <= until]
        page = int(query["page"])
        return {"hits": found[page * 100 : page * 100 + 100], "nbPages": 3, "nbHits": len(found)}

    items, _, _ = crawl("hackernews", answer, {})

    assert len(items) == 1000


def test_a_backfill_keeps_to_its_span_and_moves_no_cursor() -> None:
    span = Span(
        since=datetime.fromtimestamp(BEGIN + 10 * 60, UTC),
        until=datetime.fromtimestamp(BEGIN + 20 * 60, UTC),
    )

    items, session, _ = crawl(
        "reddit", subreddit(list(range(40))), REDDIT, span=span, cursor={"kept": {"x": 1}}
    )

    assert {item.external_id for item in items} == {f"t3_{n}" for n in range(10, 20)}
    assert session.cursor == {"kept": {"x": 1}}


TICKET = {
    "description": "It broke",
    "subject": "Help",
    "status": "open",
    "requester_id": 5,
    "submitter_id": 5,
    "created_at": "2026-11-20T10:00:00Z",
    "updated_at": "2026-11-20T12:00:00Z",
}


def test_an_export_of_a_hundred_pages_is_read_to_its_end() -> None:
    def answer(call: Call) -> Any:
        start = int(query_of(call.url)["start_time"])
        tickets = [{**TICKET, "id": start * 10 + n} for n in range(3)]
        return {"tickets": tickets, "end_time": start + 1, "end_of_stream": start >= 116}

    items, session, calls = crawl("zendesk", answer, {"export": "time", "page_size": 1})

    assert (len(items), calls, session.cursor) == (351, 117, {"tickets": {"end_time": 117}})


def test_an_export_that_stands_still_is_a_failure() -> None:
    with pytest.raises(StopSource, match="advance"):
        crawl(
            "zendesk",
            lambda call: {"tickets": [], "after_cursor": "same", "end_of_stream": False},
            {},
            cursor={"tickets": {"cursor": "same"}},
        )


def test_side_loaded_metrics_and_roles_are_used() -> None:
    def answer(call: Call) -> Any:
        return {
            "tickets": [{**TICKET, "id": 1}, {**TICKET, "id": 2, "submitter_id": 9}],
            "users": [{"id": 5, "role": "end-user"}, {"id": 9, "role": "agent"}],
            "metric_sets": [
                {"ticket_id": 1, "reply_time_in_minutes": {"calendar": 30}, "reopens": 2}
            ],
            "after_cursor": "c",
            "end_of_stream": True,
        }

    platform = platforms.load("zendesk")
    options = platform.Options(source="s", brand=("b",), base_url=HERE)
    session = Session(platform, options, now=NOW)
    call = session.calls()[0]
    body = json.dumps(answer(call)).encode()
    page = session.receive(Answer(status=200, headers=Headers(), body=body, url=call.url), call)

    assert [str(i.speaker) for i in page.items] == ["customer", "brand"]
    first = page.ticket_metrics[0]
    assert first.first_response_at == first.opened_at + timedelta(minutes=30)
    assert (first.reopens, page.is_checkpoint) == (2, True)


def test_messages_and_ratings_of_tickets() -> None:
    def answer(call: Call) -> Any:
        if "comments" in call.url:
            first = {"id": 1, "author_id": 5, "body": "It broke", "public": True}
            later = [
                {"id": 2, "author_id": 9, "body": "Which one?", "public": True},
                {"id": 3, "author_id": 5, "body": "The red one", "public": True},
                {"id": 4, "author_id": 9, "body": "note to self", "public": False},
            ]
            at = {"created_at": "2026-11-20T11:00:00Z", "type": "Comment"}
            return {"comments": [{**each, **at} for each in [first, *later]], "meta": {}}
        if "satisfaction" in call.url:
            rated = {"ticket_id": 1, "requester_id": 5, "created_at": "2026-11-21T00:00:00Z"}
            scores = [(7, "bad", "still broken"), (8, "offered", None)]
            rows = [{**rated, "id": n, "score": s, "comment": c} for n, s, c in scores]
            return {"satisfaction_ratings": rows, "meta": {"has_more": False}}
        return {"tickets": [{**TICKET, "id": 1}], "after_cursor": "c", "end_of_stream": True}

    items, _, _ = crawl("zendesk", answer, {"read": ("tickets", "comments", "satisfaction")})

    told = {i.external_id: (str(i.speaker), i.parent_id) for i in items}
    assert told == {
        "1": ("customer", None),
        "comment-2": ("brand", "1"),
        "comment-3": ("customer", "1"),
        "comment-4": ("brand", "1"),
        "rating-7": ("customer", "1"),
    }
    rating = next(i for i in items if i.external_id == "rating-7")
    assert (str(rating.kind), rating.rating, rating.attributes["survey"]) == (
        "survey_answer",
        0.0,
        "csat",
    )


def _trustpilot(count: int, start: int = 0) -> list[dict[str, Any]]:
    return [
        {
            "id": f"r{n}",
            "stars": 1 + n % 5,
            "title": "t",
            "text": "x",
            "createdAt": (NOW - timedelta(hours=n)).isoformat(),
            "consumer": {"id": f"c{n}"},
            "companyReply": {"text": "Thanks", "createdAt": NOW.isoformat()} if n == 0 else None,
        }
        for n in range(start, start + count)
    ]


def test_trustpilots_api_is_read_until_an_empty_page_by_domain() -> None:
    def answer(call: Call) -> Any:
        if "find" in call.url:
            return {"id": "unit"}
        page = int(query_of(call.url)["page"])
        return {"reviews": _trustpilot(100, (page - 1) * 100) if page < 3 else []}

    items, session, calls = crawl("trustpilot_api", answer, {"domain": "example.com"})

    assert (len(items), calls, items[0].brand_reply) == (200, 4, "Thanks")
    assert session.cursor == {"unit": {"newest_at": NOW.isoformat()}}


def test_a_later_crawl_stops_behind_the_overlap() -> None:
    asked: list[str] = []

    def answer(call: Call) -> Any:
        asked.append(call.url)
        page = int(query_of(call.url)["page"])
        return {"reviews": _trustpilot(100, (page - 1) * 100)}

    cursor = {"unit": {"newest_at": NOW.isoformat()}}
    crawl("trustpilot_api", answer, {"business_unit": "unit"}, cursor=cursor)

    assert len(asked) == 4  # 336 hours of overlap, a hundred reviews a page


def test_a_new_google_place_names_no_author_twice() -> None:
    review = {
        "name": "places/p/reviews/1",
        "rating": 4,
        "text": {"text": "Good", "languageCode": "en"},
        "originalText": {"text": "Gut", "languageCode": "de"},
        "authorAttribution": {"displayName": "A", "uri": "https://www.google.com/maps/contrib/42"},
        "publishTime": "2026-11-20T10:00:00Z",
        "relativePublishTimeDescription": "2 days ago",
        "googleMapsUri": "https://maps.example/1",
    }

    items, _, _ = crawl(
        "googleplaces", lambda call: {"id": "p", "reviews": [review]}, {"places": ("p",)}
    )

    assert [(i.external_id, i.body, i.language_hint) for i in items] == [("p/42", "Gut", "de")]


@pytest.mark.parametrize(
    ("status", "error"),
    [("OVER_QUERY_LIMIT", RetryLater), ("NOT_FOUND", FixSettings), ("SOMETHING", StopSource)],
)
def test_an_error_inside_a_good_answer_says_what_to_do(status: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        crawl("googleplaces", lambda call: {"status": status}, {"places": ("p",), "api": "legacy"})


def test_bazaarvoices_errors_come_with_http_200() -> None:
    refused = {"HasErrors": True, "Errors": [{"Code": "ERROR_PARAM_INVALID_API_KEY"}]}
    limited = {"HasErrors": True, "Errors": [{"Code": "ERROR_REQUEST_LIMIT_REACHED"}]}

    with pytest.raises(FixSettings, match="INVALID_API_KEY"):
        crawl("bazaarvoice", lambda call: refused, {})
    with pytest.raises(RetryLater):
        crawl("bazaarvoice", lambda call: limited, {})


def test_a_mention_of_the_wrong_thing_is_left_out_and_counted() -> None:
    brand = Brand(key="b", name="Apple", negative_keywords=("pie",))
    texts = ["an apple pie", "my Apple died", "no name at all"]
    hits = [hit(n, BEGIN + n, text) for n, text in enumerate(texts)]

    items, session, _ = crawl(
        "hackernews",
        lambda call: {"hits": hits, "nbPages": 1, "nbHits": 3},
        {},
        assign=assigner([brand]),
    )

    assert [item.external_id for item in items] == ["1", "2"]
    assert session.left_out == 1


def test_a_field_that_nobody_knows_is_named_once() -> None:
    hits = [{**hit(n, BEGIN + n), "mood": "bad"} for n in range(3)]

    items, session, _ = crawl(
        "hackernews", lambda call: {"hits": hits, "nbPages": 2, "nbHits": 6}, {}
    )

    assert len(items) == 3
    assert [w for w in session.warnings if "mood" in w] == ["unknown fields in the answers: mood"]
