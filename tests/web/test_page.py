"""The page in a real browser: every view, its links, a correction, the sign-in, its headers."""

from __future__ import annotations

from typing import Any
from urllib.request import Request, urlopen

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.web.conftest import HOSTILE, Serve, Site

VIEWS = {
    "": "Overview",
    "themes": "Themes",
    "reviews": "Reviews",
    "incidents": "Incidents",
    "incident?id=1": "Late parcels",
    "products": "Products",
    "service": "Service",
    "replies": "Replies",
    "sources": "Sources",
}
# Streamlit's own parts: its toolbar, its grid (a canvas with a table beside it) and its select.
WIDGETS = (
    "stAppViewContainer",
    "stDataFrame",
    "stSelectbox",
    "stVegaLite",
    "stSidebar",
    "stHeader",
)


@pytest.fixture
def page(browser: Any) -> Any:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB")
    opened = context.new_page()
    opened.set_default_timeout(30_000)
    yield opened
    context.close()


def visit(page: Any, site: Site, path: str, title: str) -> None:
    page.goto(f"{site.url}/{path}")
    page.get_by_role("heading", name=title, exact=True).first.wait_for()
    page.wait_for_function("!document.querySelector('[data-testid=stSkeleton]')")
    page.wait_for_function("!document.querySelector('[data-test-script-state=running]')")


@pytest.mark.parametrize(("path", "title"), VIEWS.items())
def test_every_view_opens_without_error_or_serious_fault(
    page: Any, site: Site, path: str, title: str
) -> None:
    visit(page, site, path, title)

    assert page.get_by_test_id("stException").count() == 0
    found = Axe().run(page).response["violations"]
    serious = [
        (fault["id"], node["target"])
        for fault in found
        if fault["impact"] in ("serious", "critical")
        for node in fault["nodes"]
        if not any(widget in node["html"] + str(node["target"]) for widget in WIDGETS)
        and ".st-" not in str(node["target"])
    ]
    assert serious == []


def test_overview_counts_and_links_to_the_open_incident(page: Any, site: Site) -> None:
    visit(page, site, "", "Overview")

    metrics = page.get_by_test_id("stMetricValue").all_inner_texts()
    assert metrics[:3] == ["12", "9", "75%"]
    link = page.get_by_role("link", name="Late parcels")
    assert link.get_attribute("href") == "/incident?id=1"


def test_products_show_the_complaints_of_the_span(page: Any, site: Site) -> None:
    visit(page, site, "products?span=7+days", "Products")
    page.get_by_role("heading", name="What comes back").wait_for()
    page.get_by_test_id("stDataFrame").first.wait_for()

    assert page.get_by_text("No complaint of this span").count() == 0


def test_service_without_tickets_says_what_to_do(page: Any, site: Site) -> None:
    visit(page, site, "service", "Service")

    page.get_by_text("Add a help desk or a survey").wait_for()


def test_a_view_is_a_link(page: Any, site: Site) -> None:
    visit(page, site, "reviews?theme=damaged&span=7+days", "Reviews")

    cards = page.locator("p", has_text="arrived in pieces")
    assert cards.count() == 3
    assert page.locator("p", has_text="lovely lamp").count() == 0


def test_hostile_words_stay_words(page: Any, site: Site) -> None:
    visit(page, site, "reviews", "Reviews")
    assert page.locator("p", has_text="**bold** [link](http://evil.example)").count() == 3

    visit(page, site, "incident?id=1", "Late parcels")
    assert page.locator("p", has_text="<script>").first.inner_text() == HOSTILE
    assert page.locator("a[href='http://evil.example']").count() == 0
    assert "owned" not in page.title()


def test_sentences_are_marked_by_their_sentiment(page: Any, site: Site) -> None:
    visit(page, site, "reviews", "Reviews")

    late = page.locator("p", has_text="nine days late").first
    assert [mark.get_attribute("title") for mark in late.locator("span").all()] == [
        "negative",
        "positive",
    ]


def test_a_correction_is_stored_with_its_author(page: Any, site: Site) -> None:
    visit(page, site, "reviews?sentiment=positive", "Reviews")
    page.get_by_role("button", name="Correct").first.click()
    page.get_by_role("button", name="Store").first.click()
    page.get_by_text("Stored.").wait_for()

    with site.database.connect("owner") as conn, conn, conn.cursor() as cursor:
        cursor.execute("select field, value, corrected_by from earshot.correction")
        rows = [tuple(row) for row in cursor.fetchall()]
        cursor.execute("delete from earshot.correction")
    assert rows == [("sentiment", "negative", "somebody at this machine")]


def test_a_theme_that_the_model_missed_is_given_by_a_person(page: Any, site: Site) -> None:
    visit(page, site, "reviews?sentiment=positive", "Reviews")
    page.get_by_role("button", name="Correct").first.click()
    page.get_by_role("combobox", name="What is wrong?").first.click()
    page.get_by_role("option", name="A missing theme: Delivery delay").click()
    page.get_by_role("button", name="Store").first.click()
    page.get_by_text("Stored.").wait_for()

    with site.database.connect("owner") as conn, conn, conn.cursor() as cursor:
        cursor.execute(
            "delete from earshot.correction using earshot.theme "
            "where theme.id = correction.theme_id returning theme.key, value"
        )
        rows = [tuple(row) for row in cursor.fetchall()]
    assert rows == [("delivery_delay", "negative")]


def test_an_unknown_incident_says_what_to_do(page: Any, site: Site) -> None:
    visit(page, site, "incident?id=99'--", "Incident")

    assert page.get_by_text("There is no such incident.").count() == 1


def test_it_fits_a_phone_in_the_dark(browser: Any, site: Site) -> None:
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, color_scheme="dark", is_mobile=True
    )
    opened = context.new_page()
    visit(opened, site, "incident?id=1", "Late parcels")

    width = opened.evaluate("document.documentElement.scrollWidth")
    context.close()
    assert width <= 390


def test_a_proxy_names_the_reader_and_nobody_else_gets_in(browser: Any, serve: Serve) -> None:
    guarded = serve(sign_in="header")
    stranger = browser.new_context().new_page()
    stranger.goto(guarded.url)
    stranger.get_by_text("You are not signed in.").wait_for()
    assert stranger.get_by_test_id("stMetricValue").count() == 0
    known = browser.new_context(extra_http_headers={"X-Forwarded-User": "mira"}).new_page()
    visit(known, guarded, "", "Overview")
    assert known.get_by_test_id("stMetricValue").count() == 3


def test_every_answer_carries_security_headers(site: Site) -> None:
    for path in ("/", "/_stcore/health", "/nothing-here"):
        with urlopen(Request(f"{site.url}{path}")) as answer:
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
            assert answer.headers["Referrer-Policy"] == "same-origin"
