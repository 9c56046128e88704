"""A strict stand-in for Slack: Web API over HTTP, Socket Mode over WebSocket, faults on demand.

It refuses what Slack refuses (block limits, scopes, unknown channels, wrong timestamps, files not
yet processed, expired triggers) and counts what a person in the channel would see. Answers have
the shape of the recorded ones.
"""

from __future__ import annotations

import itertools
import json
import re
import secrets
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import Server, ServerConnection
from websockets.sync.server import serve as serve_websocket

from tests import slack_blocks

TS = re.compile(r"\d{10}\.\d{6}")
PAGE = 15
ACK_SECONDS = 3.0
SCOPES = {
    "chat.postMessage": "chat:write",
    "chat.postEphemeral": "chat:write",
    "chat.update": "chat:write",
    "conversations.history": "channels:history",
    "conversations.replies": "channels:history",
    "conversations.info": "channels:read",
    "conversations.list": "channels:read",
    "files.getUploadURLExternal": "files:write",
    "files.completeUploadExternal": "files:write",
    "files.info": "files:read",
    "usergroups.list": "usergroups:read",
    "usergroups.users.list": "usergroups:read",
    "users.info": "users:read",
    "auth.test": "",
    "views.open": "",
    "views.publish": "",
    "apps.connections.open": "connections:write",
}
ALL_SCOPES = frozenset(scope for scope in SCOPES.values() if scope) - {"connections:write"} | {
    "metadata.message:read",
    "commands",
}


class Refusal(Exception):
    """`ok: false` with Slack's error name; HTTP 200 unless it is a limit."""

    def __init__(self, error: str, *, messages: list[str] | None = None, **more: Any) -> None:
        super().__init__(error)
        self.body = {"ok": False, "error": error, **more}
        if messages:
            self.body["response_metadata"] = {"messages": messages}


@dataclass
class Fault:
    """What goes wrong at the next call of a method.

    `drop_request` and `drop_response` close the connection before or after the call took effect;
    `limit` answers 429, `fail` 500 without effect, `fail_after` 500 with effect.
    """

    method: str
    kind: str
    times: int = 1
    seconds: float = 0.0
    error: str = ""


@dataclass
class Channel:
    id: str
    name: str
    is_member: bool = True
    is_archived: bool = False
    messages: list[dict[str, Any]] = field(default_factory=list)


class SlackStandIn:
    """`with SlackStandIn() as slack:` serves on loopback; `slack.url` is the API address."""

    def __init__(self) -> None:
        self.bot_token = f"xoxb-{secrets.token_hex(8)}"
        self.app_token = f"xapp-{secrets.token_hex(8)}"
        self.tokens: dict[str, set[str]] = {
            self.bot_token: set(ALL_SCOPES),
            self.app_token: {"connections:write"},
        }
        self.channels: dict[str, Channel] = {}
        self.files: dict[str, dict[str, Any]] = {}
        self.groups: dict[str, list[str]] = {}
        self.group_handles: dict[str, str] = {}
        self.users = {"U00MANAGER", "U00INTERN", "U00SECOND"}
        self.views: dict[str, dict[str, Any]] = {}
        self.homes: dict[str, dict[str, Any]] = {}
        self.ephemerals: list[dict[str, Any]] = []
        self.responses: list[dict[str, Any]] = []
        self.calls: Counter[str] = Counter()
        self.log: list[tuple[float, str, dict[str, Any]]] = []
        self.faults: deque[Fault] = deque()
        self.file_polls = 0
        """How often `files.info` knows no type before the file is processed."""
        self.has_pace_limit = False
        self.now: Callable[[], float] = time.time
        self._lock = threading.RLock()
        self._numbers = itertools.count(1)
        self._triggers: dict[str, float] = {}
        self._last_post: dict[str, float] = {}
        self._acks: dict[str, dict[str, Any]] = {}
        self._acked = threading.Condition()
        self._sockets: list[ServerConnection] = []
        self._port = 0
        self._server: ThreadingHTTPServer | None = None
        self._socket_server: Server | None = None

    # --- life -------------------------------------------------------------------------------

    def __enter__(self) -> SlackStandIn:
        self.up()
        self._socket_server = serve_websocket(self._socket, "127.0.0.1", 0)
        threading.Thread(target=self._socket_server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self.drop_sockets()
        if self._socket_server is not None:
            self._socket_server.shutdown()
        self.down()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}/api/"

    def up(self) -> None:
        """Listen, on the same port as before."""
        standin = self

        class Handler(_Handler):
            slack = standin

        self._server = ThreadingHTTPServer(("127.0.0.1", self._port), Handler)
        self._server.daemon_threads = True
        self._port = self._server.server_address[1]
        threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        ).start()

    def down(self) -> None:
        """Refuse connections."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    # --- the scene --------------------------------------------------------------------------

    def add_channel(self, name: str, **values: Any) -> Channel:
        channel = Channel(id=f"C{next(self._numbers):08d}", name=name, **values)
        self.channels[channel.id] = channel
        return channel

    def channel(self, name: str) -> Channel:
        return next(c for c in self.channels.values() if c.name == name.lstrip("#"))

    def roots(self, name: str = "voice-of-customer") -> list[dict[str, Any]]:
        """Messages of a channel that stand outside threads."""
        return [m for m in self.channel(name).messages if m.get("thread_ts", m["ts"]) == m["ts"]]

    def thread(self, root: dict[str, Any], name: str = "voice-of-customer") -> list[dict[str, Any]]:
        return [
            m
            for m in self.channel(name).messages
            if m.get("thread_ts") == root["ts"] and m["ts"] != root["ts"]
        ]

    def keys(self) -> Counter[str]:
        """How often each outbox key stands in a channel: a duplicate is seen here."""
        return Counter(
            message["metadata"]["event_payload"]["key"]
            for channel in self.channels.values()
            for message in channel.messages
            if "metadata" in message
        )

    def say_as_person(self, text: str, name: str = "voice-of-customer") -> None:
        """Somebody else writes in the channel."""
        self._store(self.channel(name), {"text": text, "user": "U00INTERN"})

    def fail(self, method: str, kind: str, **values: Any) -> None:
        """Let the next calls of a method go wrong."""
        self.faults.append(Fault(method, kind, **values))

    # --- Web API ----------------------------------------------------------------------------

    def answer(self, method: str, token: str | None, args: dict[str, Any]) -> dict[str, Any]:
        with self._lock:
            self.calls[method] += 1
            self.log.append((time.monotonic(), method, args))
            self._authorise(method, token)
            return {"ok": True, **_METHODS[method](self, args)}

    def next_fault(self, method: str) -> Fault | None:
        with self._lock:
            for fault in self.faults:
                if fault.method == method and fault.times > 0:
                    fault.times -= 1
                    return fault
        return None

    def scopes_of(self, token: str | None) -> str:
        return ",".join(sorted(self.tokens.get(token or "", ())))

    def _authorise(self, method: str, token: str | None) -> None:
        if method not in SCOPES:
            raise Refusal("unknown_method", req_method=method)
        if not token:
            raise Refusal("not_authed")
        if token not in self.tokens:
            raise Refusal("invalid_auth")
        needed = SCOPES[method]
        if needed and needed not in self.tokens[token]:
            raise Refusal("missing_scope", needed=needed, provided=self.scopes_of(token))

    def _find(self, args: dict[str, Any], *, by_name: bool = False) -> Channel:
        given = str(args.get("channel") or "")
        if not given:
            raise Refusal("invalid_arguments", messages=["[ERROR] missing required field: channel"])
        found = self.channels.get(given)
        if found is None and by_name:
            found = next((c for c in self.channels.values() if f"#{c.name}" == given), None)
        if found is None:
            raise Refusal("channel_not_found")
        return found

    def _body(self, args: dict[str, Any]) -> dict[str, Any]:
        blocks, text = args.get("blocks"), args.get("text")
        if not blocks and not text:
            raise Refusal("no_text")
        if len(text or "") > 4000:
            raise Refusal("msg_too_long")
        if blocks:
            wrong = slack_blocks.faults(blocks, files=self.files)
            if wrong:
                messages = [f"[ERROR] {fault}" for fault in wrong]
                raise Refusal("invalid_blocks", errors=wrong, messages=messages)
            if slack_blocks.characters(blocks) > slack_blocks.MOST_CHARACTERS:
                raise Refusal("msg_blocks_too_long")
        return {"text": text or "", "blocks": blocks or []}

    def _metadata(self, args: dict[str, Any]) -> dict[str, Any]:
        metadata = args.get("metadata")
        if metadata is None:
            return {}
        if set(metadata) != {"event_type", "event_payload"} or not isinstance(
            metadata["event_payload"], dict
        ):
            raise Refusal("invalid_metadata_format")
        return {"metadata": metadata}

    def _store(self, channel: Channel, message: dict[str, Any]) -> dict[str, Any]:
        with self._lock:
            stamp = f"{self.now():.6f}"
            if channel.messages and stamp <= channel.messages[-1]["ts"]:
                stamp = f"{float(channel.messages[-1]['ts']) + 0.000100:.6f}"
            stored = {"type": "message", "ts": stamp, **message}
            channel.messages.append(stored)
            return stored

    def post_message(self, args: dict[str, Any]) -> dict[str, Any]:
        channel = self._find(args, by_name=True)
        if channel.is_archived:
            raise Refusal("is_archived")
        if not channel.is_member:
            raise Refusal("not_in_channel")
        self._pace(channel)
        message = {**self._body(args), **self._metadata(args), "bot_id": "B00EARSHOT"}
        thread = args.get("thread_ts")
        if thread is not None:
            if thread not in {m["ts"] for m in self.roots(channel.name)}:
                raise Refusal("thread_not_found")
            message["thread_ts"] = thread
        stored = self._store(channel, message)
        return {"channel": channel.id, "ts": stored["ts"], "message": stored}

    def _pace(self, channel: Channel) -> None:
        last = self._last_post.get(channel.id, 0.0)
        self._last_post[channel.id] = time.monotonic()
        if self.has_pace_limit and time.monotonic() - last < 0.98:
            raise Limited(1)

    def update(self, args: dict[str, Any]) -> dict[str, Any]:
        channel = self._find(args)
        if not TS.fullmatch(str(args.get("ts") or "")):
            raise Refusal("invalid_ts")
        message = next((m for m in channel.messages if m["ts"] == args["ts"]), None)
        if message is None:
            raise Refusal("message_not_found")
        if message.get("bot_id") != "B00EARSHOT":
            raise Refusal("cant_update_message")
        message.update(self._body(args), edited={"ts": f"{self.now():.6f}"}, **self._metadata(args))
        message["edits"] = message.get("edits", 0) + 1
        return {"channel": channel.id, "ts": message["ts"], "text": message["text"]}

    def post_ephemeral(self, args: dict[str, Any]) -> dict[str, Any]:
        self._find(args)
        if args.get("user") not in self.users:
            raise Refusal("user_not_in_channel")
        self.ephemerals.append({"user": args["user"], **self._body(args)})
        return {"message_ts": f"{self.now():.6f}"}

    def history(self, args: dict[str, Any]) -> dict[str, Any]:
        channel = self._find(args)
        return self._page(self.roots(channel.name), args, newest_first=True)

    def replies(self, args: dict[str, Any]) -> dict[str, Any]:
        channel = self._find(args)
        root = next((m for m in self.roots(channel.name) if m["ts"] == args.get("ts")), None)
        if root is None:
            raise Refusal("thread_not_found")
        return self._page([root, *self.thread(root, channel.name)], args, newest_first=False)

    def _page(
        self, messages: list[dict[str, Any]], args: dict[str, Any], *, newest_first: bool
    ) -> dict[str, Any]:
        """With `oldest` alone, the messages nearest to it; never more than 15."""
        oldest = str(args.get("oldest") or "0")
        limit = min(int(args.get("limit") or PAGE), PAGE)
        inside = [m for m in messages if float(m["ts"]) > float(oldest)]
        taken = inside[:limit] if args.get("oldest") or not newest_first else inside[-limit:]
        shown = [self._without_metadata(m, args) for m in taken]
        return {
            "messages": shown[::-1] if newest_first else shown,
            "has_more": len(inside) > len(taken),
        }

    def _without_metadata(self, message: dict[str, Any], args: dict[str, Any]) -> dict[str, Any]:
        wanted = str(args.get("include_all_metadata")).lower() in {"true", "1"}
        if wanted and "metadata.message:read" in self.tokens[self.bot_token]:
            return message
        return {name: value for name, value in message.items() if name != "metadata"}

    def info(self, args: dict[str, Any]) -> dict[str, Any]:
        return {"channel": _channel_object(self._find(args))}

    def list_channels(self, args: dict[str, Any]) -> dict[str, Any]:
        everything = sorted(self.channels.values(), key=lambda channel: channel.id)
        start = int(args.get("cursor") or 0)
        page = everything[start : start + 2]
        following = str(start + 2) if start + 2 < len(everything) else ""
        return {
            "channels": [_channel_object(channel) for channel in page],
            "response_metadata": {"next_cursor": following},
        }

    def upload_url(self, args: dict[str, Any]) -> dict[str, Any]:
        if not args.get("filename") or int(args.get("length") or 0) < 1:
            raise Refusal("invalid_arguments")
        file_id = f"F{next(self._numbers):08d}AB"
        self.files[file_id] = {"id": file_id, "length": int(args["length"]), "mimetype": ""}
        return {
            "upload_url": f"http://127.0.0.1:{self._port}/upload/{file_id}",
            "file_id": file_id,
        }

    def complete_upload(self, args: dict[str, Any]) -> dict[str, Any]:
        done = []
        for given in args["files"]:
            file = self.files.get(given["id"])
            if file is None or "bytes" not in file:
                raise Refusal("file_not_found")
            file |= {"is_complete": True, "polls": 0, "title": given.get("title", "")}
            done.append({"id": file["id"], "mimetype": "", "filetype": "", "shares": {}})
        return {"files": done}

    def file_info(self, args: dict[str, Any]) -> dict[str, Any]:
        file = self.files.get(str(args.get("file")))
        if file is None or not file.get("is_complete"):
            raise Refusal("file_not_found")
        file["polls"] += 1
        if file["polls"] > self.file_polls:
            file["mimetype"] = "image/png"
        return {"file": {"id": file["id"], "mimetype": file["mimetype"]}}

    def list_groups(self, args: dict[str, Any]) -> dict[str, Any]:
        return {
            "usergroups": [{"id": g, "handle": h} for g, h in sorted(self.group_handles.items())]
        }

    def group_members(self, args: dict[str, Any]) -> dict[str, Any]:
        if args.get("usergroup") not in self.groups:
            raise Refusal("no_such_subteam")
        return {"users": self.groups[args["usergroup"]]}

    def auth_test(self, args: dict[str, Any]) -> dict[str, Any]:
        return {
            "url": "https://northwind.slack.example/",
            "team": "Northwind",
            "user": "earshot",
            "team_id": "T00NORTHW",
            "user_id": "U00EARSHOT",
            "bot_id": "B00EARSHOT",
            "is_enterprise_install": False,
        }

    def open_view(self, args: dict[str, Any]) -> dict[str, Any]:
        issued = self._triggers.pop(str(args.get("trigger_id")), None)
        if issued is None:
            raise Refusal("invalid_trigger_id")
        if time.monotonic() - issued > ACK_SECONDS:
            raise Refusal("expired_trigger_id")
        return {"view": self._view(args.get("view"), "modal")}

    def publish_home(self, args: dict[str, Any]) -> dict[str, Any]:
        if args.get("user_id") not in self.users:
            raise Refusal("user_not_found")
        self.homes[args["user_id"]] = self._view(args.get("view"), "home")
        return {"view": self.homes[args["user_id"]]}

    def _view(self, view: Any, kind: str) -> dict[str, Any]:
        wrong = slack_blocks.view_faults(view, kind)
        if wrong:
            raise Refusal("invalid_arguments", messages=[f"[ERROR] {fault}" for fault in wrong])
        opened = {**view, "id": f"V{next(self._numbers):08d}"}
        self.views[opened["id"]] = opened
        return opened

    def open_connection(self, args: dict[str, Any]) -> dict[str, Any]:
        assert self._socket_server is not None
        port = self._socket_server.socket.getsockname()[1]
        return {"url": f"ws://127.0.0.1:{port}/link/?ticket={secrets.token_hex(4)}"}

    # --- people -----------------------------------------------------------------------------

    def trigger(self) -> str:
        issued = f"{next(self._numbers)}.{secrets.token_hex(4)}"
        self._triggers[issued] = time.monotonic()
        return issued

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
            "team": {"id": "T00NORTHW", "domain": "northwind"},
            "user": {"id": user, "username": "someone", "team_id": "T00NORTHW"},
            "api_app_id": "A00EARSHOT",
            "token": "unused",
            "trigger_id": self.trigger(),
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
            "team": {"id": "T00NORTHW", "domain": "northwind"},
            "user": {"id": user, "username": "someone", "team_id": "T00NORTHW"},
            "api_app_id": "A00EARSHOT",
            "token": "unused",
            "trigger_id": self.trigger(),
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

    # --- Socket Mode ------------------------------------------------------------------------

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


class Limited(Exception):
    """429 with Retry-After."""

    def __init__(self, seconds: float) -> None:
        super().__init__(str(seconds))
        self.seconds = seconds


_METHODS: dict[str, Callable[[SlackStandIn, dict[str, Any]], dict[str, Any]]] = {
    "chat.postMessage": SlackStandIn.post_message,
    "chat.postEphemeral": SlackStandIn.post_ephemeral,
    "chat.update": SlackStandIn.update,
    "conversations.history": SlackStandIn.history,
    "conversations.replies": SlackStandIn.replies,
    "conversations.info": SlackStandIn.info,
    "conversations.list": SlackStandIn.list_channels,
    "files.getUploadURLExternal": SlackStandIn.upload_url,
    "files.completeUploadExternal": SlackStandIn.complete_upload,
    "files.info": SlackStandIn.file_info,
    "usergroups.list": SlackStandIn.list_groups,
    "usergroups.users.list": SlackStandIn.group_members,
    "auth.test": SlackStandIn.auth_test,
    "views.open": SlackStandIn.open_view,
    "views.publish": SlackStandIn.publish_home,
    "apps.connections.open": SlackStandIn.open_connection,
}


def _channel_object(channel: Channel) -> dict[str, Any]:
    return {
        "id": channel.id,
        "name": channel.name,
        "is_member": channel.is_member,
        "is_archived": channel.is_archived,
    }


class _Handler(BaseHTTPRequestHandler):
    slack: SlackStandIn
    protocol_version = "HTTP/1.1"

    def log_message(self, *args: Any) -> None:
        """Silence: the tests look at the log of calls."""

    def do_GET(self) -> None:
        self.do_POST()

    def do_POST(self) -> None:
        path = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if path.path.startswith("/upload/"):
            self._upload(path.path.rsplit("/", 1)[-1], body)
        elif path.path.startswith("/response/"):
            self.slack.responses.append(json.loads(body))
            self._send(200, {"ok": True})
        else:
            self._api(path.path.removeprefix("/api/"), self._arguments(path.query, body))

    def _upload(self, file_id: str, body: bytes) -> None:
        file = self.slack.files.get(file_id)
        if file is None or len(body) != file["length"] or not body.startswith(b"\x89PNG"):
            self.send_error(400)
            return
        file["bytes"] = body
        told = f"OK - {len(body)}".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(told)))
        self.end_headers()
        self.wfile.write(told)

    def _arguments(self, query: str, body: bytes) -> dict[str, Any]:
        if "json" in (self.headers.get("Content-Type") or ""):
            return dict(json.loads(body or b"{}"))
        given = parse_qs(query) | parse_qs(body.decode())
        args: dict[str, Any] = {name: values[-1] for name, values in given.items()}
        for name in ("blocks", "metadata", "files", "view"):
            if isinstance(args.get(name), str):
                args[name] = json.loads(args[name])
        return args

    def _api(self, method: str, args: dict[str, Any]) -> None:
        token = (self.headers.get("Authorization") or "").removeprefix("Bearer ") or None
        fault = self.slack.next_fault(method)
        if fault and fault.kind == "limit":
            self._send(429, {"ok": False, "error": "ratelimited"},
                       {"Retry-After": f"{fault.seconds:g}"})  # fmt: skip
            return
        if fault and fault.kind == "fail":
            self._send(500, {"ok": False, "error": "internal_error"})
            return
        if fault and fault.kind == "drop_request":
            self._hang_up()
            return
        if fault and fault.kind == "refuse":
            self._send(200, {"ok": False, "error": fault.error})
            return
        self._answer(method, token, args, fault)

    def _answer(
        self, method: str, token: str | None, args: dict[str, Any], fault: Fault | None
    ) -> None:
        try:
            told: dict[str, Any] = self.slack.answer(method, token, args)
        except Refusal as refusal:
            told = refusal.body
        except Limited as limited:
            self._send(429, {"ok": False, "error": "ratelimited"},
                       {"Retry-After": f"{limited.seconds:g}"})  # fmt: skip
            return
        if fault and fault.kind == "fail_after":
            self._send(500, {"ok": False, "error": "fatal_error"})
        elif fault and fault.kind == "drop_response":
            self._hang_up()
        else:
            if fault and fault.kind == "delay":
                time.sleep(fault.seconds)
            self._send(200, told, {"x-oauth-scopes": self.slack.scopes_of(token)})

    def _hang_up(self) -> None:
        self.close_connection = True
        with suppress(OSError):
            self.connection.shutdown(2)

    def _send(
        self, status: int, told: dict[str, Any], headers: dict[str, str] | None = None
    ) -> None:
        body = json.dumps(told).encode()
        with suppress(OSError):
            self.send_response(status)
            self.send_header("Content-Type", "application/json; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)
