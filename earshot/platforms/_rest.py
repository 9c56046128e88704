"""One reader for every JSON endpoint that can be declared (`_rest_spec.Spec`)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from earshot.errors import StopSource
from earshot.platforms import dates, oauth
from earshot.platforms._rest_record import metric, number, record
from earshot.platforms._rest_spec import Spec, dig, heads, holds, need
from earshot.platforms.answers import changed, json_of
from earshot.platforms.base import (
    Answer,
    Call,
    Contract,
    Credentials,
    Cursor,
    FormSecret,
    Limits,
    Options,
    Page,
    Secret,
    Span,
    Terms,
    overlap_of,
)
from earshot.platforms.calls import (
    address,
    is_loopback,
    on_host,
    path_part,
    require,
    with_query,
)
from earshot.platforms.limits import limits as read_limits
from earshot.platforms.newest_first import Progress, progress
from earshot.platforms.newest_first import changed as changed_at
from earshot.platforms.newest_first import published as published_at
from earshot.platforms.payload import Gathered, text
from earshot.record import Feedback

Prepare = Callable[[Any, Any], Iterable[Any]]
"""Makes flat items of one raw item and the whole answer."""

_NO_CONTENT = 204
_LINK_NEXT = re.compile(r"<([^>]+)>\s*;[^,]*rel=\"?next\"?")
_PLACE = re.compile(r"\{([a-z_]+)\}")


@dataclass(frozen=True, kw_only=True)
class Token:
    """How an access token is fetched with a refresh token (RFC 6749, section 6).

    `beside` replaces a part of the source's host, where tokens come from a host of its region.
    """

    url: str
    learned: str
    client_id: str
    client_secret: str
    refresh_token: str
    beside: tuple[str, str] | None = None

    @property
    def needs(self) -> tuple[str, ...]:
        """The credentials it takes."""
        return (self.client_id, self.client_secret, self.refresh_token)

    def call(self, base_url: str, then: oauth.Waiting) -> Call:
        """The call that fetches it; from a stand-in where the source points to one."""
        url = self.url
        if is_loopback(base_url):
            url = on_host(base_url, url)
        elif self.beside is not None:
            url = on_host(base_url.replace(*self.beside), url)
        secrets = (
            FormSecret(parameter="client_id", credential=self.client_id),
            FormSecret(parameter="client_secret", credential=self.client_secret),
            FormSecret(parameter="refresh_token", credential=self.refresh_token),
        )
        return oauth.token_call(url, {"grant_type": "refresh_token"}, secrets, then)


def as_it_is(raw: Any, payload: Any) -> Iterable[Any]:
    """Items that are flat already."""
    del payload
    return (raw,)


@dataclass(frozen=True, kw_only=True)
class Rest:
    """A platform made of declared endpoints; satisfies `base.Platform`."""

    name: str
    Options: type[Options]
    specs: tuple[Spec, ...] = ()
    secrets: tuple[Secret, ...] = ()
    needs: tuple[str, ...] = ()
    token: Token | None = None
    terms: Terms
    contract: Contract = field(
        default_factory=lambda: Contract(required=("published_at",), overlap=timedelta(days=3))
    )
    prepare: Prepare = as_it_is

    def first(
        self,
        options: Any,
        cursor: Cursor,
        credentials: Credentials,
        now: datetime,
        span: Span | None = None,
    ) -> list[Call]:
        """The first page of each endpoint, after a token where one is needed."""
        del now
        begin = [self._begin(spec, options, cursor, span) for spec in self._specs(options)]
        if self.token is None or credentials.get(self.token.learned):
            require(credentials, self._needs(options), options.base_url, options.source)
            return begin
        if is_loopback(options.base_url) and not credentials.get(self.token.refresh_token):
            return begin
        require(credentials, self.token.needs, options.base_url, options.source)
        return [self.token.call(options.base_url, [(c.url, c.note) for c in begin])]

    def read(self, answer: Answer, call: Call, options: Any, cursor: Cursor, now: datetime) -> Page:
        """The items of one page."""
        if self.token is not None and oauth.is_token(call):
            return oauth.read_token(
                answer, call, self.token.learned, lambda url, note: self._call(url, note, options)
            )
        if self.token is not None and oauth.has_expired(answer, call):
            return Page(next_calls=[self.token.call(options.base_url, oauth.waiting(call))])
        if answer.status == _NO_CONTENT:
            return Page()
        spec = self._spec(call, options)
        if answer.status in (403, 404) and spec.key != self._specs(options)[0].key:
            return Page(warnings=[f"{self.name} gives no {spec.key} (HTTP {answer.status})"])
        payload = json_of(answer)
        raws = _items(payload, spec, answer)
        gathered = Gathered()
        gathered.add(raws, lambda raw, to: self._records(raw, payload, spec, options, to, now))
        gathered.judged(answer)
        done = _progress(gathered, call, spec, cursor, options, self.contract)
        further = _next(payload, raws, answer, call, spec, options, done.note)
        return Page(
            items=done.items,
            deleted=gathered.deleted,
            ticket_metrics=gathered.metrics,
            rejected=gathered.rejected,
            unread_fields=frozenset(gathered.unread),
            cursor=done.cursor,
            next_calls=[
                self._call(url, note, options)
                for url, note in further
                if not (done.is_done and spec.order != "none")
            ],
        )

    def limits(self, answer: Answer, now: datetime) -> Limits:
        """What the answer's headers say."""
        return read_limits(answer, now)

    def _specs(self, options: Any) -> Sequence[Spec]:
        own = getattr(options, "spec", None)
        return (own(),) if own is not None else self.specs

    def _spec(self, call: Call, options: Any) -> Spec:
        return next(s for s in self._specs(options) if s.key == call.note["key"])

    def _needs(self, options: Any) -> tuple[str, ...]:
        own = getattr(options, "credentials_needed", None)
        return own() if own is not None else self.needs

    def _begin(self, spec: Spec, options: Any, cursor: Cursor, span: Span | None) -> Call:
        query = {k: _filled(v, options) for k, v in spec.query.items()}
        paging = spec.paging
        if paging.size_parameter:
            query[paging.size_parameter] = str(paging.size)
        if paging.style in ("page", "offset"):
            query[paging.parameter] = str(paging.first)
        since = _since(spec, options, cursor, span, self.contract)
        if spec.since is not None and since is not None:
            query[spec.since.parameter] = _written(since, spec.since.format)
        note: dict[str, Any] = {"key": spec.key, "at": paging.first}
        if span is not None:
            note["span"] = span.note()
        if spec.body is not None:
            note["body"] = _body(spec.body, options, since)
        url = address(options.base_url, _filled_path(spec.path, options), query)
        return self._call(url, note, options)

    def _call(self, url: str, note: Mapping[str, Any], options: Any) -> Call:
        spec = next(s for s in self._specs(options) if s.key == note["key"])
        own = getattr(options, "secrets", None)
        headers = {k: _filled(v, options) for k, v in spec.headers.items()}
        body = json.dumps(note["body"]).encode() if "body" in note else None
        if body is not None:
            headers["Content-Type"] = "application/json"
        return Call(
            method=spec.method,
            url=url,
            headers=headers,
            body=body,
            note=note,
            secrets=own() if own is not None else self.secrets,
        )

    def _records(
        self, raw: Any, payload: Any, spec: Spec, options: Any, to: Gathered, now: datetime
    ) -> Iterator[Feedback]:
        for each in self.prepare(raw, payload):
            to.unread |= frozenset(each) - heads(spec) if isinstance(each, dict) else frozenset()
            if spec.deleted and holds(each, spec.deleted):
                to.deleted.append(number(text(need(each, spec, "id")), options))
                continue
            if spec.metric is not None:
                to.metrics.append(metric(each, spec))
            if spec.fields:
                yield record(each, spec, options, self.name, now)


def _filled(template: str, options: Any) -> str:
    return _PLACE.sub(lambda match: str(getattr(options, match.group(1))), template)


def _filled_path(template: str, options: Any) -> str:
    return _PLACE.sub(lambda match: path_part(str(getattr(options, match.group(1)))), template)


def _since(
    spec: Spec, options: Any, cursor: Cursor, span: Span | None, contract: Contract
) -> datetime | None:
    if span is not None:
        return span.since
    before = dates.instant(cursor.get(spec.key, {}).get("newest_at"))
    start: datetime | None = options.start
    return before - overlap_of(options, contract) if before else start


def _written(moment: datetime, form: str) -> str:
    if form == "epoch":
        return str(int(moment.timestamp()))
    written = dates.in_utc(moment).strftime("%Y-%m-%dT%H:%M:%S")
    return written if form == "iso_naive" else written + "Z"


def _body(template: Any, options: Any, since: datetime | None) -> Any:
    """The JSON body with `{since}` as an epoch and options filled in."""
    if isinstance(template, dict):
        return {key: _body(value, options, since) for key, value in template.items()}
    if template == "{since}":
        return int(since.timestamp()) if since else 0
    return _filled(template, options) if isinstance(template, str) else template


def _items(payload: Any, spec: Spec, answer: Answer) -> list[Any]:
    if spec.error and (error := dig(payload, spec.error)):
        raise StopSource(f"expected items, found the error {str(error)[:120]!r} inside HTTP 200")
    found = dig(payload, spec.items)
    if found is None and spec.omits_empty and _is_empty_page(payload):
        return []
    if not isinstance(found, list):
        raise changed(f'a list at "{spec.items}"' if spec.items else "a list", answer)
    return found


def _is_empty_page(payload: Any) -> bool:
    """Google's APIs leave an empty list out: what remains is nothing or counts."""
    values = payload.values() if isinstance(payload, dict) else ("no object",)
    return all(isinstance(value, int | float) or not value for value in values)


def _progress(
    gathered: Gathered,
    call: Call,
    spec: Spec,
    cursor: Cursor,
    options: Any,
    contract: Contract,
) -> Progress:
    return progress(
        gathered.items,
        call,
        cursor=cursor,
        options=options,
        contract=contract,
        moment=published_at if spec.order == "published" else changed_at,
    )


def _next(
    payload: Any,
    raws: list[Any],
    answer: Answer,
    call: Call,
    spec: Spec,
    options: Any,
    note: dict[str, Any],
) -> list[tuple[str, dict[str, Any]]]:
    """Address and note of the next page, if there is one."""
    paging, at = spec.paging, call.note["at"]
    if not raws or paging.style == "none":
        return []
    if paging.style == "page":
        return [(with_query(call.url, **{paging.parameter: at + 1}), {**note, "at": at + 1})]
    if paging.style == "offset":
        further = at + len(raws)
        return [(with_query(call.url, **{paging.parameter: further}), {**note, "at": further})]
    link = _LINK_NEXT.search(answer.headers.get("link", "")) if paging.style == "link" else None
    found = link.group(1) if link else dig(payload, paging.path) if paging.path else None
    if found is None or found is False:
        return []
    if paging.style != "cursor":
        return [(on_host(options.base_url, str(found)), note)]
    if spec.method == "POST":
        return [
            (call.url, {**note, "body": _with_cursor(call.note["body"], paging.parameter, found)})
        ]
    return [(with_query(call.url, **{paging.parameter: found}), note)]


def _with_cursor(body: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """The body with the cursor put at a path such as `pagination.starting_after`."""
    head, _, tail = path.partition(".")
    inner = _with_cursor(dict(body.get(head) or {}), tail, value) if tail else value
    return {**body, head: inner}
