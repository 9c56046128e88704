"""The IMAP side (RFC 3501): log in, look without changing anything, fetch what is new."""

from __future__ import annotations

import imaplib
import re
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from earshot.errors import FixSettings, RetryLater, StopSource
from scrapers.credentials import without
from scrapers.mailbox.options import ImapOptions

BATCH_MAILS = 50
_MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec"
_UID = re.compile(rb"\bUID (\d+)")
_RECEIVED = re.compile(rb'INTERNALDATE "[^"]+"')


@dataclass(frozen=True, kw_only=True)
class Mail:
    """One mail as the server holds it."""

    uid: int
    received_at: datetime
    raw: bytes = field(repr=False)


@contextmanager
def mailbox(options: ImapOptions, known: Mapping[str, str]) -> Iterator[Mailbox]:
    """A mailbox after the login.

    Raises:
        FixSettings: a credential is missing or refused, or the certificate is not trusted.
        RetryLater: the server does not answer.
    """
    place = f"{options.where[0]}:{options.where[1]}"
    missing = [name for name in (options.user, options.password) if not known.get(name)]
    if missing:
        raise FixSettings(f"{missing[0]}: is missing; set it in the environment to read {place}.")
    try:
        server = _connected(options)
    except ssl.SSLCertVerificationError as error:
        raise FixSettings(
            f"{place}: its certificate is not trusted ({error.verify_message}); name its "
            "authority in ca_file, or correct host."
        ) from None
    except (OSError, imaplib.IMAP4.error) as error:
        raise RetryLater(
            f"{place}: expected an IMAP server, found {type(error).__name__}"
        ) from None
    try:
        yield _logged_in(server, options, known, place)
    except (OSError, imaplib.IMAP4.abort) as error:
        what = type(error).__name__
        raise RetryLater(
            f"{place}: the server broke off ({what}); the rest is read later"
        ) from None
    except imaplib.IMAP4.error as error:
        reason = without(str(error), [known[options.password]])[:200]
        raise StopSource(f"{place}: the server refuses a command: {reason}") from None
    finally:
        with suppress(OSError, imaplib.IMAP4.error):
            server.logout()


def _connected(options: ImapOptions) -> imaplib.IMAP4:
    host, port = options.where
    trust = ssl.create_default_context(cafile=options.ca_file)
    if options.security == "tls":
        return imaplib.IMAP4_SSL(host, port, ssl_context=trust, timeout=options.timeout_seconds)
    server = imaplib.IMAP4(host, port, timeout=options.timeout_seconds)
    if options.security == "starttls":
        server.starttls(trust)
    return server


def _logged_in(
    server: imaplib.IMAP4, options: ImapOptions, known: Mapping[str, str], place: str
) -> Mailbox:
    user, password = known[options.user], known[options.password]
    try:
        server.login(user, password)
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error as error:
        reason = without(str(error), sorted((user, password), key=len, reverse=True))[:200]
        raise FixSettings(
            f"{place}: refuses {options.user} and {options.password} ({reason}); renew them."
        ) from None
    return Mailbox(server, int(options.largest_mail_mb * 2**20))


class Mailbox:
    """Folders are examined, not selected, and mails peeked at: nothing is marked as read."""

    def __init__(self, server: imaplib.IMAP4, most_bytes: int) -> None:
        self._server = server
        self._most_bytes = most_bytes

    def open(self, folder: str) -> int:
        """Open a folder; gives its UIDVALIDITY: with another one all uids are new.

        Raises:
            FixSettings: there is no such folder.
        """
        name = folder.replace("\\", "\\\\").replace('"', '\\"')
        kind, _ = self._server.select(f'"{name}"', readonly=True)
        if kind != "OK":
            raise FixSettings(
                f'folders: the mailbox has no "{folder}"; write it as the server does.'
            )
        _, told = self._server.response("UIDVALIDITY")
        return int(told[0]) if told and told[0] else 0

    def uids(
        self, *, above: int = 0, since: datetime | None = None, before: datetime | None = None
    ) -> list[int]:
        """The uids of the open folder, ascending; times are whole days of receipt."""
        terms = ["UID", f"{above + 1}:*"]
        terms += ["SINCE", _day(since)] if since else []
        terms += ["BEFORE", _day(before)] if before else []
        _, found = self._server.uid("SEARCH", *terms)
        # "n:*" names the newest mail even where its uid is below n.
        return sorted(uid for uid in map(int, (found[0] or b"").split()) if uid > above)

    def fetch(self, uids: list[int]) -> list[Mail]:
        """These mails, as far as they are still there, in the order of their uids."""
        what = f"(UID INTERNALDATE BODY.PEEK[]<0.{self._most_bytes}>)"
        _, parts = self._server.uid("FETCH", ",".join(map(str, uids)), what)
        mails = [_mail(part, after) for part, after in _pairs(parts)]
        return sorted(mails, key=lambda mail: mail.uid)


def _day(moment: datetime) -> str:
    return f"{moment.day}-{_MONTHS[3 * moment.month - 3 : 3 * moment.month]}-{moment.year}"


def _pairs(parts: list[Any]) -> Iterator[tuple[tuple[bytes, bytes], bytes]]:
    """Each literal with what the server says behind it; some say the uid there."""
    for number, part in enumerate(parts):
        if isinstance(part, tuple):
            after = parts[number + 1] if number + 1 < len(parts) else b""
            yield (part[0], part[1]), after if isinstance(after, bytes) else b""


def _mail(part: tuple[bytes, bytes], after: bytes) -> Mail:
    said = part[0] + b" " + after
    uid, received = _UID.search(said), _RECEIVED.search(said)
    if uid is None:
        raise StopSource("expected the uid of every mail, found none: the server is no IMAP4rev1")
    told = imaplib.Internaldate2tuple(received.group()) if received else None
    moment = datetime(*told[:6]).astimezone(UTC) if told else datetime.now(UTC)
    return Mail(uid=int(uid.group(1)), received_at=moment, raw=part[1])
