"""Which sentences a reply has and in what order; how each is said is the phrase stock's matter."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cached_property

from alerts.replies.facts import Facts, Policy
from alerts.replies.fitting import Part, fit
from alerts.replies.limits import ReplyLimit
from alerts.replies.phrases import frames, render
from alerts.replies.records import Point, Problem, Understanding, Wish
from alerts.replies.trades import trades_of
from alerts.replies.wording import Wording, circumstances_told

_COMMON_SENSE = 0.4
"""How often a sentence of understanding is one that fits any problem, so that few are repeated."""
_ORDER = re.compile(r"\byour order (?:number|or)\b")
"""What only a shop can ask for."""


@dataclass(frozen=True, kw_only=True)
class Composer:
    """Composes one reply; every part draws by itself, so that one change moves one sentence."""

    meaning: Understanding
    facts: Facts
    limit: ReplyLimit
    seed: str
    wish: Wish | None

    @cached_property
    def wording(self) -> Wording:
        """The phrase stock in the manner that is wished for, else in the brand's voice."""
        wished = {"warmer": "warm", "more formal": "formal"}
        return Wording(
            language=self.meaning.language,
            manner=wished.get(self.wish or "", self.facts.voice),
            seed=self.seed,
            said=self.meaning.words,
        )

    def policies(self) -> list[Policy]:
        """Policies of the problems named, each once; none for what has been put right since."""
        found: list[Policy] = []
        if self.meaning.is_settled:
            return found
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
        return fit(parts, self.limit, aim)

    def _parts(self) -> list[Part]:
        meaning = self.meaning
        if not meaning.is_negative and not meaning.problems:
            return self._thanks()
        return [
            *self._opening(),
            *self._also(),
            *self._feeling(),
            *self._remedies(),
            self._contact(),
            *self._hours(),
            self._sign_off(),
        ]

    def _thanks(self) -> list[Part]:
        said = self.wording.frame("praise_only")
        if self.meaning.praise:
            said = self.wording.frame("praise", p=self.meaning.praise)
        close = Part(role="close", ways=self.wording.frame("praise_close"), rank=3)
        return [Part(role="praise", ways=said), close, self._sign_off()]

    # ---- what went wrong ----------------------------------------------------------------------

    def _opening(self) -> list[Part]:
        meaning = self.meaning
        if not meaning.problems:
            return self._unnamed()
        main = meaning.problems[0]
        clauses = self.wording.clauses("main", main)
        if meaning.praise:
            praise = self.wording.frame("praise", p=meaning.praise)
            told = Part(role="main", ways=self.wording.telling("main", "but", clauses))
            return [Part(role="praise", ways=praise, rank=7), told]
        opening = Part(role="main", ways=self.wording.telling("main", "apology", clauses))
        details = self.wording.details_told(main)
        if main.quote and details == 0:
            quote = self.wording.frame("quote", q=main.quote)
            return [opening, Part(role="quote", ways=quote, rank=6)]
        return [opening]

    def _unnamed(self) -> list[Part]:
        """Regret where no problem has a name: for a particular, else for the words themselves."""
        wording, meaning = self.wording, self.meaning
        if meaning.retold:
            return [Part(role="main", ways=wording.telling("main", "retold", [meaning.retold]))]
        if point := self._opening_point():
            return [
                Part(role="main", ways=wording.telling("main", "apology", wording.point(point)))
            ]
        if meaning.is_pleased and (asked := wording.frame("mismatch")):
            return [Part(role="mismatch", ways=asked)]
        said = wording.frame("quoted_problem", q=meaning.remark) if meaning.remark else ()
        return [
            Part(role="unclear", ways=said or wording.frame("unclear", brand=self.facts.brand)),
            Part(role="invite", ways=wording.frame("invite", brand=self.facts.brand), rank=8),
        ]

    def _opening_point(self) -> Point | None:
        return next((point for point in self.meaning.points if point.opens), None)

    def _also(self) -> list[Part]:
        """What there is besides: further problems, else the customer's words or a particular."""
        wording, problems = self.wording, self.meaning.problems
        told = [wording.clauses("also", self._briefly(problem))[:1] for problem in problems[1:]]
        if further := [clause for clauses in told for clause in clauses]:
            rest = f" {wording.both} ".join(further)
            return [Part(role="also", ways=wording.telling("also", "also", [rest]), rank=8)]
        if problems and self.meaning.retold:
            ways = wording.telling("also", "also", [self.meaning.retold])
            return [Part(role="also", ways=ways, rank=8)]
        spoken = None if problems or self.meaning.retold else self._opening_point()
        for point in self.meaning.points:
            if point is not spoken:
                ways = wording.telling("also", "also", wording.point(point))
                return [Part(role="also", ways=ways, rank=7)]
        return []

    def _briefly(self, problem: Problem) -> Problem:
        """A further problem without the thing that the main one has named already."""
        named = self.meaning.problems[0].details.get("obj")
        if problem.details.get("obj") != named:
            return problem
        details = {name: said for name, said in problem.details.items() if name != "obj"}
        return replace(problem, details=details)

    def _feeling(self) -> list[Part]:
        wording, parts = self.wording, []
        if self.meaning.is_settled:
            return [Part(role="settled", ways=wording.frame("settled"), rank=8)]
        if "bereaved" in circumstances_told(self.meaning):
            ways = tuple(wording.circumstance("bereaved"))
            return [Part(role="bereaved", ways=ways, rank=8)]
        if self.meaning.problems and not self._also():
            own = tuple(wording.of_issue(self.meaning.problems[0], "sense"))
            common = wording.frame("sense")
            is_common = wording.rng("sense_kind").random() < _COMMON_SENSE
            parts.append(Part(role="sense", ways=common + own if is_common else own, rank=5))
        for key in circumstances_told(self.meaning)[:1]:
            parts.append(Part(role=key, ways=tuple(wording.circumstance(key)), rank=4))
        if self.wish == "warmer":
            parts.append(Part(role="standard", ways=wording.frame("standard"), rank=2))
        return parts

    # ---- what we do ---------------------------------------------------------------------------

    def _remedies(self) -> list[Part]:
        parts: list[Part] = []
        for number, policy in enumerate(self.policies()):
            ways = policy.remedy[self.meaning.language]
            parts.append(Part(role=f"remedy{number}", ways=ways, rank=9 if number == 0 else 8))
            if condition := policy.conditions.get(self.meaning.language):
                parts.append(Part(role=f"condition{number}", ways=(condition,), rank=9))
        return parts

    def _contact(self) -> Part:
        wording, contact = self.wording, self.facts.contact
        way = contact.email or contact.url or contact.phone or ""
        if self.meaning.is_settled:
            return Part(role="contact", ways=wording.frame("contact_settled", way=way))
        is_told = self.meaning.problems or self.meaning.retold or self._opening_point()
        if not is_told:
            return Part(role="contact", ways=wording.frame("contact_open", way=way))
        kind = "contact" if contact.email else "contact_url" if contact.url else "contact_phone"
        asks, nexts = self._asked(self.meaning.problems[:1])
        slots = {"way": way, "ask": asks, "next": nexts}
        short = sorted(frames(wording.language, "contact_short", "plain"), key=len, reverse=True)
        filled = [render(template, slots) for template in short]
        ways = wording.frame(kind, **slots) + tuple(way.text for way in filled if way)
        return Part(role="contact", ways=ways)

    def _asked(self, main: tuple[Problem, ...]) -> tuple[str, str]:
        """What we need from the customer and what we then do."""
        wording = self.wording
        asks = [ask for problem in main for ask in wording.of_issue(problem, "ask")]
        nexts = [then for problem in main for then in wording.of_issue(problem, "next")]
        trade = "_".join(sorted(trades_of(self.facts)))
        known = wording.generic(f"ask_{trade}")
        if known and (not main or (trade != "goods" and _ORDER.search(" ".join(asks)))):
            asks = known
        return (asks or wording.generic("generic_ask"))[0], (
            nexts or wording.generic("generic_next")
        )[0]

    def _hours(self) -> list[Part]:
        hours = self.facts.contact.hours.get(self.meaning.language)
        if not hours or self.wording.rng("has_hours").random() >= 0.25:
            return []
        ways = self.wording.frame("contact_hours", hours=hours)
        return [Part(role="hours", ways=ways, rank=1)]

    def _sign_off(self) -> Part:
        ways = self.wording.shuffled("sign_off", self.facts.sign_offs[self.meaning.language])
        return Part(role="sign_off", ways=tuple(ways))
