"""Crawling the sample shop and misbehaving servers over real HTTP, in a process of its own."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from earshot.errors import FixSettings, RetryLater, StopSource
from earshot.settings import Settings
from earshot.shop import generate, story
from earshot.shop.server import serve
from scrapers.addresses import is_private
from scrapers.run import crawl, probe
from sql.clock import advance

Query = Callable[[str], list[dict[str, Any]]]
Make = Callable[..., Settings]
SINCE = datetime(2026, 2, 1, tzinfo=UTC)


@pytest.fixture
def source_settings(settings_with: Make) -> Make:
    """Settings with one schema.org source at these start pages."""

    def make(*urls: str, **options: Any) -> Settings:
        source = {"name": "shop", "kind": "schemaorg", "brand": "northwind", "urls": list(urls)}
        return settings_with(source=[{**source, **options}])

    return make


def _set_clock(database: Any, moment: datetime) -> None:
    with database.connect() as conn, conn:
        advance(conn, moment)


def _review(number: int, **fields: Any) -> dict[str, Any]:
    return {
        "@type": "Review",
        "reviewBody": f"Review number {number} of the lamp, written at length.",
        "author": f"Author {number}",
        "datePublished": (SINCE + timedelta(hours=number)).isoformat(),
        "reviewRating": {"ratingValue": number % 5 + 1},
        **fields,
    }


def _page(reviews: list[dict[str, Any]], next_url: str = "", name: str = "Lamp") -> Response:
    data = {"@type": "Product", "name": name, "sku": name, "review": reviews}
    link = f'<link rel="next" href="{next_url}">' if next_url else ""
    script = f'<script type="application/ld+json">{json.dumps(data)}</script>'
    return Response(f"<html><head>{link}{script}</head><body>x</body></html>", mimetype="text/html")


def _bodies(table: Query) -> list[str]:
    return [row["body"] for row in table("select body from earshot.feedback_version order by 1")]


def test_the_shop_is_read_whole_then_only_what_is_new(
    source_settings: Make, database: Any, table: Query
):
    clock = [story.day(44)]
    _set_clock(database, clock[0])
    with serve(lambda: clock[0]) as shop:
        settings = source_settings(f"{shop.url}/")
        first = crawl(settings, "shop")
        again = crawl(settings, "shop")
        clock[0] = story.day(48)
        _set_clock(database, clock[0])
        later = crawl(settings, "shop")

    expected = [sum(r.published_at <= story.day(day) for r in generate()) for day in (44, 48)]
    assert first.added == expected[0]
    assert (again.seen, again.added) == (0, 0)
    assert later.added == expected[1] - expected[0]
    assert later.seen < 24 * 20
    assert later.missed_share == 0
    rows = table("select platform, product, author_key, published_precision from earshot.feedback")
    assert len(rows) == expected[1]
    assert {row["platform"] for row in rows} == {"schemaorg"}
    assert {row["published_precision"] for row in rows} == {"second"}
    assert table("select health from earshot.source") == [{"health": "healthy"}]


def test_a_backfill_reads_its_span_and_leaves_the_cursor(
    source_settings: Make, database: Any, table: Query
):
    _set_clock(database, story.day(20))
    with serve(lambda: story.day(20)) as shop:
        settings = source_settings(f"{shop.url}/products/alder-bookcase")
        result = crawl(settings, "shop", "backfill", since=story.day(3), until=story.day(9))

    expected = [
        r
        for r in generate()
        if r.sku == "NH-1007" and story.day(3) <= r.published_at < story.day(9)
    ]
    assert result.added == len(expected) > 0
    assert table("select cursor from earshot.source") == [{"cursor": None}]


def test_an_edited_review_inside_the_overlap_is_a_new_version(
    source_settings: Make, now: datetime, httpserver: HTTPServer, table: Query
):
    reviews = [_review(n) for n in range(3, 0, -1)]
    httpserver.expect_request("/robots.txt").respond_with_data("")
    httpserver.expect_request("/lamp").respond_with_handler(lambda _: _page(reviews))
    settings = source_settings(httpserver.url_for("/lamp"))
    crawl(settings, "shop")
    reviews[1] = {**reviews[1], "reviewBody": "I changed my mind about this lamp."}

    result = crawl(settings, "shop")

    assert (result.added, result.changed) == (0, 1)
    assert len(table("select 1 from earshot.feedback")) == 3


def test_robots_txt_is_obeyed(source_settings: Make, now: datetime, httpserver: HTTPServer):
    httpserver.expect_request("/robots.txt").respond_with_data("User-agent: *\nDisallow: /lamp")
    settings = source_settings(httpserver.url_for("/lamp"))

    with pytest.raises(StopSource, match=r"robots\.txt forbids"):
        crawl(settings, "shop")

    assert [request.path for request, _ in httpserver.log] == ["/robots.txt"]


def test_the_user_agent_names_us_and_the_contact(
    source_settings: Make, now: datetime, httpserver: HTTPServer
):
    httpserver.expect_request("/robots.txt").respond_with_data("")
    httpserver.expect_request("/lamp").respond_with_handler(lambda _: _page([_review(1)]))

    crawl(source_settings(httpserver.url_for("/lamp")), "shop")

    agents = {request.headers["User-Agent"] for request, _ in httpserver.log}
    assert len(agents) == 1
    assert agents.pop().startswith("earshot/")
    assert all("ops@northwind.example" in r.headers["User-Agent"] for r, _ in httpserver.log)


def test_limits_and_failures_that_pass_lose_nothing(
    source_settings: Make, now: datetime, httpserver: HTTPServer, table: Query
):
    answers = iter(
        [
            Response("slow down", 429, {"Retry-After": "1"}),
            Response("<html>too many</html>", 429),
            _page([_review(3), _review(2)], next_url="/lamp?page=2"),
        ]
    )
    older = iter([Response("oops", 503), _page([_review(1)])])

    def answer(request: Request) -> Response:
        return next(older if request.args.get("page") else answers)

    httpserver.expect_request("/robots.txt").respond_with_data("")
    httpserver.expect_request("/lamp").respond_with_handler(answer)

    result = crawl(source_settings(httpserver.url_for("/lamp")), "shop")

    assert result.added == 3
    assert len(_bodies(table)) == 3


def test_a_host_that_stays_down_is_tried_a_few_times_and_reported(
    source_settings: Make, now: datetime, httpserver: HTTPServer, table: Query
):
    httpserver.expect_request("/robots.txt").respond_with_data("")
    httpserver.expect_request("/lamp").respond_with_data("down", status=502)
    settings = source_settings(httpserver.url_for("/lamp"))

    for _ in range(3):
        with pytest.raises(RetryLater, match="HTTP 502"):
            crawl(settings, "shop")

    assert len(httpserver.log) == 3 * (1 + 4)
    assert table("select health from earshot.source") == [{"health": "unhealthy"}]
    assert len(table("select 1 from earshot.outbox")) == 1


def test_an_unreachable_host_is_said_in_one_sentence(source_settings: Make, now: datetime):
    with pytest.raises(RetryLater, match="slow or down") as failure:
        crawl(source_settings("http://127.0.0.1:9/lamp"), "shop")

    assert "\n" not in str(failure.value)


def test_a_broken_source_is_said_once_and_its_recovery_once(
    source_settings: Make, now: datetime, httpserver: HTTPServer, table: Query
):
    pages = [Response("<html><title>Just a moment...</title></html>", mimetype="text/html")]
    httpserver.expect_request("/robots.txt").respond_with_data("")
    httpserver.expect_request("/lamp").respond_with_handler(lambda _: pages[0])
    settings = source_settings(httpserver.url_for("/lamp"))

    for _ in range(2):
        with pytest.raises(StopSource):
            crawl(settings, "shop")
    pages[0] = _page([_review(1)])
    for _ in range(2):
        crawl(settings, "shop")

    said = table("select payload->>'kind' as kind, channel from earshot.outbox order by id")
    assert said == [
        {"kind": "source_unhealthy", "channel": "#earshot-ops"},
        {"kind": "source_recovered", "channel": "#earshot-ops"},
    ]
    statuses = [row["status"] for row in table("select status from earshot.crawl order by id")]
    assert statuses == ["broken", "broken", "ok", "ok"]


def test_the_answer_that_broke_a_source_is_kept_once_masked_and_for_a_time(
    source_settings: Make, now: datetime, httpserver: HTTPServer, table: Query
):
    page = "<html><title>Just a moment...</title>Write to kim@mail.example</html>"
    httpserver.expect_request("/robots.txt").respond_with_data("")
    httpserver.expect_request("/lamp").respond_with_data(page, mimetype="text/html")
    settings = source_settings(httpserver.url_for("/lamp"))

    for _ in range(2):
        with pytest.raises(StopSource):
            crawl(settings, "shop")

    (kept,) = table("select reason, payload, expires_at from earshot.quarantine")
    assert "bot check" in kept["reason"]
    assert b"Just a moment" in bytes(kept["payload"])
    assert b"kim@mail.example" not in bytes(kept["payload"])
    assert kept["expires_at"] == now + timedelta(days=30)


def test_endless_next_links_end(
    source_settings: Make, now: datetime, httpserver: HTTPServer, table: Query
):
    def answer(request: Request) -> Response:
        number = int(request.args.get("page", 1))
        return _page([_review(1), _review(2)], next_url=f"/lamp?page={number + 1}")

    httpserver.expect_request("/robots.txt").respond_with_data("")
    httpserver.expect_request("/lamp").respond_with_handler(answer)

    result = crawl(source_settings(httpserver.url_for("/lamp")), "shop")

    assert result.added == 2
    assert len(httpserver.log) < 8


def test_an_answer_that_is_too_large_is_refused(
    source_settings: Make, now: datetime, httpserver: HTTPServer
):
    httpserver.expect_request("/robots.txt").respond_with_data("")
    httpserver.expect_request("/lamp").respond_with_data("x" * 3_000_000, mimetype="text/html")

    with pytest.raises(StopSource, match="larger"):
        crawl(source_settings(httpserver.url_for("/lamp"), largest_answer_mb=1), "shop")


def test_links_into_private_networks_are_not_followed(
    source_settings: Make, now: datetime, httpserver: HTTPServer, table: Query
):
    page = '<html><body><a href="http://169.254.169.254/latest">x</a></body></html>'
    httpserver.expect_request("/robots.txt").respond_with_data("")
    httpserver.expect_request("/").respond_with_data(page, mimetype="text/html")

    with pytest.raises(StopSource, match="neither"):
        crawl(source_settings(httpserver.url_for("/")), "shop")


def test_private_addresses_are_known():
    assert all(map(is_private, ("10.0.0.1", "127.0.0.1", "169.254.169.254", "::1", "fd00::1")))
    assert not any(map(is_private, ("93.184.216.34", "2606:2800:220:1::1", "shop.example")))


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"urls": ["shop.example"]}, "is no address"),
        ({"follow": "("}, "is no regular expression"),
        ({"delay_seconds": -1}, "delay_seconds"),
        ({"colour": "red"}, "colour: no such key"),
    ],
)
def test_wrong_options_are_settings_errors(
    source_settings: Make, now: datetime, options: dict[str, Any], says: str
):
    with pytest.raises(FixSettings, match=says):
        crawl(source_settings("http://127.0.0.1:9/", **options), "shop")


def test_terms_that_forbid_reading_need_consent(settings_with: Make, now: datetime):
    source = {"name": "tp", "kind": "trustpilot", "brand": "northwind", "domain": "shop.example"}

    with pytest.raises(FixSettings, match="accept_terms = true"):
        crawl(settings_with(source=[source]), "tp")


@pytest.mark.parametrize(
    "given",
    [
        {"YOUTUBE_API_KEY": "canary-4f1c9e"},
        {"AIRFLOW_CONN_EARSHOT_SOURCE_YT": '{"conn_type": "http", "password": "canary-4f1c9e"}'},
    ],
    ids=["environment", "Airflow connection"],
)
def test_no_secret_reaches_logs_or_errors(
    given: dict[str, str],
    settings_with: Make,
    now: datetime,
    httpserver: HTTPServer,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
):
    canary = "canary-4f1c9e"
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    httpserver.expect_request(re.compile(".*")).respond_with_data("x" * 3_000_000)
    source = {
        "name": "yt",
        "kind": "youtube",
        "brand": "northwind",
        "base_url": httpserver.url_for(""),
        "videos": ["abc"],
        "largest_answer_mb": 1,
    }

    with pytest.raises(StopSource) as failure:
        crawl(settings_with(source=[source]), "yt")

    asked = "".join(request.url for request, _ in httpserver.log)
    captured = capfd.readouterr()
    assert canary in asked
    assert canary not in str(failure.value) + captured.out + captured.err


def test_a_crawl_that_goes_well_writes_no_log_and_opens_no_port(
    source_settings: Make, now: datetime, httpserver: HTTPServer, capfd: pytest.CaptureFixture[str]
):
    """Scrapy would log every request, and listen to be steered by others on this machine."""
    httpserver.expect_request("/robots.txt").respond_with_data("")
    httpserver.expect_request("/lamp").respond_with_handler(lambda _: _page([_review(1)]))

    crawl(source_settings(httpserver.url_for("/lamp")), "shop")

    assert capfd.readouterr().err == ""


def test_no_secret_that_an_answer_quotes_is_stored_or_told(
    settings_with: Make,
    now: datetime,
    httpserver: HTTPServer,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    table: Query,
):
    canary = "canary-7d20aa"
    monkeypatch.setenv("OUR_SHOP_TOKEN", canary)
    answer = {"data": [{"id": 1, "text": "fine"}, {"key": canary}], "note": canary}
    httpserver.expect_request("/api").respond_with_json(answer)
    source = {
        "name": "ours",
        "kind": "rest",
        "brand": "northwind",
        "base_url": httpserver.url_for(""),
        "path": "api",
        "items": "data",
        "fields": {"id": "id", "body": "text"},
        "auth": {"style": "bearer", "credential": "OUR_SHOP_TOKEN"},
    }
    settings = settings_with(source=[source])
    crawl(settings, "ours")
    httpserver.clear()
    httpserver.expect_request("/api").respond_with_data(f"<html>{canary} x</html>")

    with pytest.raises(StopSource) as failure:
        crawl(settings, "ours")

    rows = table("select payload, reason from earshot.quarantine")
    kept = b"".join(bytes(row["payload"]) + row["reason"].encode() for row in rows)
    captured = capfd.readouterr()
    assert len(rows) == 2
    assert canary.encode() not in kept
    assert canary not in str(failure.value) + captured.out + captured.err


@pytest.mark.parametrize(
    "connection",
    [
        '{"conn_type": "http", "extra": {"OUR_SHOP_TOKEN": "told"}}',
        '{"extra": "{\\"OUR_SHOP_TOKEN\\": \\"told\\"}"}',
        "http://user:x@host/?OUR_SHOP_TOKEN=told",
    ],
)
def test_credentials_may_come_from_the_airflow_connection_of_the_source(
    settings_with: Make, now: datetime, monkeypatch: pytest.MonkeyPatch, connection: str
):
    from scrapers.credentials import credentials

    monkeypatch.setenv("AIRFLOW_CONN_EARSHOT_SOURCE_OUR_SHOP", connection)
    source = {"name": "our-shop", "kind": "rest", "brand": "northwind"}
    settings = settings_with(source=[source])

    assert credentials(settings, settings.source[0], ())["OUR_SHOP_TOKEN"] == "told"


def test_login_and_password_of_a_connection_are_the_platforms_credentials_in_order(
    settings_with: Make, now: datetime, monkeypatch: pytest.MonkeyPatch
):
    from scrapers.credentials import credentials

    settings = settings_with(source=[{"name": "desk", "kind": "zendesk", "brand": "northwind"}])
    monkeypatch.setenv("AIRFLOW_CONN_EARSHOT_SOURCE_DESK", "http://a%40b.example:pass@host")

    found = credentials(settings, settings.source[0], ("ZENDESK_EMAIL", "ZENDESK_TOKEN"))

    assert (found["ZENDESK_EMAIL"], found["ZENDESK_TOKEN"]) == ("a@b.example", "pass")


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("judgeme", "from documentation, never run against the live service"),
        ("zendesk", "messages, ratings and metric sets from documentation"),
    ],
)
def test_a_check_says_what_was_written_from_documentation(
    kind: str, said: str, settings_with: Make, now: datetime, httpserver: HTTPServer
):
    answer = {"reviews": [], "tickets": [], "end_of_stream": True}
    httpserver.expect_request(re.compile(".*")).respond_with_json(answer)
    source = {
        "name": "shop",
        "kind": kind,
        "brand": "northwind",
        "base_url": httpserver.url_for("/"),
        **({"shop": "a.example"} if kind == "judgeme" else {}),
    }

    assert said in probe(settings_with(source=[source]), "shop")


def test_a_probe_fetches_one_page_and_stores_nothing(
    source_settings: Make, now: datetime, httpserver: HTTPServer, table: Query
):
    httpserver.expect_request("/robots.txt").respond_with_data("")
    httpserver.expect_request("/lamp").respond_with_handler(
        lambda _: _page([_review(1)], next_url="/lamp?page=2")
    )

    said = probe(source_settings(httpserver.url_for("/lamp")), "shop")

    assert said.startswith("1 records on the first page")
    assert table("select 1 from earshot.source") == []
    assert len(httpserver.log) == 2
