"""Reddit: posts and comments of listings, searches and threads, through the OAuth API.

Facts it rests on (www.reddit.com/dev/api and recorded answers): pages of 100 by `after`; a listing
never reaches back more than about 1,000 items; `before=<name>` gives what is newer than an item,
and nothing at all once that item is deleted. So a later crawl asks for what is newer than an
anchor some items back (which reads those again), tries nearer anchors when that one is gone, and
finally the listing from its top.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from pydantic import Field, model_validator

from earshot.errors import StopSource
from earshot.platforms import dates, oauth
from earshot.platforms._reddit import all_more, flat, item, kind_of
from earshot.platforms.answers import changed, expect, json_of
from earshot.platforms.base import (
    Answer,
    BasicSecret,
    Call,
    Contract,
    Credentials,
    Cursor,
    HeaderSecret,
    Page,
    Span,
    Terms,
    overlap_of,
    span_of,
)
from earshot.platforms.base import Options as BaseOptions
from earshot.platforms.calls import address, is_loopback, path_part, query_of, require, with_query
from earshot.platforms.limits import limits as limits
from earshot.platforms.payload import Gathered, newest, oldest

name = "reddit"
needs = ("REDDIT_CLIENT_ID", "REDDIT_CLIENT_SECRET")
contract = Contract(required=("published_at", "url", "author_id"), required_share=0.5)
terms = Terms(note="Data API with an own client; 100 calls a minute a client.")

_LIVE = "https://oauth.reddit.com"
_PAGE = 100
_LISTING_END = 950
_ANCHORS = (25, 5, 0)


class Options(BaseOptions):
    """What to read: subreddits, a search, any listing by its path, or whole threads."""

    base_url: str = Field(default=_LIVE, description="Address of the OAuth API.")
    auth_url: str | None = Field(default=None, description="Address that gives tokens.")
    subreddits: tuple[str, ...] = Field(default=(), description='Names without "r/".')
    read: tuple[str, ...] = Field(default=("new", "comments"), description="Of each subreddit.")
    query: str | None = Field(default=None, description="Search posts, in the subreddits if any.")
    listings: tuple[str, ...] = Field(
        default=(), description='Paths such as "domain/example.com/new" or "user/NAME/comments".'
    )
    threads: tuple[str, ...] = Field(default=(), description="Ids of posts, read with comments.")
    brand_accounts: tuple[str, ...] = Field(default=(), description="Names of the brand's own.")

    @model_validator(mode="after")
    def _something(self) -> Options:
        if not (self.subreddits or self.query or self.listings or self.threads):
            raise ValueError(
                "expected one of subreddits, query, listings, threads: name what to read"
            )
        return self


def first(
    options: Options,
    cursor: Cursor,
    credentials: Credentials,
    now: datetime,
    span: Span | None = None,
) -> list[Call]:
    """A token, then one chain of calls for each listing."""
    del now
    begin = [_begin(options, path, cursor, span) for path in _paths(options)]
    has_token = bool(credentials.get("REDDIT_TOKEN"))
    is_stand_in = is_loopback(options.base_url) and not credentials.get(needs[0])
    if has_token or is_stand_in:
        return begin
    require(credentials, needs, options.base_url, options.source)
    return [_token_call(options, [(call.url, call.note) for call in begin])]


def read(answer: Answer, call: Call, options: Options, cursor: Cursor, now: datetime) -> Page:
    """Posts and comments of one listing page, thread or batch of further comments."""
    del now
    if oauth.is_token(call):
        return oauth.read_token(answer, call, "REDDIT_TOKEN", _call)
    if oauth.has_expired(answer, call):
        return Page(next_calls=[_token_call(options, oauth.waiting(call))])
    if answer.status == 404 and "children" in call.note:
        return Page(warnings=[f"{call.note['post']}: its further comments are gone"])
    payload = json_of(answer)
    pieces, ends = _pieces(payload, answer)
    gathered = Gathered().add(flat(pieces), lambda raw, to: item(raw, options, to))
    gathered.judged(answer)
    return Page(
        items=gathered.within(span_of(call)),
        deleted=gathered.deleted,
        rejected=gathered.rejected,
        unread_fields=frozenset(gathered.unread),
        next_calls=[
            *_more(pieces, call, options),
            *_next(call, pieces, ends, gathered, options, cursor),
        ],
        cursor=_cursor(call, pieces, gathered, cursor),
        warnings=_warnings(call, ends, pieces),
    )


def _paths(options: Options) -> list[str]:
    paths = list(options.listings)
    if options.query is not None:
        where = "+".join(path_part(each) for each in options.subreddits)
        path = f"r/{where}/search" if where else "search"
        paths.append(
            address("", path, {"q": options.query, "sort": "new", "restrict_sr": bool(where)})[1:]
        )
    else:
        paths += [f"r/{path_part(s)}/{each}" for s in options.subreddits for each in options.read]
    return paths + [f"comments/{path_part(each.removeprefix('t3_'))}" for each in options.threads]


def _begin(options: Options, path: str, cursor: Cursor, span: Span | None) -> Call:
    url = with_query(address(options.base_url, path), limit=_PAGE, raw_json=1)
    note: dict[str, Any] = {"path": path, "depth": 0}
    if span is not None:
        return _call(url, {**note, "span": span.note()})
    anchors = list(cursor.get(path, {}).get("anchors", ()))
    if not anchors or not _is_newest_first(path):
        return _call(url, note)
    return _call(with_query(url, before=anchors[0]), {**note, "anchors": anchors[1:]})


def _is_newest_first(path: str) -> bool:
    where, _, query = path.partition("?")
    sort = query_of(f"?{query}").get("sort")
    if sort is None:
        return where.rstrip("/").endswith(("/new", "/comments"))
    return sort == "new"


def _call(url: str, note: Mapping[str, Any]) -> Call:
    bearer = HeaderSecret(header="Authorization", template="bearer {REDDIT_TOKEN}")
    if "children" not in note:
        return Call(url=url, note=note, secrets=(bearer,))
    form = {"api_type": "json", "link_id": note["post"], "children": note["children"]}
    return Call(
        method="POST",
        url=url,
        headers={"Content-Type": "application/x-www-form-urlencoded"},
        body=urlencode(form).encode(),
        note=note,
        secrets=(bearer,),
    )


def _token_call(options: Options, then: oauth.Waiting) -> Call:
    is_live = options.base_url.rstrip("/") == _LIVE
    base = options.auth_url or ("https://www.reddit.com" if is_live else options.base_url)
    basic = BasicSecret(user="{REDDIT_CLIENT_ID}", password="{REDDIT_CLIENT_SECRET}")
    form = {"grant_type": "client_credentials"}
    return oauth.token_call(address(base, "api/v1/access_token"), form, (basic,), then)


def _pieces(payload: Any, answer: Answer) -> tuple[list[Any], str | None]:
    """The things of a listing, a thread (post and comments) or `morechildren`, and `after`."""
    if isinstance(payload, list):
        listings = [_pieces(each, answer)[0] for each in payload]
        return [piece for listing in listings for piece in listing], None
    if isinstance(payload, dict) and "json" in payload:
        if errors := payload["json"].get("errors"):
            raise StopSource(f"expected comments, found the error {errors[0]}: check the thread")
        return expect(payload["json"].get("data"), "things", list, answer), None
    data = expect(payload, "data", dict, answer)
    children = expect(data, "children", list, answer)
    if children and not any(kind_of(child) in ("t1", "t3", "more") for child in children):
        raise changed("posts or comments (does the subreddit exist?)", answer)
    return children, data.get("after")


def _more(things: list[Any], call: Call, options: Options) -> list[Call]:
    """Comments that a thread left out, a hundred at a time."""
    post = next((t["data"]["name"] for t in things if kind_of(t) == "t3"), call.note.get("post"))
    left_out = [i for thing in all_more(things) for i in thing["data"].get("children", ())]
    url = address(options.base_url, "api/morechildren", {"raw_json": 1})
    note = {"path": call.note["path"], "post": post}
    return [
        _call(url, {**note, "children": ",".join(left_out[at : at + _PAGE])})
        for at in range(0, len(left_out) if post else 0, _PAGE)
    ]


def _next(  # the order of the cases is the order of a crawl
    call: Call,
    things: list[Any],
    after: str | None,
    gathered: Gathered,
    options: Options,
    cursor: Cursor,
) -> list[Call]:
    note = call.note
    if "post" in note or note["path"].startswith("comments/"):
        return []
    deeper = {**note, "depth": note["depth"] + 1, "count": note.get("count", 0) + len(things)}
    if "anchors" in note:
        return _newer(call, things, deeper)
    if not after or _is_done(note["path"], gathered, call, options, cursor):
        return []
    return [_call(with_query(call.url, after=after, before=None), deeper)]


def _newer(call: Call, things: list[Any], deeper: Mapping[str, Any]) -> list[Call]:
    """Newer items still; or, where the anchor is gone, the next anchor and at last the top."""
    if things:
        newest_name = things[0]["data"]["name"]
        noted = {**deeper, "anchors": [], "newest": newest_name}
        return [_call(with_query(call.url, before=newest_name), noted)]
    if call.note["depth"]:
        return []
    anchors = list(call.note["anchors"])
    if anchors:
        note = {**call.note, "anchors": anchors[1:]}
        return [_call(with_query(call.url, before=anchors[0]), note)]
    note = {k: v for k, v in call.note.items() if k != "anchors"}
    return [_call(with_query(call.url, before=None), note)]


def _is_done(path: str, gathered: Gathered, call: Call, options: Options, cursor: Cursor) -> bool:
    """Whether this page reached the overlap, or the beginning of the backfill."""
    last = oldest(gathered.items)
    if last is None or not _is_newest_first(path):
        return False
    if (span := span_of(call)) is not None:
        return last < span.since
    high = dates.instant(cursor.get(path, {}).get("newest_at"))
    return high is not None and last < high - overlap_of(options, contract)


def _cursor(
    call: Call, things: list[Any], gathered: Gathered, cursor: Cursor
) -> dict[str, Any] | None:
    """Anchors of the newest page: some items back first, the newest itself last."""
    note, path = call.note, call.note["path"]
    names = [t["data"]["name"] for t in things if kind_of(t) in ("t1", "t3")]
    is_top = note.get("depth") == 0 or "anchors" in note
    top = newest(gathered.items)
    if "span" in note or not is_top or top is None or not _is_newest_first(path):
        return None
    known_so_far = dates.instant(cursor.get(path, {}).get("newest_at"))
    if known_so_far is not None and top < known_so_far:
        return None
    names += reversed(cursor.get(path, {}).get("anchors", ()))
    anchors = list(dict.fromkeys(names[min(back, len(names) - 1)] for back in _ANCHORS))
    return {path: {"anchors": anchors, "newest_at": top.isoformat()}}


def _warnings(call: Call, after: str | None, things: list[Any]) -> list[str]:
    count = call.note.get("count", 0) + len(things)
    if after or "anchors" in call.note or count < _LISTING_END:
        return []
    return [
        f"{call.note['path']}: Reddit ends a listing at about 1,000 items; older ones are hidden"
    ]
