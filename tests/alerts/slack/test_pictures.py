"""Every kind of message and modal in a real browser, on a phone and a desk, light and dark.

`EARSHOT_PICTURES=docs/slack pytest tests/alerts/slack/test_pictures.py` writes the pictures.
"""

from __future__ import annotations

import html
import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from psycopg2.extensions import connection as Connection

from alerts.approvals import hash_of
from alerts.slack.digest import write_digests
from alerts.slack.drafts import announce_draft
from alerts.slack.home import home_view
from alerts.slack.incidents import announce_incident, close_incident, thread_note
from alerts.slack.modals import dismiss_modal, edit_modal
from alerts.slack.notices import source_quiet_notice
from alerts.slack.preview_page import block_html, document
from earshot.settings import Settings
from sql.clock import advance
from tests.alerts.slack.conftest import BEGAN, NOON, evidence
from tests.alerts.slack.test_delivery import send
from tests.alerts.slack.test_digest import MONDAY, nine_weeks

__all__ = ["nine_weeks"]
REPLY = (
    "Two broken vases in a row is not what you ordered from us, and I am sorry. A replacement "
    "leaves today in our double-wall box; if you would rather have your money back, that is fine "
    "too. Write to help@northwind.example and I will see to it. Customer care, Northwind Home"
)
OBJECTIONS = (
    '[{"rule": "promise", "span": "we will refund you 20 % today",'
    ' "reason": "promises an amount that no policy names"}]'
)


@pytest.fixture
def browser(system_package: Callable[[str], None]) -> Iterator[Any]:
    system_package("chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        opened = driver.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield opened
        opened.close()


@pytest.fixture
def pages(
    conn: Connection,
    settings: Settings,
    open_incident: Callable[..., int],
    change_incident: Callable[..., None],
    write_draft: Callable[..., int],
    nine_weeks: None,
) -> dict[str, Path]:
    """HTML files by name: the channel with every message, and each modal."""
    loud = open_incident()
    over = open_incident(severity="medium", items=31, started_at=BEGAN)
    inside = write_draft(REPLY, incident_id=loud)
    blocked = write_draft("We will refund you 20 % today.", state="blocked",
                          body="Where is my refund? <!channel>")  # fmt: skip
    with conn, conn.cursor() as cursor:
        cursor.execute(
            "update earshot.reply_draft set guard = %s where id = %s", [OBJECTIONS, blocked]
        )
        announce_incident(conn, settings, loud, NOON)
        announce_incident(conn, settings, over, NOON)
        thread_note(conn, settings, loud, "grow-1", "Still growing: 100 by now.", NOON)
        announce_draft(conn, settings, inside, NOON)
        announce_draft(conn, settings, blocked, NOON)
        source_quiet_notice(
            conn, settings, "Trustpilot", NOON, reason="The page answers with a consent form.",
            since=NOON - timedelta(hours=10),
        )  # fmt: skip
    send(settings)
    later = NOON + timedelta(hours=4)
    change_incident(over, state="resolved", resolved_at=later)
    change_incident(
        loud, items=212, baseline=9.0, state="growing", verdict="confirmed",
        decided_by="duty-manager", decided_at=NOON + timedelta(minutes=5),
        assigned_to="logistics",
        evidence=evidence(trend="still growing, slower than at noon",
                          changes=("“refund” now in 38 % (09:30: 9 %)",)),
    )  # fmt: skip
    with conn:
        advance(conn, later)
        announce_incident(conn, settings, loud, later)
        close_incident(conn, settings, over, later)
        home = home_view(conn, "logistics", later)
    send(settings)
    with conn:
        advance(conn, MONDAY)
        write_digests(conn, settings, MONDAY)
    send(settings)
    folder = settings.home_folder / "preview"
    value = f"1:1:{hash_of(REPLY).hex()}"
    edit = edit_modal(value, REPLY, "the shop page: at most 1,000 characters", "C1", "1")
    views = {"dismiss": dismiss_modal(1, "Late parcels"), "edit": edit, "home": home}
    for name, view in views.items():
        (folder / f"{name}.html").write_text(document(view_html(view)), encoding="utf-8")
    return {"channel": folder / "index.html", **{n: folder / f"{n}.html" for n in views}}


def view_html(view: dict[str, Any]) -> str:
    """A modal or Home as Slack lays it out."""
    title = view.get("title", {}).get("text", "Earshot")
    inner = "".join(
        input_html(block) if block["type"] == "input" else block_html(block)
        for block in view["blocks"]
    )
    row = "".join(
        f'<span class="button {kind}">{view[name]["text"]}</span>'
        for name, kind in (("close", "plain"), ("submit", "primary"))
        if name in view
    )
    return f'<section class="channel"><h1>{title}</h1>{inner}<p class="actions">{row}</p></section>'


def input_html(block: dict[str, Any]) -> str:
    label = f"<p><b>{html.escape(block['label']['text'])}</b></p>"
    element = block["element"]
    if element["type"] == "radio_buttons":
        return label + "".join(f"<p>◯ {o['text']['text']}</p>" for o in element["options"])
    return f"{label}<pre>{html.escape(element.get('initial_value', ' '))}</pre>"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_cut_off_or_loaded_and_every_picture_is_described(
    browser: Any, pages: dict[str, Path], scheme: str
) -> None:
    pictures = os.environ.get("EARSHOT_PICTURES")
    for name, file in pages.items():
        for width in (390, 800):
            context = browser.new_context(
                viewport={"width": width, "height": 900},
                color_scheme=scheme,
                device_scale_factor=1.5 if pictures else 1,
            )
            page = context.new_page()
            asked: list[str] = []
            page.on("request", lambda request, asked=asked: asked.append(request.url))
            page.goto(file.as_uri())
            wide = page.evaluate("document.documentElement.scrollWidth")
            bare = page.locator("img:not([alt]), img[alt='']").count()
            if pictures:
                place = (
                    Path(pictures) / f"{name}-{'phone' if width == 390 else 'desk'}-{scheme}.png"
                )
                place.parent.mkdir(parents=True, exist_ok=True)
                page.screenshot(path=place, full_page=True)
            context.close()
            assert wide <= width, f"{name} is wider than {width}"
            assert bare == 0
            assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
