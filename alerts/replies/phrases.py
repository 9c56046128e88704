"""Our phrase stock, read from `phrases/`, and the small template language it is written in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from alerts.replies.lexicon import read_toml

_SLOT = re.compile(r"\{(\w+)(?:\|([^{}]*))?\}")
_OPTIONAL = re.compile(r"\[([^\[\]]*)\]")


@dataclass(frozen=True, kw_only=True)
class Rendered:
    """A filled template and the names of the details that it used."""

    text: str
    used: frozenset[str]


@cache
def stock(language: str) -> dict[str, Any]:
    """The phrase file of a language; empty where we have none."""
    return read_toml("phrases", language)


def frames(language: str, name: str, manner: str) -> tuple[str, ...]:
    """Sentences of the frame in a manner; a manner we do not have falls back to plain."""
    table: dict[str, list[str]] = stock(language).get("frame", {}).get(name, {})
    return tuple(table.get(manner) or table.get("plain") or ())


def issue_phrases(language: str, key: str, theme: str) -> dict[str, tuple[str, ...]]:
    """Phrases for an issue, for what they lack those of its theme."""
    tables: dict[str, dict[str, list[str]]] = stock(language).get("issue", {})
    merged: dict[str, list[str]] = {**tables.get(theme, {}), **tables.get(key, {})}
    return {name: tuple(values) for name, values in merged.items()}


def render(template: str, slots: dict[str, str]) -> Rendered | None:
    """Fill a template; None where a slot without fallback is unknown.

    `[ … {slot} … ]` vanishes with its slot, `{slot|words}` falls back to the words.
    """
    used: set[str] = set()

    def optional(match: re.Match[str]) -> str:
        names = [name for name, fallback in _SLOT.findall(match.group(1)) if not fallback]
        if any(name not in slots for name in names):
            return ""
        return match.group(1)

    def slot(match: re.Match[str]) -> str:
        name, fallback = match.group(1), match.group(2)
        if name in slots:
            used.add(name)
            return slots[name]
        if fallback is None:
            raise KeyError(name)
        return fallback

    try:
        text = _SLOT.sub(slot, _OPTIONAL.sub(optional, template))
    except KeyError:
        return None
    return Rendered(text=_polish(text), used=frozenset(used))


def _polish(text: str) -> str:
    text = re.sub(r",\s*([.;!?])", r"\1", text)
    text = re.sub(r",\s*,", ",", text)
    text = re.sub(r"\s+([,.;!?])", r"\1", text)
    return re.sub(r" {2,}", " ", text).strip()
