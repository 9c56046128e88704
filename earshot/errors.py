"""Errors, few, and named after what to do next."""

from __future__ import annotations


class EarshotError(Exception):
    """Base of every error that Earshot raises on purpose; its text is one sentence."""


class RetryLater(EarshotError):
    """The other side is slow, limited or briefly broken: the same call may succeed later."""

    def __init__(self, message: str, *, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class SkipRecord(EarshotError):
    """This one record cannot be used; it goes to quarantine and its neighbours go on."""

    def __init__(self, reason: str, *, field: str | None = None) -> None:
        super().__init__(reason)
        self.field = field


class StopSource(EarshotError):
    """The source no longer answers as agreed (consent page, login wall, changed fields)."""


class FixSettings(EarshotError):
    """Settings, credentials or a file given by the user must be changed by the user."""
