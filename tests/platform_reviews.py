"""Strict stand-ins for the platforms that take replies to reviews and posts."""

from __future__ import annotations

import base64
import json
import re
import time
from typing import TYPE_CHECKING, Any

from tests.platform_calls import LONG_AGO, TID, Post, Refusal, Request, epoch, need, route

if TYPE_CHECKING:
    from tests.platform_standin import PlatformStandIn


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
