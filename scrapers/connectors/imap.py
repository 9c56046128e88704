"""`kind = "imap"`: a mailbox, read over IMAP."""

from __future__ import annotations

from scrapers.mailbox.options import ImapConnector

CONNECTOR = ImapConnector()
