"""What every handler of Slack shares: who may decide, one transaction, the way back to the person.

Slack wants an acknowledgement within 3 s and shows the person a failure without one. A handler
therefore commits its decision and the outbox rows, acknowledges, and only then delivers. If the
commit takes longer it is not acknowledged; the decision stands and a repeated click answers
"already".
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from psycopg2.extensions import connection as Connection
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from alerts.approvals import Decision
from alerts.publishing import publish
from alerts.slack import text as t
from alerts.slack.decisions import IncidentDecision
from alerts.slack.deliver import deliver
from alerts.slack.people import Deciders
from earshot.errors import EarshotError
from earshot.settings import Settings
from sql.clock import now as clock_now
from sql.connect import connect

LOCK_WAIT_SECONDS = 5.0
_LOG = logging.getLogger("earshot.slack")
Handler = Callable[..., None]


class Room:
    """What every handler needs: settings, permission, a transaction, the way back to the person."""

    def __init__(self, settings: Settings, deciders: Deciders) -> None:
        self.settings = settings
        self._deciders = deciders

    @contextmanager
    def transaction(self) -> Iterator[tuple[Connection, datetime]]:
        """A connection and the clock; committed at the end, before any acknowledgement."""
        with connect(self.settings, application="earshot listen") as conn, conn:
            yield conn, clock_now(conn, self.settings)

    def may_decide(self, body: dict[str, Any]) -> bool:
        """Whether the person who clicked may decide."""
        return self._deciders.may_decide(body["user"]["id"])

    def deliver(self) -> None:
        """Send what the decision enqueued; a failure is left to the deliver DAG."""
        try:
            deliver(self.settings, wait_for_lock_seconds=LOCK_WAIT_SECONDS)
            if publish(self.settings).has_news:
                deliver(self.settings, wait_for_lock_seconds=LOCK_WAIT_SECONDS)
        except EarshotError as error:
            _LOG.warning("delivery waits for its next run: %s", error)

    def tell(self, client: WebClient, body: dict[str, Any], told: str) -> None:
        """Answer only the person who clicked, where they clicked."""
        place = body.get("container") or {}
        channel = place.get("channel_id") or (body.get("channel") or {}).get("id")
        if channel is None:
            return
        try:
            client.chat_postEphemeral(
                channel=channel,
                user=body["user"]["id"],
                text=t.escape(told),
                thread_ts=place.get("thread_ts"),
            )
        except SlackApiError as error:
            _LOG.warning("the answer could not be shown: %s", error.response["error"])


Decide = Callable[[Room, Connection, datetime, dict[str, Any]], str | None]
Then = Callable[[Room, dict[str, Any]], str | None]


def decision(room: Room, decide: Decide, *, then: Then | None = None) -> Handler:
    """A handler that commits, acknowledges, tells the person what was not done, and delivers.

    Args:
        then: what takes long; done once the decision stands and is acknowledged, and never where
            there is something to tell already.
    """

    def handle(ack: Any, body: dict[str, Any], client: WebClient) -> None:
        if _is_refused(room, ack, body, client):
            return
        with room.transaction() as (conn, now):
            told = decide(room, conn, now, body)
        ack()
        if then and not told:
            told = then(room, body)
        if told:
            room.tell(client, body, told)
        room.deliver()

    return handle


Open = Callable[[Connection, datetime, dict[str, Any]], dict[str, Any] | str]


def opening(room: Room, make: Open) -> Handler:
    """A handler that opens a modal, or says why there is none."""

    def handle(ack: Any, body: dict[str, Any], client: WebClient) -> None:
        if _is_refused(room, ack, body, client):
            return
        with room.transaction() as (conn, now):
            made = make(conn, now, body)
        if isinstance(made, str):
            ack()
            room.tell(client, body, made)
            return
        client.views_open(trigger_id=body["trigger_id"], view=made)
        ack()

    return handle


def _is_refused(room: Room, ack: Any, body: dict[str, Any], client: WebClient) -> bool:
    """Whether the person may not decide; then they are told so."""
    if room.may_decide(body):
        return False
    ack()
    room.tell(client, body, not_allowed(room))
    return True


def not_done(decision: IncidentDecision | Decision) -> str | None:
    """What to tell the person; nothing where it was done, as the message shows that."""
    return None if decision.outcome == "done" else decision.explanation


def not_allowed(room: Room) -> str:
    """Why somebody's click was not taken."""
    return f"Only members of {', '.join(room.settings.slack.deciders)} may decide here."
