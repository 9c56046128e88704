"""Strict stand-ins for the platforms that take replies and the desks that take tickets.

Each refuses what the documentation says is refused (missing token, wrong field, too long a text,
unknown id) and keeps what a visitor of the page would see: `posts`. A fault happens once, after the
platform has taken the call: no answer, a late answer, or an error although it was done.
"""

from __future__ import annotations

import base64
import json
import re
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

TID = re.compile(r"[234567abcdefghij][234567a-z]{12}")
LONG_AGO = "2026-03-01T10:00:00Z"


class Refusal(Exception):
    """An HTTP error with a body."""

    def __init__(self, status: int, body: Any, **headers: str) -> None:
        super().__init__(status)
        self.status, self.body, self.headers = status, body, headers


@dataclass
class Post:
    """One published thing, as a visitor sees it."""

    platform: str
    about: str
    text: str
    key: str = ""
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass
class Request:
    """One call: path without query, query, headers in lower case, body."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        if "json" not in self.headers.get("content-type", ""):
            raise Refusal(415, {"message": "expected JSON"})
        return json.loads(self.body)

    def form(self) -> dict[str, str]:
        return {k: v[0] for k, v in parse_qs(self.body.decode()).items()}

    def bearer(self, *tokens: str) -> None:
        if self.headers.get("authorization", "").removeprefix("Bearer ") not in tokens:
            raise Refusal(401, {"error": {"message": "invalid credentials"}})

    def basic(self, user: str, password: str) -> None:
        pair = base64.b64encode(f"{user}:{password}".encode()).decode()
        if self.headers.get("authorization") != f"Basic {pair}":
            raise Refusal(401, {"error": "Couldn't authenticate you"})


Route = Callable[["PlatformStandIn", Request, re.Match[str]], Any]
ROUTES: list[tuple[str, re.Pattern[str], Route]] = []


def route(method: str, pattern: str) -> Callable[[Route], Route]:
    def add(function: Route) -> Route:
        ROUTES.append((method, re.compile(pattern), function))
        return function

    return add


class PlatformStandIn:
    """All platforms on one port; `fault` breaks the next call that publishes."""

    def __init__(self) -> None:
        self.posts: list[Post] = []
        self.calls: Counter[str] = Counter()
        self.writes: Counter[str] = Counter()
        self.agents: set[str] = set()
        self.edited_at = LONG_AGO
        """When the customer last changed the text, as every platform tells."""
        self.is_gone = False
        self.tokens = {"GOOGLE", "APPLE", "TRUST", "MASTO", "BLUE", "REDDIT", "ZOHO"}
        self._fault: tuple[str, float] | None = None
        self._lock = threading.Lock()

    def __enter__(self) -> PlatformStandIn:
        standin = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.0"

            def _any(self) -> None:
                standin._serve(self)

            do_GET = do_POST = do_PUT = do_DELETE = _any  # noqa: N815

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def fail(self, kind: str, seconds: float = 0.0) -> None:
        """At the next publishing call: `delay`, `drop`, `error` (all after it was taken), or
        `limited`, `down`, `refuse` (nothing is taken)."""
        self._fault = (kind, seconds)

    def texts(self) -> list[str]:
        return [post.text for post in self.posts]

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(handler.path)
        length = int(handler.headers.get("Content-Length") or 0)
        request = Request(
            method=handler.command,
            path=unquote(parts.path),
            query={k: v[0] for k, v in parse_qs(parts.query).items()},
            headers={k.lower(): v for k, v in handler.headers.items()},
            body=handler.rfile.read(length),
        )
        self.agents.add(request.headers.get("user-agent", ""))
        is_write = request.method != "GET" and not re.search("oauth|token|Session", request.path)
        fault = self._take_fault() if is_write else None
        status, body, headers = self._answer(request, fault, is_write=is_write)
        if fault is not None and fault[0] == "delay":
            time.sleep(fault[1])
        if fault is not None and fault[0] == "drop":
            handler.connection.close()
            return
        told = b"" if body is None else json.dumps(body).encode()
        try:
            handler.send_response(status)
            for name, value in {"Content-Type": "application/json", **headers}.items():
                handler.send_header(name.replace("_", "-"), value)
            handler.end_headers()
            handler.wfile.write(told)
        except OSError:
            pass

    def _answer(
        self, request: Request, fault: tuple[str, float] | None, *, is_write: bool
    ) -> tuple[int, Any, dict[str, str]]:
        try:
            early = {"limited": 429, "down": 503, "refuse": 403}.get(fault[0] if fault else "")
            if early:
                wait = {"Retry_After": "120"} if early == 429 else {}
                raise Refusal(early, {"error": {"message": f"fault {early}"}}, **wait)
            with self._lock:
                status, body = self._routed(request)
                self.calls[request.path] += 1
                self.writes[request.path] += is_write
        except Refusal as refusal:
            return refusal.status, refusal.body, refusal.headers
        if fault is not None and fault[0] == "error":
            return 500, {"error": {"message": "although it was done"}}, {}
        return status, body, {}

    def _routed(self, request: Request) -> tuple[int, Any]:
        for method, pattern, function in ROUTES:
            found = pattern.fullmatch(request.path)
            if found and method == request.method:
                told = function(self, request, found)
                return told if isinstance(told, tuple) else (200, told)
        raise Refusal(404, {"error": {"message": f"no {request.method} {request.path}"}})

    def _take_fault(self) -> tuple[str, float] | None:
        with self._lock:
            fault, self._fault = self._fault, None
        return fault

    def replace(self, post: Post) -> None:
        """One reply per text: a later one takes its place."""
        self.posts = [p for p in self.posts if (p.platform, p.about) != (post.platform, post.about)]
        self.posts.append(post)

    def there(self) -> None:
        if self.is_gone:
            raise Refusal(404, {"error": {"message": "not found"}})


def epoch(moment: str) -> int:
    from datetime import datetime

    return int(datetime.fromisoformat(moment).timestamp())


def need(condition: bool, message: str, status: int = 400) -> None:
    if not condition:
        raise Refusal(status, {"error": {"message": message}})


# Google


@route("POST", "/token")
def google_token(standin: PlatformStandIn, request: Request, found: re.Match[str]) -> Any:
    form = request.form()
    need(form.get("grant_type") == "refresh_token", "unsupported_grant_type")
    need(form.get("refresh_token") == "google-refresh", "invalid_grant")
    return {"access_token": "GOOGLE", "expires_in": 3599, "token_type": "Bearer"}


PLAY = "/androidpublisher/v3/applications/com.example.shop/reviews/(.+)"


@route("GET", PLAY)
def play_review(standin: PlatformStandIn, request: Request, found: re.Match[str]) -> Any:
    request.bearer("GOOGLE")
    standin.there()
    comment = {"text": "\tBroken", "lastModified": {"seconds": str(epoch(standin.edited_at))}}
    return {"reviewId": found[1], "authorName": "Mara", "comments": [{"userComment": comment}]}


@route("POST", PLAY + ":reply")
def play_reply(standin: PlatformStandIn, request: Request, found: re.Match[str]) -> Any:
    request.bearer("GOOGLE")
    body = request.json()
    need(set(body) == {"replyText"}, "unknown field")
    need(len(body["replyText"]) <= 350, "replyText is too long")
    standin.replace(Post("play", found[1], body["replyText"]))
    edited = {"seconds": "1773500000", "nanos": 0}
    return {"result": {"replyText": body["replyText"], "lastEdited": edited}}


BUSINESS = "/v4/accounts/1/locations/2/reviews/([^/]+)"


@route("GET", BUSINESS)
def business_review(standin: PlatformStandIn, request: Request, found: re.Match[str]) -> Any:
    request.bearer("GOOGLE")
    standin.there()
    return {
        "reviewId": found[1],
        "reviewer": {"displayName": "Mara"},
        "updateTime": standin.edited_at,
    }


@route("PUT", BUSINESS + "/reply")
def business_reply(standin: PlatformStandIn, request: Request, found: re.Match[str]) -> Any:
    request.bearer("GOOGLE")
    body = request.json()
    need(set(body) == {"comment"} and len(body["comment"].encode()) <= 4096, "comment")
    standin.replace(Post("business", found[1], body["comment"]))
    return {"comment": body["comment"], "updateTime": "2026-03-14T12:00:01Z"}


# App Store Connect


@route("GET", "/v1/customerReviews/([^/]+)")
def apple_review(standin: PlatformStandIn, request: Request, found: re.Match[str]) -> Any:
    apple_token(request)
    standin.there()
    told = {"reviewerNickname": "Mara", "createdDate": standin.edited_at}
    return {"data": {"type": "customerReviews", "id": found[1], "attributes": told}}


def apple_token(request: Request) -> None:
    """A JWT with the key id in its header and Apple's audience."""
    pieces = request.headers.get("authorization", "").removeprefix("Bearer ").split(".")
    need(len(pieces) == 3, "NOT_AUTHORIZED", 401)
    header, claims = (json.loads(base64.urlsafe_b64decode(p + "==")) for p in pieces[:2])
    need(header["alg"] == "ES256" and header["kid"] == "KEY", "NOT_AUTHORIZED", 401)
    need(claims["aud"] == "appstoreconnect-v1", "NOT_AUTHORIZED", 401)
    need(claims["exp"] - claims["iat"] <= 1200, "NOT_AUTHORIZED", 401)


@route("POST", "/v1/customerReviewResponses")
def apple_response(standin: PlatformStandIn, request: Request, found: re.Match[str]) -> Any:
    apple_token(request)
    data = request.json()["data"]
    need(data["type"] == "customerReviewResponses", "type", 409)
    review = data["relationships"]["review"]["data"]
    need(review["type"] == "customerReviews", "type", 409)
    text = data["attributes"]["responseBody"]
    need(0 < len(text) <= 5970, "ENTITY_ERROR.ATTRIBUTE.INVALID", 409)
    standin.replace(Post("apple", review["id"], text))
    state = {"responseBody": text, "state": "PENDING_PUBLISH"}
    return 201, {"data": {"type": "customerReviewResponses", "id": "R1", "attributes": state}}


# Trustpilot


TRUSTPILOT = "/v1/private/reviews/([^/]+)"


@route("GET", TRUSTPILOT)
def trustpilot_review(standin: PlatformStandIn, request: Request, found: re.Match[str]) -> Any:
    request.bearer("TRUST")
    standin.there()
    mine = [p for p in standin.posts if p.platform == "trustpilot" and p.about == found[1]]
    reply = {"text": mine[-1].text, "createdAt": LONG_AGO} if mine else None
    return {
        "id": found[1],
        "consumer": {"displayName": "Mara"},
        "updatedAt": standin.edited_at,
        "companyReply": reply,
    }


@route("POST", TRUSTPILOT + "/reply")
def trustpilot_reply(standin: PlatformStandIn, request: Request, found: re.Match[str]) -> Any:
    request.bearer("TRUST")
    body = request.json()
    need(set(body) <= {"message", "authorBusinessUserId"} and body["message"], "message")
    standin.posts.append(Post("trustpilot", found[1], body["message"]))
    return 201, None


# Mastodon


@route("GET", "/api/v2/search")
def mastodon_search(standin: PlatformStandIn, request: Request, found: re.Match[str]) -> Any:
    request.bearer("MASTO")
    need(request.query.get("resolve") == "true", "a post of another server needs resolve")
    if standin.is_gone:
        return {"statuses": []}
    edited = None if standin.edited_at == LONG_AGO else standin.edited_at
    status = {"id": "77", "uri": request.query["q"], "account": {"acct": "mara@social.example"}}
    return {"statuses": [{**status, "visibility": "public", "edited_at": edited}]}


@route("POST", "/api/v1/statuses")
def mastodon_post(standin: PlatformStandIn, request: Request, found: re.Match[str]) -> Any:
    request.bearer("MASTO")
    body, key = request.json(), request.headers.get("idempotency-key", "")
    need(bool(key), "no Idempotency-Key", 422)
    need(len(body["status"]) <= 500, "Validation failed: Text limit of 500 exceeded", 422)
    need(body["in_reply_to_id"] == "77" and body["visibility"] == "public", "reply", 422)
    if not any(p.key == key for p in standin.posts):
        standin.posts.append(Post("mastodon", "77", body["status"], key))
    return {"id": "900", "url": "https://social.example/@northwind/900"}


@route("GET", "/api/v1/accounts/verify_credentials")
def mastodon_me(standin: PlatformStandIn, request: Request, found: re.Match[str]) -> Any:
    request.bearer("MASTO")
    return {"id": "5", "acct": "northwind"}


@route("GET", "/api/v1/accounts/5/statuses")
def mastodon_posts(standin: PlatformStandIn, request: Request, found: re.Match[str]) -> Any:
    request.bearer("MASTO")
    return [
        {
            "id": "900",
            "in_reply_to_id": p.about,
            "content": f"<p>{p.text}</p>",
            "created_at": "2026-03-14T12:00:01Z",
        }
        for p in standin.posts
        if p.platform == "mastodon"
    ]


# Bluesky


@route("POST", "/xrpc/com.atproto.server.createSession")
def bluesky_session(standin: PlatformStandIn, request: Request, found: re.Match[str]) -> Any:
    body = request.json()
    if body != {"identifier": "northwind.example", "password": "app-password"}:
        raise Refusal(401, {"error": "AuthenticationRequired", "message": "Invalid password"})
    return {"accessJwt": "BLUE", "refreshJwt": "R", "did": "did:plc:me", "handle": "northwind"}


@route("GET", "/xrpc/app.bsky.feed.getPosts")
def bluesky_posts(standin: PlatformStandIn, request: Request, found: re.Match[str]) -> Any:
    request.bearer("BLUE")
    uri = request.query["uris"]
    need(uri.startswith("at://"), "uris")
    if standin.is_gone:
        return {"posts": []}
    return {"posts": [{"uri": uri, "cid": "bafycid", "record": {"text": "Broken"}}]}


@route("POST", "/xrpc/com.atproto.repo.putRecord")
def bluesky_put(standin: PlatformStandIn, request: Request, found: re.Match[str]) -> Any:
    request.bearer("BLUE")
    body = request.json()
    record = body["record"]
    need(body["collection"] == record["$type"] == "app.bsky.feed.post", "InvalidRequest")
    need(TID.fullmatch(body["rkey"]) is not None, "rkey is no TID")
    need(len(record["text"]) <= 300, "record/text must not be longer than 300 graphemes")
    need(record["reply"]["parent"]["cid"] == "bafycid" and record["createdAt"].endswith("Z"), "r")
    standin.replace(Post("bluesky", body["rkey"], record["text"], body["rkey"], record))
    uri = f"at://did:plc:me/app.bsky.feed.post/{body['rkey']}"
    return {"uri": uri, "cid": "bafynew"}


# Reddit


@route("POST", "/api/v1/access_token")
def reddit_token(standin: PlatformStandIn, request: Request, found: re.Match[str]) -> Any:
    request.basic("client", "secret")
    need(request.form() == {"grant_type": "refresh_token", "refresh_token": "reddit-r"}, "form")
    return {"access_token": "REDDIT", "token_type": "bearer", "expires_in": 86400}


@route("GET", "/api/info")
def reddit_info(standin: PlatformStandIn, request: Request, found: re.Match[str]) -> Any:
    request.bearer("REDDIT")
    need("earshot" in request.headers["user-agent"], "a named user agent", 429)
    edited = False if standin.edited_at == LONG_AGO else float(epoch(standin.edited_at))
    author = "[deleted]" if standin.is_gone else "mara"
    data = {"name": request.query["id"], "author": author, "edited": edited}
    return {"kind": "Listing", "data": {"children": [{"kind": "t3", "data": data}]}}


@route("POST", "/api/comment")
def reddit_comment(standin: PlatformStandIn, request: Request, found: re.Match[str]) -> Any:
    request.bearer("REDDIT")
    form = request.form()
    need(form["api_type"] == "json" and form["thing_id"].startswith(("t1_", "t3_")), "form")
    if len(form["text"]) > 10_000:
        error = ["TOO_LONG", "this is too long (max: 10000)", "text"]
        return {"json": {"errors": [error]}}
    standin.posts.append(Post("reddit", form["thing_id"], form["text"]))
    data = {"name": "t1_new", "permalink": "/r/shop/comments/x/_/new/"}
    return {"json": {"errors": [], "data": {"things": [{"kind": "t1", "data": data}]}}}


@route("GET", "/api/v1/me")
def reddit_me(standin: PlatformStandIn, request: Request, found: re.Match[str]) -> Any:
    request.bearer("REDDIT")
    return {"name": "northwind"}


@route("GET", "/user/northwind/comments")
def reddit_mine(standin: PlatformStandIn, request: Request, found: re.Match[str]) -> Any:
    request.bearer("REDDIT")
    mine = [
        {"kind": "t1", "data": {"name": "t1_new", "parent_id": p.about, "body": p.text,
                                "created_utc": time.time()}}
        for p in standin.posts if p.platform == "reddit"
    ]  # fmt: skip
    busy = {"kind": "t1", "data": {"name": "t1_b", "parent_id": "t3_other", "body": "Thanks",
                                   "created_utc": time.time()}}  # fmt: skip
    return {"data": {"children": mine + [busy] * int(getattr(standin, "busy", 0))}}


# Zendesk


def zendesk_sign_in(request: Request) -> None:
    request.basic("care@northwind.example/token", "zendesk-token")


@route("GET", r"/api/v2/tickets/(\d+)\.json")
def zendesk_ticket(standin: PlatformStandIn, request: Request, found: re.Match[str]) -> Any:
    zendesk_sign_in(request)
    standin.there()
    opened = [p for p in standin.posts if p.platform == "zendesk ticket" and p.about == found[1]]
    status = opened[0].extra["status"] if opened else "open"
    ticket = {"id": int(found[1]), "status": status, "requester_id": 9}
    return {"ticket": ticket, "users": [{"id": 9, "name": "Mara"}]}


@route("PUT", r"/api/v2/tickets/(\d+)\.json")
def zendesk_comment(standin: PlatformStandIn, request: Request, found: re.Match[str]) -> Any:
    zendesk_sign_in(request)
    comment = request.json()["ticket"]["comment"]
    need(set(comment) == {"body", "public"} and comment["public"] is True, "comment", 422)
    standin.posts.append(Post("zendesk", found[1], comment["body"]))
    return {"ticket": {"id": int(found[1])}, "audit": {"id": 501}}


@route("GET", r"/api/v2/tickets/(\d+)/comments\.json")
def zendesk_comments(standin: PlatformStandIn, request: Request, found: re.Match[str]) -> Any:
    zendesk_sign_in(request)
    from datetime import UTC, datetime

    now = datetime.now(UTC).isoformat()
    return {
        "comments": [
            {"id": 1, "plain_body": p.text, "created_at": now}
            for p in standin.posts
            if p.platform == "zendesk" and p.about == found[1]
        ]
    }


@route("POST", r"/api/v2/tickets\.json")
def zendesk_open(standin: PlatformStandIn, request: Request, found: re.Match[str]) -> Any:
    zendesk_sign_in(request)
    ticket = request.json()["ticket"]
    need(request.headers.get("idempotency-key") == ticket["external_id"], "key", 422)
    need(ticket["comment"]["public"] is False and bool(ticket["subject"]), "comment", 422)
    number = str(4411 + len(standin.posts))
    extra = {"status": "new", "subject": ticket["subject"]}
    post = Post("zendesk ticket", number, ticket["comment"]["body"], ticket["external_id"], extra)
    standin.posts.append(post)
    return 201, {"ticket": {"id": int(number), "status": "new"}}


@route("GET", r"/api/v2/tickets\.json")
def zendesk_tickets(standin: PlatformStandIn, request: Request, found: re.Match[str]) -> Any:
    zendesk_sign_in(request)
    key = request.query["external_id"]
    mine = [p for p in standin.posts if p.platform == "zendesk ticket" and p.key == key]
    return {"tickets": [{"id": int(p.about), "status": p.extra["status"]} for p in mine]}


# Freshdesk


@route("POST", "/api/v2/tickets")
def freshdesk_open(standin: PlatformStandIn, request: Request, found: re.Match[str]) -> Any:
    request.basic("freshdesk-key", "X")
    body = request.json()
    for name in ("subject", "description", "email", "priority", "status"):
        need(bool(body.get(name)), f"Validation failed: {name}")
    need("<script" not in body["description"], "HTML of a customer")
    number = str(7001 + len(standin.posts))
    key = next(tag for tag in body["tags"] if tag != "earshot")
    extra = {"status": 2, "subject": body["subject"], "tags": body["tags"]}
    standin.posts.append(Post("freshdesk ticket", number, body["description"], key, extra))
    return 201, {"id": int(number), "status": 2}


@route("GET", "/api/v2/tickets")
def freshdesk_list(standin: PlatformStandIn, request: Request, found: re.Match[str]) -> Any:
    request.basic("freshdesk-key", "X")
    need("updated_since" in request.query, "without it only the last 30 days are listed")
    mine = [p for p in standin.posts if p.platform == "freshdesk ticket"]
    return [{"id": int(p.about), "status": p.extra["status"], "tags": p.extra["tags"]}
            for p in mine]  # fmt: skip


@route("GET", r"/api/v2/tickets/(\d+)")
def freshdesk_ticket(standin: PlatformStandIn, request: Request, found: re.Match[str]) -> Any:
    request.basic("freshdesk-key", "X")
    post = next(p for p in standin.posts if p.about == found[1])
    return {"id": int(found[1]), "status": post.extra["status"]}


# Zoho Desk


@route("POST", "/oauth/v2/token")
def zoho_token(standin: PlatformStandIn, request: Request, found: re.Match[str]) -> Any:
    need(request.form().get("refresh_token") == "zoho-refresh", "invalid_code")
    return {"access_token": "ZOHO", "expires_in": 3600}


def zoho_sign_in(request: Request) -> None:
    need(request.headers.get("authorization") == "Zoho-oauthtoken ZOHO", "INVALID_OAUTH", 401)
    need(request.headers.get("orgid") == "600", "orgId", 403)


@route("POST", "/api/v1/tickets")
def zoho_open(standin: PlatformStandIn, request: Request, found: re.Match[str]) -> Any:
    zoho_sign_in(request)
    body = request.json()
    need(body["departmentId"] == "700" and bool(body["contact"]["email"]), "INVALID_DATA", 422)
    number = str(8001 + len(standin.posts))
    extra = {"status": "Open", "subject": body["subject"]}
    key = body["subject"].rsplit("[", 1)[-1].rstrip("]")
    standin.posts.append(Post("zohodesk ticket", number, body["description"], key, extra))
    return zoho_told(standin.posts[-1])


def zoho_told(post: Post) -> Any:
    page = f"https://desk.zoho.example/agent/tickets/{post.about}"
    return {"id": post.about, "status": post.extra["status"], "webUrl": page,
            "subject": post.extra["subject"]}  # fmt: skip


@route("GET", "/api/v1/tickets")
def zoho_list(standin: PlatformStandIn, request: Request, found: re.Match[str]) -> Any:
    zoho_sign_in(request)
    mine = [p for p in standin.posts if p.platform == "zohodesk ticket"]
    return (200, {"data": [zoho_told(p) for p in mine]}) if mine else (204, None)


@route("GET", r"/api/v1/tickets/(\d+)")
def zoho_ticket(standin: PlatformStandIn, request: Request, found: re.Match[str]) -> Any:
    zoho_sign_in(request)
    return zoho_told(next(p for p in standin.posts if p.about == found[1]))
