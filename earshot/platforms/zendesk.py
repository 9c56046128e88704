"""Zendesk Support: tickets by incremental export, their messages, times and satisfaction ratings.

The cursor export hands over each change once and goes on for ever from its cursor; the time-based
one returns every ticket of its last second, and its `end_time` is the next `start_time`. Links in
answers name a sister host and are followed on ours. Comments, ratings and metric sets are from
documentation (developer.zendesk.com/api-reference); tickets and audits from recordings.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Literal

from pydantic import Field

from earshot.errors import RetryLater, StopSource
from earshot.platforms import _zendesk, dates
from earshot.platforms.answers import expect, json_of
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
    span_of,
)
from earshot.platforms.base import Options as BaseOptions
from earshot.platforms.calls import address, on_host, query_of, require, with_query
from earshot.platforms.limits import limits as limits
from earshot.platforms.payload import Gathered
from earshot.record import Feedback

name = "zendesk"
needs = ("ZENDESK_EMAIL", "ZENDESK_TOKEN")
contract = Contract(required=("published_at", "author_id"), overlap=timedelta(0))
terms = Terms(
    note="Support API of your own account: 10 incremental calls a minute.",
    evidence="recorded answers; messages, ratings and metric sets from documentation",
)

_LIST = 100
_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
_RECENT = timedelta(minutes=2)
_INCLUDE = "users,metric_sets"
What = Literal["tickets", "comments", "satisfaction", "audits"]


class Options(BaseOptions):
    """One account."""

    base_url: str = Field(min_length=1, description="Such as https://acme.zendesk.com.")
    read: tuple[What, ...] = Field(
        default=(), description="What to read; tickets, unless views are named."
    )
    export: Literal["cursor", "time"] = Field(default="cursor", description="Kind of export.")
    page_size: int = Field(default=1000, ge=1, le=1000, description="Tickets a page.")
    views: tuple[int, ...] = Field(default=(), description="Views whose tickets are read too.")
    agents: tuple[int, ...] = Field(default=(), description="Users who write for the brand.")

    @property
    def wanted(self) -> tuple[str, ...]:
        """What is read besides the views."""
        return self.read or (() if self.views else ("tickets",))


def first(
    options: Options,
    cursor: Cursor,
    credentials: Credentials,
    now: datetime,
    span: Span | None = None,
) -> list[Call]:
    """The next page of each kind of thing to read."""
    if not credentials.get("ZENDESK_OAUTH_TOKEN"):
        require(credentials, needs, options.base_url, options.source)
    backfill = {"span": span.note()} if span else {}
    calls = []
    if "tickets" in options.wanted or "comments" in options.wanted:
        calls.append(_export(options, cursor, now, span, backfill))
    if "satisfaction" in options.wanted:
        calls.append(_ratings(options, cursor, now, span, backfill))
    if "audits" in options.wanted:
        after = None if span else cursor.get("audits", {}).get("after")
        url = address(options.base_url, "api/v2/ticket_audits.json", {"page[size]": _LIST})
        url = with_query(url, **{"page[after]": after})
        calls.append(_call(url, {"what": "audits", "resumed": after is not None, **backfill}))
    for view in options.views:
        url = address(options.base_url, f"api/v2/views/{view}/tickets", {"page[size]": _LIST})
        calls.append(_call(url, {"what": "view", **backfill}))
    return calls


def read(answer: Answer, call: Call, options: Options, cursor: Cursor, now: datetime) -> Page:
    """One page of whatever the call asked for."""
    del cursor, now
    what = call.note["what"]
    if answer.status in (403, 404) and what in ("comments", "satisfaction"):
        return Page(warnings=[f"Zendesk gives no {what} (HTTP {answer.status})"])
    if answer.status == 422 and b"StartTimeTooRecent" in answer.body:
        raise RetryLater("expected a start time a minute old: later", retry_after_seconds=60.0)
    payload = json_of(answer)
    match what:
        case "tickets":
            return _tickets(payload, answer, call, options)
        case "view":
            return _view(payload, answer, call, options)
        case "comments":
            return _comments(payload, answer, call, options)
        case "audits":
            return _audits(payload, answer, call, options)
    return _satisfaction(payload, answer, call, options)


def _call(url: str, note: Mapping[str, Any]) -> Call:
    basic = BasicSecret(user="{ZENDESK_EMAIL}/token", password="{ZENDESK_TOKEN}")
    bearer = HeaderSecret(header="Authorization", template="Bearer {ZENDESK_OAUTH_TOKEN}")
    return Call(url=url, note=note, secrets=(basic, bearer))


def _export(
    options: Options, cursor: Cursor, now: datetime, span: Span | None, backfill: dict[str, Any]
) -> Call:
    known = {} if span else cursor.get("tickets", {})
    start = span.since if span else options.start or _EPOCH
    path = "cursor.json" if options.export == "cursor" else None
    url = address(options.base_url, f"api/v2/incremental/tickets{'/' + path if path else '.json'}")
    url = with_query(url, per_page=options.page_size, include=_INCLUDE)
    note = {"what": "tickets", **backfill}
    if options.export == "cursor" and known.get("cursor"):
        return _call(with_query(url, cursor=known["cursor"]), note)
    begin = min(int(dates.in_utc(start).timestamp()), int((now - _RECENT).timestamp()))
    return _call(with_query(url, start_time=known.get("end_time", max(begin, 0))), note)


def _tickets(payload: Any, answer: Answer, call: Call, options: Options) -> Page:
    raws = expect(payload, "tickets", list, answer)
    gathered = _gather_tickets(raws, payload, options, answer)
    is_end = payload.get("end_of_stream", payload.get("next_page") is None)
    if "after_cursor" in payload:
        parameter, position = "cursor", {"cursor": payload["after_cursor"]}
    else:
        parameter, position = "start_time", {"end_time": payload.get("end_time")}
    value = next(iter(position.values()))
    if "end_of_stream" not in payload:  # Until 2019 the export's last page named itself as next.
        is_end = is_end or not raws or str(value) == query_of(call.url).get(parameter)
    more = [] if is_end else [_onward(call, parameter, value)]
    has_position = value is not None and "span" not in call.note
    return _page(
        gathered,
        call,
        next_calls=[*_comment_calls(raws, call, options), *more],
        items=gathered.items if "tickets" in options.wanted else (),
        cursor={"tickets": position} if has_position else None,
        is_checkpoint=has_position and "comments" not in options.wanted,
    )


def _onward(call: Call, parameter: str, value: Any) -> Call:
    """The next page.

    Raises:
        StopSource: the export stands still, so going on would never end.
    """
    url = with_query(call.url, **{"start_time": None, parameter: value})
    if value is None or url == call.url:
        raise StopSource(f"expected the export to advance, found the same {parameter} again")
    return _call(url, call.note)


def _gather_tickets(raws: list[Any], payload: Any, options: Options, answer: Answer) -> Gathered:
    staff, metrics = _zendesk.staff_in(payload), _zendesk.metrics_in(payload)
    gathered = Gathered().add(
        raws, lambda raw, to: _zendesk.ticket(raw, options, to, staff, metrics)
    )
    return gathered.judged(answer)


def _comment_calls(raws: list[Any], call: Call, options: Options) -> list[Call]:
    if "comments" not in options.wanted:
        return []
    query = {"page[size]": _LIST, "include": "users"}
    noted = {k: v for k, v in call.note.items() if k == "span"}
    return [
        _call(
            address(options.base_url, f"api/v2/tickets/{raw['id']}/comments.json", query),
            {
                **noted,
                "what": "comments",
                "ticket": raw["id"],
                "requester": raw.get("requester_id"),
                "skip": 1 if "tickets" in options.wanted else 0,
            },
        )
        for raw in raws
        if isinstance(raw, dict) and raw.get("id") and raw.get("status") != "deleted"
    ]


def _view(payload: Any, answer: Answer, call: Call, options: Options) -> Page:
    gathered = _gather_tickets(expect(payload, "tickets", list, answer), payload, options, answer)
    return _page(gathered, call, next_calls=_next_list(payload, call, options))


def _comments(payload: Any, answer: Answer, call: Call, options: Options) -> Page:
    """Messages of one ticket; its first is the ticket's own text and not told twice."""
    note, staff = call.note, _zendesk.staff_in(payload)
    raws = expect(payload, "comments", list, answer)[note["skip"] :]
    gathered = Gathered().add(
        raws,
        lambda raw, to: _zendesk.comment(
            raw, options, to, ticket_id=note["ticket"], requester=note["requester"], staff=staff
        ),
    )
    more = [_call(each.url, {**note, "skip": 0}) for each in _next_list(payload, call, options)]
    return _page(gathered.judged(answer), call, next_calls=more)


def _audits(payload: Any, answer: Answer, call: Call, options: Options) -> Page:
    raws = expect(payload, "audits", list, answer)
    gathered = Gathered().add(raws, lambda raw, to: _zendesk.audit_comments(raw, options, to))
    if len(gathered.rejected) > len(raws) // 2:
        gathered.judged(answer)
    after = (payload.get("meta") or {}).get("after_cursor")
    has_cursor = after is not None and "span" not in call.note
    return _page(
        gathered,
        call,
        next_calls=_next_list(payload, call, options),
        cursor={"audits": {"after": after}} if has_cursor else None,
        is_checkpoint=has_cursor,
    )


def _ratings(
    options: Options, cursor: Cursor, now: datetime, span: Span | None, backfill: dict[str, Any]
) -> Call:
    """Ratings since a week before the last crawl: a comment may be added later."""
    del now
    seen = dates.instant(cursor.get("satisfaction", {}).get("newest_at"))
    start = span.since if span else (seen - timedelta(days=7) if seen else options.start or _EPOCH)
    query = {
        "page[size]": _LIST,
        "start_time": max(0, int(dates.in_utc(start).timestamp())),
        "end_time": int(span.until.timestamp()) if span else None,
    }
    url = address(options.base_url, "api/v2/satisfaction_ratings.json", query)
    return _call(
        url, {"what": "satisfaction", "high": seen.isoformat() if seen else None, **backfill}
    )


def _satisfaction(payload: Any, answer: Answer, call: Call, options: Options) -> Page:
    raws = expect(payload, "satisfaction_ratings", list, answer)
    gathered = Gathered().add(raws, lambda raw, to: _zendesk.rating(raw, options, to))
    times = [i.published_at for i in gathered.items] + [dates.instant(call.note["high"])]
    high = max((each for each in times if each), default=None)
    noted = {**call.note, "high": high.isoformat() if high else None}
    return _page(
        gathered,
        call,
        next_calls=[_call(each.url, noted) for each in _next_list(payload, call, options)],
        cursor={"satisfaction": {"newest_at": noted["high"]}} if high else None,
    )


def _next_list(payload: Any, call: Call, options: Options) -> list[Call]:
    """The next page of a list by cursor, or by number where the account answers so."""
    meta = payload.get("meta") or {}
    link = (payload.get("links") or {}).get("next") or payload.get("next_page")
    if meta and not meta.get("has_more"):
        return []
    if link:
        return [_call(on_host(options.base_url, link), call.note)]
    after = meta.get("after_cursor")
    return [_call(with_query(call.url, **{"page[after]": after}), call.note)] if after else []


def _page(gathered: Gathered, call: Call, items: Any = None, **more: Any) -> Page:
    span = span_of(call)
    kept: list[Feedback] = list(gathered.items if items is None else items)
    return Page(
        items=[i for i in kept if span is None or span.holds(i.published_at)],
        deleted=gathered.deleted,
        ticket_metrics=gathered.metrics,
        rejected=gathered.rejected,
        unread_fields=frozenset(gathered.unread),
        **{key: value for key, value in more.items() if key != "cursor" or span is None},
    )
