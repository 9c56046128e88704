"""The sender is really killed, at the worst moments; every message stands there once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from psycopg2.extensions import connection as Connection

from earshot.settings import Settings
from tests.alerts.slack.test_delivery import announce, row, send
from tests.slack_standin import SlackStandIn

REPOSITORY = Path(__file__).parents[3]
CHILD = """
import sys
from earshot.settings import load
from alerts.slack.deliver import deliver
deliver(load(sys.argv[1]), seconds_between=0.0, settle_seconds=3600.0)
"""
"""It reads nothing back itself, however slowly it starts."""


def settings_file(settings: Settings) -> Path:
    """The fixture's settings as a file that a child process reads."""
    file = settings.folder / "earshot.toml"
    file.write_text(
        f'contact = "{settings.contact}"\nhome = "{settings.home_folder}"\n'
        f'[clock]\nsource = "database"\n[slack]\napi_url = "{settings.slack.api_url}"\n'
        '[[brand]]\nkey = "northwind"\nname = "Northwind Home"\n',
        encoding="utf-8",
    )
    return file


def kill_when(settings: Settings, is_time: Callable[[], bool]) -> None:
    """Run a sender in a process of its own and SIGKILL it as soon as it is time."""
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(settings_file(settings))],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
    )
    end = time.monotonic() + 30
    try:
        while not is_time():
            assert child.poll() is None, "the sender ended before it could be killed"
            assert time.monotonic() < end
            time.sleep(0.005)
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()


@pytest.mark.parametrize(
    ("method", "fault"),
    [
        ("chat.postMessage", "delay"),  # Slack has it, the commit never comes
        ("files.completeUploadExternal", "delay"),  # claimed, picture up, nothing posted
    ],
)
def test_a_sender_killed_between_send_and_commit_leaves_exactly_one_message(
    conn: Connection,
    slack: SlackStandIn,
    slack_settings: Settings,
    open_incident: Callable[..., int],
    method: str,
    fault: str,
) -> None:
    incident = open_incident()
    announce(conn, slack_settings, incident)
    slack.fail(method, fault, seconds=5.0)

    kill_when(slack_settings, lambda: slack.calls[method] > 0)
    state_after_kill = row(conn, f"incident:{incident}")["state"]
    results = [send(slack_settings) for _ in range(3)]

    assert state_after_kill == "sending"
    assert sum(result.sent for result in results) == 1
    assert slack.keys() == {f"incident:{incident}": 1}


def test_a_sender_killed_again_and_again_delivers_everything_once(
    conn: Connection,
    slack: SlackStandIn,
    slack_settings: Settings,
    open_incident: Callable[..., int],
) -> None:
    incidents = [open_incident() for _ in range(4)]
    for incident in incidents:
        announce(conn, slack_settings, incident)
    for posted in range(1, 4):
        slack.fail("chat.postMessage", "delay", seconds=5.0)
        kill_when(slack_settings, lambda least=posted: slack.calls["chat.postMessage"] >= least)

    results = [send(slack_settings) for _ in range(3)]

    assert results[0].read_back == 3
    assert slack.keys() == {f"incident:{incident}": 1 for incident in incidents}
