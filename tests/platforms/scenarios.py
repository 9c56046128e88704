"""Which recordings make one crawl, with which options."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.platforms.replay_server import Recording, recordings

Empty = tuple[int, str, bytes]
JSON, XML = "application/json", "application/xml"


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """One crawl over a group of recordings that share an address space."""

    name: str
    platform: str
    recorded: tuple[str, ...] = ()
    made: tuple[Recording, ...] = ()
    """Answers by hand, where none was recorded."""
    options: Mapping[str, Any] = field(default_factory=dict)
    empty: Empty = (404, JSON, b"{}")
    credentials: Mapping[str, str] = field(default_factory=dict)
    is_once: bool = False
    runs: int = 1
    """Crawls in a row, each from the cursor of the one before."""
    cursor: Mapping[str, Any] = field(default_factory=dict)
    """Where the first of them begins."""

    def answers(self, shared: Path) -> list[Recording]:
        """What the replay server plays."""
        return list(self.made) or recordings(shared, *self.recorded)


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
    _zendesk(
        "audits_2023_again",
        "TestTicketAudits.test_pagination.01",
        empty=_NO_AUDITS,
        read=("audits",),
    ),
    _zendesk(
        "audits_2024_again", "TestTicketAudits.test_values.01", empty=_NO_AUDITS, read=("audits",)
    ),
    _zendesk(
        "audits_2024_small", "TestTicketAudits.test_values.02", empty=_NO_AUDITS, read=("audits",)
    ),
    _zendesk("view_again", f"{_VIEW}07", views=(6164074383386,)),
    _zendesk("view", f"{_VIEW}05", views=(6164074383386,)),
    _zendesk("view_by_number", f"{_VIEW}06", views=(6164074383386,)),
    _zendesk("view_paged", *(f"{_VIEW}{at:02}" for at in range(8, 19)), views=(6164074383386,)),
)


def _mastodon(name: str, recorded: str, empty: bytes = b"[]", **options: Any) -> Scenario:
    return Scenario(
        name=f"mastodon_{name}",
        platform="mastodon",
        recorded=(f"mastodon/{recorded}",),
        options=options,
        empty=(200, JSON, empty),
    )


_HALCY, _RTOOT = "halcy__Mastodon.py__", "schochastics__rtoot__"
_NO_STATUS = b'{"accounts":[],"statuses":[],"hashtags":[]}'
_BSKYR = "bluesky/christopherkenny__bskyr__"
_BRAND_POST = "at://did:plc:ic6zqvuw5ulmfpjiwnhsr2ns/app.bsky.feed.post/3k7qmjev5lr2s"
_LIST = "at://did:plc:ragtjsm2j2vknwkz3zp4oxrd/app.bsky.graph.list/3kmokjyuflk2g"


def _bluesky(name: str, recorded: str, key: str, **options: Any) -> Scenario:
    return Scenario(
        name=f"bluesky_{name}",
        platform="bluesky",
        recorded=(_BSKYR + recorded,),
        options=options,
        empty=(200, JSON, b'{"%s":[]}' % key.encode()),
    )


def _youtube(name: str, *recorded: str, **options: Any) -> Scenario:
    return Scenario(
        name=f"youtube_{name}",
        platform="youtube",
        recorded=tuple(f"youtube/{each}" for each in recorded),
        options=options,
        empty=(200, JSON, b'{"items":[]}'),
        is_once=len(recorded) > 1,
    )


_PYTHON_YOUTUBE = "sns-sdks__python-youtube__"
SOCIAL = (
    _mastodon(
        "account",
        f"{_HALCY}test_fetch_next_previous_from_pagination_info.",
        accounts=("117020565966271181",),
    ),
    _mastodon(
        "account_short", f"{_HALCY}test_get_pagination_info.", accounts=("117020565966271181",)
    ),
    _mastodon("hashtag_2026", f"{_HALCY}test_hashtag_tl.", tags=("hoot",)),
    _mastodon("list", f"{_HALCY}test_list_timeline.", lists=("6",)),
    _mastodon("search", f"{_HALCY}test_entity_searchv2.", _NO_STATUS, queries=("halcy",)),
    _mastodon("search_nothing", f"{_HALCY}test_search.", _NO_STATUS, queries=("mastodonpy_test",)),
    _mastodon(
        "hashtag_anonymous", f"{_RTOOT}get_timeline_hashtag_anonymous.", tags=("ichbinhanna",)
    ),
    _mastodon(
        "hashtag_other_server", f"{_RTOOT}get_timeline_hashtag_default.", tags=("ichbinhanna",)
    ),
    _mastodon("hashtag_server", f"{_RTOOT}get_timeline_hashtag_instance.", tags=("ichbinhanna",)),
    _bluesky("search", "f_search.", "posts", queries=("redistricting",)),
    _bluesky("author", "f_autfeed.", "feed", authors=("chriskenny.bsky.social",)),
    _bluesky("list", "f_get_list_feed.", "feed", lists=(_LIST,)),
    _bluesky("thread", "f_postthread.", "feed", threads=(_BRAND_POST,)),
    _bluesky("notifications", "n_notifications.", "notifications", notifications=True),
    Scenario(
        name="hackernews",
        platform="hackernews",
        recorded=("hackernews/",),
        empty=(200, JSON, b'{"hits":[],"nbHits":0,"nbPages":0}'),
    ),
    _youtube("video_2022", "Rounak-28", videos=("7ghhRHRP6t4",)),
    _youtube(
        "video_2019",
        f"{_PYTHON_YOUTUBE}comment_threads_by_video_paged_1",
        f"{_PYTHON_YOUTUBE}comment_threads_by_video_paged_2",
        videos=("F1UP7wRCPH8",),
    ),
    _youtube(
        "replies",
        f"{_PYTHON_YOUTUBE}comments_by_parent_paged_1",
        f"{_PYTHON_YOUTUBE}comments_by_parent_paged_2",
        threads=("Ugw5zYU6n9pmIgAZWvN4AaABAg",),
    ),
)

_BV = "bazaarvoice/bazaarvoice__bv-android-sdk__"
_NO_RESULTS = b'{"Results":[],"Includes":{},"HasErrors":false,"TotalResults":0}'


def _bazaarvoice(name: str, recorded: str) -> Scenario:
    return Scenario(
        name=f"bazaarvoice_{name}",
        platform="bazaarvoice",
        recorded=(_BV + recorded,),
        options={"comments": True},
        empty=(200, JSON, _NO_RESULTS),
    )


_PLACE = "ChIJN1t_tDeuEmsRUsoyG83frY4"


def _places(name: str, recorded: str) -> Scenario:
    return Scenario(
        name=f"googleplaces_{name}",
        platform="googleplaces",
        recorded=(f"googleplaces/qpowell__google_places__{recorded}",),
        options={"api": "legacy", "places": (_PLACE,)},
    )


_NEWS = "https://news.google.com/rss/search?q=monument&hl=en-US&gl=US&ceid=US:en"
SHOPS_AND_FEEDS = (
    Scenario(
        name="yelp",
        platform="yelp",
        recorded=("yelp/harshtotla",),
        options={"businesses": ("Y2cj0TQvfSdRU3H55CkEgA",), "timezone": "America/Los_Angeles"},
    ),
    _places("by_reference", "single_spot.00"),
    _places("english", "single_spot.06"),
    _places("region_nz", "single_spot.07"),
    _places("region_au", "single_spot.08"),
    _places("without_reviews", "single_spot_with_specified_params.00"),
    _places("region_wrong", "single_spot_with_specified_params.01"),
    _bazaarvoice("comments", "comments_for_review."),
    _bazaarvoice("authors", "review_request_include_author."),
    _bazaarvoice("all", "reviews_all_reviews."),
    _bazaarvoice("products", "reviews_all_reviews_include_rev_stats."),
    _bazaarvoice("with_comments", "reviews_include_comments."),
    _bazaarvoice("single", "reviews_single_review."),
    _bazaarvoice("some", "reviews_some_reviews."),
    Scenario(
        name="yotpo",
        platform="yotpo",
        recorded=("yotpo/YotpoLtd__yotpo-ruby__get_product_reviews.",),
        options={
            "app_key": "3ovRYNIb6OIAI0ddS7EfpYkHpi0oTKl6bj82Vjiy",
            "products": ("120915246",),
            "api": "products",
        },
        empty=(200, JSON, b'{"status":{"code":200},"response":{"reviews":[]}}'),
    ),
    Scenario(
        name="feed_google_news",
        platform="feed",
        recorded=("googlenews/",),
        options={"urls": (_NEWS,)},
    ),
    Scenario(
        name="feed_google_alerts",
        platform="feed",
        recorded=("googlealerts/",),
        options={"urls": ("https://www.google.com/alerts/feeds/USER/FEED",)},
    ),
)

_RECIPES = "schemaorg/hhursev__recipe-scrapers__"
_PRODUCTS = "schemaorg/scrapinghub__product-extraction-benchmark__"


def _page(name: str, recorded: str, url: str) -> Scenario:
    return Scenario(
        name=f"schemaorg_{name}",
        platform="schemaorg",
        recorded=(recorded,),
        options={"urls": (f"https://{url}",)},
        empty=(404, "text/html", b"<!doctype html><html><title>Not found</title></html>"),
    )


SHOP_PAGES = (
    _page(
        "food",
        f"{_RECIPES}food.00",
        "www.food.com/recipe/chicken-noodle-soup-with-carrots-parsnips-and-dill-454415",
    ),
    _page(
        "motherthyme",
        f"{_RECIPES}motherthyme.00",
        "www.motherthyme.com/2014/01/cinnamon-roll-oatmeal.html",
    ),
    _page("myrecipes", f"{_RECIPES}myrecipes.00", "www.myrecipes.com/recipe/cacio-e-pepe"),
    _page(
        "ricardocuisine",
        f"{_RECIPES}ricardocuisine_1.00",
        "www.ricardocuisine.com/en/recipes/3111-slow-cooked-pulled-pork",
    ),
    _page(
        "simplyrecipes",
        f"{_RECIPES}simplyrecipes_1.00",
        "www.simplyrecipes.com/recipes/one_pot_chicken_and_rice_soup/",
    ),
    _page(
        "bestbuy",
        f"{_PRODUCTS}2c42fb60",
        "www.bestbuy.ca/en-ca/product/google-nest-hello-wi-fi-video-doorbell-black-white/12222651",
    ),
    _page("getit_144432", f"{_PRODUCTS}469894a5", "www.getit.co.il/Prod/144432/"),
    _page(
        "3suisses",
        f"{_PRODUCTS}5f885d1f",
        "www.3suisses.fr/P-7142014-tertio-housse-de-chaise-bouton-et-pompon-coton-antitache-"
        "tertio-_taupe.htm",
    ),
    _page(
        "ikea",
        f"{_PRODUCTS}897bc5b5",
        "www.ikea.com/gb/en/p/djungelskog-soft-toy-brown-bear-00402813/",
    ),
    _page("getit_101693", f"{_PRODUCTS}c9f80eb2", "www.getit.co.il/Prod/101693/"),
)

SCENARIOS = REDDIT + STORES + ZENDESK + SOCIAL + SHOPS_AND_FEEDS + SHOP_PAGES
