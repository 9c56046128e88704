"""The books of one crawl, kept without I/O: what was asked, what was seen, where to go on."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from earshot.errors import StopSource
from earshot.platforms.base import (
    Answer,
    Call,
    Contract,
    Credentials,
    Cursor,
    Options,
    Page,
    Platform,
    Span,
    overlap_of,
)
from earshot.platforms.calls import fingerprint
from earshot.record import Feedback

Assign = Callable[[Feedback], Feedback | None]
"""Gives a record the brands it concerns, or nothing where it concerns none."""

_PATIENCE = 3
NOT_MODIFIED = 304


class Session:
    """Drives one platform through one crawl.

    `calls()` gives what to send first; each answer goes to `receive`, whose page names what to
    send next. Repeated calls and repeated items are dropped here, so endless paging ends. After
    the last answer `cursor` is what to store (unchanged by a backfill).
    """

    def __init__(
        self,
        platform: Platform[Any],
        options: Options,
        *,
        cursor: Cursor | None = None,
        credentials: Credentials | None = None,
        now: datetime,
        span: Span | None = None,
        assign: Assign | None = None,
    ) -> None:
        self.platform = platform
        self.options = options
        self.began_with: Cursor = dict(cursor or {})
        self.cursor: dict[str, Any] = dict(cursor or {})
        self.credentials: dict[str, str] = dict(credentials or {})
        self.now = now
        self.span = span
        self.left_out = 0
        self.pages = 0
        self.repeated_items = 0
        self.warnings: list[str] = []
        self.unread_fields: set[str] = set()
        self._assign = assign
        self._asked: set[str] = set()
        self._seen: dict[str, int] = {}

    @property
    def contract(self) -> Contract:
        """What this source owes: the platform's contract, as far as its options change it."""
        owed, days = self.platform.contract, self.options.newest_within_days
        age = owed.newest_at_most if days is None else timedelta(days=days)
        return replace(owed, newest_at_most=age, overlap=overlap_of(self.options, owed))

    def calls(self) -> list[Call]:
        """The calls to begin with."""
        begin = self.platform.first(
            self.options, self.began_with, self.credentials, self.now, self.span
        )
        return self._fresh(begin)

    def receive(self, answer: Answer, call: Call) -> Page:
        """What the answer holds that this crawl has not seen yet.

        Raises:
            RetryLater: the same call may be sent again later.
            StopSource: the source no longer answers as agreed, or pages without end.
            FixSettings: credentials or options are refused.
        """
        if answer.status == NOT_MODIFIED:
            return Page()
        page = self._read(answer, call)
        self.pages += 1
        self.credentials.update(page.learned)
        self.warnings.extend(page.warnings)
        self._tell_unread(page)
        if page.cursor is not None and self.span is None:
            self.cursor.update(page.cursor)
        items = [item for item in page.items if self._is_new(item.external_id, hash(item.body))]
        self.repeated_items += len(page.items) - len(items)
        follow = self._next(page, call, has_news=bool(items) or not page.items)
        return replace(page, items=self._concerning(items), next_calls=follow)

    def _read(self, answer: Answer, call: Call) -> Page:
        """The platform's page; the one place where an answer of any other form is caught."""
        try:
            return self.platform.read(answer, call, self.options, self.began_with, self.now)
        except (
            TypeError,
            ValueError,
            AttributeError,
            LookupError,
            ArithmeticError,
            RecursionError,
        ) as error:
            raise StopSource(
                f"expected the agreed format at {answer.url.split('?', 1)[0]}, found another "
                f"({type(error).__name__}): the platform changed it; update the reader"
            ) from error

    def _tell_unread(self, page: Page) -> None:
        """Name fields that no reader knows, each once: the platform changed its format."""
        fresh = page.unread_fields - self.unread_fields
        if fresh:
            self.warnings.append(f"unknown fields in the answers: {', '.join(sorted(fresh))}")
        self.unread_fields.update(fresh)

    def _concerning(self, items: list[Feedback]) -> list[Feedback]:
        """The items that concern a brand, with the brands they concern."""
        if self._assign is None:
            return items
        kept = [assigned for item in items if (assigned := self._assign(item)) is not None]
        self.left_out += len(items) - len(kept)
        return kept

    def _is_new(self, external_id: str, content: int) -> bool:
        """Unseen, or seen with other words: an edit between two pages is no repetition."""
        if self._seen.get(external_id) == content:
            return False
        self._seen[external_id] = content
        return True

    def _next(self, page: Page, call: Call, *, has_news: bool) -> list[Call]:
        stale = 0 if has_news else int(call.note.get("stale", 0)) + 1
        if stale >= _PATIENCE:
            self.warnings.append(f"{_PATIENCE} pages in a row repeated earlier ones: stopped there")
            return []
        follow = self._fresh(page.next_calls)
        if follow and self.pages >= self.options.max_pages:
            raise StopSource(
                f"expected an end within max_pages = {self.options.max_pages} of source "
                f'"{self.options.source}", found further pages: raise it, or look for a loop'
            )
        if not stale:
            return follow
        return [replace(next_, note={**next_.note, "stale": stale}) for next_ in follow]

    def _fresh(self, calls: Iterable[Call]) -> list[Call]:
        """Calls not sent before in this crawl."""
        fresh = []
        for call in calls:
            key = fingerprint(call) + str(call.note.get("again", ""))
            if key in self._asked:
                self.warnings.append("a page named one already read as its next: not read again")
                continue
            self._asked.add(key)
            fresh.append(call)
        return fresh
