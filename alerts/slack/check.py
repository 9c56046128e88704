"""Proof that Slack will take our messages: scopes and channels, with nothing posted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from alerts.slack.client import TIMEOUT_SECONDS
from earshot.errors import FixSettings, RetryLater
from earshot.settings import Settings

MANIFEST = Path(__file__).with_name("manifest.json")
_ONLY_FOR_PRIVATE = {"groups:history", "groups:read"}


def required_scopes() -> frozenset[str]:
    """Scopes that the bot token must have; those for private channels are asked for beside."""
    manifest = json.loads(MANIFEST.read_text(encoding="utf-8"))
    return frozenset(manifest["oauth_config"]["scopes"]["bot"]) - _ONLY_FOR_PRIVATE


def channels_of(settings: Settings) -> tuple[str, ...]:
    """Every channel that the settings name, once."""
    named = [
        settings.slack.channel,
        settings.slack.ops_channel,
        settings.slack.escalation.channel,
        settings.slack.drill_channel,
        settings.praise.channel if settings.praise else None,
        *(route.channel for route in settings.route),
        *(brand.channel for brand in settings.brand),
        *(rule.channel for rule in settings.rule),
    ]
    return tuple(dict.fromkeys(channel for channel in named if channel))


def check_channels(settings: Settings) -> str:
    """Every channel exists and the app is a member of it.

    Returns:
        What was found, for the table of `earshot check`.

    Raises:
        FixSettings: a channel is missing or the app was not invited; one line names them all.
        RetryLater: Slack does not answer.
    """
    token = settings.secrets.slack_token
    if token is None:
        return "no token: nothing to prove"
    client = WebClient(
        token.get_secret_value(), base_url=settings.slack.api_url, timeout=TIMEOUT_SECONDS
    )
    wanted = channels_of(settings)
    known = _listed(client)
    faults = [fault for channel in wanted if (fault := _fault(channel, known))]
    if faults:
        raise FixSettings(" ".join(faults))
    return f"{len(wanted)} channels, the app is in each"


def _listed(client: WebClient) -> dict[str, dict[str, Any]]:
    """Channels that the app can see, by id and by #name."""
    found: dict[str, dict[str, Any]] = {}
    cursor: str | None = None
    while cursor != "":
        try:
            page: Any = client.conversations_list(
                types="public_channel,private_channel",
                exclude_archived=True,
                limit=200,
                cursor=cursor,
            )
        except SlackApiError as error:
            raise FixSettings(
                f"Slack does not list its channels ({error.response['error']}); add channels:read."
            ) from error
        except OSError as error:
            raise RetryLater(f"Slack does not answer: {error}.") from error
        for channel in page["channels"]:
            found[channel["id"]] = found[f"#{channel['name']}"] = channel
        cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
    return found


def _fault(channel: str, known: dict[str, dict[str, Any]]) -> str | None:
    if channel not in known:
        return f"Slack shows no channel {channel}; create it, or invite the app if it is private."
    if not known[channel].get("is_member"):
        return f"The app is not in {channel}; write /invite @Earshot there."
    return None
