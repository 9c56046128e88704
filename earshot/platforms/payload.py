"""Taking a payload apart: what is read is taken out, and what remains is audited."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from earshot.errors import SkipRecord, StopSource
from earshot.platforms.base import Answer, Rejected, Span, TicketMetric
from earshot.platforms.dates import in_utc
from earshot.record import Feedback

_MOST_RAW = 20_000
_ENOUGH_TO_JUDGE = 5
_ABSENT = object()


class Payload:
    """One object of an answer. `take` removes what it gives, `rest` names what nobody took."""

    def __init__(self, raw: Any) -> None:
        if not isinstance(raw, dict):
            raise SkipRecord(f"expected an object, found {type(raw).__name__}")
        self._left = dict(raw)

    def take(self, name: str, default: Any = None) -> Any:
        """The value, or the default where it is absent."""
        return self._left.pop(name, default)

    def need(self, name: str) -> Any:
        """The value, which must be there and not null.

        Raises:
            SkipRecord: it is not.
        """
        value = self._left.pop(name, _ABSENT)
        if value is _ABSENT or value is None:
            raise SkipRecord(f'expected field "{name}", found none', field=name)
        return value

    def first(self, *names: str) -> Any:
        """The first of several spellings that is neither absent nor null; all are taken."""
        values = [self._left.pop(name, None) for name in names]
        return next((value for value in values if value is not None), None)

    def within(self, name: str) -> Payload:
        """An object inside, empty where it is absent or null."""
        value = self._left.pop(name, None)
        return Payload(value if isinstance(value, dict) else {})

    def rest(self, known: frozenset[str]) -> frozenset[str]:
        """Names that were neither taken nor are known and left aside on purpose."""
        return frozenset(self._left) - known


@dataclass
class Gathered:
    """Records and rejected pieces of one answer, in order."""

    items: list[Feedback] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)
    metrics: list[TicketMetric] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)

    def add(
        self, raws: Iterable[Any], parse: Callable[[Any, Gathered], Iterable[Feedback]]
    ) -> Gathered:
        """Parse every piece; a broken one is rejected alone, its neighbours go on."""
        for raw in raws:
            try:
                self.items.extend(list(parse(raw, self)))
            except SkipRecord as reason:
                self._reject(raw, reason.field, str(reason))
            except ValidationError as error:
                fault = error.errors(include_input=False, include_url=False)[0]
                where = ".".join(str(part) for part in fault["loc"]) or None
                self._reject(raw, where, str(fault["msg"]))
            except (TypeError, ValueError, AttributeError, LookupError, OverflowError) as error:
                self._reject(raw, None, f"expected another form, found {type(error).__name__}")
        return self

    def _reject(self, raw: Any, name: str | None, reason: str) -> None:
        self.rejected.append(Rejected(raw=raw_bytes(raw), field=name, reason=reason))

    def within(self, span: Span | None) -> list[Feedback]:
        """The records of a backfill; all of them where there is none."""
        return [i for i in self.items if span is None or span.holds(i.published_at)]

    def judged(self, answer: Answer) -> Gathered:
        """Itself, unless most of the page could not be read: then the format changed.

        Raises:
            StopSource: fewer than half of five or more pieces were read.
        """
        bad, good = len(self.rejected), len(self.items) + len(self.deleted)
        if bad > good and (bad + good >= _ENOUGH_TO_JUDGE or good == 0):
            first = self.rejected[0]
            raise StopSource(
                f"expected records, found {bad} of {bad + good} unreadable ({first.reason}) at "
                f"{answer.url.split('?', 1)[0]}: the platform changed its format; update the reader"
            )
        return self


def known(names: str) -> frozenset[str]:
    """Names of fields that a reader leaves aside on purpose, divided by white space."""
    return frozenset(names.split())


def raw_bytes(raw: Any) -> bytes:
    """A piece of an answer as bytes, for quarantine."""
    if isinstance(raw, bytes):
        return raw[:_MOST_RAW]
    if isinstance(raw, str):
        return raw.encode("utf-8", "replace")[:_MOST_RAW]
    return json.dumps(raw, ensure_ascii=True, default=str).encode()[:_MOST_RAW]


def newest(items: Sequence[Feedback]) -> datetime | None:
    """The latest publish time, in UTC."""
    return max((in_utc(i.published_at) for i in items if i.published_at), default=None)


def oldest(items: Sequence[Feedback]) -> datetime | None:
    """The earliest publish time, in UTC."""
    return min((in_utc(i.published_at) for i in items if i.published_at), default=None)


def text(value: Any) -> str:
    """Text as it is; nothing for null; numbers as written."""
    return value if isinstance(value, str) else "" if value is None else str(value)


def attributes(**pairs: Any) -> dict[str, str]:
    """Plain facts, without the empty ones; booleans in lower case."""
    return {
        name: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in pairs.items()
        if value is not None and value != ""
    }
