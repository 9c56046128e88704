"""Tickets in the help desk: one for an incident or a text, opened once, its status shown."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from psycopg2.extensions import connection as Connection
from psycopg2.extras import Json

from alerts.slack import text as t
from alerts.slack.drafts import announce_draft
from alerts.slack.incidents import announce_incident, incident_view, record_event
from alerts.slack.notices import ops_notice
from alerts.wire import Wire
from earshot.errors import EarshotError
from earshot.platforms.writing import ReviewChanged, Talk, Wallet
from earshot.platforms.writing_desks import (
    DESKS,
    Desk,
    DeskOptions,
    NewTicket,
    OpenedTicket,
)
from earshot.settings import Settings
from sql.named import queries

LOOK_UP_EVERY = timedelta(minutes=10)
MOST_QUOTES = 5
ASKED_BEFORE = "A ticket was asked for before."


def desk_name(settings: Settings) -> str | None:
    """The help desk as people call it; None where none is set."""
    return DESKS[settings.ticket.kind].name if settings.ticket else None


def request_ticket(
    conn: Connection,
    settings: Settings,
    about: Literal["incident", "feedback"],
    number: int,
    *,
    brand_id: int,
    actor: str,
    now: datetime,
) -> bool:
    """Ask once for a ticket about an incident or a text; the caller commits.

    Returns:
        False where no desk is set or one was asked for before.
    """
    if settings.ticket is None:
        return False
    key = f"earshot-{about}-{number}"
    ticket_id = queries.slack_ticket_request(
        conn,
        key=key,
        incident_id=number if about == "incident" else None,
        feedback_id=number if about == "feedback" else None,
        brand_id=brand_id,
        desk=settings.ticket.kind,
        actor=actor,
        now=now,
    )
    if ticket_id is None:
        return False
    subject = {"incident_id": number} if about == "incident" else {}
    told = {"feedback_ids": [number] if about == "feedback" else [], **subject}
    _enqueue(conn, key, brand_id, settings.ticket.kind, {"ticket_id": ticket_id, **told}, now)
    return True


def _enqueue(
    conn: Connection, key: str, brand_id: int, desk: str, payload: dict[str, Any], now: datetime
) -> None:
    queries.outbox_enqueue(
        conn,
        key=f"ticket:{key}",
        brand_id=brand_id,
        subject=f"ticket:{key}",
        destination=desk,
        channel=None,
        action="publish",
        payload=Json(payload),
        not_before=now,
        created_at=now,
    )


class TicketErrand:
    """Opens one ticket; see `alerts.publishing.Errand`."""

    def __init__(self, conn: Connection, settings: Settings, row: Any) -> None:
        self._conn, self._settings = conn, settings
        self._ticket_id = int(row["payload"]["ticket_id"])
        self._desk: Desk = DESKS[row["destination"]]
        self.name = self._desk.name
        self._ticket: Any = None
        self._new: NewTicket | None = None

    def check(self) -> str | None:
        """Lock the ticket and write its words anew from what is stored now."""
        self._ticket = queries.slack_ticket(self._conn, ticket_id=self._ticket_id)
        if self._ticket is None:
            return "what it hands over was erased"
        if self._settings.ticket is None or self._settings.ticket.kind != self._ticket["desk"]:
            return "the help desk is no longer in the settings"
        self._new = self._written()
        return "what it hands over was deleted" if self._new is None else None

    def send(self, wallet: Wallet) -> Talk[OpenedTicket]:
        """The desk's conversation that opens it."""
        return self._desk.open(desk_options(self._settings), self._words(), wallet)

    def find(self, wallet: Wallet, since: datetime) -> Talk[OpenedTicket | None]:
        """A desk never replaces a ticket: look first."""
        return self._desk.find(desk_options(self._settings), self._words(), wallet, since)

    def sending(self, now: datetime) -> None:
        """Nothing to tell: the message says already that it was asked for."""

    def done(self, result: OpenedTicket, now: datetime) -> str:
        """It is open: the message links to it."""
        queries.slack_ticket_opened(
            self._conn,
            ticket_id=self._ticket_id,
            number=result.number,
            url=result.url,
            status=result.status,
            now=now,
        )
        if self._ticket["incident_id"] is not None:
            detail = {"key": f"{self.name} {result.number}", "url": result.url}
            actor = self._ticket["requested_by"]
            record_event(self._conn, self._ticket["incident_id"], "ticket", actor, now, detail)
        self._tell(now)
        return result.number

    def waits(self, reason: str, now: datetime) -> None:
        """It is tried again; the message says meanwhile that it was asked for."""

    def refused(self, reason: str, now: datetime) -> None:
        """The desk does not take it."""
        self._failed("failed", reason, now)

    def void(self, reason: str, now: datetime) -> None:
        """What it hands over is gone."""
        if self._ticket is not None:
            self._failed("failed", reason, now)

    def unsure(self, reason: str, now: datetime) -> None:
        """Nobody can tell whether it is open: ops looks in the desk."""
        self._failed("unclear", reason, now)

    def _failed(self, status: str, reason: str, now: datetime) -> None:
        queries.slack_ticket_failed(
            self._conn, ticket_id=self._ticket_id, status=status, reason=reason
        )
        text = (
            f"⚠️ *Ticket {t.escape(self._ticket['key'])} in {t.label(self.name)}: {status}.* "
            f"{t.escape(reason)} Look in the desk, and open it there by hand if it is missing."
        )
        ops_notice(self._conn, self._settings, f"ticket:{self._ticket_id}", text, now)
        self._tell(now)

    def _tell(self, now: datetime) -> None:
        tell_ticket(self._conn, self._settings, self._ticket, now)

    def _words(self) -> NewTicket:
        if self._new is None:
            raise LookupError(f"ticket {self._ticket_id} was not checked before it is sent.")
        return self._new

    def _written(self) -> NewTicket | None:
        if self._ticket["incident_id"] is not None:
            return self._about_incident()
        return self._about_text()

    def _about_incident(self) -> NewTicket:
        number = self._ticket["incident_id"]
        moment = self._ticket["requested_at"]
        row = queries.slack_incident(self._conn, incident_id=number, now=moment)
        view = incident_view(self._settings, row, moment)
        quotes = [
            f"- {t.clean(quote.text)} ({t.clean(quote.source)})"
            for quote in view.evidence.quotes[:MOST_QUOTES]
        ]
        steps = [f"- {t.clean(step)}" for step in view.evidence.playbook]
        lines = [view.headline, f"{view.brand}, {view.severity}, {view.certainty}.", ""]
        lines += ["What customers say:", *quotes, ""] if quotes else []
        lines += ["First steps:", *steps, ""] if steps else []
        lines.append(f"Earshot: {view.evidence.page_url or self._settings.web.url}")
        return NewTicket(
            key=self._ticket["key"],
            subject=t.shorten(t.clean(f"{view.brand}: {view.headline}"), 140),
            body="\n".join(lines),
            is_urgent=view.severity in ("high", "critical"),
        )

    def _about_text(self) -> NewTicket | None:
        row = queries.slack_ticket_text(self._conn, ticket_id=self._ticket_id)
        if row is None:
            return None
        at = row["published_at"]
        when = f", {at.astimezone(ZoneInfo(row['time_zone'])):%Y-%m-%d %H:%M}" if at else ""
        stars = f", {row['stars']:g} of 5 stars" if row["stars"] is not None else ""
        lines = [f"{row['brand_name']}: {row['source_name']}{when}{stars}", ""]
        lines += [t.clean(row["title"] or ""), t.clean(row["body"]), ""]
        lines += [f"Where it stands: {row['url']}"] if t.safe_url(row["url"]) else []
        lines.append(f"Earshot: {self._settings.web.url}")
        return NewTicket(
            key=self._ticket["key"],
            subject=f"{row['brand_name']}: {t.gist(row['title'] or '', row['body'], 100)}",
            body="\n".join(lines),
        )


def desk_options(settings: Settings) -> DeskOptions:
    """Where tickets are opened, from the settings' `[ticket]`."""
    if settings.ticket is None:
        raise LookupError("tickets are asked for only where the settings name a help desk.")
    return DeskOptions(**settings.ticket.model_dump(exclude={"kind"}))


def tell_ticket(conn: Connection, settings: Settings, ticket: Any, now: datetime) -> None:
    """Bring the message that shows the ticket up to date."""
    if ticket["incident_id"] is not None:
        announce_incident(conn, settings, ticket["incident_id"], now)
        return
    for draft in list(queries.slack_drafts_of(conn, feedback_id=ticket["feedback_id"])):
        announce_draft(conn, settings, draft["id"], now)


def look_up_tickets(
    conn: Connection, settings: Settings, wire: Wire, wallet: Wallet, now: datetime
) -> int:
    """Read the status of open tickets every ten minutes; returns how many changed."""
    with conn:
        stale = list(queries.slack_tickets_to_look_up(conn, before=now - LOOK_UP_EVERY))
    return sum(_look_up(conn, settings, wire, wallet, row, now) for row in stale)


def _look_up(
    conn: Connection, settings: Settings, wire: Wire, wallet: Wallet, row: Any, now: datetime
) -> bool:
    if settings.ticket is None or settings.ticket.kind != row["desk"]:
        return False
    talk = DESKS[row["desk"]].status(desk_options(settings), row["number"], wallet)
    try:
        found = wire.hold(talk, wallet)
    except ReviewChanged:
        found = OpenedTicket(number=row["number"], url="", status="gone")
    except EarshotError as error:
        with conn:
            queries.slack_ticket_checked(conn, ticket_id=row["id"], now=now, reason=str(error))
        return False
    with conn:
        before = queries.slack_ticket(conn, ticket_id=row["id"])
        queries.slack_ticket_opened(
            conn,
            ticket_id=row["id"],
            number=found.number,
            url=found.url or before["url"],
            status=found.status,
            now=now,
        )
        if found.status != before["status"]:
            tell_ticket(conn, settings, row, now)
    return bool(found.status != row["status"])
