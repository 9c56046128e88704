"""A reply that waits for a person: the review's words, the exact text, and what can be done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from alerts.replies.limits import ReplyLimit, limit_of
from alerts.slack import text as t
from alerts.slack.blocks import (
    CONTINUED,
    Block,
    Message,
    actions,
    button,
    context,
    quoted,
    section,
    split,
)

MOST_DRAFT = 2800
MOST_SNIPPET = 160


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
    is_copied: bool = True
    """The platform takes no reply through an API: a person copies the text."""

    @property
    def value(self) -> str:
        """What a button carries: the draft, the review version and the text that was shown."""
        return f"{self.id}:{self.version}:{self.text_hash}"

    @property
    def limit(self) -> ReplyLimit:
        """The platform's limit of length."""
        return limit_of(self.platform)


def draft_view(row: Mapping[str, Any], now: datetime) -> DraftView:
    """The view of one row of the query `slack_draft`."""
    return DraftView(
        id=row["id"],
        feedback_id=row["feedback_id"],
        version=row["version"],
        text=row["text"],
        text_hash=bytes(row["text_hash"]).hex(),
        state=row["state"],
        reason=row["reason"],
        review=t.gist(row["title"], row["body"], MOST_SNIPPET),
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
        is_copied=row["publish_to"] in (None, "copy"),
    )


def draft_message(view: DraftView) -> Message:
    """The message in its present state; the whole text is shown, in the thread where too long."""
    shown, overflow = _text(view)
    blocks = [section(_head(view)), *shown, context(_checked(view)), *_told(view), *_buttons(view)]
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
    head = f"*{kind} for{rated} “{t.escape(_snippet(view))}”* · {', '.join(where)}"
    if view.state in {"waiting", "blocked", "held"}:
        due = t.day_and_time(view.due_at, view.now, view.zone)
        head += f" · *late*, was due {due}" if view.due_at < view.now else f" · answer due {due}"
    return head


def _snippet(view: DraftView) -> str:
    return t.shorten(t.clean(view.review), MOST_SNIPPET)


def _text(view: DraftView) -> tuple[list[Block], tuple[str, ...]]:
    if not view.text:
        return [], ()
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
    if not view.findings:
        return f"{length} · checked by the guard: nothing to object"
    told = " · ".join(
        f"“{t.label(str(f.get('span', '')))}” {t.label(str(f.get('reason', '')), 200)}"
        for f in view.findings[:6]
    )
    return t.shorten(f"{length} · the guard objects: {told}", 1900)


def _told(view: DraftView) -> list[Block]:
    """What was decided, by whom and when; nothing while it waits."""
    told = _outcome(view)
    return [section(told)] if told else []


def _outcome(view: DraftView) -> str | None:
    match view.state:
        case "blocked":
            return "*Not sent:* the guard objects. Edit it or drop it."
        case "approved" if view.is_copied:
            return (
                f"Approved by {_by(view, 'approved')}. "
                f"{t.escape(view.source)} takes no reply from us: copy the text, then mark it."
            )
        case "approved" | "sending":
            return f"Approved by {_by(view, 'approved')} as shown; on its way."
        case "sent":
            kind = "sent" if "sent" in view.decisions else "approved"
            return f"Sent by {_by(view, kind)} as shown."
        case "dropped":
            return f"Dropped by {_by(view, 'dropped')}."
        case "void":
            return f"*Not sent:* {t.label(view.reason or 'a newer draft took its place', 300)}."
        case "unsure":
            return "*Unclear whether it was published.* Look at the page, then mark it or drop it."
    return None


def _by(view: DraftView, kind: str) -> str:
    event = view.decisions.get(kind)
    if not event:
        return "somebody"
    at = datetime.fromisoformat(event["at"])
    return f"{t.person(event['actor'])} {t.day_and_time(at, view.now, view.zone)}"


def _buttons(view: DraftView) -> list[Block]:
    """What may still be done in this state; after a decision nothing."""
    about = _snippet(view)
    approve = button(
        "Approve and send", "draft_approve", view.value, spoken=f"Approve the reply to {about}",
        style="primary",
    )  # fmt: skip
    edit = button("Edit…", "draft_edit", view.value, spoken=f"Edit the reply to {about}")
    again = button(
        "Again, shorter", "draft_again", view.value, spoken=f"Write a shorter reply to {about}"
    )
    drop = button("Drop", "draft_drop", view.value, spoken=f"Drop the reply to {about}")
    sent = button("Mark as sent", "draft_sent", view.value, spoken=f"Mark as sent: {about}")
    offered = {
        "waiting": [approve, edit, again, drop],
        "blocked": [edit, again, drop],
        "held": [edit, drop],
        "approved": [sent, drop] if view.is_copied else [],
        "unsure": [sent, drop],
    }.get(view.state, [])
    return [actions(f"draft:{view.id}", *offered)] if offered else []
