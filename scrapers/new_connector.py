"""`earshot new-connector NAME`: a connector, a saved page and a test that fails until looked at."""

from __future__ import annotations

import re
from pathlib import Path
from string import Template

import scrapers
from earshot.errors import FixSettings
from scrapers.registry import names

_NAME = re.compile(r"[a-z][a-z0-9_]{1,40}")

CONNECTOR = Template('''"""Reviews of $title, by its JSON endpoint. Say which page documents it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import datetime
from typing import Any, cast

from pydantic import Field

from earshot.platforms import dates, ratings
from earshot.platforms.answers import expect, json_of
from earshot.platforms.base import (
    Answer,
    Call,
    Contract,
    Credentials,
    Cursor,
    HeaderSecret,
    Page,
    Platform,
    Span,
    Terms,
)
from earshot.platforms.base import Options as BaseOptions
from earshot.platforms.calls import address, on_host
from earshot.platforms.limits import limits as limits
from earshot.platforms.newest_first import progress
from earshot.platforms.payload import Gathered, Payload, text
from earshot.record import Feedback
from scrapers.registry import HttpConnector

name = "$name"
needs: tuple[str, ...] = ("${upper}_TOKEN",)
contract = Contract(required=("body", "rating", "published_at"), least_items=1)
terms = Terms(note="Say what the terms allow.", from_documentation=True)

_BASE_URL = "https://api.$name.example"
_SECRETS = (HeaderSecret(header="Authorization", template="Bearer {${upper}_TOKEN}"),)


class Options(BaseOptions):
    """What to read."""

    base_url: str = Field(default=_BASE_URL, description="Where to call.")


def first(
    options: Options,
    cursor: Cursor,
    credentials: Credentials,
    now: datetime,
    span: Span | None = None,
) -> list[Call]:
    """The newest page of reviews."""
    del cursor, credentials, now
    note = {"key": "reviews", **({} if span is None else {"span": span.note()})}
    return [Call(url=address(options.base_url, "/reviews"), note=note, secrets=_SECRETS)]


def read(answer: Answer, call: Call, options: Options, cursor: Cursor, now: datetime) -> Page:
    """One page of reviews, newest first."""
    del now
    payload = json_of(answer)
    found = Gathered().add(
        expect(payload, "reviews", list, answer), lambda raw, seen: _review(raw, seen, options)
    )
    found.judged(answer)
    state = progress(found.items, call, cursor=cursor, options=options, contract=contract)
    link = payload.get("next")
    follow = [] if state.is_done or not link else [_next(link, options, state.note)]
    return Page(
        items=state.items,
        rejected=found.rejected,
        unread_fields=frozenset(found.unread),
        next_calls=follow,
        cursor=state.cursor,
    )


def _next(link: str, options: Options, note: dict[str, Any]) -> Call:
    return Call(url=on_host(options.base_url, link), note=note, secrets=_SECRETS)


def _review(raw: Any, seen: Gathered, options: Options) -> Iterator[Feedback]:
    """What is taken is read; what remains is reported, so that a change upstream is noticed."""
    review = Payload(raw)
    rating = ratings.read(review.take("stars"))
    when = dates.read(review.take("created_at"), zone=options.timezone)
    yield Feedback(
        source=options.source,
        platform=name,
        external_id=str(review.need("id")),
        brand=options.brand,
        title=text(review.take("title")),
        body=text(review.take("text")),
        rating=rating.value,
        rating_scale=rating.scale,
        published_at=when.moment,
        published_precision=when.precision,
        author_id=text(review.take("author")) or None,
        language_hint=options.language,
    )
    seen.unread |= review.rest(frozenset())


CONNECTOR = HttpConnector(platform=cast("Platform[Any]", sys.modules[__name__]))
''')

PAGE = """{
 "reviews": [
  {
   "id": 2,
   "title": "Replace me",
   "text": "Put a page that the platform sent here, with other words for people's.",
   "stars": 2,
   "created_at": "2026-02-03T10:00:00Z",
   "author": "a2"
  },
  {"id": 1, "text": "Older.", "stars": 5, "created_at": "2026-02-01T09:00:00Z", "author": "a1"}
 ],
 "next": null
}
"""

TEST = Template('''"""The connector $name reads its saved page as the golden file says."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from earshot.platforms.base import Answer, Headers
from scrapers.connectors import $name
from tests.scrapers.golden import check_golden

FOLDER = Path(__file__).parent
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def test_the_saved_page_is_read_whole() -> None:
    options = $name.Options(source="$name", brand=("northwind",))
    call = $name.first(options, {}, {}, NOW)[0]
    body = (FOLDER / "page.json").read_bytes()
    answer = Answer(status=200, headers=Headers(), body=body, url=call.url)

    page = $name.read(answer, call, options, {}, NOW)

    assert page.rejected == []
    assert page.unread_fields == frozenset()
    check_golden(FOLDER / "golden.json", page.items)
''')


def new_connector(name: str, root: Path | None = None) -> list[Path]:
    """Write the three files of a new connector and return their paths.

    Args:
        name: becomes the `kind` of its sources.
        root: the checkout; by default the one that this code runs from.

    Raises:
        FixSettings: the name is taken or no name, or this is no checkout.
    """
    if not _NAME.fullmatch(name):
        raise FixSettings(
            f'"{name}" is no name of a connector; write lower-case letters, digits and _.'
        )
    root = root or Path(scrapers.__file__).parent.parent
    if name in names() or (root / f"scrapers/connectors/{name}.py").exists():
        raise FixSettings(f'there is a connector "{name}" already; choose another name.')
    if not (root / "tests/scrapers").is_dir():
        raise FixSettings(f"{root} is no checkout of Earshot; run it in one, where the tests are.")
    folder = root / "tests/scrapers" / f"connector_{name}"
    words = {"name": name, "upper": name.upper(), "title": name.replace("_", " ")}
    written = {
        root / f"scrapers/connectors/{name}.py": CONNECTOR.substitute(words),
        folder / "page.json": PAGE,
        folder / f"test_{name}.py": TEST.substitute(words),
    }
    folder.mkdir(parents=True)
    for path, content in written.items():
        path.write_text(content, encoding="utf-8")
    return list(written)
