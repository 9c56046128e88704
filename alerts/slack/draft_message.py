"""A reply that waits for a person: the review's words, the exact text, and what can be done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from alerts.replies.limits import ReplyLimit, limit_of
from alerts.replies.records import BUILT_IN
from alerts.slack import text as t
from alerts.slack.blocks import (
    CONTINUED,
    Block,
    Message,
    actions,
    button,
    context,
    link_button,
    quoted,
    section,
    select,
    split,
    to_copy,
)
from alerts.slack.incident_message import ticket_told

MOST_DRAFT = 2800
MOST_SNIPPET = 160
BEGINNING = 60
"""Characters of the review in the head where the review itself stands below."""
MOST_REVIEW = 600


@dataclass(frozen=True, kw_only=True)
class DraftView:
    """Everything that a draft's message shows at the instant `now`."""

    id: int
    feedback_id: int
    version: int
    text: str
    text_hash: str
    """Hex digest that an approval names."""
    state: str
    reason: str | None
    review: str
    """Title or beginning of the review, masked."""
    whole: str = ""
    """The review as long as it may stand in a message, masked."""
    stars: float | None
    source: str
    platform: str
    url: str | None
    published_at: datetime | None
    due_at: datetime
    sent_at: datetime | None
    zone: ZoneInfo
    now: datetime
    findings: tuple[Mapping[str, Any], ...] = ()
    """The guard's objections: `rule`, `span`, `reason`."""
    decisions: Mapping[str, Any] = field(default_factory=dict)
    """Latest event of each kind: `at`, `actor`, `detail`."""
    publishes: str | None = None
    """Platform whose API takes the reply; None where a person copies the text."""
    has_greeting: bool = False
    """A greeting by name is put before the text when it is published."""
    ticket: Mapping[str, Any] | None = None
    """Ticket opened for this text: `number`, `url`, `status`."""
    has_desk: bool = False
    """Whether a ticket can be opened."""

    @property
    def is_copied(self) -> bool:
        """A person copies the text."""
        return self.publishes is None

    @property
    def value(self) -> str:
        """What a button carries: the draft, the review version and the text that was shown."""
        return f"{self.id}:{self.version}:{self.text_hash}"

    @property
    def limit(self) -> ReplyLimit:
        """The platform's limit of length."""
        return limit_of(self.platform)


def draft_view(
    row: Mapping[str, Any],
    now: datetime,
    *,
    publishes: str | None = None,
    has_greeting: bool = False,
    has_desk: bool = False,
) -> DraftView:
    """The view of one row of the query `slack_draft`; once approved, its destination holds."""
    by_hand = row["publish_to"] == "copy"
    return DraftView(
        id=row["id"],
        feedback_id=row["feedback_id"],
        version=row["version"],
        text=row["text"],
        text_hash=bytes(row["text_hash"]).hex(),
        state=row["state"],
        reason=row["reason"],
        review=t.gist(row["title"], row["body"], MOST_SNIPPET),
        whole=t.gist(row["title"], row["body"], MOST_REVIEW),
        stars=row["stars"],
        source=row["source_name"],
        platform=row["platform"],
        url=row["url"],
        published_at=row["published_at"],
        due_at=row["due_at"],
        sent_at=row["sent_at"],
        zone=ZoneInfo(row["time_zone"]),
        now=now,
        findings=tuple(row["guard"] or ()),
        decisions=row["decisions"] or {},
        publishes=None if by_hand else publishes,
        has_greeting=has_greeting and not by_hand,
        ticket=row["ticket"],
        has_desk=has_desk,
    )


def draft_message(view: DraftView) -> Message:
    """The message in its present state; the whole text is shown, in the thread where too long."""
    shown, overflow = _text(view)
    blocks = [
        section(_head(view)),
        *_review(view),
        *shown,
        context(_checked(view)),
        *_told(view),
        *_buttons(view),
    ]
    return Message(
        text=f"Reply draft for {t.stars_spoken(view.stars)}: {t.escape(_snippet(view))}",
        blocks=tuple(blocks),
        feedback_ids=(view.feedback_id,),
        overflow=overflow,
    )


def _head(view: DraftView) -> str:
    where = [t.link(view.url, t.shorten(view.source, 60))]
    if view.published_at:
        where.append(t.day_and_time(view.published_at, view.now, view.zone))
    kind = "No draft" if view.state == "held" else "Draft"
    rated = f" {t.stars(view.stars)}" if view.stars is not None else ""
    said = t.shorten(_snippet(view), BEGINNING) if _review(view) else _snippet(view)
    head = f"*{kind} for{rated} “{t.escape(said)}”* · {', '.join(where)}"
    if view.state in {"waiting", "blocked", "held"}:
        due = t.day_and_time(view.due_at, view.now, view.zone)
        head += f" · *late*, was due {due}" if view.due_at < view.now else f" · answer due {due}"
    return head


def _review(view: DraftView) -> list[Block]:
    """The review itself while somebody must judge the draft by it and the head does not hold it."""
    is_open = view.state in {"waiting", "blocked", "held"}
    if not is_open or len(view.whole) <= len(_snippet(view)):
        return []
    return [context(t.label(view.whole, MOST_REVIEW))]


def _snippet(view: DraftView) -> str:
    return t.shorten(t.clean(view.review), MOST_SNIPPET)


def _text(view: DraftView) -> tuple[list[Block], tuple[str, ...]]:
    if not view.text:
        return [], ()
    if view.state in ("approved", "unsure") and view.is_copied and len(view.text) <= MOST_DRAFT:
        return [to_copy(view.text)], ()
    head, rest = split(view.text, MOST_DRAFT)
    pieces = []
    while rest:
        piece, rest = split(rest, MOST_DRAFT)
        pieces.append(t.escape(piece))
    return [quoted(head), *([section(CONTINUED)] if pieces else [])], tuple(pieces)


def _checked(view: DraftView) -> str:
    if not view.text:
        return t.label(view.reason or "No reply is drafted; a person should look.", 300)
    limit = view.limit
    length = f"{limit.length(view.text):,} of {limit.limit:,} {limit.unit}"
    length += _writer(view)
    greeting = " · a greeting by name comes before it" if view.has_greeting else ""
    if not view.findings:
        return f"{length}{greeting} · checked by the guard: nothing to object"
    told = " · ".join(
        f"“{t.label(str(f.get('span', '')))}” {t.label(str(f.get('reason', '')), 200)}"
        for f in view.findings[:6]
    )
    return t.shorten(f"{length} · the guard objects: {told}", 1900)


def _writer(view: DraftView) -> str:
    """Who wrote the draft, where the settings name a language model."""
    detail = (view.decisions.get("drafted") or {}).get("detail") or {}
    name, fallback = str(detail.get("writer", BUILT_IN)), str(detail.get("fallback", ""))
    verb = "first written by" if "edited" in view.decisions else "written by"
    if name != BUILT_IN:
        return f" · {verb} {t.label(name)}"
    return f" · {verb} the built-in engine, as the model: {t.label(fallback)}" if fallback else ""


def _told(view: DraftView) -> list[Block]:
    """What was decided, by whom and when; nothing while it waits."""
    told = _outcome(view)
    lines = [told] if told else []
    if view.ticket:
        shown = ticket_told(view.ticket["number"], view.ticket["url"], view.ticket["status"])
        lines.append(shown[0].upper() + shown[1:])
    return [section("\n".join(lines))] if lines else []


def _outcome(view: DraftView) -> str | None:
    match view.state:
        case "blocked":
            return "*Not sent:* the guard objects. Edit it or drop it."
        case "waiting" if "first_approval" in view.decisions:
            return f"Approved by {_by(view, 'first_approval')}; a second person must approve it."
        case "approved" if view.is_copied:
            return f"{_why_by_hand(view)} Copy the text above, then mark it as sent."
        case "approved" if view.reason:
            why = t.label(view.reason, 300)
            return f"Approved by {_by(view, 'approved')}. *Not out yet:* {why} It is tried again."
        case "approved" | "sending":
            told = f"Approved by {_by(view, 'approved')} as shown; on its way"
            return f"{told} to {t.label(view.publishes or '')}."
        case "sent":
            return _sent(view)
        case "dropped":
            return f"Dropped by {_by(view, 'dropped')}."
        case "void":
            return f"*Not sent:* {t.label(view.reason or 'a newer draft took its place', 300)}."
        case "unsure":
            return "*Unclear whether it was published.* Look at the page, then mark it or drop it."
    return None


def _why_by_hand(view: DraftView) -> str:
    """Why a person must copy it: refused, or never taken there."""
    approved = f"Approved by {_by(view, 'approved')}."
    refused = view.decisions.get("refused")
    if not refused:
        return f"{approved} Replies on {t.escape(view.source)} are posted by hand."
    detail = refused["detail"]
    platform, why = t.label(str(detail["platform"])), t.label(str(detail["reason"]), 300)
    return f"{approved} *{platform} did not take it:* {why}."


def _sent(view: DraftView) -> str:
    """Who sent it and, where an API took it, when."""
    event = view.decisions.get("sent") or {}
    detail = event.get("detail") or {}
    if detail.get("by") != "api":
        return f"Sent by {_by(view, 'sent' if event else 'approved')} as shown."
    at = datetime.fromisoformat(event["at"]).astimezone(view.zone)
    platform = t.link(detail.get("url"), t.clean(str(detail["platform"])))
    return f"Sent by {_by(view, 'approved')} as shown. {platform} accepted it {at:%H:%M:%S}."


def _by(view: DraftView, kind: str) -> str:
    event = view.decisions.get(kind)
    if not event:
        return "somebody"
    at = datetime.fromisoformat(event["at"])
    return f"{t.person(event['actor'])} {t.day_and_time(at, view.now, view.zone)}"


WISHES = (("Shorter", "shorter"), ("Warmer", "warmer"), ("More formal", "more formal"))


def _buttons(view: DraftView) -> list[Block]:
    """What may still be done in this state; after a decision nothing."""
    about = _snippet(view)
    verb = "Approve" if view.is_copied else "Approve and send"
    approve = button(
        verb, "draft_approve", view.value, spoken=f"{verb} the reply to {about}", style="primary"
    )
    edit = button("Edit…", "draft_edit", view.value, spoken=f"Edit the reply to {about}")
    again = select("Again…", "draft_again", WISHES)
    drop = button("Drop", "draft_drop", view.value, spoken=f"Drop the reply to {about}")
    is_there = "Mark as sent" if view.state == "approved" else "It is there"
    sent = button(is_there, "draft_sent", view.value, spoken=f"{is_there}: {about}")
    resend = button("Send again", "draft_resend", view.value, spoken=f"Send again: {about}")
    ticket = button("Open ticket", "draft_ticket", view.value, spoken=f"Ticket for {about}")
    offered = {
        "waiting": [approve, edit, again, drop],
        "blocked": [edit, again, drop],
        "held": [edit, drop],
        "approved": [sent, drop] if view.is_copied or view.reason else [],
        "unsure": [sent, drop] if view.is_copied else [sent, resend, drop],
    }.get(view.state, [])
    if view.has_desk and not view.ticket and view.state in {"waiting", "blocked", "held"}:
        offered = [*offered, ticket]
    if view.state in {"approved", "unsure"} and offered and t.safe_url(view.url):
        page = t.safe_url(view.url) or ""
        offered = [*offered, link_button("Open page", "open_page", page, spoken=f"Open {about}")]
    return [actions(f"draft:{view.id}", *offered)] if offered else []
