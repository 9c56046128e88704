"""Every platform of Tier A and the shared reader survive a fault that passes, and name others."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from earshot import platforms
from earshot.errors import EarshotError, RetryLater, StopSource
from tests.platforms import drive
from tests.platforms.drive import Crawled, crawl
from tests.platforms.made import MADE
from tests.platforms.replay_server import RESET, Replay, serving
from tests.platforms.scenarios import SCENARIOS, Scenario

Reply = tuple[int, dict[str, str], bytes]
Fault = Callable[[Reply], Reply]

_CHOSEN = (
    "reddit_comments_2023",
    "appstore_xml",
    "appstore_json",
    "googleplay",
    "trustpilot_page",
    "zendesk_cursor",
    "mastodon_hashtag_server",
    "bluesky_search",
    "hackernews",
    "youtube_video_2022",
    "yelp",
    "googleplaces_english",
    "bazaarvoice_some",
    "yotpo",
    "feed_google_news",
    "feed_google_alerts",
    "schemaorg_ricardocuisine",
)
READERS = [*(each for each in SCENARIOS if each.name in _CHOSEN), *MADE]


@dataclass
class Faulty(Replay):
    """A replay whose first answers to other calls than token calls go wrong."""

    faults: list[Fault] = field(default_factory=list)

    def answer(self, method: str, target: str) -> Reply:
        if not self.faults or "access_token" in target:
            return super().answer(method, target)
        fault, before = self.faults.pop(0), dict(self.served)
        whole = super().answer(method, target)
        if fault is not _mislabelled:  # The client will ask for the same again.
            self.served.clear()
            self.served.update(before)
        return fault(whole)


MOST_CALLS = 14
"""Token, first pages and the patience of a session, of the source with the most of them."""


@dataclass
class Stuck(Replay):
    """A replay that gives its first data to every call: next links and cursors never advance."""

    first: Reply | None = None

    def answer(self, method: str, target: str) -> Reply:
        if "access_token" in target:
            return super().answer(method, target)
        self.first = self.first or super().answer(method, target)
        return self.first


def _limited(reply: Reply) -> Reply:
    return 429, {"Content-Type": "application/json", "Retry-After": "2"}, b'{"error":"slow"}'


def _limited_as_page(reply: Reply) -> Reply:
    return 429, {"Content-Type": "text/html"}, b"<!doctype html><title>Too Many Requests</title>"


def _broken(reply: Reply) -> Reply:
    return 503, {"Content-Type": "text/html"}, b"<html>Service Unavailable</html>"


def _cut(reply: Reply) -> Reply:
    return reply[0], reply[1], reply[2][: len(reply[2]) // 2]


def _empty(reply: Reply) -> Reply:
    return reply[0], reply[1], b""


def _reset(reply: Reply) -> Reply:
    return RESET, {}, b""


def _mislabelled(reply: Reply) -> Reply:
    kept = {k: v for k, v in reply[1].items() if k.lower() != "content-type"}
    return reply[0], {**kept, "Content-Type": "application/json; charset=iso-8859-1"}, reply[2]


def run(scenario: Scenario, shared: Path, *faults: Fault, now: datetime = drive.NOW) -> Crawled:
    answers = scenario.answers(shared)
    replay = Faulty(answers, empty=scenario.empty, is_once=scenario.is_once, faults=list(faults))
    platform = platforms.load(scenario.platform)
    with serving(replay) as here:
        options = platform.Options(
            **{"source": "test", "brand": ("brand",), "base_url": here, **scenario.options}
        )
        return crawl(platform, options, credentials=scenario.credentials, now=now)


@pytest.mark.parametrize("scenario", READERS, ids=lambda s: s.name)
@pytest.mark.parametrize(
    "fault", [_limited, _limited_as_page, _broken, _cut, _empty, _reset], ids=lambda f: f.__name__
)
def test_a_fault_that_passes_loses_and_repeats_nothing(
    scenario: Scenario, fault: Fault, shared: Path
) -> None:
    undisturbed = run(scenario, shared)

    disturbed = run(scenario, shared, fault)

    assert disturbed.ids == undisturbed.ids
    assert disturbed.retries == 1


@pytest.mark.parametrize("scenario", READERS, ids=lambda s: s.name)
def test_a_wrong_charset_in_the_header_garbles_nothing(scenario: Scenario, shared: Path) -> None:
    undisturbed = run(scenario, shared)

    mislabelled = run(scenario, shared, _mislabelled)

    assert [i.body for i in mislabelled.items] == [i.body for i in undisturbed.items]


@pytest.mark.parametrize("scenario", READERS, ids=lambda s: s.name)
def test_a_page_that_comes_again_for_ever_ends_and_doubles_nothing(
    scenario: Scenario, shared: Path
) -> None:
    replay = Stuck(scenario.answers(shared), empty=scenario.empty)
    platform = platforms.load(scenario.platform)
    with serving(replay) as here:
        given = {"source": "test", "brand": ("brand",), "base_url": here, **scenario.options}
        ids = crawl(platform, platform.Options(**given), credentials=scenario.credentials).ids

    assert len(ids) == len(set(ids))
    assert len(replay.asked) <= MOST_CALLS


@pytest.mark.parametrize("scenario", READERS, ids=lambda s: s.name)
def test_retries_are_bounded(scenario: Scenario, shared: Path) -> None:
    with pytest.raises(RetryLater):
        run(scenario, shared, *[_broken] * drive.TRIES)


PAGES = {
    "consent": b"<!doctype html><html><title>Before you continue to Google</title></html>",
    "bot check": b"<!doctype html><html><title>Just a moment...</title></html>",
    "login": b"<!doctype html><html><title>Sign in to go on</title></html>",
    "other": b"<!doctype html><html><title>Welcome</title></html>",
    "error inside 200": b'{"error":{"code":"X","message":"no"}}',
    "nothing inside 200": b"{}",
}


@pytest.mark.parametrize("scenario", READERS, ids=lambda s: s.name)
@pytest.mark.parametrize("what", PAGES)
def test_a_page_of_refusal_is_no_empty_success(scenario: Scenario, what: str, shared: Path) -> None:
    def refused(reply: Reply) -> Reply:
        return 200, {"Content-Type": "text/html"}, PAGES[what]

    with pytest.raises(EarshotError) as caught:
        run(scenario, shared, *[refused] * drive.TRIES)

    assert isinstance(caught.value, StopSource)


RENAMED = {
    "reddit_comments_2023": (b'"created_utc"', b'"created_on"'),
    "appstore_xml": (b"im:rating>", b"im:stars>"),
    "appstore_json": (b'"im:rating"', b'"im:stars"'),
    "trustpilot_page": (b'"publishedDate"', b'"publishedOn"'),
    "zendesk_cursor": (b'"created_at"', b'"createdAt"'),
    "mastodon_hashtag_server": (b'"content"', b'"html"'),
    "bluesky_search": (b'"text"', b'"words"'),
    "hackernews": (b'"objectID"', b'"objectId"'),
    "youtube_video_2022": (b'"publishedAt"', b'"publishTime"'),
    "yelp": (b'"rating"', b'"stars"'),
    "googleplaces_english": (b'"rating"', b'"stars"'),
    "bazaarvoice_some": (b'"Rating"', b'"Stars"'),
    "yotpo": (b'"score"', b'"stars"'),
    "schemaorg_microdata": (b"schema.org/Review", b"schema.org/Opinion"),
    "trustpilot_api": (b'"stars"', b'"grade"'),
    "rest_page": (b'"id"', b'"number"'),
    "rest_cursor": (b'"data"', b'"rows"'),
}


@pytest.mark.parametrize(
    "scenario", [s for s in READERS if s.name in RENAMED], ids=lambda s: s.name
)
def test_a_renamed_field_is_noticed_the_same_day(scenario: Scenario, shared: Path) -> None:
    old, new = RENAMED[scenario.name]

    def renamed(reply: Reply) -> Reply:
        return reply[0], reply[1], reply[2].replace(old, new)

    with pytest.raises(StopSource):
        run(scenario, shared, renamed)


@pytest.mark.parametrize("scenario", READERS, ids=lambda s: s.name)
def test_a_time_out_is_tried_again(
    scenario: Scenario, shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(reply: Reply) -> Reply:
        time.sleep(1.0)
        return reply

    undisturbed = run(scenario, shared)
    monkeypatch.setattr(drive, "TIMEOUT_SECONDS", 0.6)

    disturbed = run(scenario, shared, slow)

    assert disturbed.ids == undisturbed.ids
    assert disturbed.retries >= 1


@pytest.mark.parametrize("scenario", READERS, ids=lambda s: s.name)
def test_a_clock_that_is_behind_loses_nothing(scenario: Scenario, shared: Path) -> None:
    """Texts then seem to come from the future."""
    undisturbed = run(scenario, shared)
    times = [item.published_at for item in undisturbed.items if item.published_at]
    behind = max(times, default=drive.NOW) - timedelta(hours=3)

    skewed = run(scenario, shared, now=behind)

    assert skewed.ids == undisturbed.ids
