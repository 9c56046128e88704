"""The incident's message: read in five seconds on a phone, edited in place as it grows."""

from __future__ import annotations

from alerts.slack import text as t
from alerts.slack.blocks import (
    Block,
    Message,
    actions,
    anchor,
    bullets,
    button,
    context,
    header,
    link_button,
    long_section,
    picture,
    section,
    select,
    spaced,
    words,
)
from alerts.slack.evidence import Quote
from alerts.slack.view import IncidentView

QUOTES_SHOWN = 3
MOST_QUOTE = 220
SNOOZES = (("1 hour", "1h"), ("4 hours", "4h"), ("Until it grows", "grows"))


def incident_message(view: IncidentView) -> Message:
    """The whole message; what does not fit goes to the thread and is marked."""
    explained, overflow = _explained(view)
    blocks: list[Block] = [
        header(f"{view.icon} {view.headline}"),
        section(_who_and_how_sure(view)),
        *_decided(view),
        *_chart(view),
        *_quotes(view),
        *explained,
        *_buttons(view),
        *_playbook(view),
    ]
    return Message(
        text=f"{view.icon} {t.label(view.headline, 300)} ({t.label(view.brand)}, {view.severity})",
        blocks=tuple(blocks),
        chart=chart_of(view),
        feedback_ids=tuple(quote.feedback_id for quote in view.evidence.quotes[:QUOTES_SHOWN]),
        overflow=overflow,
    )


def chart_of(view: IncidentView) -> dict[str, object] | None:
    """The picture as data: the sender draws it, so that no bytes lie in the outbox."""
    hours = view.evidence.hours
    if not hours:
        return None
    return {
        "title": t.clean(view.evidence.title),
        "noun": t.clean(view.evidence.noun),
        "zone": view.zone.key,
        "started_at": view.started_at.isoformat(),
        "hours": [[h.at.isoformat(), h.items, h.expected_low, h.expected_high] for h in hours],
    }


def _who_and_how_sure(view: IncidentView) -> str:
    parts = [t.label(view.brand), view.severity]
    if view.product:
        parts.append(t.label(view.product))
    if view.leading:
        parts.append(t.label(view.leading, 200))
    chance = f" (odds {t.odds(view.odds)} by chance)" if view.odds is not None else ""
    return f"*{' · '.join(parts)}*\n{view.certainty[0].upper()}{view.certainty[1:]}{chance}"


def _decided(view: IncidentView) -> list[Block]:
    """Who decided what and when; nothing before anybody did."""
    parts: list[str] = []
    if view.verdict:
        at = t.day_and_time(view.decided_at or view.now, view.now, view.zone)
        told = f"{view.verdict.capitalize()} by {t.person(view.decided_by)} {at}"
        parts.append(told + (f": {t.label(view.dismissal, 300)}" if view.dismissal else ""))
    if view.assigned_to:
        parts.append(f"assigned to {t.person(view.assigned_to)}")
    if view.is_snoozed:
        parts.append(_snoozed(view))
    if view.escalated_at and not view.verdict:
        parts.append(f"escalated {t.day_and_time(view.escalated_at, view.now, view.zone)}")
    if view.ticket_status:
        parts.append(ticket_told(view.ticket, view.ticket_url, view.ticket_status))
    if not parts:
        return []
    told = " · ".join(parts)
    return [section(told if told.startswith("<") else told[0].upper() + told[1:])]


def ticket_told(number: str | None, url: str | None, status: str) -> str:
    """Such as "ticket 4411 open", linked, or that it was asked for."""
    if not number:
        waits = {"requested": "is being opened", "failed": "could not be opened"}
        return f"ticket {waits.get(status, t.escape(status))}"
    return f"ticket {t.link(url, t.shorten(number, 80))} {t.label(status, 40)}"


def _snoozed(view: IncidentView) -> str:
    if view.snoozed_until:
        return f"quiet until {t.day_and_time(view.snoozed_until, view.now, view.zone)}"
    return f"quiet until it grows beyond {view.snoozed_items}"


def _chart(view: IncidentView) -> list[Block]:
    return [picture(view.alt_text)] if view.evidence.hours else []


def _quotes(view: IncidentView) -> list[Block]:
    quotes = view.evidence.quotes[:QUOTES_SHOWN]
    return [bullets(quote_line(quote, view) for quote in quotes)] if quotes else []


def quote_line(quote: Quote, view: IncidentView) -> list[Block]:
    """“words” ★☆☆☆☆ source, time → link; the words stand literally, never parsed."""
    line = [words(f"“{t.shorten(t.clean(quote.text), MOST_QUOTE)}”")]
    where = [t.shorten(t.clean(quote.source), 60)]
    if quote.published_at:
        where.append(t.day_and_time(quote.published_at, view.now, view.zone))
    rated = f"  {t.stars(quote.stars)}" if quote.stars is not None else " "
    line.append(spaced(f"{rated}  {', '.join(where)}"))
    if t.safe_url(quote.url):
        line += [spaced("  "), anchor(quote.url, "open\u00a0→")]
    return line


MOST_SMALL = 1800


def _explained(view: IncidentView) -> tuple[list[Block], tuple[str, ...]]:
    """What stands out and every doubt in full size; what reassures in small grey type."""
    lines = [_changes(view), _differences(view), _themes(view), _doubts(view), _similar(view)]
    small = [t.escape(view.usual), _cleared(view), _healthy(view)]
    beside = "\n".join(line for line in small if line)
    if len(beside) > MOST_SMALL:  # too long for small type: it goes on in the thread
        lines.append(beside)
        beside = ""
    told = "\n".join(line for line in lines if line)
    shown, overflow = long_section(told, 1800) if told else (None, ())
    blocks = [shown] if shown else []
    return [*blocks, *([context(beside)] if beside else [])], overflow


def _changes(view: IncidentView) -> str:
    told = " · ".join(t.escape(change) for change in view.evidence.changes)
    return f"*Since the last look:* {told}" if told else ""


def _differences(view: IncidentView) -> str:
    if not view.evidence.differences:
        if view.odds is None:  # one report has nothing to be compared with
            return ""
        return "*What is different:* nothing stands out; spread as usual"
    told = ", ".join(
        f"{t.escape(d.attribute)} {t.escape(d.value)} {_kept(t.percent(d.share))} "
        f"({_kept('usual ' + t.percent(d.usual))})"
        for d in view.evidence.differences
    )
    return f"*What is different:* {told}"


def _themes(view: IncidentView) -> str:
    told = ", ".join(f"{t.escape(s.name)} {t.percent(s.share)}" for s in view.evidence.themes[:4])
    return f"*They speak of:* {told}" if told else ""


def _kept(text: str) -> str:
    """Words that a narrow screen keeps on one line."""
    return text.replace(" ", "\u00a0")


def _doubts(view: IncidentView) -> str:
    """Whatever makes the incident or its count doubtful."""
    found = [t.escape(s.finding) for s in view.evidence.screens if s.is_concern]
    lines = [f"⚠️ *Doubtful:* {', '.join(found)}"] if found else []
    sick = "; ".join(
        t.escape(source.name) + (f": {t.escape(source.reason)}" if source.reason else "")
        for source in view.evidence.sources
        if not source.is_healthy
    )
    if sick:
        lines.append(f"⚠️ *Sources not healthy:* {sick}. The count may be too low.")
    return "\n".join(lines)


def _cleared(view: IncidentView) -> str:
    cleared = [t.escape(s.finding) for s in view.evidence.screens if not s.is_concern]
    if not cleared:
        return ""
    has_doubts = len(cleared) < len(view.evidence.screens)
    return f"*{'Otherwise' if has_doubts else 'Not an artefact'}:* {', '.join(cleared)}"


def _healthy(view: IncidentView) -> str:
    sources = view.evidence.sources
    if not sources or not all(source.is_healthy for source in sources):
        return ""
    return f"*Sources healthy:* {', '.join(t.escape(source.name) for source in sources)}"


def _similar(view: IncidentView) -> str:
    similar = view.evidence.similar
    if similar is None:
        return ""
    return f"*Like incident {similar.incident_id}:* {t.escape(similar.summary)}"


def _buttons(view: IncidentView) -> list[Block]:
    """What can still be done; a decision taken has no button any more."""
    value, title = str(view.id), view.evidence.title
    row: list[Block] = []
    if view.state != "resolved" and not view.verdict:
        row.append(
            button("Confirm", "incident_confirm", value, spoken=f"Confirm {title}", style="primary")
        )
        row.append(button("Dismiss…", "incident_dismiss", value, spoken=f"Dismiss {title}"))
    if view.state != "resolved" and view.verdict != "dismissed":
        if not view.is_snoozed:
            row.append(select("Snooze", "incident_snooze", SNOOZES))
        if not view.assigned_to:
            row.append(_assign())
    if view.has_desk and not view.ticket_status and view.state != "resolved":
        row.append(button("Open ticket", "incident_ticket", value, spoken=f"Ticket for {title}"))
    page = t.safe_url(view.evidence.page_url)
    if page:
        row.append(link_button("Open page", "open_page", page, spoken=f"Open page of {title}"))
    return [actions(f"incident:{view.id}", *row)] if row else []


def _assign() -> Block:
    placeholder = {"type": "plain_text", "text": "Assign", "emoji": False}
    return {"type": "users_select", "action_id": "incident_assign", "placeholder": placeholder}


def _playbook(view: IncidentView) -> list[Block]:
    evidence = view.evidence
    parts = [t.label(line, 160) for line in evidence.playbook]
    if evidence.owner:
        parts.insert(0, f"{t.person(t.shorten(evidence.owner, 80))} owns this")
    if evidence.holding_statement:
        parts.append("holding statement ready")
    lines = [f"Playbook: {' · '.join(parts)}"] if parts else []
    if view.drafts:
        lines.append(
            f"{view.drafts} {'reply' if view.drafts == 1 else 'replies'} drafted, "
            f"{view.drafts_waiting} waiting, {view.drafts_late} late"
        )
    return [context(t.shorten(" · ".join(lines), 1900))] if lines else []
