"""A strict stand-in for Slack: Web API over HTTP, Socket Mode over WebSocket, faults on demand.

It refuses what Slack refuses (block limits, scopes, unknown channels, wrong timestamps, files not
yet processed, expired triggers) and counts what a person in the channel would see. Answers have
the shape of the recorded ones.
"""

from __future__ import annotations

import re
import secrets
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer
from typing import Any

from websockets.sync.server import Server
from websockets.sync.server import serve as serve_websocket

from tests import slack_blocks
from tests.slack_http import Fault, Handler, Limited, Refusal
from tests.slack_people import ACK_SECONDS, People

TS = re.compile(r"\d{10}\.\d{6}")
PAGE = 15
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


@dataclass
class Channel:
    id: str
    name: str
    is_member: bool = True
    is_archived: bool = False
    messages: list[dict[str, Any]] = field(default_factory=list)


class SlackStandIn(People):
    """`with SlackStandIn() as slack:` serves on loopback; `slack.url` is the API address."""

    def __init__(self) -> None:
        super().__init__()
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
        self._last_post: dict[str, float] = {}
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

        class OurHandler(Handler):
            slack = standin

        self._server = ThreadingHTTPServer(("127.0.0.1", self._port), OurHandler)
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
