"""Drain the outbox: one sender at a time, each message exactly once, in order per subject.

A row is claimed and committed as `sending` before the call. Whatever happens then leads to one of:
`sent`; `waiting` (surely not sent, tried again later); `uncertain` (may have arrived: after a
pause the channel is read back, and only if our key is not there is it posted again); `dead` (can
never be sent, with the reason). No transaction is open during a call.

What remains: a message that Slack accepts later than `SETTLE_SECONDS` after our call ended, and
shows in the channel only after we read it back, would be posted twice.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from psycopg2.extensions import connection as Connection
from psycopg2.extras import Json

from alerts.slack.client import TIMEOUT_SECONDS, SlackTransport
from alerts.slack.notices import dead_letter_notice
from alerts.slack.preview import CHANNEL, PreviewTransport
from alerts.slack.transport import (
    CannotTell,
    GiveUp,
    Outgoing,
    ReadBackFirst,
    Receipt,
    Transport,
)
from earshot.errors import FixSettings, RetryLater
from earshot.logs import ids
from earshot.settings import Settings
from sql.clock import now as clock_now
from sql.connect import connect
from sql.named import queries

log = logging.getLogger(__name__)
SENDER_LOCK = 0x45415253
"""Key of the advisory lock: one sender at a time."""
SETTLE_SECONDS = 10.0
FIRST_BACK_OFF_SECONDS, LONGEST_BACK_OFF_SECONDS = 15.0, 900.0
PICTURE_ATTEMPTS = 3
"""After so many failed uploads a message goes without its chart, and says so."""


@dataclass(frozen=True, kw_only=True)
class DeliveryResult:
    """What one run did."""

    sent: int = 0
    retried: int = 0
    """Surely not sent; they wait for another attempt."""
    unsure: int = 0
    """Perhaps sent; the channel will be read back."""
    read_back: int = 0
    dead: int = 0
    waiting: int = 0
    """Left in the outbox: not due yet, or put back."""
    is_busy: bool = False
    """Another sender was at work; it does what is due."""

    def counts(self) -> dict[str, int]:
        """For logs and asset events."""
        return asdict(self)


def deliver(
    settings: Settings,
    *,
    wait_for_lock_seconds: float = 0.0,
    settle_seconds: float = SETTLE_SECONDS,
    seconds_between: float = 1.0,
    sleep: Callable[[float], None] = time.sleep,
) -> DeliveryResult:
    """Send what is due.

    Args:
        settings: whose token decides between Slack and the preview folder.
        wait_for_lock_seconds: how long to wait for another sender to end.
        settle_seconds: pause before an uncertain send is read back.
        seconds_between: pause between two posts in one channel.

    Raises:
        FixSettings: Slack refuses the token; rows stay and wait.
    """
    with connect(settings, role="pipeline") as conn:
        if not _locked(conn, wait_for_lock_seconds, sleep):
            return DeliveryResult(is_busy=True, waiting=_left(conn))
        try:
            sender = _Sender(conn, settings, settle_seconds, seconds_between, sleep)
            sender.drain()
            return sender.result()
        finally:
            with conn:
                queries.outbox_sender_unlock(conn, lock_key=SENDER_LOCK)


def revive_dead_letters(settings: Settings) -> int:
    """Put dead letters back once their cause is gone; returns how many.

    A message dies only where Slack refused it, so that none of them can have arrived.
    """
    with connect(settings) as conn, conn:
        return int(queries.outbox_retry_dead(conn, now=clock_now(conn, settings)))


def _locked(conn: Connection, wait_seconds: float, sleep: Callable[[float], None]) -> bool:
    end = time.monotonic() + wait_seconds
    while True:
        with conn:
            if queries.outbox_sender_lock(conn, lock_key=SENDER_LOCK):
                return True
        if time.monotonic() >= end:
            return False
        sleep(0.1)


def _left(conn: Connection) -> int:
    with conn:
        return int(queries.outbox_waiting(conn))


class _Sender:
    """One run: the transports, the channels that Slack asked to leave alone, the counts."""

    def __init__(
        self,
        conn: Connection,
        settings: Settings,
        settle_seconds: float,
        seconds_between: float,
        sleep: Callable[[float], None],
    ) -> None:
        self._conn, self._settings = conn, settings
        self._settle = settle_seconds
        self.counts: Counter[str] = Counter()
        self._preview = PreviewTransport(settings.home_folder / CHANNEL, self._now())
        self._slack = _slack(conn, settings, seconds_between, sleep)

    def drain(self) -> None:
        """Settle what is uncertain, then send until nothing is due."""
        with self._conn:
            queries.outbox_adopt_crashed(self._conn)
        for row in self._uncertain():
            self._settle_one(row)
        while (row := self._claimed()) is not None:
            self._send_one(row)
        with self._conn:
            queries.outbox_bury_dependents(self._conn)
        self._preview.finish()

    def result(self) -> DeliveryResult:
        """The counts of this run."""
        return DeliveryResult(
            sent=self.counts["sent"],
            retried=self.counts["retried"],
            unsure=self.counts["unsure"],
            read_back=self.counts["read_back"],
            dead=self.counts["dead"],
            waiting=_left(self._conn),
        )

    def _now(self) -> datetime:
        with self._conn:
            return clock_now(self._conn, self._settings)

    def _uncertain(self) -> list[Any]:
        moment = self._now()
        with self._conn:
            found = queries.outbox_uncertain(self._conn, settle_seconds=self._settle, now=moment)
            return list(found)

    def _claimed(self) -> Any:
        moment = self._now()
        with self._conn:
            return queries.outbox_claim(self._conn, now=moment, paused=[])

    def _settle_one(self, row: Any) -> None:
        """Look for the message; found is sent, surely absent may be sent again."""
        outgoing = self._outgoing(row)
        self.counts["read_back"] += 1
        with self._outcomes(row, may_be_there=True):
            receipt = self._transport(outgoing).find(outgoing)
            if receipt is not None:
                self._sent(row, receipt)
            else:
                self._not_sent(row, self._now(), "it had not arrived")

    def _send_one(self, row: Any) -> None:
        with self._outcomes(row, may_be_there=False):
            outgoing = self._with_picture(self._outgoing(row))
            self._sent(row, self._transport(outgoing).send(outgoing))

    @contextmanager
    def _outcomes(self, row: Any, *, may_be_there: bool) -> Iterator[None]:
        """Turn what was raised into the row's next state."""
        try:
            yield
        except RetryLater as error:
            self._later(row, error, may_be_there)
        except ReadBackFirst as error:
            self._unsure(row, str(error))
        except CannotTell as error:
            with self._conn:
                facts = Json({"seen_until": error.seen_until})
                queries.outbox_remember(self._conn, id=row["id"], facts=facts)
            self._unsure(row, str(error))
        except GiveUp as error:
            self._dead(row, str(error))
        except FixSettings as error:
            if not may_be_there:
                self._not_sent(row, self._now(), str(error))
            raise

    def _with_picture(self, outgoing: Outgoing) -> Outgoing:
        """Upload the chart once and remember its id before the message is sent."""
        chart = outgoing.payload.get("chart")
        if not chart or "file_id" in outgoing.payload or outgoing.attempts > PICTURE_ATTEMPTS:
            return outgoing
        alt = next(b["alt_text"] for b in outgoing.payload["blocks"] if b["type"] == "image")
        facts = {"file_id": self._transport(outgoing).upload(chart, alt)}
        with self._conn:
            queries.outbox_remember(self._conn, id=outgoing.row_id, facts=Json(facts))
        return replace(outgoing, payload=outgoing.payload | facts)

    def _outgoing(self, row: Any) -> Outgoing:
        payload = dict(row["payload"])
        return Outgoing(
            row_id=row["id"],
            key=row["key"],
            channel=row["channel"],
            payload=payload,
            attempts=row["attempts"],
            sending_since=row["sending_since"],
            thread=self._place(payload.get("parent")),
            target=self._place(payload.get("target")),
        )

    def _place(self, key: str | None) -> Receipt | None:
        if key is None:
            return None
        with self._conn:
            row = queries.outbox_row(self._conn, key=key)
        return Receipt(channel=row["remote_channel"], ts=row["remote_id"])

    def _transport(self, outgoing: Outgoing) -> Transport:
        """What hangs on a message goes where that message is; anything else by the token."""
        hangs_on = outgoing.target or outgoing.thread
        is_preview = hangs_on.channel == CHANNEL if hangs_on else self._slack is None
        if is_preview:
            return self._preview
        if self._slack is None:
            raise RetryLater("Its message stands in Slack, and EARSHOT_SLACK_TOKEN is missing.")
        return self._slack

    def _sent(self, row: Any, receipt: Receipt) -> None:
        moment = self._now()
        with ids(message=row["id"]):
            log.info("sent: %s", row["key"])
        with self._conn:
            queries.outbox_sent(
                self._conn,
                id=row["id"],
                remote_channel=receipt.channel,
                remote_id=receipt.ts,
                sent_at=moment,
            )
        self.counts["sent"] += 1

    def _later(self, row: Any, error: RetryLater, may_be_there: bool) -> None:
        moment = self._now()
        asked = error.retry_after_seconds
        until = moment + timedelta(seconds=asked or back_off_seconds(row["attempts"]))
        if may_be_there:
            with self._conn:
                queries.outbox_unsure(self._conn, id=row["id"], not_before=until, error=str(error))
        else:
            self._not_sent(row, until, str(error))
        if asked:
            with self._conn:
                queries.outbox_pause_channel(self._conn, channel=row["channel"], until=until)

    def _not_sent(self, row: Any, until: datetime, reason: str) -> None:
        self.counts["retried"] += 1
        with self._conn:
            queries.outbox_not_sent(self._conn, id=row["id"], not_before=until, error=reason)

    def _unsure(self, row: Any, reason: str) -> None:
        self.counts["unsure"] += 1
        moment = self._now()
        with self._conn:
            queries.outbox_unsure(self._conn, id=row["id"], not_before=moment, error=reason)

    def _dead(self, row: Any, reason: str) -> None:
        """Bury the row and say so in the ops channel, unless it is that very notice."""
        self.counts["dead"] += 1
        moment = self._now()
        with self._conn:
            queries.outbox_dead(self._conn, id=row["id"], error=reason)
            if not row["key"].startswith("ops:"):
                dead_letter_notice(self._conn, self._settings, row, reason, moment)


def back_off_seconds(attempts: int) -> float:
    """15 s, doubled with each attempt, at most 15 minutes."""
    return min(LONGEST_BACK_OFF_SECONDS, FIRST_BACK_OFF_SECONDS * 2.0 ** max(0, attempts - 1))


def _slack(
    conn: Connection,
    settings: Settings,
    seconds_between: float,
    sleep: Callable[[float], None],
) -> SlackTransport | None:
    token = settings.secrets.slack_token
    if token is None:
        return None
    from slack_sdk import WebClient

    def known(name: str) -> str | None:
        with conn:
            found = queries.outbox_channel_id(conn, channel=name)
        return None if found is None else str(found)

    client = WebClient(
        token=token.get_secret_value(),
        base_url=settings.slack.api_url,
        timeout=TIMEOUT_SECONDS,
        retry_handlers=[],
    )
    return SlackTransport(client, channel_ids=known, seconds_between=seconds_between, sleep=sleep)
