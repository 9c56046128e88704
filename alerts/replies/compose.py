"""The built-in engine: one reply from theme, details, facts and our phrase stock.

Deterministic: every choice is drawn from a generator seeded with the caller's seed and the name
of the part, so that another policy changes the remedy and nothing else.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

from alerts.replies import guard
from alerts.replies.details_en import is_plural
from alerts.replies.facts import Facts, Policy
from alerts.replies.language import language_of
from alerts.replies.limits import ReplyLimit, limit_of
from alerts.replies.phrases import Rendered, frames, issue_phrases, render, stock
from alerts.replies.priority import set_aside
from alerts.replies.records import (
    Draft,
    NoDraft,
    Problem,
    ReviewForReply,
    Understanding,
    Wish,
)
from alerts.replies.understand import understand

_ATTEMPTS = 12
_ROOMY = 500
"""Aim in characters from which a quotation may stand beside the details."""
_DETAILS = frozenset(
    {
        "obj",
        "dur",
        "amt",
        "pct",
        "cnt",
        "wash",
        "state",
        "part",
        "occ",
        "who",
        "courier",
        "your_pet",
        "cond",
        "promo",
        "feat",
        "coin",
        "where",
    }
)


@dataclass(frozen=True, kw_only=True)
class _Part:
    """One sentence of the reply with the ways to say it; rank 9 must stay, lower ones go first."""

    role: str
    ways: tuple[str, ...]
    rank: int = 9


def draft(
    review: ReviewForReply,
    facts: Facts,
    *,
    platform: str,
    recent_replies: tuple[str, ...] | list[str] = (),
    seed: str,
    wish: Wish | None = None,
) -> Draft | NoDraft:
    """A reply to one review that the guard lets pass, or the reason why there is none.

    Args:
        review: the stored version that the reply answers.
        facts: the brand's facts; the only source of promises.
        platform: decides the length and its unit (`limits.limit_of`).
        recent_replies: the brand's last replies; the draft must not repeat them.
        seed: the same seed gives the same draft; use review id, version and attempt.
        wish: what the person asked for on the last attempt.
    """
    if reason := set_aside(review):
        return reason
    language = language_of(review.whole_text, review.language, default=facts.languages[0])
    if language not in facts.languages:
        return NoDraft(
            reason="language",
            explanation=f"The review is in {language!r}, which the facts file does not list.",
        )
    meaning = understand(review, language=language)
    if reason := _uncovered(meaning, facts):
        return reason
    return _first_that_passes(
        review, meaning, facts, limit_of(platform), recent_replies, seed, wish
    )


def _uncovered(meaning: Understanding, facts: Facts) -> NoDraft | None:
    if facts.when_uncovered == "contact" or not meaning.problems:
        return None
    if any(facts.policy_for(problem.key, problem.theme) for problem in meaning.problems):
        return None
    named = meaning.problems[0].key.replace("_", " ")
    return NoDraft(
        reason="uncovered",
        explanation=f"No policy in the facts file governs the problem ({named}).",
    )


def _first_that_passes(
    review: ReviewForReply,
    meaning: Understanding,
    facts: Facts,
    limit: ReplyLimit,
    recent_replies: tuple[str, ...] | list[str],
    seed: str,
    wish: Wish | None,
) -> Draft | NoDraft:
    refused = ""
    for attempt in range(_ATTEMPTS):
        composer = _Composer(
            meaning=meaning, facts=facts, limit=limit, seed=f"{seed}|{wish}|{attempt}", wish=wish
        )
        text = composer.text()
        if text is None:
            return NoDraft(
                reason="length",
                explanation=f"The shortest draft is over the {limit.limit} {limit.unit} of "
                f"{limit.name}; add a shorter remedy or sign-off to the facts file.",
            )
        findings = guard.check(text, review, facts, limit.name, recent_replies, limit=limit)
        if not findings:
            return _as_draft(text, meaning, composer.policies(), limit, seed)
        refused = "; ".join(finding.reason for finding in findings)
    return NoDraft(reason="guard", explanation=f"The guard refused every draft: {refused}.")


def _as_draft(
    text: str,
    meaning: Understanding,
    policies: list[Policy],
    limit: ReplyLimit,
    seed: str,
) -> Draft:
    return Draft(
        text=text,
        language=meaning.language,
        problems=meaning.problems,
        policy_ids=tuple(policy.id for policy in policies),
        length=limit.length(text),
        limit=limit.limit,
        unit=limit.unit,
        seed=seed,
    )


@dataclass(frozen=True, kw_only=True)
class _Composer:
    meaning: Understanding
    facts: Facts
    limit: ReplyLimit
    seed: str
    wish: Wish | None

    @property
    def manner(self) -> str:
        """Plain, warm or formal: the wish before the brand's voice."""
        wished = {"warmer": "warm", "more formal": "formal"}
        return wished.get(self.wish or "", self.facts.voice)

    def policies(self) -> list[Policy]:
        """Policies of the first two problems, each once."""
        found: list[Policy] = []
        for problem in self.meaning.problems[:2]:
            policy = self.facts.policy_for(problem.key, problem.theme)
            if policy and policy not in found:
                found.append(policy)
        return found

    def text(self) -> str | None:
        """The composed reply, or None where even its shortest form is over the limit."""
        parts = [part for part in self._parts() if part.ways]
        aim = self.limit.aim
        if self.wish == "shorter":
            parts = [part for part in parts if part.rank >= 7]
            parts = [replace(part, ways=tuple(sorted(part.ways, key=len))) for part in parts]
            aim = min(aim, 300)
        return _fit(parts, self.limit, aim)

    def _rng(self, role: str) -> random.Random:
        return random.Random(f"{self.seed}|{role}")

    def _shuffled(self, role: str, ways: tuple[str, ...] | list[str]) -> list[str]:
        return self._rng(role).sample(list(ways), len(ways))

    def _frame(self, name: str) -> list[str]:
        ways = frames(self.meaning.language, name, self.manner)
        filled = [
            render(way.replace("{brand}", self.facts.brand), {})
            for way in ways
            if "{c}" not in way and "{q}" not in way and "{p}" not in way
        ]
        plain = [way.text for way in filled if way]
        return self._shuffled(name, plain)

    def _parts(self) -> list[_Part]:
        meaning = self.meaning
        if not meaning.is_negative and not meaning.problems:
            return self._thanks()
        parts = self._opening()
        if len(meaning.problems) > 1:
            parts.append(self._clause_part("second", "second", meaning.problems[1], rank=8))
        if len(meaning.problems) > 2:
            parts.append(self._clause_part("second", "third", meaning.problems[2], rank=5))
        parts += self._feeling()
        parts += self._remedies()
        parts.append(self._contact())
        hours = self.facts.contact.hours.get(meaning.language)
        if hours and self._rng("has_hours").random() < 0.25:
            ways = frames(meaning.language, "contact_hours", self.manner)
            said = [way.replace("{hours}", hours) for way in self._shuffled("hours", ways)]
            parts.append(_Part(role="hours", ways=tuple(said), rank=1))
        parts.append(self._sign_off())
        return parts

    def _thanks(self) -> list[_Part]:
        parts = []
        if self.meaning.praise:
            ways = frames(self.meaning.language, "praise", self.manner)
            said = [way.replace("{p}", self.meaning.praise) for way in ways]
            parts.append(_Part(role="praise", ways=tuple(self._shuffled("praise", said))))
        else:
            parts.append(_Part(role="praise", ways=tuple(self._frame("praise_only"))))
        parts.append(_Part(role="close", ways=tuple(self._frame("praise_close")), rank=3))
        return [*parts, self._sign_off()]

    def _filled(self, name: str, slot: str, said: str) -> tuple[str, ...]:
        """The ways of one frame with its only slot filled, in drawn order."""
        ways = self._shuffled(name, frames(self.meaning.language, name, self.manner))
        return tuple(way.replace(slot, said) for way in ways)

    def _opening(self) -> list[_Part]:
        meaning = self.meaning
        if not meaning.problems:
            return self._unclear()
        main = meaning.problems[0]
        if meaning.praise:
            praise = self._filled("praise", "{p}", meaning.praise)
            return [
                _Part(role="praise", ways=praise, rank=7),
                self._clause_part("but", "main", main, rank=9),
            ]
        opening = self._clause_part("apology", "main", main, rank=9)
        told = self._details_told(main)
        if main.quote and (told == 0 or (told == 1 and self.limit.aim > _ROOMY)):
            return [
                opening,
                _Part(role="quote", ways=self._filled("quote", "{q}", main.quote), rank=6),
            ]
        return [opening]

    def _unclear(self) -> list[_Part]:
        """Regret, with what was said where it can be quoted, and a question."""
        remark = self.meaning.remark
        ways = (
            self._filled("quoted_problem", "{q}", remark)
            if remark
            else tuple(self._frame("unclear"))
        )
        invite = _Part(role="invite", ways=tuple(self._frame("invite")), rank=8)
        return [_Part(role="unclear", ways=ways), invite]

    def _details_told(self, problem: Problem) -> int:
        """How many details in the customer's own words the main clause carries."""
        return max((len(c.used & _DETAILS) for c in self._clauses(problem)), default=0)

    def _clauses(self, problem: Problem) -> list[Rendered]:
        """Clauses for a problem, those that use most details."""
        phrases = issue_phrases(self.meaning.language, problem.key, problem.theme)
        slots = _slots(problem)
        filled = [render(template, slots) for template in phrases.get("clause", ())]
        known = [rendered for rendered in filled if rendered]
        most = max((len(rendered.used & _DETAILS) for rendered in known), default=0)
        return [rendered for rendered in known if len(rendered.used & _DETAILS) >= most]

    def _clause_part(self, frame: str, role: str, problem: Problem, *, rank: int) -> _Part:
        clauses = self._shuffled(f"{role}_clause", [c.text for c in self._clauses(problem)])
        ways = self._shuffled(f"{frame}_frame", frames(self.meaning.language, frame, self.manner))
        if role == "third":
            ways = ways[1:] + ways[:1]
        if not clauses:
            return _Part(role=role, ways=(), rank=rank)
        said = [way.replace("{c}", clauses[i % len(clauses)]) for i, way in enumerate(ways)]
        return _Part(role=role, ways=tuple(said), rank=rank)

    def _feeling(self) -> list[_Part]:
        parts: list[_Part] = []
        if self.meaning.problems:
            main = self.meaning.problems[0]
            phrases = issue_phrases(self.meaning.language, main.key, main.theme)
            senses = self._shuffled("sense", phrases.get("sense", ()))
            parts.append(_Part(role="sense", ways=tuple(senses), rank=4))
        said = stock(self.meaning.language).get("circumstance", {})
        told = [key for key in self.meaning.circumstances if key in said][:2]
        for rank, key in zip((4, 3), told, strict=False):
            ways = self._shuffled(f"circumstance_{key}", said[key])
            parts.append(_Part(role=key, ways=tuple(ways), rank=rank))
        if self.wish == "warmer" or self._rng("has_standard").random() < 0.2:
            parts.append(_Part(role="standard", ways=tuple(self._frame("standard")), rank=2))
        return parts

    def _remedies(self) -> list[_Part]:
        parts: list[_Part] = []
        for number, policy in enumerate(self.policies()):
            ways = policy.remedy[self.meaning.language]
            parts.append(_Part(role=f"remedy{number}", ways=ways, rank=9 if number == 0 else 8))
            if condition := policy.conditions.get(self.meaning.language):
                parts.append(_Part(role=f"condition{number}", ways=(condition,), rank=9))
        return parts

    def _contact(self) -> _Part:
        language, contact = self.meaning.language, self.facts.contact
        way = contact.email or contact.url or contact.phone or ""
        kind = "contact" if contact.email else "contact_url" if contact.url else "contact_phone"
        if not self.meaning.problems:
            short = frames(language, "contact_open", self.manner)
            said = [s.replace("{way}", way) for s in self._shuffled("contact_open", short)]
            return _Part(role="contact", ways=tuple(said))
        main = self.meaning.problems[0]
        phrases = issue_phrases(language, main.key, main.theme)
        generic = stock(language).get("frame", {})
        asks = self._shuffled("ask", phrases.get("ask") or generic["generic_ask"])
        nexts = self._shuffled("next", phrases.get("next") or generic["generic_next"])
        templates = self._shuffled("contact", frames(language, kind, self.manner))
        templates += sorted(frames(language, "contact_short", "plain"), key=len, reverse=True)
        slots = {"way": way, "ask": asks[0], "next": nexts[0]}
        filled = [render(template, slots) for template in templates]
        return _Part(role="contact", ways=tuple(r.text for r in filled if r))

    def _sign_off(self) -> _Part:
        ways = self._shuffled("sign_off", self.facts.sign_offs[self.meaning.language])
        return _Part(role="sign_off", ways=tuple(ways))


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


_NICE = 7
"""Parts below this rank are pleasant; from it on they say something that should be said."""
_MUST = 9


def _fit(parts: list[_Part], limit: ReplyLimit, aim: int) -> str | None:
    """Drop what is only pleasant beyond the aim, then shorten, then drop, until the limit holds."""
    chosen = {index: 0 for index in range(len(parts))}
    for index in sorted(chosen, key=lambda i: (parts[i].rank, i)):
        if parts[index].rank >= _NICE or limit.length(_joined(parts, chosen)) <= aim:
            break
        del chosen[index]
    while limit.length(_joined(parts, chosen)) > limit.limit:
        if _shorten(parts, chosen, limit, limit.limit):
            continue
        optional = [index for index in chosen if parts[index].rank < _MUST]
        if not optional:
            return None
        del chosen[min(optional, key=lambda i: (parts[i].rank, -i))]
    return _joined(parts, chosen)


def _shorten(parts: list[_Part], chosen: dict[int, int], limit: ReplyLimit, most: int) -> bool:
    """Swap one sentence for a shorter way of saying it: the smallest saving that is enough."""
    needed = limit.length(_joined(parts, chosen)) - most
    swaps = []
    for index, way in chosen.items():
        now = limit.length(parts[index].ways[way])
        for other, text in enumerate(parts[index].ways):
            if (saved := now - limit.length(text)) > 0:
                swaps.append((saved, index, other))
    if not swaps:
        return False
    enough = [swap for swap in swaps if swap[0] >= needed]
    _, index, other = min(enough) if enough else max(swaps)
    chosen[index] = other
    return True


def _joined(parts: list[_Part], chosen: dict[int, int]) -> str:
    body = [
        part.ways[chosen[i]]
        for i, part in enumerate(parts)
        if i in chosen and part.role != "sign_off"
    ]
    sign = [
        part.ways[chosen[i]]
        for i, part in enumerate(parts)
        if i in chosen and part.role == "sign_off"
    ]
    capital = [
        sentence[:1].upper() + sentence[1:] if "@" not in sentence.split(" ")[0] else sentence
        for sentence in body
    ]
    return "\n".join([" ".join(capital), *sign])
