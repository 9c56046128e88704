"""Every kind of message, the modals and the Home in a real browser, light and dark.

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
from psycopg2.extras import Json

from alerts.approvals import hash_of
from alerts.drills import start_drill
from alerts.slack.digest import write_digests
from alerts.slack.drafts import announce_draft
from alerts.slack.evidence import Quote
from alerts.slack.home import home_view
from alerts.slack.incidents import (
    announce_incident,
    close_incident,
    escalate_unanswered,
    thread_note,
)
from alerts.slack.modals import dismiss_modal, edit_modal
from alerts.slack.notices import source_quiet_notice
from alerts.slack.praise import write_praise
from alerts.slack.preview_page import block_html, document
from alerts.tending import tend_drafts
from alerts.tickets import request_ticket
from earshot.settings import Settings
from sql.clock import advance
from sql.named import queries
from tests.alerts.slack.conftest import NOON, evidence
from tests.alerts.slack.test_approvals import decide
from tests.alerts.slack.test_delivery import send
from tests.alerts.slack.test_digest import MONDAY, nine_weeks
from tests.alerts.slack.test_praise import kind_words
from tests.platform_standin import PlatformStandIn

__all__ = ["kind_words", "nine_weeks"]
PICTURES = os.environ.get("EARSHOT_PICTURES", "")
REVIEW = (
    "Vase arrived broken, second time!! Is there any padding at all? It was to be a present for my "
    "sister on Saturday, and now I am running from shop to shop. The first one came in a bag that "
    "was twice its size, with one sheet of paper around it."
)
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
def pages(
    conn: Connection,
    settings_with: Callable[..., Settings],
    open_incident: Callable[..., int],
    change_incident: Callable[..., None],
    write_draft: Callable[..., int],
    nine_weeks: None,
    kind_words: Callable[..., None],
) -> Iterator[dict[str, Path]]:
    """HTML files by name: the channel with every message, and each modal."""
    with PlatformStandIn() as place:
        yield story(
            conn, settings_with, open_incident, change_incident, write_draft, kind_words, place
        )


def story(
    conn: Connection,
    settings_with: Callable[..., Settings],
    open_incident: Callable[..., int],
    change_incident: Callable[..., None],
    write_draft: Callable[..., int],
    kind_words: Callable[..., None],
    place: PlatformStandIn,
) -> dict[str, Path]:
    """A day of the shop, told message by message, and the Monday after it."""
    trust = {"name": "trust", "kind": "trustpilot_api", "brand": "northwind",
             "business_unit": "b", "base_url": place.url}  # fmt: skip
    settings = settings_with(
        source=[trust],
        ticket={"kind": "zendesk", "base_url": place.url},
        praise={"channel": "#praise"},
        slack={"drill_channel": "#drills", "escalation": {"channel": "#ops-leads"}},
    )
    kettle = Quote(
        feedback_id=9,
        text="The handle came off while I poured. My hand is burnt.",
        stars=1,
        source="shop page",
        published_at=NOON - timedelta(hours=1),
        url="https://shop.example/reviews/9",
    )
    report = evidence(
        title="Safety: kettle handle",
        noun="reports",
        hours=(),
        differences=(),
        screens=(),
        quotes=(kettle,),
        playbook=("Call the customer today", "Stop the sale until it is looked at"),
        owner="@product-safety",
    )
    first, loud = open_incident(), open_incident()
    over = open_incident(severity="medium", items=31, opened_at=NOON - timedelta(hours=4))
    single = open_incident(
        report,
        severity="critical",
        kind="single",
        items=1,
        odds=None,
        baseline=0.0,
        started_at=NOON - timedelta(hours=1),
    )
    drafts = {
        "waiting": write_draft(REPLY, REVIEW, incident_id=loud),
        "blocked": write_draft("We will refund you 20 % today.", state="blocked",
                               body="Where is my refund? <!channel>"),
        "held": write_draft("", state="held", body="The handle broke and I was burnt."),
        "copy": write_draft(REPLY), "sent": write_draft(REPLY), "refused": write_draft(REPLY),
        "unsure": write_draft(REPLY), "void": write_draft(REPLY),
    }  # fmt: skip
    with conn, conn.cursor() as cursor:
        cursor.execute(
            "insert into earshot.source (name, kind, platform, brand_id)"
            " select 'trust', 'trustpilot_api', 'trustpilot', id from earshot.brand"
        )
        cursor.execute(
            "update earshot.feedback set platform = 'trustpilot', source_id = source.id"
            " from earshot.source, earshot.reply_draft as draft"
            " where source.name = 'trust' and draft.feedback_id = feedback.id"
            " and draft.id = any(%s)",
            [[drafts["sent"], drafts["waiting"]]],
        )
        cursor.execute(
            "update earshot.reply_draft set guard = %s where id = %s",
            [OBJECTIONS, drafts["blocked"]],
        )
        cursor.execute(
            "update earshot.reply_draft set reason = %s where id = %s",
            ["It tells of an injury: a person answers.", drafts["held"]],
        )
        for incident in (first, loud, over, single):
            announce_incident(conn, settings, incident, NOON)
        for draft in drafts.values():
            announce_draft(conn, settings, draft, NOON)
        thread_note(conn, settings, loud, "grow-1", "Still growing: 100 by now.", NOON)
        source_quiet_notice(
            conn,
            settings,
            "Trustpilot",
            NOON,
            reason="The page answers with a consent form.",
            since=NOON - timedelta(hours=10),
        )
    send(settings)
    for name in ("copy", "sent", "refused", "unsure"):
        decide(conn, settings, drafts[name], text_hash=hash_of(REPLY))
    told_of(conn, settings, drafts)
    later = NOON + timedelta(hours=4)
    with conn:
        advance(conn, later)
        escalate_unanswered(conn, settings, later)
        tend_drafts(conn, settings, later)
        request_ticket(conn, settings, "incident", loud, brand_id=1, actor="U0", now=later)
        queries.slack_ticket_opened(
            conn,
            ticket_id=1,
            number="4411",
            now=later,
            status="open",
            url="https://northwind.zendesk.example/agent/tickets/4411",
        )
    change_incident(
        over,
        state="resolved",
        resolved_at=later,
        verdict="confirmed",
        decided_by="duty-manager",
        decided_at=NOON + timedelta(minutes=5),
    )
    change_incident(
        loud,
        items=212,
        baseline=9.0,
        state="growing",
        verdict="confirmed",
        decided_by="duty-manager",
        decided_at=NOON + timedelta(minutes=5),
        assigned_to="logistics",
        evidence=evidence(
            trend="still growing, slower than at noon",
            changes=("“refund” now in 38 % (09:30: 9 %)",),
        ),
    )
    with conn:
        announce_incident(conn, settings, loud, later)
        close_incident(conn, settings, over, later)
        home = home_view(conn, "logistics", later)
    start_drill(settings, str(over), minutes=20, actor="duty-manager")
    send(settings)
    kind_words("k1", "The woman on chat stayed with me until the lamp worked. Thank you!", days=2)
    kind_words("k2", "Third order, third time a day early, and packed with care.", days=2)
    with conn:
        advance(conn, MONDAY)
        write_digests(conn, settings, MONDAY)
        write_praise(conn, settings, MONDAY)
    send(settings)
    folder = settings.home_folder / "preview"
    value = f"1:1:{hash_of(REPLY).hex()}"
    edit = edit_modal(
        value, REPLY, "Trustpilot: at most 10,000 characters", "C1", "1", review=REVIEW
    )
    views = {"dismiss": dismiss_modal(1, "Late parcels"), "edit": edit, "home": home}
    for name, view in views.items():
        (folder / f"{name}.html").write_text(document(view_html(view)), encoding="utf-8")
    kinds = {
        "incident-first": f"incident:{first}",
        "incident-single": f"incident:{single}",
        "incident-growing": f"incident:{loud}",
        "incident-over": f"incident:{over}",
        "thread-note": f"incident:{loud}:note:grow-1",
        "closing-report": f"incident:{over}:report",
        "escalation": f"incident:{single}:escalation",
        "replies-of-the-day": "drafts:northwind:2026-03-14",
        "late-replies": "drafts:northwind:2026-03-14:late",
        "digest": "digest:northwind:2026-W11",
        "praise": "praise:northwind:2026-03-16",
        "drill": "drill:1",
        "source-quiet": "ops:source:Trustpilot:20260314T0200",
        **{f"reply-{name}": f"draft:{draft}" for name, draft in drafts.items()},
    }
    KINDS.update(kinds)
    return {"channel": folder / "index.html", **{n: folder / f"{n}.html" for n in views}}


KINDS: dict[str, str] = {}
"""Key of the message that shows each kind, filled by the story."""


def told_of(conn: Connection, settings: Settings, drafts: dict[str, int]) -> None:
    """What became of four approved replies, as the publisher tells it."""
    with conn:
        queries.approvals_sent(conn, draft_id=drafts["sent"], sent_at=NOON)
        detail = {"by": "api", "platform": "Trustpilot", "url": "https://shop.example/r/1"}
        happened(conn, drafts["sent"], "sent", detail)
        reason = {"platform": "Trustpilot", "reason": "HTTP 403: the review was flagged"}
        happened(conn, drafts["refused"], "refused", reason)
        queries.approvals_state(conn, draft_id=drafts["unsure"], state="unsure", reason="")
        queries.approvals_state(
            conn,
            draft_id=drafts["void"],
            state="void",
            reason="the review changed at 12:02; a new draft follows",
        )
        for draft in drafts.values():
            announce_draft(conn, settings, draft, NOON)


def happened(conn: Connection, draft: int, kind: str, detail: dict[str, Any]) -> None:
    queries.approvals_event(
        conn,
        draft_id=draft,
        at=NOON + timedelta(seconds=7),
        kind=kind,
        actor="earshot",
        detail=Json(detail),
    )


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
    hint = f'<p class="context">{html.escape(block["hint"]["text"])}</p>' if "hint" in block else ""
    return f"{label}<pre>{html.escape(element.get('initial_value', ' '))}</pre>{hint}"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_cut_off_or_loaded_and_every_picture_is_described(
    browser: Any, pages: dict[str, Path], scheme: str
) -> None:
    for name, file in pages.items():
        for width in (390, 800):
            context = browser.new_context(
                viewport={"width": width, "height": 900},
                color_scheme=scheme,
                device_scale_factor=1.5 if PICTURES else 1,
            )
            page = context.new_page()
            asked: list[str] = []
            page.on("request", lambda request, asked=asked: asked.append(request.url))
            page.goto(file.as_uri())
            wide = page.evaluate("document.documentElement.scrollWidth")
            bare = page.locator("img:not([alt]), img[alt='']").count()
            if width == 390:
                photograph(page, name, scheme)
            context.close()
            assert wide <= width, f"{name} is wider than {width}"
            assert bare == 0
            assert [url for url in asked if not url.startswith(("file:", "data:"))] == []


def photograph(page: Any, name: str, scheme: str) -> None:
    """One picture a kind of message, as on a phone; each kind must stand on the page once."""
    kinds = {kind: f'[data-key="{key}"]' for kind, key in KINDS.items()}
    shown = kinds if name == "channel" else {name: "section.channel"}
    page.add_style_tag(content=".message { padding: 12px; background: var(--paper) }")
    for kind, place in shown.items():
        found = page.locator(place)
        assert found.count() == 1, f"{kind} ({place}) stands there {found.count()} times"
        if PICTURES:
            Path(PICTURES).mkdir(parents=True, exist_ok=True)
            found.screenshot(path=Path(PICTURES) / f"{kind}-{scheme}.png")
