"""`earshot check` finds what would make messages undeliverable, before any is sent."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from alerts.slack.check import channels_of, check_channels, required_scopes
from earshot.errors import FixSettings
from earshot.settings import Settings
from tests.slack_standin import ALL_SCOPES, SlackStandIn


def test_channels_that_exist_are_fine(slack: SlackStandIn, slack_settings: Settings) -> None:
    slack.add_channel("third")  # the list has a second page

    assert check_channels(slack_settings) == "2 channels, the app is in each"
    assert slack.calls["chat.postMessage"] == 0


def test_missing_channels_and_a_missing_invitation_are_named(
    slack: SlackStandIn,
    slack_settings: Settings,
    settings_with: Callable[..., Settings],
) -> None:
    slack.channel("earshot-ops").is_member = False
    settings = settings_with(
        slack={"api_url": slack.url}, rule=[{"name": "safety", "channel": "#safety"}]
    )

    with pytest.raises(FixSettings) as caught:
        check_channels(settings)

    assert "not in #earshot-ops; write /invite" in str(caught.value)
    assert "no channel #safety; create it" in str(caught.value)
    assert channels_of(settings) == ("#voice-of-customer", "#earshot-ops", "#safety")


def test_a_token_that_may_not_list_channels_is_told_which_scope(
    slack: SlackStandIn, slack_settings: Settings
) -> None:
    slack.tokens[slack.bot_token].discard("channels:read")

    with pytest.raises(FixSettings, match="channels:read"):
        check_channels(slack_settings)


def test_every_scope_that_the_calls_need_is_required() -> None:
    assert required_scopes() == ALL_SCOPES - {"users:read"}
