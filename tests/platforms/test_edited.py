"""What customers edit and delete between two crawls: a new version, a mark, and nothing twice.

Every reader of Tier A, over HTTP into the tables: a recording is read, one of its texts is changed
as its platform would show it, one is taken away where the platform tells of that, and the same
address is read again. The crawl is the real one but for Scrapy, which can start once a process
only; `test_stored.py` and the crawler's own tests run with it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from earshot.settings import Settings
from scrapers import crawl_process
from scrapers.crawl_process import Order, crawl
from sql.clock import advance
from tests.platforms.drive import NOW, send
from tests.platforms.made import MADE
from tests.platforms.replay_server import Recording, Replay, serving
from tests.platforms.scenarios import SCENARIOS

Query = Callable[[str], list[tuple[Any, ...]]]
Body = Callable[[bytes], bytes]
WORDS = "These are other words of ours."
LATER = "2026-11-20T10:00:00Z"


@dataclass(frozen=True, kw_only=True)
class Case:
    """How one platform shows an edit, and a deletion where it shows any."""

    scenario: str
    edit: Body
    remove: Body | None = None
    before: Body = bytes
    """What the first crawl must find, where the recording is too small."""


def _at(where: str, **values: Any) -> Body:
    """Sets values in the JSON object at a path of names and numbers."""

    def change(body: bytes) -> bytes:
        whole = json.loads(body)
        node = whole
        for step in filter(None, where.split(".")):
            node = node[int(step) if isinstance(node, list) else step]
        node.update(values)
        return json.dumps(whole).encode()

    return change


def _within(pattern: str, change: Body) -> Body:
    """Changes only what the first group of a pattern holds."""

    def within(body: bytes) -> bytes:
        found = re.search(pattern.encode(), body, re.S)
        assert found, pattern
        return body[: found.start(1)] + change(found.group(1)) + body[found.end(1) :]

    return within


def _to(text: str) -> Body:
    return lambda _: text.encode()


def _play(inner: bytes) -> bytes:
    """The answer of Google Play is JSON in a string in JSON."""
    outer = json.loads(inner)
    reviews = json.loads(outer[0][2])
    reviews[0][0][4] = WORDS
    outer[0][2] = json.dumps(reviews)
    return json.dumps(outer).encode()


def _answered(reply: Callable[[dict[str, Any]], dict[str, Any]]) -> Body:
    """A thread of Bluesky whose post has one answer."""

    def change(body: bytes) -> bytes:
        thread = json.loads(body)["thread"]
        return json.dumps({"thread": {**thread, "replies": [reply(thread)]}}).encode()

    return change


def _post(thread: dict[str, Any], words: str = "A first answer.") -> dict[str, Any]:
    post = thread["post"]
    record = {**post["record"], "text": words}
    return {"post": {**post, "uri": post["uri"] + "-answer", "record": record}, "replies": []}


def _not_found(thread: dict[str, Any]) -> dict[str, Any]:
    kind = "app.bsky.feed.defs#notFoundPost"
    return {"$type": kind, "uri": thread["post"]["uri"] + "-answer", "notFound": True}


_TOMBSTONE = (
    b'<at:deleted-entry xmlns:at="http://purl.org/atompub/tombstones/1.0" ref="%b" when="%b"/>'
    b"</feed>"
)


def _tombstone(body: bytes) -> bytes:
    """The first entry of an Atom feed, told as deleted (RFC 6721)."""
    found = re.search(rb"<entry>\s*<id>(.*?)</id>.*?</entry>", body, re.S)
    assert found
    tombstone = _TOMBSTONE % (found.group(1), LATER.encode())
    return body.replace(found.group(0), b"").replace(b"</feed>", tombstone)


_COMMENT = "1.data.children.0.data"
_ANSWER = "replies.data.children.0.data"
_TOP = "items.0.snippet.topLevelComment.snippet"
CASES = (
    Case(
        scenario="reddit_thread_short",
        edit=_at(_COMMENT, body=WORDS, edited=1.7e9),
        remove=_at(f"{_COMMENT}.{_ANSWER}", author="[deleted]", body="[removed]"),
    ),
    Case(
        scenario="appstore_xml",
        edit=_within(r'<entry>.*?<content type="text">(.*?)</content>', _to(WORDS)),
    ),
    Case(scenario="appstore_json", edit=_at("feed.entry.0.content", label=WORDS)),
    Case(scenario="googleplay", edit=_within(r'(\[\["wrb\.fr".*?\]\])(?:\n|$)', _play)),
    Case(
        scenario="trustpilot_page",
        edit=_within(
            r'id="__NEXT_DATA__"[^>]*>(.*?)</script>',
            _at("props.pageProps.reviews.0", text=WORDS),
        ),
    ),
    Case(scenario="trustpilot_api", edit=_at("reviews.0", text=WORDS, updatedAt=LATER)),
    Case(
        scenario="mastodon_hashtag_server",
        edit=_at("0", content=f"<p>{WORDS}</p>", edited_at=LATER),
    ),
    Case(
        scenario="bluesky_thread",
        before=_answered(_post),
        edit=_answered(lambda thread: _post(thread, WORDS)),
        remove=_answered(_not_found),
    ),
    Case(scenario="hackernews", edit=_at("hits.0", comment_text=WORDS)),
    Case(
        scenario="youtube_video_2022",
        edit=_at(_TOP, textOriginal=WORDS, textDisplay=WORDS, updatedAt=LATER),
    ),
    Case(scenario="yelp", edit=_at("reviews.0", text=WORDS)),
    Case(scenario="googleplaces_english", edit=_at("result.reviews.0", text=WORDS)),
    Case(
        scenario="bazaarvoice_some",
        edit=_at("Results.0", ReviewText=WORDS, LastModificationTime=LATER),
    ),
    Case(
        scenario="yotpo",
        edit=_at("response.reviews.0", content=WORDS),
        remove=_at("response.reviews.0", deleted=True),
    ),
    Case(
        scenario="feed_google_news",
        edit=_within(r"<item>\s*<title>(.*?)</title>", _to(WORDS)),
    ),
    Case(
        scenario="feed_google_alerts",
        edit=_within(r'<entry>.*?<content type="html">(.*?)</content>', _to(WORDS)),
        remove=_tombstone,
    ),
    Case(
        scenario="schemaorg_motherthyme",
        edit=_within(r'"reviewBody":\s*"([^"]*)"', _to(WORDS)),
    ),
    Case(
        scenario="schemaorg_bestbuy",
        edit=_within(r'itemprop="reviewBody"><p><span>(.*?)</span>', _to(WORDS)),
    ),
)  # fmt: skip


@dataclass
class World:
    """A source, its tables, and the answers that it finds next."""

    settings: Settings
    replay: Replay
    query: Query

    def crawl(self, answers: list[Recording]) -> tuple[int, int]:
        """Texts that were new, and those that changed."""
        self.replay.recordings = answers
        self.replay.served.clear()
        source = self.settings.source_named("source")
        done = crawl(Order(settings=self.settings, source=source, purpose="live", span=None))
        return done["added"], done["changed"]


def _fetch(order: Any, connector: Any, session: Any, validators: Any, collector: Any) -> Any:
    """One call after the other, in this process."""
    del order, connector, validators
    waiting = session.calls()
    while waiting:
        call = waiting.pop(0)
        page = session.receive(send(call, session.credentials), call)
        collector.add(page)
        waiting += page.next_calls
    return SimpleNamespace(error=None, sample=b"", unchanged_pages=0)


@pytest.fixture
def query(database: Any) -> Query:
    def rows(sql: str) -> list[tuple[Any, ...]]:
        with database.connect("owner") as conn, conn.cursor() as cursor:
            cursor.execute(sql)
            return [tuple(row.values()) for row in cursor.fetchall()]

    return rows


@pytest.fixture
def world(
    request: pytest.FixtureRequest,
    database: Any,
    settings_with: Callable[..., Settings],
    monkeypatch: pytest.MonkeyPatch,
    query: Query,
) -> Iterator[World]:
    """The source of the scenario that the test is called with, at the time of the recordings."""
    scenario = next(s for s in (*SCENARIOS, *MADE) if s.name == request.param)
    monkeypatch.setattr(crawl_process, "_run_spider", _fetch)
    monkeypatch.setenv("EARSHOT_AUTHOR_KEY", "a key for tests only, of enough characters")
    for name, value in scenario.credentials.items():
        monkeypatch.setenv(name, value)
    with database.connect() as conn, conn:
        advance(conn, NOW)
    replay = Replay([], empty=scenario.empty, is_once=scenario.is_once)
    with serving(replay) as here:
        common = {"name": "source", "kind": scenario.platform, "brand": "northwind"}
        options = {"base_url": here, "accept_terms": True, **scenario.options}
        settings = settings_with(source=[{**common, **json.loads(json.dumps(options))}])
        yield World(settings=settings, replay=replay, query=query)


def _changed(answers: list[Recording], change: Body) -> list[Recording]:
    """The same answers, the first that shows texts changed."""
    at = next(i for i, each in enumerate(answers) if "access_token" not in each.url)
    return [*answers[:at], replace(answers[at], body=change(answers[at].body)), *answers[at + 1 :]]


@pytest.mark.parametrize(
    ("case", "world"),
    [pytest.param(each, each.scenario, id=each.scenario) for each in CASES],
    indirect=["world"],
)
def test_an_edit_is_a_version_a_deletion_a_mark_and_nothing_comes_twice(
    case: Case, world: World, shared: Path
) -> None:
    scenario = next(s for s in (*SCENARIOS, *MADE) if s.name == case.scenario)
    answers = _changed(scenario.answers(shared), case.before)

    added, _ = world.crawl(answers)
    edited = _changed(answers, case.edit)
    assert world.crawl(edited) == (0, 1)
    last = _changed(edited, case.remove) if case.remove else edited
    assert world.crawl(last) == (0, 0)

    texts = "select count(*) from earshot.feedback"
    assert world.query(texts) == [(added,)]
    assert world.query(f"{texts} where version = 2") == [(1,)]
    assert world.query(
        "select count(*) from earshot.feedback_version"
        f" where version = 2 and strpos(title || body, '{WORDS.removesuffix('.')}') > 0"
    ) == [(1,)]
    assert world.query(f"{texts} where deleted_at is not null") == [(1 if case.remove else 0,)]


@pytest.mark.parametrize("world", ["zendesk_cursor"], indirect=True)
def test_a_ticket_that_changed_or_was_deleted_comes_by_the_next_cursor(
    world: World, shared: Path
) -> None:
    scenario = next(s for s in SCENARIOS if s.name == "zendesk_cursor")
    answers = scenario.answers(shared)
    page = json.loads(answers[0].body)
    first, second = page["tickets"][:2]
    changed = {**first, "subject": WORDS, "raw_subject": WORDS, "updated_at": LATER}
    gone = {**second, "status": "deleted", "updated_at": LATER}
    next_page = {**page, "tickets": [changed, gone], "after_cursor": "later"}
    last_page = {**next_page, "tickets": []}
    path = answers[0].url.partition("?")[0]
    later = [
        replace(answers[0], url=f"{path}?cursor={cursor}", body=json.dumps(body).encode())
        for cursor, body in ((page["after_cursor"], next_page), ("later", last_page))
    ]

    added, _ = world.crawl(answers)
    assert world.crawl([*answers, *later]) == (0, 1)
    assert world.crawl([*answers, *later]) == (0, 0)

    assert world.query("select count(*) from earshot.feedback") == [(added,)]
    marked = "select external_id from earshot.feedback where deleted_at is not null"
    assert (str(second["id"]),) in world.query(marked)
