"""Strict stand-ins for the help desks that take replies and tickets."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tests.platform_calls import Post, Request, need, route

if TYPE_CHECKING:
    from tests.platform_standin import PlatformStandIn


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
