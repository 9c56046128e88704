"""Logs of a crawl hold neither credentials nor what customers wrote."""

from __future__ import annotations

import logging
import re
import traceback
from collections.abc import Iterable
from typing import Any

_QUERY = re.compile(r"(https?://[^\s?<>'\"]+)\?[^\s<>'\"]*")


def redact_logs(secrets: Iterable[str]) -> None:
    """From now on every record of this process is made without secrets and query strings.

    Of an error the type and the place stay: its text may quote a page.
    """
    known = sorted({secret for secret in secrets if len(secret) > 3}, key=len, reverse=True)
    make = logging.getLogRecordFactory()

    def redacting(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = make(*args, **kwargs)
        record.msg, record.args = redacted(record.getMessage(), known), ()
        if record.exc_info and record.exc_info[0] is not None:
            record.exc_text = _bare(record.exc_info)
        return record

    logging.setLogRecordFactory(redacting)


def redacted(text: str, secrets: Iterable[str]) -> str:
    """The text without query strings and secrets."""
    text = _QUERY.sub(r"\1?…", text)
    for secret in secrets:
        text = text.replace(secret, "[secret]")
    return text


def _bare(error: Any) -> str:
    kind, _, trace = error
    last = traceback.extract_tb(trace)[-1:]
    return f"{kind.__name__} " + " ".join(f"at {f.filename}:{f.lineno}" for f in last)
