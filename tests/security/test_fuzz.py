"""Hostile bytes have a defined outcome in every reader; `make fuzz` goes on for an hour."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.security.mutation import mutated
from tests.security.targets import Target, must_hold, targets

ROUNDS = 40
_SHARED = Path(os.environ.get("EARSHOT_SHARED") or Path(__file__).parents[3] / "shared")
TARGETS = targets(_SHARED if _SHARED.is_dir() else None)
TEXTS = [target for target in TARGETS if target.name.startswith("text_")]
# Each was a crash once: found by the long run, kept so that it stays mended.
ONCE_CRASHED = (
    ("text_language", "\N{ARABIC TATWEEL}".encode() * 40),
    ("settings", b"a = " + b"[" * 3000),
    ("settings", b"a = " + b"9" * 5000),
    ("taxonomy", b"a = " + b"[" * 3000),
    ("database_address", b"{"),
    ("database_address", b'{"port": [1], "extra": 5}'),
    ("database_address", b"postgresql://\xff:p@h/d"),
    ("import_jsonl", b'{"text": "late", "stars": "\\ud800", "at": "2026-11-20"}\n'),
)


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_a_reader_reads_rejects_or_refuses_whatever_it_is_given(target: Target) -> None:
    chance = random.Random(target.name)

    for raw in target.seeds:
        must_hold(target.run, raw)
    for _ in range(ROUNDS):
        must_hold(target.run, mutated(chance.choice(target.seeds), chance))


@pytest.mark.parametrize("target", TEXTS, ids=lambda target: target.name)
@given(said=st.text(max_size=200))
@settings(max_examples=40, deadline=None)
def test_any_text_passes_every_helper(target: Target, said: str) -> None:
    must_hold(target.run, said.encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize(("name", "raw"), ONCE_CRASHED)
def test_what_crashed_once_has_an_outcome_now(name: str, raw: bytes) -> None:
    must_hold(next(each for each in TARGETS if each.name == name).run, raw)
