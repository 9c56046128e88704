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
    ),  # fmt: skip
    _reddit("thread", "praw__TestMore.test_comments.", threads=("3hahrw",)),
    _reddit(
        "multi_comments",
        "praw__TestMultiredditListings.test_comments.",
        listings=("user/kjoneslol/m/sfwpornnetwork/comments/",),
    ),  # fmt: skip
    _reddit(
        "user_comments",
        "praw__TestRedditorListings.test_comments__new.",
        listings=("user/spez/comments?sort=new",),
    ),  # fmt: skip
    _reddit("thread_short", "praw__TestSubmission.test_comments.", threads=("2gmzqe",)),
    _reddit(
        "search", "praw__TestSubreddit.test_search.", subreddits=("all",), query="praw oauth search"
    ),  # fmt: skip
    _reddit(
        "subreddit_comments",
        "praw__TestSubredditListings.test_comments.",
        subreddits=("askreddit",),
        read=("comments",),
    ),  # fmt: skip
    _reddit(
        "subreddit_new",
        "praw__TestSubredditListings.test_new.",
        subreddits=("askreddit",),
        read=("new",),
    ),  # fmt: skip
    _reddit(
        "all_new",
        "praw__TestSubredditStreams.test_submissions.",
        runs=2,
        subreddits=("all",),
        read=("new",),
    ),  # fmt: skip
    _reddit(
        "comments_2023",
        "praw__TestSubredditStreams.test_comments__with_continue_after_id.",
        subreddits=("<TEST_SUBREDDIT>",),
        read=("comments",),
    ),  # fmt: skip
    _reddit(
        "comments_2023_poll",
        "praw__TestSubredditStreams.test_comments__with_continue_after_id.",
        runs=2,
        cursor={"r/%3CTEST_SUBREDDIT%3E/comments": {"anchors": ["t1_k3v0jp3"]}},
        subreddits=("<TEST_SUBREDDIT>",),
        read=("comments",),
    ),  # fmt: skip
    _reddit("front", "prawcore__TestSession.test_request__get.", listings=("",)),
    _reddit(
        "token_renewed",
        "prawcore__TestSession.test_request__with_invalid_access_token__retry.",
        listings=("",),
    ),  # fmt: skip
)

SCENARIOS = REDDIT
