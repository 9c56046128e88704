"""Help desks: answers to Zendesk tickets, and tickets opened in Zendesk, Zoho Desk, Freshdesk.

Zendesk has an `external_id` to look for and knows an `Idempotency-Key` for two hours
(developer.zendesk.com/api-reference/ticketing/tickets). Freshdesk finds our tag among the tickets
changed since (developers.freshdesk.com/api/#list_all_tickets); its search lags. Zoho Desk lists the
latest tickets, and our key stands in the subject (desk.zoho.com/DeskAPIDocument#Tickets).
"""

from __future__ import annotations

import html
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from earshot.platforms import dates, freshdesk, zendesk, zohodesk
from earshot.platforms._rest_spec import dig
from earshot.platforms.base import BasicSecret, Call, HeaderSecret
from earshot.platforms.calls import address, path_part, require
from earshot.platforms.writing import (
    Published,
    Reply,
    ReviewChanged,
    Talk,
    Unsure,
    Wallet,
    Writer,
    accepted,
    contains,
    seen,
    with_token,
    writing,
)

_ZENDESK = (
    BasicSecret(user="{ZENDESK_EMAIL}/token", password="{ZENDESK_TOKEN}"),
    HeaderSecret(header="Authorization", template="Bearer {ZENDESK_OAUTH_TOKEN}"),
)
_FRESHDESK = freshdesk.PLATFORM.secrets
_ZOHO = zohodesk.PLATFORM.secrets
_PAGE = 100
_FRESHDESK_STATES = {2: "open", 3: "pending", 4: "resolved", 5: "closed"}


@dataclass(frozen=True, kw_only=True)
class DeskOptions:
    """Where tickets are opened.

    Attributes:
        email: requester of Freshdesk's and Zoho's tickets: a mailbox of the brand.
        organisation: Zoho Desk's number of the organisation.
        department: Zoho Desk's number of the department.
    """

    base_url: str
    source: str = "tickets"
    email: str = ""
    organisation: str = ""
    department: str = ""


@dataclass(frozen=True, kw_only=True)
class NewTicket:
    """A ticket to open; `key` finds it again and is the same for every attempt."""

    key: str
    subject: str
    body: str
    """Plain text, with the link back."""
    is_urgent: bool = False


@dataclass(frozen=True, kw_only=True)
class OpenedTicket:
    """A ticket as the desk tells of it; `status` in the desk's own words, lower case."""

    number: str
    url: str
    status: str


Open = Callable[[DeskOptions, NewTicket, Wallet], Talk[OpenedTicket]]
FindTicket = Callable[[DeskOptions, NewTicket, Wallet, datetime], Talk[OpenedTicket | None]]
Status = Callable[[DeskOptions, str, Wallet], Talk[OpenedTicket]]


@dataclass(frozen=True, kw_only=True)
class Desk:
    """How tickets are opened, found again and looked up in one help desk."""

    name: str
    needs: tuple[str, ...]
    open: Open
    find: FindTicket
    status: Status


# Zendesk


def _zendesk_reply(options: Any, reply: Reply, wallet: Wallet) -> Talk[Published]:
    """A public comment on the ticket, once the ticket was looked at."""
    _zendesk_needs(options, wallet)
    number = _ticket_of(reply)
    place = address(options.base_url, f"api/v2/tickets/{path_part(number)}.json")
    told = seen((yield Call(url=f"{place}?include=users", secrets=_ZENDESK)))
    ticket = told.get("ticket") or {}
    if ticket.get("status") in ("closed", "deleted"):
        raise ReviewChanged(f"The ticket is {ticket['status']}")
    users = told.get("users") or ()
    name = next((u.get("name") for u in users if u.get("id") == ticket.get("requester_id")), None)
    body = {"ticket": {"comment": {"body": reply.greeted(name), "public": True}}}
    made = accepted((yield writing(place, body, _ZENDESK, method="PUT")))
    return Published(remote_id=str(dig(made, "audit.id") or ""), url=reply.url)


def _zendesk_reply_find(
    options: Any, reply: Reply, wallet: Wallet, since: datetime
) -> Talk[Published | None]:
    _zendesk_needs(options, wallet)
    path = f"api/v2/tickets/{path_part(_ticket_of(reply))}/comments.json"
    asked = {"sort": "-created_at", "page[size]": _PAGE}
    comments = seen((yield Call(url=address(options.base_url, path, asked), secrets=_ZENDESK)))
    for comment in comments.get("comments") or ():
        written = dates.instant(comment.get("created_at"))
        is_ours = contains(comment.get("plain_body") or comment.get("body"), reply.text)
        if is_ours and written is not None and written >= since:
            return Published(remote_id=str(comment.get("id") or ""), url=reply.url)
    return None


def _ticket_of(reply: Reply) -> str:
    """Number of the ticket: a message of it is answered in the ticket."""
    return reply.parent_id or reply.external_id


def _zendesk_needs(options: Any, wallet: Wallet) -> None:
    if not wallet.get("ZENDESK_OAUTH_TOKEN"):
        require(wallet, zendesk.needs, options.base_url, options.source)


def _zendesk_open(options: DeskOptions, ticket: NewTicket, wallet: Wallet) -> Talk[OpenedTicket]:
    _zendesk_needs(options, wallet)
    body = {
        "ticket": {
            "subject": ticket.subject,
            "comment": {"body": ticket.body, "public": False},
            "external_id": ticket.key,
            "priority": "urgent" if ticket.is_urgent else "normal",
            "tags": ["earshot"],
        }
    }
    url = address(options.base_url, "api/v2/tickets.json")
    headers = {"Idempotency-Key": ticket.key}
    made = accepted((yield writing(url, body, _ZENDESK, headers=headers)))
    return _zendesk_ticket(options, made.get("ticket"))


def _zendesk_find(
    options: DeskOptions, ticket: NewTicket, wallet: Wallet, since: datetime
) -> Talk[OpenedTicket | None]:
    del since
    _zendesk_needs(options, wallet)
    url = address(options.base_url, "api/v2/tickets.json", {"external_id": ticket.key})
    found = seen((yield Call(url=url, secrets=_ZENDESK))).get("tickets") or []
    return _zendesk_ticket(options, found[0]) if found else None


def _zendesk_status(options: DeskOptions, number: str, wallet: Wallet) -> Talk[OpenedTicket]:
    _zendesk_needs(options, wallet)
    url = address(options.base_url, f"api/v2/tickets/{path_part(number)}.json")
    return _zendesk_ticket(options, seen((yield Call(url=url, secrets=_ZENDESK))).get("ticket"))


def _zendesk_ticket(options: DeskOptions, told: Any) -> OpenedTicket:
    number = _number(told, "id")
    page = address(options.base_url, f"agent/tickets/{number}")
    return OpenedTicket(number=number, url=page, status=str(told.get("status") or "new").lower())


# Freshdesk


def _freshdesk_open(options: DeskOptions, ticket: NewTicket, wallet: Wallet) -> Talk[OpenedTicket]:
    require(wallet, freshdesk.PLATFORM.needs, options.base_url, options.source)
    body = {
        "subject": ticket.subject,
        "description": html.escape(ticket.body).replace("\n", "<br>"),
        "email": options.email,
        "priority": 4 if ticket.is_urgent else 2,
        "status": 2,
        "source": 2,
        "tags": ["earshot", ticket.key],
    }
    url = address(options.base_url, "api/v2/tickets")
    return _freshdesk_ticket(options, accepted((yield writing(url, body, _FRESHDESK))))


def _freshdesk_find(
    options: DeskOptions, ticket: NewTicket, wallet: Wallet, since: datetime
) -> Talk[OpenedTicket | None]:
    require(wallet, freshdesk.PLATFORM.needs, options.base_url, options.source)
    moment = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    asked = {"updated_since": moment, "order_by": "created_at", "per_page": _PAGE}
    url = address(options.base_url, "api/v2/tickets", asked)
    found = seen((yield Call(url=url, secrets=_FRESHDESK)))
    for each in found:
        if ticket.key in (each.get("tags") or ()):
            return _freshdesk_ticket(options, each)
    _shows_all(found)
    return None


def _freshdesk_status(options: DeskOptions, number: str, wallet: Wallet) -> Talk[OpenedTicket]:
    require(wallet, freshdesk.PLATFORM.needs, options.base_url, options.source)
    url = address(options.base_url, f"api/v2/tickets/{path_part(number)}")
    return _freshdesk_ticket(options, seen((yield Call(url=url, secrets=_FRESHDESK))))


def _freshdesk_ticket(options: DeskOptions, told: Any) -> OpenedTicket:
    number, state = _number(told, "id"), told.get("status")
    return OpenedTicket(
        number=number,
        url=address(options.base_url, f"a/tickets/{number}"),
        status=_FRESHDESK_STATES.get(state, f"status {state}"),
    )


# Zoho Desk


def _zoho_open(options: DeskOptions, ticket: NewTicket, wallet: Wallet) -> Talk[OpenedTicket]:
    yield from _zoho_token(options, wallet)
    body = {
        "subject": f"{ticket.subject} [{ticket.key}]",
        "departmentId": options.department,
        "contact": {"email": options.email, "lastName": "Earshot"},
        "description": html.escape(ticket.body).replace("\n", "<br>"),
        "priority": "High" if ticket.is_urgent else "Medium",
        "status": "Open",
    }
    url = address(options.base_url, "api/v1/tickets")
    headers = {"orgId": options.organisation}
    return _zoho_ticket(accepted((yield writing(url, body, _ZOHO, headers=headers))))


def _zoho_find(
    options: DeskOptions, ticket: NewTicket, wallet: Wallet, since: datetime
) -> Talk[OpenedTicket | None]:
    del since
    yield from _zoho_token(options, wallet)
    asked = {"sortBy": "-createdTime", "limit": _PAGE, "departmentIds": options.department}
    answer = yield _zoho_read(options, "api/v1/tickets", asked)
    found = [] if answer.status == 204 else seen(answer).get("data") or []
    for each in found:
        if str(each.get("subject") or "").endswith(f"[{ticket.key}]"):
            return _zoho_ticket(each)
    _shows_all(found)
    return None


def _zoho_status(options: DeskOptions, number: str, wallet: Wallet) -> Talk[OpenedTicket]:
    yield from _zoho_token(options, wallet)
    answer = yield _zoho_read(options, f"api/v1/tickets/{path_part(number)}", {})
    return _zoho_ticket(seen(answer))


def _zoho_token(options: DeskOptions, wallet: Wallet) -> Talk[None]:
    token = zohodesk.PLATFORM.token
    if token is not None:
        yield from with_token(token, options, wallet)


def _zoho_read(options: DeskOptions, path: str, asked: dict[str, Any]) -> Call:
    url = address(options.base_url, path, asked)
    return Call(url=url, headers={"orgId": options.organisation}, secrets=_ZOHO)


def _zoho_ticket(told: Any) -> OpenedTicket:
    status = str(told.get("status") or "open").lower() if isinstance(told, dict) else ""
    return OpenedTicket(
        number=_number(told, "id"), url=str(told.get("webUrl") or ""), status=status
    )


def _number(told: Any, name: str) -> str:
    """The number in an answer; without one nobody knows what became of the call."""
    number = told.get(name) if isinstance(told, dict) else None
    if not number:
        raise Unsure("The desk named no ticket in its answer.")
    return str(number)


def _shows_all(found: list[Any]) -> None:
    if len(found) >= _PAGE:
        raise Unsure("More tickets were opened since than one page shows.")


ZENDESK_REPLY = Writer(
    name="Zendesk",
    needs=zendesk.needs,
    greets=True,
    again="read_back",
    publish=_zendesk_reply,
    find=_zendesk_reply_find,
)
DESKS: dict[str, Desk] = {
    "zendesk": Desk(
        name="Zendesk",
        needs=zendesk.needs,
        open=_zendesk_open,
        find=_zendesk_find,
        status=_zendesk_status,
    ),
    "zohodesk": Desk(
        name="Zoho Desk",
        needs=zohodesk.PLATFORM.needs,
        open=_zoho_open,
        find=_zoho_find,
        status=_zoho_status,
    ),
    "freshdesk": Desk(
        name="Freshdesk",
        needs=freshdesk.PLATFORM.needs,
        open=_freshdesk_open,
        find=_freshdesk_find,
        status=_freshdesk_status,
    ),
}
"""Desks by the `kind` of the settings' `[ticket]`."""
