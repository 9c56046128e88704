"""Product pages of any shop that marks up its reviews as schema.org says.

A start page with reviews is read; one without is a list (or a sitemap) whose links on the same
host are product pages. Pages follow `rel="next"`, and a product whose pages are newest first ends
where the last crawl's overlap begins. Reviews carry no ids, so they get made ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from urllib.parse import urldefrag, urljoin, urlsplit

from lxml import html as lxml_html
from lxml.etree import ParserError
from pydantic import Field, field_validator

from earshot.errors import RetryLater, StopSource
from earshot.platforms._schemaorg_items import Identities, Markup, reviews_in
from earshot.platforms.answers import check, refusal_in, text_of
from earshot.platforms.base import (
    Answer,
    Call,
    Contract,
    Credentials,
    Cursor,
    Page,
    Rejected,
    Span,
    Terms,
)
from earshot.platforms.base import Options as BaseOptions
from earshot.platforms.calls import on_host
from earshot.platforms.limits import limits as limits
from earshot.platforms.newest_first import progress
from earshot.record import Feedback

name = "schemaorg"
needs: tuple[str, ...] = ()
contract = Contract(
    required=("body",),
    required_share=0.8,
    parsed_share=0.95,
    least_items=0,
    overlap=timedelta(days=3),
)
terms = Terms(
    note="Pages of a shop: its robots.txt binds, and its terms may say more.", is_page_crawl=True
)

_GONE = (404, 410)
_MOVED = (301, 302, 303, 307, 308)
_MOST_HOPS = 5
_FEW_LINKS = 12
_MOST_OPEN = 3
"""Boxes that a careless shop leaves open at the end of a page; one cut in its middle has more."""
_LOCATION = re.compile(r"<loc>\s*([^<\s]+)\s*</loc>")


class Options(BaseOptions):
    """Where the pages are and how one leads to the next."""

    urls: tuple[str, ...] = Field(min_length=1, description="Product pages, lists or sitemaps.")
    follow: str = Field(
        default="", description="Of a list, only links whose address this pattern finds are read."
    )
    next_link: str | None = Field(
        default=None, description='CSS selector of the link to older reviews; else rel="next".'
    )

    @field_validator("follow")
    @classmethod
    def _is_pattern(cls, value: str) -> str:
        try:
            re.compile(value)
        except re.error as error:
            raise ValueError(f"is no regular expression: {error}") from None
        return value

    @field_validator("urls")
    @classmethod
    def _are_addresses(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for url in value:
            if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
                raise ValueError(f'"{url}" is no address; write one such as https://shop.example/')
        return value


def first(
    options: Options,
    cursor: Cursor,
    credentials: Credentials,
    now: datetime,
    span: Span | None = None,
) -> list[Call]:
    """One call a start page."""
    del cursor, credentials, now
    note: dict[str, Any] = {"role": "start"}
    if span is not None:
        note["span"] = span.note()
    return [_call(url, options, note) for url in options.urls]


def read(answer: Answer, call: Call, options: Options, cursor: Cursor, now: datetime) -> Page:
    """Reviews of one page and the way to older ones, or the products of a list."""
    if answer.status in _MOVED:
        return _moved(answer, call, options)
    if answer.status in _GONE and call.note["role"] != "start":
        return Page(warnings=(f"a page is gone: HTTP {answer.status} at {_bare(answer.url)}",))
    if answer.status == 403:
        raise StopSource(
            f"expected a page, found HTTP 403 at {_bare(answer.url)}: the shop refuses our "
            "crawler; ask it, or use its platform's API"
        )
    check(answer)
    source = text_of(answer)
    if _is_cut(source):
        raise RetryLater(
            f"expected a whole page, found {len(source)} characters that end early at "
            f"{_bare(answer.url)}: the call is repeated later"
        )
    if _is_sitemap(source):
        return Page(next_calls=list(_listed(_LOCATION.findall(source), call, options)))
    return _page(source, answer, call, options, cursor, now)


def _is_sitemap(source: str) -> bool:
    return source.lstrip()[:200].startswith("<?xml") or "<urlset" in source[:500]


def _is_cut(source: str) -> bool:
    """Empty, or ended in the head or amid a word or tag; the last end tags may be left out."""
    lower = source.lower()
    if _is_sitemap(source):
        return re.search(r"</(?:\w+:)?(?:urlset|sitemapindex|html)\s*>", lower) is None
    if "</body" in lower or "</html" in lower:
        return False
    is_in_head = re.search(r"<head[\s>]", lower) is not None and "<body" not in lower
    is_open = lower.count("<div") - lower.count("</div") >= _MOST_OPEN
    is_amid = "</head" in lower and (is_open or not lower.rstrip().endswith(">"))
    return not lower.strip() or is_in_head or is_amid


def _page(  # the page and its context
    source: str, answer: Answer, call: Call, options: Options, cursor: Cursor, now: datetime
) -> Page:
    try:
        tree = lxml_html.document_fromstring(source.encode(), parser=_PARSER)
    except ParserError:
        raise StopSource(
            f"expected a page, found an empty one at {_bare(answer.url)}: look at it by hand"
        ) from None
    link = _canonical(tree, call.url, options)
    markup = reviews_in(tree, source, link)
    if not markup.reviews:
        _refuse_refusal(tree, answer)
        if call.note["role"] == "start":
            _refuse_loss(markup, call, cursor)
            return _list(tree, answer, call, options)
    return _reviews(markup, tree, call, options, cursor, now)


def _refuse_refusal(tree: lxml_html.HtmlElement, answer: Answer) -> None:
    """A bot check, consent page or login wall has few links; shops carry such scripts, too."""
    refusal = refusal_in(answer.body)
    if refusal is not None and len(tree.xpath("//a[@href]")) < _FEW_LINKS:
        raise StopSource(
            f"expected a page of the shop, found {refusal} at {_bare(answer.url)}: ask the shop "
            "to let our crawler in, or use its platform's API"
        )


def _refuse_loss(markup: Markup, call: Call, cursor: Cursor) -> None:
    """A product that had reviews is no list of products: its markup changed."""
    if f"product {markup.address}" in cursor:
        raise StopSource(
            f"expected reviews as in earlier crawls, found none at {_bare(call.url)}: "
            "the shop changed its page; look at it by hand"
        )


_PARSER = lxml_html.HTMLParser(encoding="utf-8", huge_tree=True)


def _reviews(  # the page and its context
    markup: Markup,
    tree: lxml_html.HtmlElement,
    call: Call,
    options: Options,
    cursor: Cursor,
    now: datetime,
) -> Page:
    identities = Identities(call.note.get("equals", {}))
    items, rejected = markup.read(options, identities, now)
    key = call.note.get("key") or f"product {markup.address}"
    chain = Call(url=call.url, note={**call.note, "key": key, "role": "page"})
    state = progress(items, chain, cursor=cursor, options=options, contract=contract)
    next_url = _next_url(tree, call.url, options)
    is_last = next_url is None or not markup.reviews or (state.is_done and _is_newest_first(items))
    note = {**state.note, "equals": identities.last}
    return Page(
        items=state.items,
        rejected=[Rejected(raw=raw, field=field, reason=why) for raw, field, why in rejected],
        next_calls=[] if is_last or next_url is None else [_call(next_url, options, note)],
        cursor=state.cursor if is_last else None,
        is_checkpoint=is_last,
    )


def _list(tree: lxml_html.HtmlElement, answer: Answer, call: Call, options: Options) -> Page:
    links = [str(link) for link in tree.xpath("//a/@href")]
    calls = list(_listed(links, call, options))
    if not calls:
        raise StopSource(
            f"expected reviews or links to products, found neither at {_bare(answer.url)}: look at "
            "the page by hand; it may need a browser, or follow may be wrong"
        )
    return Page(next_calls=calls)


def _listed(links: list[str], call: Call, options: Options) -> Iterator[Call]:
    """Product pages on the list's own host, each once."""
    seen = {call.url}
    for link in links:
        url = _absolute(call.url, link, options)
        if url is None or url in seen or not re.search(options.follow, url):
            continue
        seen.add(url)
        role = "start" if urlsplit(url).path.endswith(".xml") else "page"
        yield replace(_call(url, options, {**call.note, "role": role}), wants_validators=True)


def _moved(answer: Answer, call: Call, options: Options) -> Page:
    hops = int(call.note.get("hops", 0)) + 1
    url = _absolute(call.url, str(answer.headers.get("location", "")), options)
    if url is None or hops > _MOST_HOPS:
        raise StopSource(
            f"expected a page, found a redirect to another site at {_bare(answer.url)}: it may ask "
            "for consent or a login; correct urls if the shop has moved"
        )
    return Page(next_calls=[_call(url, options, {**call.note, "hops": hops})])


def _next_url(tree: lxml_html.HtmlElement, here: str, options: Options) -> str | None:
    if options.next_link:
        links = [element.get("href") for element in tree.cssselect(options.next_link)]
    else:
        links = tree.xpath('//link[@rel="next"]/@href | //a[contains(@rel, "next")]/@href')
    found = [_absolute(here, str(link), options) for link in links if link]
    same = [url for url in found if url and (options.next_link or _is_same_listing(here, url))]
    return same[0] if same else None


def _is_same_listing(here: str, url: str) -> bool:
    """A blog's "next" is another article: older reviews stand under the page's own path."""
    ours, theirs = (_PAGE_IN_PATH.sub("", urlsplit(each).path) for each in (here, url))
    return theirs.startswith(ours) or ours.startswith(theirs)


_PAGE_IN_PATH = re.compile(r"/(?:page|seite|p)[-/]?\d+/?$|/\d{1,4}/?$|/$")


def _canonical(tree: lxml_html.HtmlElement, here: str, options: Options) -> str:
    """The page's own address without page and campaign: what stays when reviews move pages."""
    link = next(iter(tree.xpath('//link[@rel="canonical"]/@href')), "")
    url = (_absolute(here, str(link), options) if link else None) or here
    parts = urlsplit(url)
    kept = [p for p in parts.query.split("&") if p and not _PAGING.match(p)]
    query = f"?{'&'.join(sorted(kept))}" if kept else ""
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}{query}"


_PAGING = re.compile(r"(?:page|p|pg|seite|offset|start|sort|utm_\w+|gclid|fbclid)=", re.I)


def _absolute(here: str, link: str, options: Options) -> str | None:
    """The link as an address on the same site, or nothing.

    With a `base_url` the shop's own hosts are that site, however its pages write them.
    """
    try:
        url = urldefrag(urljoin(here, link.strip())).url
        if options.base_url and _host(url) in map(_host, options.urls):
            url = on_host(options.base_url, url)
        ours, theirs = urlsplit(here), urlsplit(url)
        if theirs.scheme not in ("http", "https") or (theirs.port or 0) != (ours.port or 0):
            return None
    except ValueError:
        return None
    return url if _host(url) == _host(here) else None


def _host(url: str) -> str:
    return (urlsplit(url).hostname or "").removeprefix("www.")


def _is_newest_first(items: list[Feedback]) -> bool:
    moments = [item.published_at for item in items if item.published_at is not None]
    return len(moments) == len(items) and all(
        later >= earlier for later, earlier in pairwise(moments)
    )


def _call(url: str, options: Options, note: dict[str, Any]) -> Call:
    address = on_host(options.base_url, url) if options.base_url else url
    return Call(url=address, note=note)


def _bare(url: str) -> str:
    return url.split("?", 1)[0]
