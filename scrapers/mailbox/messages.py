"""One mail as a record: who writes to whom, which mail it answers, and what it says."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime
from typing import Any

from earshot.record import Kind, Speaker
from scrapers.mailbox.options import ImapOptions
from scrapers.mailbox.quotes import html_words, own_words

_IDS = re.compile(r"<([^<>\s]{1,400})>")
_REPLY = re.compile(r"^\s*(?:re|aw|antw|sv|rif|ref|odp|vs)\s*(?:\[\d+\])?\s*:", re.I)
_SKEW = timedelta(days=1)
_BULK = frozenset({"bulk", "junk", "list", "auto_reply"})
_MACHINES = re.compile(r"^(?:mailer-daemon|postmaster|no-?reply|do-?not-?reply|bounces?)\b", re.I)


def record_of(
    raw: bytes, received_at: datetime, folder: str, options: ImapOptions, common: Mapping[str, Any]
) -> dict[str, Any]:
    """The fields of one mail, ready for `Feedback`.

    Args:
        raw: the mail, or its beginning.
        received_at: when the server received it.
        folder: where it lies.
        options: of the source.
        common: fields that are the same in every mail of the source.
    """
    mail = message_from_bytes(raw, policy=policy.compat32)
    own = _ids(mail, "Message-ID")
    number = own[0] if own else f"sha256:{hashlib.sha256(raw).hexdigest()[:32]}"
    references, answered = _ids(mail, "References"), _ids(mail, "In-Reply-To")
    parent = next(iter([*answered[:1], *references[-1:]]), None)
    subject, sender = _header(mail, "Subject"), _sender(mail)
    return {
        **common,
        "external_id": number,
        "kind": Kind.TICKET_MESSAGE,
        "parent_id": parent,
        "speaker": _speaker(mail, sender, options),
        "title": "" if parent and _REPLY.match(subject) else subject,
        "body": _words(mail),
        "published_at": _written_at(mail, received_at),
        "author_id": sender or None,
        "attributes": {
            "conversation": next(iter([*references, *answered, number])),
            "channel": "email",
            "folder": folder,
        },
    }


def _ids(mail: Message, name: str) -> list[str]:
    return _IDS.findall(str(mail.get(name, "")))


def _header(mail: Message, name: str) -> str:
    """A header as text, whatever its encoding claims."""
    written = str(mail.get(name, ""))
    try:
        decoded = str(make_header(decode_header(written)))
    except (ValueError, LookupError):
        decoded = written
    return " ".join(decoded.split())


def _sender(mail: Message) -> str:
    written = _header(mail, "From") or _header(mail, "Sender")
    return next((address.lower() for _, address in getaddresses([written]) if address), "")


def _speaker(mail: Message, sender: str, options: ImapOptions) -> Speaker:
    """By address; what a machine sent is nobody's word."""
    is_automatic = str(mail.get("Auto-Submitted", "no")).strip().lower() not in ("no", "")
    is_bulk = str(mail.get("Precedence", "")).strip().lower() in _BULK
    if any(sender == agent.lower() or _is_of(sender, agent.lower()) for agent in options.agents):
        return Speaker.OTHER if is_automatic else Speaker.BRAND
    has_marks = any(name in mail for name in ("X-Autoreply", "X-Autorespond", "List-Id"))
    if is_automatic or is_bulk or has_marks or not sender or _MACHINES.match(sender):
        return Speaker.OTHER
    return Speaker.CUSTOMER


def _is_of(sender: str, domain: str) -> bool:
    return domain.startswith("@") and sender.endswith(domain)


def _written_at(mail: Message, received_at: datetime) -> datetime:
    """The time in the mail, unless it lies in the future of the server that received it."""
    try:
        written = parsedate_to_datetime(str(mail.get("Date", "")))
    except (ValueError, TypeError, IndexError):
        return received_at
    if written.tzinfo is None:
        written = written.replace(tzinfo=UTC)
    return received_at if written > received_at + _SKEW or written.year < 1990 else written


def _words(mail: Message) -> str:
    plain, html = _part(mail, "text/plain"), _part(mail, "text/html")
    return (own_words(plain) if plain.strip() else "") or html_words(html)


def _part(mail: Message, kind: str) -> str:
    """The first part of that kind that is no attachment."""
    for part in mail.walk():
        if part.get_content_type() == kind and part.get_content_disposition() != "attachment":
            return _decoded(part)
    return ""


def _decoded(part: Message) -> str:
    raw = part.get_payload(decode=True)
    body = raw if isinstance(raw, bytes) else b""
    for encoding in (part.get_content_charset() or "utf-8", "utf-8"):
        try:
            return body.decode(encoding)
        except (UnicodeDecodeError, LookupError):
            continue
    return body.decode("cp1252", "replace")
