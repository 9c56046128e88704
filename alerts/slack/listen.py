"""The bolt app: which button, modal, command and page of ours leads where."""

from __future__ import annotations

from typing import Any

from slack_bolt import App
from slack_bolt.adapter.socket_mode.builtin import SocketModeHandler
from slack_sdk import WebClient

from alerts.slack import draft_clicks as draft
from alerts.slack import incident_clicks as incident
from alerts.slack.client import TIMEOUT_SECONDS
from alerts.slack.home import home_view, today_blocks
from alerts.slack.incident_clicks import is_earnest, or_practise
from alerts.slack.people import Deciders
from alerts.slack.room import Handler, Room, decision, opening
from earshot.errors import FixSettings
from earshot.settings import Settings

PING_SECONDS = 3.0
"""How often the socket is checked; a lost one is opened anew within a few of these."""


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
    room = Room(settings, Deciders(client, settings.slack.deciders))
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


def _register(app: App, room: Room) -> None:
    _register_incidents(app, room)
    _register_drafts(app, room)
    app.action("open_page")(lambda ack: ack())
    app.command("/earshot")(_command(room))
    app.event("app_home_opened")(_home(room))


def _register_incidents(app: App, room: Room) -> None:
    app.action("incident_confirm")(decision(room, or_practise(incident.confirm, "confirmed")))
    app.action("incident_snooze")(decision(room, or_practise(incident.snooze, "snoozed")))
    app.action("incident_assign")(decision(room, or_practise(incident.assign, "assigned")))
    app.action("incident_dismiss", matchers=[is_earnest])(opening(room, incident.open_dismiss))
    app.action("incident_dismiss")(decision(room, or_practise(incident.dismiss, "dismissed")))
    app.view("incident_dismissed")(decision(room, incident.dismiss))
    app.action("incident_ticket")(decision(room, incident.open_ticket))


def _register_drafts(app: App, room: Room) -> None:
    app.action("draft_approve")(decision(room, draft.approve))
    app.action("draft_drop")(decision(room, draft.drop))
    app.action("draft_sent")(decision(room, draft.mark_sent))
    app.action("draft_again")(decision(room, draft.ask_again, then=draft.write_anew))
    app.action("draft_resend")(decision(room, draft.send_again))
    app.action("draft_ticket")(decision(room, draft.open_ticket))
    app.action("draft_edit")(opening(room, draft.open_edit))
    app.view("draft_edited")(draft.edited(room))


def _command(room: Room) -> Handler:
    """`/earshot today`, seen only by the person who asked."""

    def handle(ack: Any, command: dict[str, Any]) -> None:
        if command.get("text", "").strip() not in {"", "today"}:
            ack(text="Write `/earshot today` to see what waits, what is late, what was decided.")
            return
        with room.transaction() as (conn, now):
            blocks = today_blocks(conn, command["user_id"], now)
        ack(text="Today", blocks=blocks, response_type="ephemeral")

    return handle


def _home(room: Room) -> Handler:
    """The App Home, made anew whenever somebody opens it."""

    def handle(event: dict[str, Any], client: WebClient) -> None:
        if event.get("tab", "home") != "home":
            return
        with room.transaction() as (conn, now):
            view = home_view(conn, event["user"], now)
        client.views_publish(user_id=event["user"], view=view)

    return handle
