"""Word lists and patterns by which a review's problems are recognised, read from `lexicon/`."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

_CONTRACTIONS = re.compile(
    r"\b(did|ca|wo|do|does|have|has|is|was|could|would|should|are|were|had|ai)nt\b"
)
_STRETCHED = re.compile(r"([a-z])\1{2,}")
_EDGE = r"(?:\b|(?=n't))"
"""A word's beginning; "n't" begins inside a word and counts as one too."""
_IM = re.compile(r"\b(i)(m|ve|ll)\b")


@dataclass(frozen=True, kw_only=True)
class Issue:
    """One kind of problem and how a sentence that tells of it looks."""

    key: str
    theme: str
    weight: float
    any: tuple[re.Pattern[str], ...]
    veto: tuple[re.Pattern[str], ...]
    must: re.Pattern[str] | None
    context: re.Pattern[str] | None
    """What the whole review must speak of for the issue to make sense."""
    unless: re.Pattern[str] | None
    """What the whole review must not speak of: words of another trade."""
    trade: re.Pattern[str] | None = None
    """What shows in a whole review that the brand is of the trade in which this occurs."""
    never: re.Pattern[str] | None = None
    """What rules the problem out whatever the trade."""

    def fits(self, review: str, *, is_sure: bool = False) -> bool:
        """Whether a normalised review is of the kind in which this problem occurs.

        Args:
            review: the whole review, normalised.
            is_sure: the brand's trade is that of the problem, so that words of another trade
                ("app" in a review of a shop) do not rule it out.
        """
        if self.never and self.never.search(review):
            return False
        if not is_sure and self.unless and self.unless.search(review):
            return False
        if not is_sure and self.trade and not self.trade.search(review):
            return False
        return self.context is None or bool(self.context.search(review))

    def find(self, sentence: str) -> int | None:
        """Where a normalised sentence tells of this problem, or None."""
        if self.must and not self.must.search(sentence):
            return None
        if any(pattern.search(sentence) for pattern in self.veto):
            return None
        for pattern in self.any:
            if found := pattern.search(sentence):
                return found.start()
        return None


def read_toml(folder: str, name: str) -> dict[str, Any]:
    """A TOML file that ships with the engine; an empty table where there is none."""
    resource = files(__package__).joinpath(folder, f"{name}.toml")
    if not resource.is_file():
        return {}
    return tomllib.loads(resource.read_text(encoding="utf-8"))


@cache
def issues(language: str) -> tuple[Issue, ...]:
    """All issues of a language's lexicon; none where the language has no lexicon."""
    content = read_toml("lexicon", language)
    macros: dict[str, str] = content.get("macros", {})
    return tuple(_issue(entry, macros) for entry in content.get("issue", ()))


def _issue(entry: dict[str, Any], macros: dict[str, str]) -> Issue:
    def compiled(pattern: str) -> re.Pattern[str]:
        for name, text in macros.items():
            pattern = pattern.replace(f"@{name}@", text)
        pattern = pattern.replace(r"\b(?:", rf"{_EDGE}(?:")
        return re.compile(pattern if pattern[0] == "\\" else f"{_EDGE}(?:{pattern})")

    return Issue(
        key=entry["key"],
        theme=entry["theme"],
        weight=float(entry.get("weight", 2.5)),
        any=tuple(compiled(p) for p in entry["any"]),
        veto=tuple(compiled(p) for p in entry.get("not", ())),
        must=compiled("|".join(entry["must"])) if "must" in entry else None,
        context=compiled("|".join(entry["context"])) if "context" in entry else None,
        unless=compiled("|".join(entry["unless"])) if "unless" in entry else None,
        trade=compiled("|".join(entry["trade"])) if "trade" in entry else None,
        never=compiled("|".join(entry["never"])) if "never" in entry else None,
    )


@cache
def domains(language: str) -> tuple[tuple[re.Pattern[str], frozenset[str]], ...]:
    """Kinds of business: words that show it, and themes that then cannot be meant."""
    content = read_toml("lexicon", language).get("domains", {})
    return tuple(
        (re.compile(entry["words"]), frozenset(entry["without"])) for entry in content.values()
    )


@cache
def circumstances(language: str) -> tuple[Issue, ...]:
    """What else a review may tell: a gift, a loyal customer, an earlier attempt …"""
    content = read_toml("lexicon", language)
    entries = content.get("circumstance", ())
    return tuple(pattern_entry(entry) for entry in entries)


def pattern_entry(entry: dict[str, Any]) -> Issue:
    """An entry that has patterns and no theme of its own."""
    return _issue({"theme": "", "weight": 1.0, **entry}, {})


@cache
def words(language: str) -> dict[str, Any]:
    """Word lists for details: objects, parts, occasions, people …"""
    return read_toml("lexicon", f"{language}_words")


@cache
def word_set(language: str, table: str, key: str = "words") -> frozenset[str]:
    """One list of `words` as a set."""
    return frozenset(str(words(language).get(table, {}).get(key, "")).split())


def normalised(sentence: str) -> str:
    """Lower case, apostrophes restored in contractions, so that one spelling is matched."""
    lowered = _CONTRACTIONS.sub(r"\1n't", _STRETCHED.sub(r"\1", sentence.lower()))
    return _IM.sub(r"\1'\2", lowered)


def sentences(text: str) -> list[str]:
    """Sentences of a sanitised text; also splits where the space after a full stop is missing."""
    parts = re.split(
        r"(?<=[.!?…])\s+|(?<=[a-z)][.!?])(?=[A-Z])|(?<=[a-z]{2}[.!?])(?=[a-z]+\s)(?!(?:com|net|org|ca|co|uk)\b)|\s[-•*]\s|[\n\r]+|;\s",
        text,
    )
    return [part.strip() for part in parts if part and re.search(r"\w", part)]
