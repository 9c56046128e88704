"""The app of the manifest: its scopes, its token, a handler for every button."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from alerts.slack import listen
from earshot.errors import FixSettings
from earshot.settings import Settings
from tests.slack_standin import ALL_SCOPES, SlackStandIn

MANIFEST = Path(listen.__file__).with_name("manifest.json")


def test_a_wrong_token_is_told_with_its_remedy(
    slack: SlackStandIn, settings_with: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EARSHOT_SLACK_TOKEN", "xoxb-wrong")

    with pytest.raises(FixSettings, match="EARSHOT_SLACK_TOKEN"):
        listen.build_app(settings_with(slack={"api_url": slack.url}))


def test_the_manifest_asks_for_every_scope_that_is_used_and_no_other() -> None:
    manifest = json.loads(MANIFEST.read_text())
    private_twins = {"groups:history", "groups:read"}

    asked = set(manifest["oauth_config"]["scopes"]["bot"])

    used = ALL_SCOPES - {"users:read"}
    assert asked - private_twins == used
    assert manifest["settings"]["socket_mode_enabled"]


def test_every_button_that_messages_show_has_a_handler() -> None:
    room = Path(listen.__file__).parent
    shown_actions = {
        action
        for file in ("incident_message.py", "draft_message.py")
        for action in re.findall(r'"((?:incident|draft)_[a-z]+)"', (room / file).read_text())
    } - {"incident_message", "draft_message"}
    handled = set(re.findall(r'app\.action\("([a-z_]+)"\)', Path(listen.__file__).read_text()))

    assert shown_actions <= handled
