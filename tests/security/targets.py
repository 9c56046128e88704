"""What is fuzzed: every reader of foreign bytes, with inputs to begin with and what must hold.

A target takes bytes. It passes, or raises an error of `earshot.errors`; anything else is a
violation, and so is a record that the database would refuse, or an input that takes seconds.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from earshot import platforms
from earshot.errors import EarshotError
from earshot.platforms.base import Answer, Call, Headers, Page
from earshot.platforms.session import Session
from tests.platforms.drive import NOW
from tests.platforms.replay_server import Replay, recordings
from tests.platforms.scenarios import SCENARIOS, Scenario
from tests.platforms.test_declared import CASES, HERE, Case

COLUMNS, REACH, MOMENTS = 27, 19, (13, 15, 16, 23)
NUMBERS = (11, 12)
LARGEST_REAL, LARGEST_BIGINT = 3.4e38, 2**63 - 1
CALLS_WALKED = 6


@dataclass(frozen=True, kw_only=True)
class Target:
    """One reader: `run` takes an input, `seeds` are well-formed ones."""

    name: str
    seeds: tuple[bytes, ...] = field(repr=False)
    run: Callable[[bytes], None] = field(repr=False)


def targets(shared: Path | None) -> list[Target]:
    """Every target; those that need recordings only where the shared data is there."""
    return [
        *([_recorded(scenario, shared) for scenario in SCENARIOS] if shared else []),
        *(_documented(case) for case in CASES),
        _pages(),
        *_texts(),
        *_files(),
    ]


def must_hold(run: Callable[[bytes], None], raw: bytes) -> None:
    """Run a target; errors named after what to do next are its good outcomes."""
    try:
        run(raw)
    except EarshotError as error:
        if not str(error).strip():
            raise AssertionError("an error must say what to do") from error


# Platforms -----------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """A call and the answer that it got."""

    call: Call
    status: int
    headers: dict[str, str]
    body: bytes


def _recorded(scenario: Scenario, shared: Path) -> Target:
    platform = platforms.load(scenario.platform)
    common = {"source": "s", "brand": ("b",), "base_url": "http://127.0.0.1:1"}
    options = platform.Options(**{**common, **scenario.options})
    replay = Replay(
        recordings(shared, *scenario.recorded), empty=scenario.empty, is_once=scenario.is_once
    )
    session = partial(Session, platform, options, credentials=scenario.credentials, now=NOW)
    return _platform_target(scenario.name, session, list(_walk(session(), replay)))


def _walk(session: Session, replay: Replay) -> Iterator[Exchange]:
    """The first calls of a crawl with their recorded answers."""
    waiting = session.calls()
    for _ in range(CALLS_WALKED):
        if not waiting:
            return
        call = waiting.pop(0)
        path = call.url.removeprefix("http://127.0.0.1:1")
        status, headers, body = replay.answer(call.method, path)
        yield Exchange(call=call, status=status, headers=headers, body=body)
        answer = Answer(status=status, headers=Headers(headers), body=body, url=call.url)
        try:
            waiting += session.receive(answer, call).next_calls
        except EarshotError:
            return


def _documented(case: Case) -> Target:
    platform = platforms.load(case.platform)
    given = {"source": "s", "brand": ("b",), "base_url": HERE, **case.options}
    options = platform.Options(**given)
    session = partial(Session, platform, options, now=NOW)
    call = session().calls()[case.endpoint]
    exchange = Exchange(
        call=call, status=200, headers=case.headers, body=json.dumps(case.body).encode()
    )
    return _platform_target(f"{case.platform}_{case.endpoint}_documented", session, [exchange])


def _pages() -> Target:
    """Product pages of the sample shop, as any shop marks up its reviews."""
    from earshot.shop.generator import generate
    from earshot.shop.pages import catalogue, product_page
    from earshot.shop.products import PRODUCTS

    platform = platforms.load("schemaorg")
    options = platform.Options(source="s", brand=("b",), urls=(HERE,))
    session = partial(Session, platform, options, now=NOW)
    reviews = [review for review in generate() if review.sku == PRODUCTS[0].sku][:5]
    bodies = [product_page(PRODUCTS[0], reviews, 1), catalogue(), *OTHER_PAGES]
    call = session().calls()[0]
    found = [Exchange(call=call, status=200, headers={}, body=body.encode()) for body in bodies]
    return _platform_target("schemaorg_pages", session, found)


OTHER_PAGES = (
    '<?xml version="1.0"?><urlset><url><loc>http://127.0.0.1:1/p/1</loc></url></urlset>',
    '<html><div itemscope itemtype="https://schema.org/Product"><span itemprop="name">Vase</span>'
    '<div itemprop="review" itemscope itemtype="https://schema.org/Review">'
    '<meta itemprop="datePublished" content="2026-11-02"><span itemprop="reviewBody">Bad.</span>'
    '<div itemprop="reviewRating" itemscope><meta itemprop="ratingValue" content="1"></div></div>'
    "</div></html>",
)


def _platform_target(
    name: str, session: Callable[[], Session], exchanges: Sequence[Exchange]
) -> Target:
    """Its first byte chooses the exchange whose body is replaced by the rest."""

    def run(raw: bytes) -> None:
        chosen = exchanges[raw[0] % len(exchanges)] if raw else exchanges[0]
        answer = Answer(
            status=chosen.status,
            headers=Headers(chosen.headers),
            body=raw[1:],
            url=chosen.call.url,
        )
        crawl = session()
        crawl.calls()
        must_be_storable(crawl.receive(answer, chosen.call))

    seeds = tuple(bytes([at]) + each.body for at, each in enumerate(exchanges))
    return Target(name=name, seeds=seeds, run=run)


def must_be_storable(page: Page) -> None:
    """Every record becomes a row that Postgres takes, and every rejected piece has its reason."""
    from scrapers.rows import refused

    assert all(piece.reason for piece in page.rejected)
    _rows_must_hold(
        page.items,
        [refused(piece.raw, piece.reason, field=piece.field) for piece in page.rejected],
    )
    for call in page.next_calls:
        assert call.url.startswith(("http://", "https://")), "only the web is read"


def _rows_must_hold(records: Sequence[Any], bad: Sequence[Any]) -> None:
    from scrapers.rows import Preparation, prepared

    preparation = Preparation(hashing_key=b"k" * 16, brand_ids={"b": 1})
    for line in prepared(records, preparation, refused=bad).lines:
        _row_must_hold(line)


def _row_must_hold(line: str) -> None:
    line.encode("utf-8")
    assert not set("\x00\n") & set(line)
    values = line.split("\t")
    assert len(values) == COLUMNS
    json.loads(values[8].replace("\\\\", "\\"))
    for at in MOMENTS:
        assert values[at] == "\\N" or datetime.fromisoformat(values[at]).year >= 1
    for at in NUMBERS:
        assert values[at] == "\\N" or abs(float(values[at])) < LARGEST_REAL, "out of range of real"
    assert values[REACH] == "\\N" or int(values[REACH]) <= LARGEST_BIGINT, "out of range of bigint"


# Texts ---------------------------------------------------------------------------------------

SAID = (
    b"The parcel came two weeks late & the box was crushed. Call +1 415 555 2671, a@b.io.",
    "Sehr schöne Lampe! 😀 Größe passt nicht… 1.299,00 € zurück?".encode(),
    b"<p>Great<br>chair</p> <b>but</b> order #123456 never came &amp; nobody answers",
    "ﷺ مرحبا 你好 ราคา 🇩🇪👩‍👩‍👧".encode(),
    b"*bold* _it_ `code` <!channel> <@U012AB3CD> <https://evil.example|refund> @everyone :tada:",
)
MARKUP = re.compile(r"<|>|&(?!amp;|lt;|gt;)")


def _texts() -> list[Target]:
    named = {
        "clean": _cleaned,
        "mask": _masked,
        "sentences": _sentences,
        "language": _language,
        "mrkdwn": _escaped,
        "links": _links,
        "reply": _reply,
    }
    return [Target(name=f"text_{name}", seeds=SAID, run=run) for name, run in named.items()]


def _text(raw: bytes) -> str:
    """As a record holds it: any Unicode, without NUL and lone surrogates."""
    from earshot.record import Feedback

    said = raw.decode("utf-8", "surrogateescape")
    common = {"source": "s", "platform": "p", "external_id": "1", "brand": ("b",)}
    return Feedback(**common, body=said, published_precision="unknown").body


def _cleaned(raw: bytes) -> None:
    from earshot.text.cleaning import clean, has_content, has_words, whole_text
    from earshot.text.copies import content_hash, copy_key

    text = _text(raw)
    cleaned = clean(text)
    for read in (has_content, has_words, copy_key):
        read(cleaned)
    whole_text(text, text)
    content_hash(text, text, 1.0, 5.0)


def _masked(raw: bytes) -> None:
    from earshot.text.masking import mask, mask_bytes, mask_email

    text = _text(raw)
    once = mask(text, language="de")
    assert "\x00" not in once
    assert mask_email(once) == once, "an address survived masking"
    mask_bytes(raw)


def _sentences(raw: bytes) -> None:
    from nlp.reading import read

    reading = read(_text(raw)[:200], _text(raw), "en")
    assert len(reading.units) >= 0


def _language(raw: bytes) -> None:
    from earshot.text.language import language_of

    language_of(_text(raw), random.Random(len(raw)).choice([None, "en-GB", "xx", ""]))


def _escaped(raw: bytes) -> None:
    from alerts.slack import text as t

    told = t.escape(_text(raw))
    assert not MARKUP.search(told), "Slack would read this as markup"
    assert not set("*`") & set(told)
    assert len(t.shorten(_text(raw), 40)) <= 40
    t.label(_text(raw))
    t.gist(_text(raw)[:50], _text(raw), 80)


def _links(raw: bytes) -> None:
    from alerts.slack.text import safe_url

    url = safe_url(_text(raw))
    assert url is None or (url.lower().startswith("http") and not re.search(r"[<>|\s]", url))


def _reply(raw: bytes) -> None:
    from alerts.replies.sanitise import detail, is_tame, plain

    text = _text(raw)
    plain(text)
    found = detail(text)
    assert found is None or is_tame(found)


# Files and settings --------------------------------------------------------------------------

SETTINGS = (
    b'contact = "a@b.io"\n[[brand]]\nkey = "n"\nname = "N"\n[[source]]\nname = "shop"\n'
    b'kind = "schemaorg"\nbrand = "n"\nurls = ["https://shop.example/"]\n[slack]\n'
    b'channel = "#x"\nquiet_hours = {start_hour = 1, end_hour = 2}\n[clock]\n'
    b"alert_max_age_hours = 24\n[[rule]]\nname = 'default'\nsensitivity = 1.0\n",
)
CSV = (b'text,stars,at\n"late, again",1,2026-11-20\nfine,5,2026-11-21T10:00:00Z\n',)
JSONL = (b'{"text": "late", "stars": 1, "at": "2026-11-20"}\n{"text": "ok"}\n',)
TAXONOMY = (b'[[theme]]\nkey = "late"\nname = "Late"\ndescription = "Late."\nexamples = ["x"]\n',)
ADDRESSES = (
    b"postgresql://user:p%40ss@db.example:5432/earshot?sslmode=require",
    b'{"conn_type": "postgres", "login": "u", "password": "p", "host": "h", "port": 5432}',
)


def _files() -> list[Target]:
    return [
        Target(name="settings", seeds=SETTINGS, run=_settings),
        Target(name="taxonomy", seeds=TAXONOMY, run=_taxonomy),
        Target(name="import_csv", seeds=CSV, run=partial(_imported, "csv")),
        Target(name="import_jsonl", seeds=JSONL, run=partial(_imported, "jsonl")),
        Target(name="database_address", seeds=ADDRESSES, run=_address),
    ]


def _settings(raw: bytes) -> None:
    from earshot.settings import load
    from scrapers.registry import connector_of

    with _file(raw, "earshot.toml") as path:
        for source in load(path).source:
            connector_of(source).check(source)


def _taxonomy(raw: bytes) -> None:
    from nlp.taxonomy import load_taxonomy

    with _file(raw, "taxonomy.toml") as path:
        load_taxonomy(path)


def _imported(form: str, raw: bytes) -> None:
    from earshot.settings import Source
    from scrapers.files.importing import _batches
    from scrapers.files.mapping import Mapper
    from scrapers.files.options import options_of
    from scrapers.files.reading import opened

    columns = {"body": "text", "rating": "stars", "published_at": "at"}
    source = Source(name="s", kind="file", brand="b", path="f", columns=columns)
    options = options_of(source)
    with _file(raw, f"f.{form}") as path, opened(path, options) as (rows, _):
        for records, bad in _batches(rows, Mapper(source, options, "p")):
            _rows_must_hold(records, bad)


def _address(raw: bytes) -> None:
    from sql.connect import _as_url, _parsed

    _parsed(_as_url(raw.decode("utf-8", "replace")), "EARSHOT_DATABASE_URL")


class _file:  # noqa: N801 - reads as a function
    """A file of these bytes in memory's folder, gone afterwards."""

    def __init__(self, raw: bytes, name: str) -> None:
        import os
        import tempfile

        folder = "/dev/shm" if os.access("/dev/shm", os.W_OK) else tempfile.gettempdir()
        self._path = Path(folder) / f"earshot-fuzz-{os.getpid()}-{name}"
        self._path.write_bytes(raw)

    def __enter__(self) -> Path:
        return self._path

    def __exit__(self, *_: object) -> None:
        self._path.unlink(missing_ok=True)
