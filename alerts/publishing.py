"""Send approved replies and new tickets to their platforms: one sender, each exactly once.

A row of the outbox is checked and claimed in one transaction (`sending`), then sent with no
transaction open. What happens next is one of: `sent`; `waiting` (surely not sent, tried again);
`uncertain` (perhaps sent: after a pause the platform is looked at, and only if it is not there is
it sent again); refused (a person copies it by hand); unsure (nobody can tell, a person is asked).

What remains: a platform that takes a call after `SETTLE_SECONDS` and shows it only after we looked
would have it twice, except where it replaces or knows our key; and a review that its author edits
between our last look and the call gets the reply to its former words.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from psycopg2.extensions import connection as Connection
from psycopg2.extras import Json

from alerts.publishing_replies import ReplyErrand
from alerts.slack import text as t
from alerts.slack.deliver import back_off_seconds
from alerts.slack.notices import ops_notice
from alerts.tickets import LOOK_UP_EVERY, TicketErrand, look_up_tickets
from alerts.wire import ANSWER_SECONDS, Wire, wallet_of_environment
from earshot.errors import FixSettings, RetryLater, StopSource
from earshot.platforms.writing import Refused, ReviewChanged, Talk, Unsure
from earshot.settings import Settings
from sql.clock import now as clock_now
from sql.connect import connect
from sql.named import queries

SENDER_LOCK = 0x45415250
"""Key of the advisory lock: one sender to platforms at a time."""
SETTLE_SECONDS = 60.0
"""How long a call may still be on its way before the platform is looked at."""
MOST_ATTEMPTS = 8
"""After so many failed attempts (about half an hour) a person takes over."""
WRONG_SETTINGS_WAIT = timedelta(minutes=15)
MARGIN = timedelta(minutes=2)
"""How far a platform's clock may stand behind ours when we look for what we sent."""


class Errand(Protocol):
    """What is sent for one row, and what its outcome means to those who wait for it."""

    name: str
    """Platform as people call it."""

    def check(self) -> str | None:
        """Lock what it is about and say why it must not be sent, or nothing."""

    def send(self, wallet: dict[str, str]) -> Talk[Any]:
        """The conversation that publishes."""

    def find(self, wallet: dict[str, str], since: datetime) -> Talk[Any] | None:
        """The conversation that looks for it; None where repeating is safe by itself."""

    def sending(self, now: datetime) -> None:
        """It is claimed."""

    def done(self, result: Any, now: datetime) -> str:
        """It is there; returns the platform's id."""

    def waits(self, reason: str, now: datetime) -> None:
        """It was surely not sent and will be tried again."""

    def refused(self, reason: str, now: datetime) -> None:
        """The platform does not take it: a person does."""

    def void(self, reason: str, now: datetime) -> None:
        """What it answers has changed."""

    def unsure(self, reason: str, now: datetime) -> None:
        """Nobody can tell: a person is asked."""


@dataclass(frozen=True, kw_only=True)
class PublishResult:
    """What one run did."""

    published: int = 0
    retried: int = 0
    looked: int = 0
    """Uncertain ones that were looked for on the platform."""
    by_hand: int = 0
    void: int = 0
    unsure: int = 0
    """A person was asked."""
    waiting: int = 0
    is_busy: bool = False
    """Another sender was at work."""

    tickets_changed: int = 0
    """Tickets whose status is another than before."""

    @property
    def has_news(self) -> bool:
        """Whether messages have something to tell that they did not before."""
        done = self.published + self.by_hand + self.void + self.unsure
        return bool(done + self.retried + self.tickets_changed)

    def counts(self) -> dict[str, int]:
        """For logs and asset events."""
        return asdict(self)


def publish(
    settings: Settings,
    *,
    settle_seconds: float = SETTLE_SECONDS,
    answer_seconds: float = ANSWER_SECONDS,
) -> PublishResult:
    """Send every approved reply and every ticket that is due."""
    with connect(settings, role="pipeline") as conn:
        with conn:
            moment = clock_now(conn, settings)
            stale = list(queries.slack_tickets_to_look_up(conn, before=moment - LOOK_UP_EVERY))
            if not queries.publishing_left(conn) and not stale:
                return PublishResult()
            if not queries.outbox_sender_lock(conn, lock_key=SENDER_LOCK):
                return PublishResult(is_busy=True, waiting=int(queries.publishing_left(conn)))
        try:
            with Wire(settings.contact, answer_seconds=answer_seconds) as wire:
                return _Publisher(conn, settings, wire, settle_seconds).drain()
        finally:
            with conn:
                queries.outbox_sender_unlock(conn, lock_key=SENDER_LOCK)


class _Publisher:
    """One run: the wire, what was learnt in it, the platforms that are left alone."""

    def __init__(
        self, conn: Connection, settings: Settings, wire: Wire, settle_seconds: float
    ) -> None:
        self._conn, self._settings, self._wire = conn, settings, wire
        self._settle = settle_seconds
        self._wallets: dict[str, dict[str, str]] = {}
        self._skipped: list[str] = []
        self._counts: Counter[str] = Counter()

    def drain(self) -> PublishResult:
        """Look for what is uncertain, then send until nothing is due."""
        with self._conn:
            queries.publishing_adopt_crashed(self._conn)
        moment = self._now()
        with self._conn:
            uncertain = list(
                queries.publishing_uncertain(self._conn, settle_seconds=self._settle, now=moment)
            )
        for row in uncertain:
            self._look(row)
        while (found := self._claimed()) is not None:
            self._send(*found)
        changed = look_up_tickets(
            self._conn, self._settings, self._wire, wallet_of_environment(), self._now()
        )
        with self._conn:
            left = int(queries.publishing_left(self._conn))
        return PublishResult(
            published=self._counts["published"],
            retried=self._counts["retried"],
            looked=self._counts["looked"],
            by_hand=self._counts["by_hand"],
            void=self._counts["void"],
            unsure=self._counts["unsure"],
            waiting=left,
            tickets_changed=changed,
        )

    def _now(self) -> datetime:
        with self._conn:
            return clock_now(self._conn, self._settings)

    def _errand(self, row: Any) -> Errand:
        if row["key"].startswith("ticket:"):
            return TicketErrand(self._conn, self._settings, row)
        return ReplyErrand(self._conn, self._settings, row)

    def _wallet(self, row: Any) -> dict[str, str]:
        return self._wallets.setdefault(row["destination"], wallet_of_environment())

    def _claimed(self) -> tuple[Any, Errand] | None:
        """The next row, found unchanged and claimed in one transaction."""
        while True:
            moment = self._now()
            with self._conn:
                row = queries.publishing_due(self._conn, now=moment, skipped=self._skipped)
                if row is None:
                    return None
                errand = self._errand(row)
                reason = errand.check()
                claimed = queries.publishing_claim(self._conn, id=row["id"])
                if claimed is None:
                    continue
                if reason is None:
                    errand.sending(moment)
                    return claimed, errand
                self._counts["void"] += 1
                queries.publishing_withdrawn(self._conn, id=row["id"], reason=reason)
                errand.void(reason, moment)

    def _send(self, row: Any, errand: Errand) -> None:
        with self._outcomes(row, errand, may_be_there=False):
            self._done(
                row, errand, self._wire.hold(errand.send(self._wallet(row)), self._wallet(row))
            )

    def _look(self, row: Any) -> None:
        """Found is sent; surely absent, or safe to repeat, may be sent again."""
        errand = self._errand(row)
        with self._outcomes(row, errand, may_be_there=True):
            with self._conn:
                errand.check()
            talk = errand.find(self._wallet(row), row["sending_since"] - MARGIN)
            if talk is not None:
                self._counts["looked"] += 1
            found = None if talk is None else self._wire.hold(talk, self._wallet(row))
            if found is not None:
                self._done(row, errand, found)
            else:
                self._again(row, errand, self._now(), "it had not arrived")

    @contextmanager
    def _outcomes(self, row: Any, errand: Errand, *, may_be_there: bool) -> Iterator[None]:
        """Turn what was raised into the row's next state."""
        try:
            yield
        except RetryLater as error:
            self._later(row, errand, error, may_be_there)
        except (FixSettings, StopSource) as error:
            self._skip(row, errand, str(error), may_be_there)
        except ReviewChanged as error:
            if may_be_there:
                self._ask(row, errand, str(error))
            else:
                self._void(row, errand, str(error))
        except Refused as error:
            self._by_hand(row, errand, str(error))
        except Unsure as error:
            if may_be_there:
                self._ask(row, errand, str(error))
            else:
                self._perhaps(row, str(error))

    @contextmanager
    def _settling(self, row: Any, errand: Errand) -> Iterator[datetime | None]:
        """A transaction over what it is about and its row; None where somebody settled it first."""
        moment = self._now()
        with self._conn:
            errand.check()
            state = queries.publishing_lock(self._conn, id=row["id"])
            yield moment if state in ("sending", "uncertain") else None

    def _done(self, row: Any, errand: Errand, result: Any) -> None:
        with self._settling(row, errand) as moment:
            if moment is None:
                return
            remote = errand.done(result, moment)
            queries.publishing_sent(self._conn, id=row["id"], remote_id=remote, sent_at=moment)
            self._counts["published"] += 1

    def _later(self, row: Any, errand: Errand, error: RetryLater, may_be_there: bool) -> None:
        asked = error.retry_after_seconds
        until = self._now() + timedelta(seconds=asked or back_off_seconds(row["attempts"]))
        if may_be_there:
            self._look_again(row, errand, until, str(error))
        elif row["attempts"] >= MOST_ATTEMPTS:
            self._by_hand(row, errand, str(error))
        else:
            self._again(row, errand, until, str(error))
        if asked:
            with self._conn:
                queries.publishing_hold(self._conn, destination=row["destination"], until=until)

    def _look_again(self, row: Any, errand: Errand, until: datetime, reason: str) -> None:
        """The platform could not be looked at; after some attempts a person is asked."""
        looks = int(row["payload"].get("looks", 0)) + 1
        if looks >= MOST_ATTEMPTS:
            self._ask(row, errand, reason)
            return
        with self._settling(row, errand) as moment:
            if moment is not None:
                queries.outbox_remember(self._conn, id=row["id"], facts=Json({"looks": looks}))
                queries.outbox_unsure(self._conn, id=row["id"], not_before=until, error=reason)

    def _again(self, row: Any, errand: Errand, until: datetime, reason: str) -> None:
        with self._settling(row, errand) as moment:
            if moment is not None:
                self._counts["retried"] += 1
                queries.outbox_not_sent(self._conn, id=row["id"], not_before=until, error=reason)
                errand.waits(reason, moment)

    def _skip(self, row: Any, errand: Errand, reason: str, may_be_there: bool) -> None:
        """Settings or credentials are wrong: the platform's rows wait, and ops hears of it."""
        until = self._now() + WRONG_SETTINGS_WAIT
        if may_be_there:
            self._look_again(row, errand, until, reason)
        else:
            self._again(row, errand, until, reason)
        self._skipped.append(row["destination"])
        moment = self._now()
        with self._conn:
            queries.publishing_hold(self._conn, destination=row["destination"], until=until)
            text = (
                f"⚠️ *Nothing can be published on {t.label(errand.name)}.* "
                f"{t.escape(reason)} What is approved waits, and is tried every 15 minutes."
            )
            key = f"publish:{row['destination']}:{moment:%Y-%m-%d}"
            ops_notice(self._conn, self._settings, key, text, moment)

    def _perhaps(self, row: Any, reason: str) -> None:
        moment = self._now()
        with self._conn:
            queries.outbox_unsure(self._conn, id=row["id"], not_before=moment, error=reason)

    def _by_hand(self, row: Any, errand: Errand, reason: str) -> None:
        with self._settling(row, errand) as moment:
            if moment is not None:
                self._counts["by_hand"] += 1
                queries.publishing_by_hand(self._conn, id=row["id"], reason=reason)
                errand.refused(reason, moment)

    def _void(self, row: Any, errand: Errand, reason: str) -> None:
        with self._settling(row, errand) as moment:
            if moment is not None:
                self._counts["void"] += 1
                queries.publishing_withdrawn(self._conn, id=row["id"], reason=reason)
                errand.void(reason, moment)

    def _ask(self, row: Any, errand: Errand, reason: str) -> None:
        with self._settling(row, errand) as moment:
            if moment is not None:
                self._counts["unsure"] += 1
                queries.outbox_dead(self._conn, id=row["id"], error=reason)
                errand.unsure(reason, moment)
