"""Clicks, modals, `/earshot` and the App Home: decided and committed first, then acknowledged.

Slack wants an acknowledgement within 3 s and shows the person a failure without one. A handler
therefore commits its decision and the outbox rows, acknowledges, and only then delivers. If the
commit takes longer it is not acknowledged; the decision stands and a repeated click answers
"already".
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from psycopg2.extensions import connection as Connection
from slack_bolt import App
from slack_bolt.adapter.socket_mode.builtin import SocketModeHandler
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from alerts import approvals
from alerts.drills import practise
from alerts.publishing import publish
from alerts.redrafting import objections, write_again
from alerts.replies.limits import limit_of
from alerts.slack import decisions
from alerts.slack import text as t
from alerts.slack.client import TIMEOUT_SECONDS
from alerts.slack.deliver import deliver
from alerts.slack.drafts import announce_draft
from alerts.slack.home import home_view, today_blocks
from alerts.slack.incidents import announce_incident
from alerts.slack.modals import MOST_INPUT, dismiss_modal, dismissal_of, edit_modal
from alerts.slack.people import Deciders
from alerts.tickets import request_ticket
from earshot.errors import EarshotError, FixSettings
from earshot.settings import Settings
from sql.clock import now as clock_now
from sql.connect import connect
from sql.named import queries

LOCK_WAIT_SECONDS = 5.0
MOST_REVIEW = 600
"""Characters of the review that the editing modal shows."""
ASKED_BEFORE = "A ticket was asked for before."
PING_SECONDS = 3.0
"""How often the socket is checked; a lost one is opened anew within a few of these."""
_LOG = logging.getLogger("earshot.slack")
Handler = Callable[..., None]


def build_app(settings: Settings) -> App:
    """The bolt app with every action that our messages offer.

    Raises:
        FixSettings: there is no token, or Slack refuses it.
    """
    client = _client(settings)
    secret = settings.secrets.slack_signing_secret
    try:
        app = App(
            client=client,
            signing_secret=secret.get_secret_value() if secret else None,
            request_verification_enabled=settings.slack.transport == "http",
        )
    except Exception as error:  # bolt wraps auth.test's refusal in its own error
        raise FixSettings(
            f"EARSHOT_SLACK_TOKEN: Slack refuses the token ({error}); copy the bot token again."
        ) from error
    room = _Room(settings, Deciders(client, settings.slack.deciders))
    _register(app, room)
    return app


def socket_handler(settings: Settings, app: App) -> SocketModeHandler:
    """Socket Mode for the app: no public address is needed.

    Raises:
        FixSettings: there is no app-level token.
    """
    token = settings.secrets.slack_app_token
    if token is None:
        raise FixSettings(
            "EARSHOT_SLACK_APP_TOKEN: is missing; make an app-level token with connections:write."
        )
    return SocketModeHandler(
        app,
        token.get_secret_value(),
        web_client=_client(settings),
        ping_interval=PING_SECONDS,
    )


def _client(settings: Settings) -> WebClient:
    token = settings.secrets.slack_token
    if token is None:
        raise FixSettings(
            "EARSHOT_SLACK_TOKEN: is missing; create the app from the manifest and copy its token."
        )
    return WebClient(
        token=token.get_secret_value(), base_url=settings.slack.api_url, timeout=TIMEOUT_SECONDS
    )


class _Room:
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


def _register(app: App, room: _Room) -> None:
    app.action("incident_confirm")(_decision(room, _or_practise(_confirm, "confirmed")))
    app.action("incident_snooze")(_decision(room, _or_practise(_snooze, "snoozed")))
    app.action("incident_assign")(_decision(room, _or_practise(_assign, "assigned")))
    app.action("incident_dismiss", matchers=[_is_earnest])(_opening(room, _open_dismiss))
    app.action("incident_dismiss")(_decision(room, _or_practise(_dismiss, "dismissed")))
    app.view("incident_dismissed")(_decision(room, _dismiss))
    app.action("draft_approve")(_decision(room, _approve))
    app.action("draft_drop")(_decision(room, _drop))
    app.action("draft_sent")(_decision(room, _mark_sent))
    app.action("draft_again")(_decision(room, _again))
    app.action("draft_resend")(_decision(room, _send_again))
    app.action("draft_ticket")(_decision(room, _ticket_for_text))
    app.action("incident_ticket")(_decision(room, _ticket_for_incident))
    app.action("draft_edit")(_opening(room, _open_edit))
    app.view("draft_edited")(_edited(room))
    app.action("open_page")(lambda ack: ack())
    app.command("/earshot")(_command(room))
    app.event("app_home_opened")(_home(room))


Decide = Callable[[_Room, Connection, datetime, dict[str, Any]], str | None]


def _decision(room: _Room, decide: Decide) -> Handler:
    """A handler that commits, acknowledges, tells the person what was not done, and delivers."""

    def handle(ack: Any, body: dict[str, Any], client: WebClient) -> None:
        if not room.may_decide(body):
            ack()
            room.tell(client, body, _not_allowed(room))
            return
        with room.transaction() as (conn, now):
            told = decide(room, conn, now, body)
        ack()
        if told:
            room.tell(client, body, told)
        room.deliver()

    return handle


Open = Callable[[Connection, datetime, dict[str, Any]], dict[str, Any] | str]


def _opening(room: _Room, make: Open) -> Handler:
    """A handler that opens a modal, or says why there is none."""

    def handle(ack: Any, body: dict[str, Any], client: WebClient) -> None:
        if not room.may_decide(body):
            ack()
            room.tell(client, body, _not_allowed(room))
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


def _not_allowed(room: _Room) -> str:
    return f"Only members of {', '.join(room.settings.slack.deciders)} may decide here."


def _is_earnest(body: dict[str, Any]) -> bool:
    """Whether the click is about an incident, not about a drill."""
    return not str(body["actions"][0]["block_id"]).startswith("drill:")


def _or_practise(decide: Decide, kind: str) -> Decide:
    """The decision, or its note where the buttons belong to a drill."""

    def either(room: _Room, conn: Connection, now: datetime, body: dict[str, Any]) -> str | None:
        if _is_earnest(body):
            return decide(room, conn, now, body)
        drill_id = int(body["actions"][0]["block_id"].removeprefix("drill:"))
        actor = body["user"]["id"]
        return practise(conn, room.settings, drill_id, kind, actor=actor, now=now)

    return either


def _incident_id(body: dict[str, Any]) -> int:
    """The incident that the clicked row of buttons belongs to."""
    return int(body["actions"][0]["block_id"].removeprefix("incident:"))


def _told(decision: decisions.IncidentDecision | approvals.Decision) -> str | None:
    return None if decision.outcome == "done" else decision.explanation


def _confirm(room: _Room, conn: Connection, now: datetime, body: dict[str, Any]) -> str | None:
    actor = body["user"]["id"]
    return _told(decisions.confirm(conn, room.settings, _incident_id(body), actor=actor, now=now))


def _snooze(room: _Room, conn: Connection, now: datetime, body: dict[str, Any]) -> str | None:
    until = body["actions"][0]["selected_option"]["value"]
    actor = body["user"]["id"]
    return _told(
        decisions.snooze(conn, room.settings, _incident_id(body), until=until, actor=actor, now=now)
    )


def _assign(room: _Room, conn: Connection, now: datetime, body: dict[str, Any]) -> str | None:
    to, actor = body["actions"][0]["selected_user"], body["user"]["id"]
    return _told(
        decisions.assign(conn, room.settings, _incident_id(body), to=to, actor=actor, now=now)
    )


def _dismiss(room: _Room, conn: Connection, now: datetime, body: dict[str, Any]) -> str | None:
    view, actor = body["view"], body["user"]["id"]
    incident_id = int(json.loads(view["private_metadata"])["incident"])
    reason = dismissal_of(view["state"]["values"])
    return _told(
        decisions.dismiss(conn, room.settings, incident_id, reason=reason, actor=actor, now=now)
    )


def _open_dismiss(conn: Connection, now: datetime, body: dict[str, Any]) -> dict[str, Any] | str:
    row = queries.slack_incident(conn, incident_id=_incident_id(body), now=now)
    if row["verdict"]:
        return f"It was {row['verdict']} before."
    return dismiss_modal(row["id"], row["evidence"]["title"])


def _named(value: str) -> tuple[int, int, bytes]:
    """Draft, review version and text hash that a button carries."""
    draft_id, version, digest = value.split(":")
    return int(draft_id), int(version), bytes.fromhex(digest)


def _approve(room: _Room, conn: Connection, now: datetime, body: dict[str, Any]) -> str | None:
    draft_id, version, text_hash = _named(body["actions"][0]["value"])
    return _told(
        approvals.approve(
            conn, room.settings, draft_id, text_hash=text_hash, version=version,
            actor=body["user"]["id"], now=now,
        )
    )  # fmt: skip


def _drop(room: _Room, conn: Connection, now: datetime, body: dict[str, Any]) -> str | None:
    draft_id, _, _ = _named(body["actions"][0]["value"])
    actor = body["user"]["id"]
    return _told(approvals.drop(conn, room.settings, draft_id, actor=actor, now=now))


def _mark_sent(room: _Room, conn: Connection, now: datetime, body: dict[str, Any]) -> str | None:
    draft_id, _, _ = _named(body["actions"][0]["value"])
    actor = body["user"]["id"]
    return _told(approvals.mark_sent(conn, room.settings, draft_id, actor=actor, now=now))


def _draft_id(body: dict[str, Any]) -> int:
    """The draft that the clicked row of buttons belongs to."""
    return int(body["actions"][0]["block_id"].removeprefix("draft:"))


def _again(room: _Room, conn: Connection, now: datetime, body: dict[str, Any]) -> str | None:
    wish = body["actions"][0]["selected_option"]["value"]
    return _told(
        approvals.regenerate(
            conn, room.settings, _draft_id(body), wish=wish, actor=body["user"]["id"], now=now,
            write=lambda row, attempt, wish: write_again(conn, room.settings, row, attempt, wish),
        )
    )  # fmt: skip


def _send_again(room: _Room, conn: Connection, now: datetime, body: dict[str, Any]) -> str | None:
    actor = body["user"]["id"]
    return _told(approvals.send_again(conn, room.settings, _draft_id(body), actor=actor, now=now))


def _ticket_for_incident(
    room: _Room, conn: Connection, now: datetime, body: dict[str, Any]
) -> str | None:
    number = _incident_id(body)
    queries.slack_lock_incident(conn, incident_id=number)
    row = queries.slack_incident(conn, incident_id=number, now=now)
    is_new = request_ticket(
        conn, room.settings, "incident", number,
        brand_id=row["brand_id"], actor=body["user"]["id"], now=now,
    )  # fmt: skip
    announce_incident(conn, room.settings, number, now)
    return None if is_new else ASKED_BEFORE


def _ticket_for_text(
    room: _Room, conn: Connection, now: datetime, body: dict[str, Any]
) -> str | None:
    row = queries.slack_draft(conn, draft_id=_draft_id(body))
    is_new = request_ticket(
        conn, room.settings, "feedback", row["feedback_id"],
        brand_id=row["brand_id"], actor=body["user"]["id"], now=now,
    )  # fmt: skip
    announce_draft(conn, room.settings, row["id"], now)
    return None if is_new else ASKED_BEFORE


def _open_edit(conn: Connection, now: datetime, body: dict[str, Any]) -> dict[str, Any] | str:
    value = body["actions"][0]["value"]
    draft_id, _, text_hash = _named(value)
    row = queries.slack_draft(conn, draft_id=draft_id)
    if bytes(row["text_hash"]) != text_hash:
        return "The draft has changed; look at its newest text."
    if len(row["text"]) > MOST_INPUT:
        return f"It is too long for Slack's editor; use `earshot replies edit {draft_id}`."
    limit = limit_of(row["platform"])
    place = body.get("container") or {}
    return edit_modal(
        value,
        row["text"],
        f"{limit.name}: at most {limit.limit:,} {limit.unit}",
        str(place.get("channel_id") or ""),
        str(place.get("thread_ts") or place.get("message_ts") or ""),
        review=t.gist(row["title"], row["body"], MOST_REVIEW),
    )


def _edited(room: _Room) -> Handler:
    """The modal's text: refused with the guard's reasons beside the field, or stored."""

    def handle(ack: Any, body: dict[str, Any], client: WebClient) -> None:
        kept = json.loads(body["view"]["private_metadata"])
        draft_id, version, text_hash = _named(kept["value"])
        text = body["view"]["state"]["values"]["text"]["value"]["value"] or ""
        if not room.may_decide(body):
            ack(response_action="errors", errors={"text": _not_allowed(room)})
            return
        with room.transaction() as (conn, now):
            found = objections(conn, room.settings, draft_id, text)
            if not found:
                decision = approvals.edit(
                    conn, room.settings, draft_id, text, text_hash=text_hash, version=version,
                    findings=(), actor=body["user"]["id"], now=now,
                )  # fmt: skip
        if found:
            ack(response_action="errors", errors={"text": _reasons(found)})
            return
        if decision.outcome in {"void", "refused"}:
            ack(response_action="errors", errors={"text": decision.explanation})
        else:
            ack()
        room.deliver()

    return handle


def _reasons(found: list[dict[str, Any]]) -> str:
    told = "; ".join(f"“{finding['span']}” {finding['reason']}" for finding in found)
    return t.shorten(t.clean(told), 1500)


def _command(room: _Room) -> Handler:
    """`/earshot today`, seen only by the person who asked."""

    def handle(ack: Any, command: dict[str, Any]) -> None:
        if command.get("text", "").strip() not in {"", "today"}:
            ack(text="Write `/earshot today` to see what waits, what is late, what was decided.")
            return
        with room.transaction() as (conn, now):
            blocks = today_blocks(conn, command["user_id"], now)
        ack(text="Today", blocks=blocks, response_type="ephemeral")

    return handle


def _home(room: _Room) -> Handler:
    """The App Home, made anew whenever somebody opens it."""

    def handle(event: dict[str, Any], client: WebClient) -> None:
        if event.get("tab", "home") != "home":
            return
        with room.transaction() as (conn, now):
            view = home_view(conn, event["user"], now)
        client.views_publish(user_id=event["user"], view=view)

    return handle
