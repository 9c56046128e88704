"""Which recordings make one crawl, with which options."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Empty = tuple[int, str, bytes]
JSON, XML = "application/json", "application/xml"


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """One crawl over a group of recordings that share an address space."""

    name: str
    platform: str
    recorded: tuple[str, ...]
    options: Mapping[str, Any] = field(default_factory=dict)
    empty: Empty = (404, JSON, b"{}")
    credentials: Mapping[str, str] = field(default_factory=dict)
    is_once: bool = False
    runs: int = 1
    """Crawls in a row, each from the cursor of the one before."""
    cursor: Mapping[str, Any] = field(default_factory=dict)
    """Where the first of them begins."""


_REDDIT_EMPTY = (200, JSON, b'{"kind":"Listing","data":{"children":[],"after":null,"before":null}}')


def _reddit(
    name: str,
    recorded: str,
    runs: int = 1,
    cursor: Mapping[str, Any] | None = None,
    **options: Any,
) -> Scenario:
    return Scenario(
        runs=runs,
        cursor=cursor or {},
        name=f"reddit_{name}",
        platform="reddit",
        recorded=(f"reddit/praw-dev__{recorded}",),
        options=options,
        empty=_REDDIT_EMPTY,
        credentials={"REDDIT_CLIENT_ID": "canary-id", "REDDIT_CLIENT_SECRET": "canary-secret"},
    )


REDDIT = (
    _reddit(
        "domain_new", "praw__TestDomainListing.test_new.", listings=("domain/youtube.com/new",)
    ),
    _reddit(
        "user_top",
        "praw__TestListingGenerator.test_exhaust_items.",
        listings=("user/spez/?sort=top&t=all",),
    ),
    _reddit(
        "nothing",
        "praw__TestListingGenerator.test_no_items.",
        listings=("user/spez/?sort=top&t=hour",),
    ),
    _reddit("thread", "praw__TestMore.test_comments.", threads=("3hahrw",)),
    _reddit(
        "multi_comments",
        "praw__TestMultiredditListings.test_comments.",
        listings=("user/kjoneslol/m/sfwpornnetwork/comments/",),
    ),
    _reddit(
        "user_comments",
        "praw__TestRedditorListings.test_comments__new.",
        listings=("user/spez/comments?sort=new",),
    ),
    _reddit("thread_short", "praw__TestSubmission.test_comments.", threads=("2gmzqe",)),
    _reddit(
        "search", "praw__TestSubreddit.test_search.", subreddits=("all",), query="praw oauth search"
    ),
    _reddit(
        "subreddit_comments",
        "praw__TestSubredditListings.test_comments.",
        subreddits=("askreddit",),
        read=("comments",),
    ),
    _reddit(
        "subreddit_new",
        "praw__TestSubredditListings.test_new.",
        subreddits=("askreddit",),
        read=("new",),
    ),
    _reddit(
        "all_new",
        "praw__TestSubredditStreams.test_submissions.",
        runs=2,
        subreddits=("all",),
        read=("new",),
    ),
    _reddit(
        "comments_2023",
        "praw__TestSubredditStreams.test_comments__with_continue_after_id.",
        subreddits=("<TEST_SUBREDDIT>",),
        read=("comments",),
    ),
    _reddit(
        "comments_2023_poll",
        "praw__TestSubredditStreams.test_comments__with_continue_after_id.",
        runs=2,
        cursor={"r/%3CTEST_SUBREDDIT%3E/comments": {"anchors": ["t1_k3v0jp3"]}},
        subreddits=("<TEST_SUBREDDIT>",),
        read=("comments",),
    ),
    _reddit("front", "prawcore__TestSession.test_request__get.", listings=("",)),
    _reddit(
        "token_renewed",
        "prawcore__TestSession.test_request__with_invalid_access_token__retry.",
        listings=("",),
    ),
)

_APP = "appstore/DayBySay__Reviewer__Fixture"
_NO_FEED = b'<feed xmlns="http://www.w3.org/2005/Atom"><id>feed</id></feed>'
STORES = (
    Scenario(
        name="appstore_xml",
        platform="appstore",
        recorded=(f"{_APP}.00",),
        options={"app": 1404176564, "countries": ("jp",)},
        empty=(200, XML, _NO_FEED),
    ),
    Scenario(
        name="appstore_json",
        platform="appstore",
        recorded=(f"{_APP}.01",),
        options={"app": 1404176564, "countries": ("jp",), "format": "json"},
        empty=(200, JSON, b'{"feed":{"id":{"label":"feed"}}}'),
    ),
    Scenario(
        name="googleplay",
        platform="googleplay",
        recorded=("googleplay/MrAdex77",),
        options={"app": "com.google.android.apps.translate"},
        empty=(200, JSON, b')]}\'\n\n[["wrb.fr","UsvDTd","[]",null,null,null,"generic"]]'),
        is_once=True,
    ),
    Scenario(
        name="trustpilot_page",
        platform="trustpilot",
        recorded=("trustpilot/hallomax",),
        options={"domain": "eventnet.de"},
    ),
)

_ZEN = "zendesk/facetoe__zenpy__"
_NO_TICKETS = (200, JSON, b'{"tickets":[],"end_of_stream":true,"meta":{"has_more":false}}')
_NO_AUDITS = (200, JSON, b'{"audits":[],"meta":{"has_more":false}}')


def _zendesk(name: str, *recorded: str, empty: Empty = _NO_TICKETS, **options: Any) -> Scenario:
    return Scenario(
        name=f"zendesk_{name}",
        platform="zendesk",
        recorded=tuple(_ZEN + each for each in recorded),
        options=options,
        empty=empty,
    )


_INCREMENTAL = "TicketsIncrementalTest.test_get_values."
_VIEW = "TestViews.test_getting_tickets_from_a_view."
ZENDESK = (
    _zendesk("time", f"{_INCREMENTAL}00", export="time"),
    _zendesk("cursor", f"{_INCREMENTAL}01"),
    _zendesk("time_small", f"{_INCREMENTAL}02", export="time", page_size=1),
    _zendesk("cursor_small", f"{_INCREMENTAL}03", page_size=1),
    _zendesk(
        "audits_2023", "TestTicketAudits.test_pagination.00", empty=_NO_AUDITS, read=("audits",)
    ),
    _zendesk(
        "audits_2023_paged",
        *(f"TestTicketAudits.test_pagination.{at:02}" for at in range(2, 12)),
        empty=_NO_AUDITS,
        read=("audits",),
    ),
    _zendesk("audits_2024", "TestTicketAudits.test_values.00", empty=_NO_AUDITS, read=("audits",)),
    _zendesk("view", f"{_VIEW}05", views=(6164074383386,)),
    _zendesk("view_by_number", f"{_VIEW}06", views=(6164074383386,)),
    _zendesk("view_paged", *(f"{_VIEW}{at:02}" for at in range(8, 19)), views=(6164074383386,)),
)

SCENARIOS = REDDIT + STORES + ZENDESK
