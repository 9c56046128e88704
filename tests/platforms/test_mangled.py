"""No answer, however mangled, makes a reader fall over: it is read, rejected or refused."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from earshot import platforms
from earshot.errors import EarshotError
from earshot.platforms.base import Answer, Headers
from earshot.platforms.session import Session
from tests.platforms.drive import NOW
from tests.platforms.replay_server import Replay
from tests.platforms.scenarios import Scenario
from tests.platforms.test_faults import READERS

ROUNDS = 60
ODD: tuple[Any, ...] = (
    None,
    0,
    -1,
    True,
    "",
    "x",
    "\x00",
    [],
    {},
    [None],
    {"a": 1},
    1e300,
    "9" * 400,
)


def mangled(value: Any, chance: random.Random) -> Any:
    """The value with one thing somewhere inside replaced by another or dropped."""
    if isinstance(value, dict) and value and chance.random() < 0.9:
        key = chance.choice(list(value))
        if chance.random() < 0.1:
            return {k: v for k, v in value.items() if k != key}
        return {**value, key: mangled(value[key], chance)}
    if isinstance(value, list) and value and chance.random() < 0.9:
        at = chance.randrange(min(len(value), 3))
        return [*value[:at], mangled(value[at], chance), *value[at + 1 :]]
    return chance.choice(ODD)


def broken(body: bytes, chance: random.Random) -> bytes:
    """JSON mangled as JSON, anything else by its bytes."""
    if body[:1] in b"{[":
        return json.dumps(mangled(json.loads(body), chance)).encode()
    at = chance.randrange(len(body))
    return body[:at] + chance.choice([b"", b"<", b"\xff", b'"', b"null"]) + body[at + 9 :]


@pytest.mark.parametrize("scenario", READERS, ids=lambda s: s.name)
def test_a_mangled_answer_is_read_or_refused(scenario: Scenario, shared: Path) -> None:
    chance = random.Random(scenario.name)
    platform = platforms.load(scenario.platform)
    common = {"source": "s", "brand": ("b",), "base_url": "http://127.0.0.1:1"}
    options = platform.Options(**{**common, **scenario.options})
    begin = Session(platform, options, now=NOW).calls()[0]
    path = begin.url.removeprefix("http://127.0.0.1:1")
    replay = Replay(scenario.answers(shared), empty=scenario.empty)
    status, headers, body = replay.answer(begin.method, path)

    for _ in range(ROUNDS):
        session = Session(platform, options, now=NOW)
        call, raw = session.calls()[0], broken(body, chance)
        answer = Answer(status=status, headers=Headers(headers), body=raw, url=call.url)
        try:
            page = session.receive(answer, call)
        except EarshotError:
            continue
        assert all(item.external_id and item.brand for item in page.items)
        assert all(piece.reason for piece in page.rejected)
