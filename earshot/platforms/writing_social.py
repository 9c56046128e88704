"""Replies to posts: Mastodon, Bluesky, Reddit.

Mastodon knows a repeated post by its `Idempotency-Key` for an hour (docs.joinmastodon.org,
methods/statuses); after that the account's own posts are read. Bluesky stores a record under the
key that we choose, so that `putRecord` with the same key is the same post (atproto.com, repo
lexicons; keys of posts are TIDs, atproto.com/specs/tid). Reddit has neither: our own comments are
read before any repetition (www.reddit.com/dev/api#POST_api_comment).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from earshot.errors import FixSettings
from earshot.platforms import bluesky, dates, oauth
from earshot.platforms._rest_spec import dig
from earshot.platforms.base import BasicSecret, Call, FormSecret, HeaderSecret
from earshot.platforms.calls import address, is_loopback, path_part, require
from earshot.platforms.text import from_html
from earshot.platforms.writing import (
    Published,
    Refused,
    Reply,
    ReviewChanged,
    Talk,
    Unsure,
    Wallet,
    Writer,
    accepted,
    contains,
    same,
    seen,
    unchanged_since,
    writing,
)

_MASTODON = (HeaderSecret(header="Authorization", template="Bearer {MASTODON_TOKEN}"),)
_BLUESKY = (HeaderSecret(header="Authorization", template="Bearer {BLUESKY_TOKEN}"),)
_REDDIT = (HeaderSecret(header="Authorization", template="Bearer {REDDIT_USER_TOKEN}"),)
_REDDIT_NEEDS = ("REDDIT_CLIENT_ID", "REDDIT_CLIENT_SECRET", "REDDIT_REFRESH_TOKEN")
KEY_LIVES = timedelta(minutes=50)
"""How long Mastodon's key is trusted; the server keeps it for an hour."""
_TID = "234567abcdefghijklmnopqrstuvwxyz"
_PAGE, _LISTING = 40, 100


def _mastodon(options: Any, reply: Reply, wallet: Wallet) -> Talk[Published]:
    """The post as this server knows it, then the answer, which names its author."""
    status = yield from _mastodon_status(options, reply, wallet)
    unchanged_since(reply, dates.instant(status.get("edited_at")))
    body = {
        "status": f"@{dig(status, 'account.acct')} {reply.text}",
        "in_reply_to_id": str(status["id"]),
        "visibility": status.get("visibility") or "public",
    }
    headers = {"Idempotency-Key": reply.key}
    url = address(options.base_url, "api/v1/statuses")
    told = accepted((yield writing(url, body, _MASTODON, headers=headers)))
    return Published(remote_id=str(told.get("id") or ""), url=told.get("url"))


def _mastodon_find(
    options: Any, reply: Reply, wallet: Wallet, since: datetime
) -> Talk[Published | None]:
    """Our own latest posts; where they do not reach back far enough nobody can tell."""
    status = yield from _mastodon_status(options, reply, wallet)
    me = seen(
        (yield Call(url=address(options.base_url, "api/v1/accounts/verify_credentials"),
                    secrets=_MASTODON))
    )  # fmt: skip
    path = f"api/v1/accounts/{path_part(str(me['id']))}/statuses"
    url = address(options.base_url, path, {"limit": _PAGE})
    posts = seen((yield Call(url=url, secrets=_MASTODON)))
    for post in posts:
        is_answer = str(post.get("in_reply_to_id")) == str(status["id"])
        if is_answer and contains(from_html(str(post.get("content"))), reply.text):
            return Published(remote_id=str(post["id"]), url=post.get("url"))
    _reaches(posts, since, _PAGE, lambda post: dates.instant(post.get("created_at")))
    return None


def _mastodon_status(options: Any, reply: Reply, wallet: Wallet) -> Talk[Any]:
    """The post by its address: its number on this server differs from the one at its home."""
    require(wallet, ("MASTODON_TOKEN",), options.base_url, options.source)
    asked = {"q": reply.external_id, "resolve": True, "type": "statuses", "limit": 1}
    url = address(options.base_url, "api/v2/search", asked)
    found = seen((yield Call(url=url, secrets=_MASTODON))).get("statuses") or []
    if not found:
        raise ReviewChanged("The post that it answers is not there any more")
    return found[0]


def _bluesky(options: Any, reply: Reply, wallet: Wallet) -> Talk[Published]:
    """The post with its content id, then our answer under a key made from the approval."""
    yield from _bluesky_session(options, wallet)
    asked = {"uris": reply.external_id}
    url = address(options.base_url, "xrpc/app.bsky.feed.getPosts", asked)
    posts = seen((yield Call(url=url, secrets=_BLUESKY))).get("posts") or []
    if not posts:
        raise ReviewChanged("The post that it answers is not there any more")
    parent = {"uri": posts[0]["uri"], "cid": posts[0]["cid"]}
    record = {
        "$type": "app.bsky.feed.post",
        "text": reply.text,
        "createdAt": _written(reply.approved_at),
        "reply": {"root": dig(posts[0], "record.reply.root") or parent, "parent": parent},
    }
    body = {
        "repo": wallet.get("BLUESKY_HANDLE", "stand-in.example"),
        "collection": "app.bsky.feed.post",
        "rkey": record_key(reply.approved_at, reply.draft_id),
        "record": record,
    }
    url = address(options.base_url, "xrpc/com.atproto.repo.putRecord")
    told = accepted((yield writing(url, body, _BLUESKY)))
    return Published(remote_id=str(told.get("uri") or ""), url=_bluesky_page(told))


def record_key(moment: datetime, number: int) -> str:
    """A TID: microseconds since 1970 and ten bits of `number`, in 13 sortable letters."""
    value = int(moment.timestamp() * 1_000_000) << 10 | number % 1024
    return "".join(_TID[value >> shift & 31] for shift in range(60, -1, -5))


def _bluesky_page(told: Any) -> str | None:
    uri = str(told.get("uri") or "") if isinstance(told, dict) else ""
    parts = uri.removeprefix("at://").split("/")
    return f"https://bsky.app/profile/{parts[0]}/post/{parts[-1]}" if len(parts) == 3 else None


def _bluesky_session(options: Any, wallet: Wallet) -> Talk[None]:
    if wallet.get("BLUESKY_TOKEN"):
        return
    if is_loopback(options.base_url) and not wallet.get(bluesky.needs[0]):
        return
    require(wallet, bluesky.needs, options.base_url, options.source)
    answer = yield Call(
        method="POST",
        url=address(options.base_url, "xrpc/com.atproto.server.createSession"),
        headers={"Content-Type": "application/json"},
        body=b"{}",
        secrets=(
            FormSecret(parameter="identifier", credential=bluesky.needs[0]),
            FormSecret(parameter="password", credential=bluesky.needs[1]),
        ),
    )
    if answer.status in (400, 401):
        raise FixSettings("BLUESKY_APP_PASSWORD: Bluesky refuses it; make another app password")
    wallet["BLUESKY_TOKEN"] = str(seen(answer)["accessJwt"])


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _reddit(options: Any, reply: Reply, wallet: Wallet) -> Talk[Published]:
    """What is answered as it is now, then the comment."""
    yield from _reddit_token(options, wallet)
    url = address(options.base_url, "api/info", {"id": reply.external_id, "raw_json": 1})
    things = dig(seen((yield Call(url=url, secrets=_REDDIT))), "data.children") or []
    data = things[0].get("data") or {} if things else {}
    if not things or data.get("author") == "[deleted]":
        raise ReviewChanged("The text that it answers is not there any more")
    edited = data.get("edited")
    unchanged_since(reply, None if isinstance(edited, bool) else dates.instant(edited))
    form = {"api_type": "json", "thing_id": reply.external_id, "text": reply.text}
    url = address(options.base_url, "api/comment")
    told = accepted((yield writing(url, urlencode(form).encode(), _REDDIT)))
    errors = dig(told, "json.errors") or []
    if errors:
        raise Refused("; ".join(str(part) for part in errors[0][:2]))
    made = dig(told, "json.data.things") or [{}]
    name = dig(made[0], "data.name")
    if not name:
        raise Unsure("Reddit named no comment in its answer.")
    page = dig(made[0], "data.permalink")
    return Published(remote_id=name, url=f"https://www.reddit.com{page}" if page else reply.url)


def _reddit_find(
    options: Any, reply: Reply, wallet: Wallet, since: datetime
) -> Talk[Published | None]:
    """Our own latest comments; where they do not reach back far enough nobody can tell."""
    yield from _reddit_token(options, wallet)
    me = seen((yield Call(url=address(options.base_url, "api/v1/me"), secrets=_REDDIT)))
    asked = {"limit": _LISTING, "sort": "new", "raw_json": 1}
    url = address(options.base_url, f"user/{path_part(str(me['name']))}/comments", asked)
    things = dig(seen((yield Call(url=url, secrets=_REDDIT))), "data.children") or []
    for thing in (each.get("data") or {} for each in things):
        if thing.get("parent_id") == reply.external_id and same(thing.get("body"), reply.text):
            page = thing.get("permalink")
            url = f"https://www.reddit.com{page}" if page else ""
            return Published(remote_id=str(thing.get("name") or ""), url=url or reply.url)
    _reaches(things, since, _LISTING, lambda each: dates.instant(dig(each, "data.created_utc")))
    return None


def _reddit_token(options: Any, wallet: Wallet) -> Talk[None]:
    """A token of the account that answers, which a client's own token cannot do."""
    if wallet.get("REDDIT_USER_TOKEN"):
        return
    if is_loopback(options.base_url) and not wallet.get(_REDDIT_NEEDS[2]):
        return
    require(wallet, _REDDIT_NEEDS, options.base_url, options.source)
    is_live = options.base_url.rstrip("/") == "https://oauth.reddit.com"
    base = options.auth_url or ("https://www.reddit.com" if is_live else options.base_url)
    basic = BasicSecret(user="{REDDIT_CLIENT_ID}", password="{REDDIT_CLIENT_SECRET}")
    call = Call(
        method="POST",
        url=address(base, "api/v1/access_token"),
        headers={"Content-Type": "application/x-www-form-urlencoded"},
        body=urlencode({"grant_type": "refresh_token"}).encode(),
        secrets=(basic, FormSecret(parameter="refresh_token", credential=_REDDIT_NEEDS[2])),
        note={"token": True, "then": []},
    )
    page = oauth.read_token((yield call), call, "REDDIT_USER_TOKEN", lambda url, note: call)
    wallet.update(page.learned)


def _reaches(posts: Any, since: datetime, page: int, moment: Any) -> None:
    """Pass where a listing surely shows everything since an instant."""
    moments = [at for post in posts if (at := moment(post)) is not None]
    if len(posts) >= page and (not moments or min(moments) > since):
        raise Unsure("The account has written more since than one listing shows.")


MASTODON = Writer(
    name="Mastodon",
    needs=("MASTODON_TOKEN",),
    again="keyed",
    publish=_mastodon,
    find=_mastodon_find,
)
BLUESKY = Writer(name="Bluesky", needs=bluesky.needs, again="replaces", publish=_bluesky)
REDDIT = Writer(
    name="Reddit",
    needs=_REDDIT_NEEDS,
    again="read_back",
    publish=_reddit,
    find=_reddit_find,
)
