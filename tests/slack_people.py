"""What people do in the stand-in for Slack, and the Socket Mode that carries it to the app."""

from __future__ import annotations

import itertools
import json
import secrets
import threading
import time
from contextlib import suppress
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection

ACK_SECONDS = 3.0


class People:
    """Clicks, modals, commands: payloads as Slack sends them, and their acknowledgements."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._triggers: dict[str, float] = {}
        self._acks: dict[str, dict[str, Any]] = {}
        self._acked = threading.Condition()
        self._sockets: list[ServerConnection] = []
        self._port = 0

    def trigger(self) -> str:
        issued = f"{next(self._numbers)}.{secrets.token_hex(4)}"
        self._triggers[issued] = time.monotonic()
        return issued

    def _sent_by(self, user: str) -> dict[str, Any]:
        """What every payload of a person's says of its sender."""
        return {
            "team": {"id": "T00NORTHW", "domain": "northwind"},
            "user": {"id": user, "username": "someone", "team_id": "T00NORTHW"},
            "api_app_id": "A00EARSHOT",
            "token": "unused",
            "trigger_id": self.trigger(),
        }

    def click(
        self,
        message: dict[str, Any],
        action_id: str,
        *,
        user: str = "U00MANAGER",
        name: str = "voice-of-customer",
        **state: Any,
    ) -> dict[str, Any]:
        """The payload of a click on an element that the message really shows."""
        channel = self.channel(name)
        shown = [
            (block["block_id"], element)
            for block in message["blocks"]
            if block["type"] == "actions"
            for element in block["elements"]
            if element["action_id"] == action_id
        ]
        assert shown, f"the message shows no {action_id}"
        block_id, element = shown[0]
        kept = {key: element[key] for key in ("value", "type", "action_id") if key in element}
        action = {**kept, "block_id": block_id, "action_ts": f"{self.now():.6f}", **state}
        return {
            "type": "block_actions",
            **self._sent_by(user),
            "container": {
                "type": "message", "message_ts": message["ts"], "channel_id": channel.id,
            },
            "channel": {"id": channel.id, "name": channel.name},
            "message": message,
            "response_url": f"http://127.0.0.1:{self._port}/response/1",
            "actions": [action],
        }  # fmt: skip

    def submit(
        self, view: dict[str, Any], values: dict[str, Any], *, user: str = "U00MANAGER"
    ) -> dict[str, Any]:
        """The payload of a modal sent off; `values` by block id and action id."""
        return {
            "type": "view_submission",
            **self._sent_by(user),
            "view": {**view, "state": {"values": values}},
        }

    def command(self, text: str, *, user: str = "U00MANAGER") -> dict[str, Any]:
        """The payload of `/earshot text`."""
        channel = self.channel("voice-of-customer")
        return {
            "command": "/earshot",
            "text": text,
            "user_id": user,
            "user_name": "someone",
            "team_id": "T00NORTHW",
            "channel_id": channel.id,
            "channel_name": channel.name,
            "api_app_id": "A00EARSHOT",
            "trigger_id": self.trigger(),
            "response_url": f"http://127.0.0.1:{self._port}/response/1",
        }

    def home_opened(self, *, user: str = "U00MANAGER") -> dict[str, Any]:
        """The payload of somebody opening the app's Home."""
        return {
            "team_id": "T00NORTHW",
            "api_app_id": "A00EARSHOT",
            "type": "event_callback",
            "event_id": f"Ev{next(self._numbers)}",
            "event": {"type": "app_home_opened", "user": user, "tab": "home", "channel": "D1"},
        }

    def wait_for_socket(self, seconds: float = 10.0) -> None:
        end = time.monotonic() + seconds
        while not self._sockets:
            assert time.monotonic() < end, "nobody connected by Socket Mode"
            time.sleep(0.02)

    def envelope(
        self,
        kind: str,
        payload: dict[str, Any],
        *,
        wait: float = ACK_SECONDS,
        id: str | None = None,
    ) -> dict[str, Any] | None:
        """Send an envelope; the acknowledgement, or None if none came in time."""
        envelope_id = id or secrets.token_hex(8)
        with self._acked:
            self._acks.pop(envelope_id, None)
        told = {"envelope_id": envelope_id, "type": kind, "payload": payload,
                "accepts_response_payload": True}  # fmt: skip
        self._sockets[-1].send(json.dumps(told))
        with self._acked:
            self._acked.wait_for(lambda: envelope_id in self._acks, timeout=wait)
            return self._acks.get(envelope_id)

    def drop_sockets(self) -> None:
        """Cut every Socket Mode connection without a word."""
        for socket in self._sockets:
            with suppress(OSError):
                socket.socket.shutdown(2)
        self._sockets.clear()

    def _socket(self, socket: ServerConnection) -> None:
        socket.send(json.dumps({"type": "hello", "num_connections": 1, "connection_info": {}}))
        self._sockets.append(socket)
        with suppress(ConnectionClosed, OSError):
            for received in socket:
                told = json.loads(received)
                with self._acked:
                    self._acks[told["envelope_id"]] = told.get("payload") or {}
                    self._acked.notify_all()
        if socket in self._sockets:
            self._sockets.remove(socket)
