"""Rules of the guard on wording: promises, amounts, incentives, blame."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

from alerts.replies.guard_case import Case
from alerts.replies.lexicon import read_toml
from alerts.replies.records import Finding
from alerts.replies.sanitise import visible
from alerts.replies.trades import trades_of
from alerts.replies.understand import understand

_AMOUNT = re.compile(
    r"(?i)(?:[$£€]|\b(?:usd|eur|gbp|chf))\s?\d[\d.,]*(?:\s?k\b)?|\b\d[\d.,]*\s?(?:%|percent\b|"
    r"prozent\b|pour ?cent\b"
    r"|por ?ciento\b|procent\b|per ?cento\b|por ?cento\b|dollars?\b|euros?\b|pounds?\b|"
    r"usd\b|eur\b|€|£|\$|"
    r"points?\b|punkte\b)|\b(?:ten|twenty|thirty|fifty|a hundred|one hundred|five|half) "
    r"(?:percent|per cent|dollars|euros|pounds)\b"
    r"|\b(?:half|double|twice|three times) (?:the|your|of the) (?:price|money|amount|sum|cost)\b"
)


@dataclass(frozen=True, kw_only=True)
class _Wording:
    name: str
    reason: str
    patterns: tuple[re.Pattern[str], ...]


@dataclass(frozen=True, kw_only=True)
class _Promises:
    actor: re.Pattern[str] | None = None
    verbs: re.Pattern[str] | None = None
    future: re.Pattern[str] | None = None
    """What makes an outcome ("fixed", "approved") a promise rather than a report."""
    actions: dict[str, re.Pattern[str]] = field(default_factory=dict)
    times: tuple[re.Pattern[str], ...] = ()


@cache
def wording_rules(language: str) -> tuple[_Wording, ...]:
    """Rules on single wordings in one language; none where we have none."""
    content = read_toml("rules", language)
    return tuple(
        _Wording(
            name=entry["name"],
            reason=entry["reason"],
            patterns=tuple(re.compile(p, re.I) for p in entry["any"]),
        )
        for entry in content.get("rule", ())
    )


@cache
def _promise_rules(language: str) -> _Promises:
    content = read_toml("rules", language).get("promise")
    if not content:
        return _Promises()
    return _Promises(
        actor=re.compile(content["actor"], re.I),
        verbs=re.compile(content["verbs"], re.I),
        future=re.compile(content["future"], re.I) if "future" in content else None,
        actions={name: re.compile(p, re.I) for name, p in content["actions"].items()},
        times=tuple(re.compile(p, re.I) for p in content.get("time", {}).get("any", ())),
    )


def _languages(case: Case) -> tuple[str, ...]:
    """The review's language first; English too, for what is written in the wrong one."""
    return (case.language, "en") if case.language != "en" else ("en",)


def sentences_of(text: str) -> list[str]:
    """Sentences of a reply, quotations of the customer blanked out."""
    unquoted = re.sub(r'"[^"\n]{0,200}"', '""', text)
    return [part for part in re.split(r"(?<=[.!?;])\s+|\n+", unquoted) if part.strip()]


def wordings(case: Case) -> Iterator[Finding]:
    """Wordings that no reply may use, by rule."""
    text = re.sub(r'"[^"\n]{0,200}"', '""', case.own)
    said = visible(case.review.whole_text).lower()
    for language in _languages(case):
        for rule in wording_rules(language):
            for pattern in rule.patterns:
                found = pattern.search(text)
                if found and not _harmless(rule.name, text, found, said):
                    yield Finding(rule=rule.name, span=_span(text, found), reason=rule.reason)
                    break


_THANKS = re.compile(r"(?i)\b(?:thank\w*|glad|happy|appreciate\w*|thrilled|delighted)\b[^.!?]*$")


def _harmless(rule: str, text: str, found: re.Match[str], said: str) -> bool:
    """Thanks for stars already given, and words of the review itself, are no offence."""
    if rule == "review_request":
        return (
            bool(_THANKS.search(text[: found.start()]))
            and "if" not in text[: found.start()].split()
        )
    return rule == "sales" and found.group().lower() in said


def _span(text: str, found: re.Match[str]) -> str:
    start = found.start()
    return " ".join(text[start : max(found.end(), start + 12)].split())[:90].strip(" .,;")


def promises(case: Case) -> Iterator[Finding]:
    """Commitments that no policy covers for the problems of this review."""
    allowed = allowed_actions(case)
    for language in _languages(case):
        rules = _promise_rules(language)
        for sentence in sentences_of(case.own):
            found = _promised(sentence, rules, allowed, case)
            if found:
                yield found
                return


def _promised(
    sentence: str, rules: _Promises, allowed: frozenset[str], case: Case
) -> Finding | None:
    for name, pattern in rules.actions.items():
        found = None if name == "soft" or name in allowed else pattern.search(sentence)
        if found is None:
            continue
        if name == "absolute":
            return _promise(sentence, found, "promises what nobody can be sure of")
        if name == "outcome" and rules.future and not rules.future.search(sentence[: found.end()]):
            continue
        if _commits(sentence, found, rules):
            return _promise(sentence, found, "promises something that no policy allows here")
    return _hurried(sentence, rules, case)


def _commits(sentence: str, found: re.Match[str], rules: _Promises) -> bool:
    """Whether somebody of ours is said to do it, and not only to look at it or to have heard it."""
    before, soft = sentence[: found.end()], rules.actions.get("soft")
    if rules.actor is None or rules.verbs is None:
        return False
    if not rules.actor.search(before) or not rules.verbs.search(before):
        return False
    return not (soft and soft.search(sentence)) and not _tells_the_past(sentence, found)


def _hurried(sentence: str, rules: _Promises, case: Case) -> Finding | None:
    """A time by which something is to happen that neither facts nor review name."""
    known = f"{case.facts.wording} {visible(case.review.whole_text)}".lower()
    if rules.actor is None or rules.verbs is None:
        return None
    if not rules.actor.search(sentence) or not rules.verbs.search(sentence):
        return None
    for pattern in rules.times:
        found = pattern.search(sentence)
        if found and found.group().lower() not in known and not _tells_the_past(sentence, found):
            return _promise(sentence, found, "promises a time that no policy names")
    return None


_PAST = re.compile(
    r"\bthat (?:you|your|the|only|nobody|money|we|our)\b[^.;]*$|\b(?:still|already|not yet|never|"
    r"waiting for|without|sorry (?:that|about|for)|you (?:were|write|mention|asked))\b[^.;]*$",
    re.I,
)


def _tells_the_past(sentence: str, found: re.Match[str]) -> bool:
    """Whether the word stands in what the customer reported rather than in what we offer."""
    return bool(_PAST.search(sentence[: found.start()])) or bool(
        re.search(r"\bsorry\b|\bapolog|\bregret\b", sentence[: found.start()], re.I)
    )


def _promise(sentence: str, found: re.Match[str], reason: str) -> Finding:
    start = max(0, sentence.rfind(" ", 0, max(0, found.start() - 12)))
    return Finding(
        rule="promise", span=sentence[start : found.end() + 20].strip()[:90], reason=reason
    )


def allowed_actions(case: Case) -> frozenset[str]:
    """What may be promised: by policies for this review's problems, or any if none is clear."""
    meaning = understand(case.review, language=case.language, trades=trades_of(case.facts))
    policies = [case.facts.policy_for(p.key, p.theme) for p in meaning.problems]
    if not meaning.problems:
        policies = list(case.facts.policy)
    actions: set[str] = set()
    for policy in policies:
        if policy:
            actions |= policy.allowed_actions
    return frozenset(actions)


def amounts(case: Case) -> Iterator[Finding]:
    """Sums and shares that stand neither in the facts nor in the review."""
    facts = _digits_text(case.facts.wording)
    said = _digits_text(case.review.whole_text)
    for sentence in sentences_of(case.own):
        for found in _AMOUNT.finditer(sentence):
            amount = _digits_text(found.group())
            core = re.sub(r"[^\d.,]", "", amount).strip(".,") or amount
            if re.search(rf"(?<![\d.,]){re.escape(core)}(?![\d])", facts):
                continue
            if re.search(rf"(?<![\d.,]){re.escape(core)}(?![\d])", said) and not _offers(sentence):
                continue
            yield Finding(
                rule="amount",
                span=_span(sentence, found),
                reason="promises an amount that no policy names",
            )
            return


def _offers(sentence: str) -> bool:
    return bool(
        re.search(
            r"(?i)\b(?:we|i|our team)(?:'ll| will| shall| can| have)\b|\byou(?:'ll| will| get)\b",
            sentence,
        )
        and not re.search(r"(?i)\bsorry\b|\bregret\b|\bapolog", sentence)
    )


def _digits_text(text: str) -> str:
    return re.sub(r"\s+", " ", visible(text).lower()).replace(" %", "%").replace("$ ", "$")
