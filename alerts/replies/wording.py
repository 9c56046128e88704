"""Ways to say one thing: frames and clauses of the phrase stock, drawn and filled for one draft."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

from alerts.replies.objects_en import is_plural
from alerts.replies.phrases import Rendered, frames, issue_phrases, render, stock
from alerts.replies.records import Point, Problem, Understanding

_DETAILS = frozenset(
    {"obj", "dur", "amt", "pct", "cnt", "wash", "state", "part", "occ", "who", "courier"}
    | {"your_pet", "cond", "promo", "feat", "coin", "where"}
)
_CHANCE = 1.5
"""So that another attempt can differ: one repeated word may be made up for by chance, two not."""
_LETTERS = re.compile(r"[^\W\d_]{4,}")


@dataclass(frozen=True, kw_only=True)
class Wording:
    """Draws from the phrase stock of one language in one manner, by one seed."""

    language: str
    manner: str
    """Plain, warm or formal."""
    seed: str
    said: frozenset[str]
    """Words of the review: of two ways the one that repeats fewer of them tells more."""

    def rng(self, role: str) -> random.Random:
        """The generator of one part, untouched by what other parts draw."""
        return random.Random(f"{self.seed}|{role}")

    def shuffled(self, role: str, ways: tuple[str, ...] | list[str]) -> list[str]:
        """The ways in drawn order."""
        return self.rng(role).sample(list(ways), len(ways))

    def in_our_words(self, role: str, ways: tuple[str, ...] | list[str]) -> list[str]:
        """The ways in drawn order, those mostly first that repeat few words of the review."""
        rng = self.rng(role)
        drawn = [(len(words_of(way) & self.said) + _CHANCE * rng.random(), way) for way in ways]
        return [way for _, way in sorted(drawn)]

    def frame(self, name: str, **slots: str) -> tuple[str, ...]:
        """The ways of one frame in drawn order, filled; a way with an unknown slot falls out."""
        ways = self.shuffled(name, frames(self.language, name, self.manner))
        filled = [render(way, slots) for way in ways]
        return tuple(way.text for way in filled if way)

    def telling(self, role: str, frame: str, clauses: list[str]) -> tuple[str, ...]:
        """Frames around the first clause, then around the others, as ways to say one thing."""
        ways = self.shuffled(f"{role}_frame", frames(self.language, frame, self.manner))
        return tuple(
            way.replace("{c}", clauses[i % len(clauses)]) for i, way in enumerate(ways) if clauses
        )

    def of_issue(self, problem: Problem, name: str) -> list[str]:
        """What the stock has under `sense`, `ask` or `next` for a problem."""
        found = issue_phrases(self.language, problem.key, problem.theme).get(name, ())
        return self.in_our_words(name, found)

    def clauses(self, role: str, problem: Problem) -> list[str]:
        """Clauses for a problem, those that use most of its details."""
        return self.in_our_words(f"{role}_clause", [c.text for c in self._fullest(problem)])

    def details_told(self, problem: Problem) -> int:
        """How many details in the customer's own words a clause for the problem carries."""
        return max((len(c.used & _DETAILS) for c in self._fullest(problem)), default=0)

    def _fullest(self, problem: Problem) -> list[Rendered]:
        phrases = issue_phrases(self.language, problem.key, problem.theme)
        slots = _slots(problem)
        filled = [render(template, slots) for template in phrases.get("clause", ())]
        known = [rendered for rendered in filled if rendered]
        most = max((len(rendered.used & _DETAILS) for rendered in known), default=0)
        return [rendered for rendered in known if len(rendered.used & _DETAILS) >= most]

    def point(self, point: Point) -> list[str]:
        """Clauses for a particular."""
        return self.in_our_words(point.key, point.clauses)

    def circumstance(self, key: str) -> list[str]:
        """Sentences on a circumstance that the lexicon knows."""
        found = stock(self.language).get("circumstance", {}).get(key, ())
        return self.in_our_words(f"circumstance_{key}", found)

    def generic(self, name: str) -> list[str]:
        """What the frame says where an issue has nothing of its own."""
        return self.shuffled(name, stock(self.language).get("frame", {}).get(name, ()))

    @property
    def both(self) -> str:
        """What stands between two clauses that follow one "that"."""
        return str(stock(self.language)["frame"]["and_that"])


def words_of(text: str) -> frozenset[str]:
    """Words of at least four letters, lower case, shortened to what inflection leaves."""
    return frozenset(word[:6] for word in _LETTERS.findall(text.lower()))


def circumstances_told(meaning: Understanding) -> list[str]:
    """Circumstances of a review for which the language has sentences."""
    known = stock(meaning.language).get("circumstance", {})
    return [key for key in meaning.circumstances if key in known]


def _slots(problem: Problem) -> dict[str, str]:
    """Details plus the words that must agree with them."""
    slots = dict(problem.details)
    many = "obj" in slots and is_plural(slots["obj"])
    agreeing = {
        "is": "are" if many else "is",
        "has": "have" if many else "has",
        "was": "were" if many else "was",
        "does": "do not" if many else "does not",
        "it": "them" if many else "it",
        "they": "they" if many else "it",
        "works": "work" if many else "works",
        "fits": "fit" if many else "fits",
        "feels": "feel" if many else "feels",
        "runs": "run" if many else "runs",
        "partis": "are" if "part" in slots and is_plural(slots["part"]) else "is",
    }
    return agreeing | slots
