"""The built-in engine: one reply from theme, details, facts and our phrase stock.

Deterministic: every choice is drawn from a generator seeded with the caller's seed and the name
of the part, so that another policy changes the remedy and nothing else.
"""

from __future__ import annotations

from dataclasses import replace

from alerts.replies import guard
from alerts.replies.composer import Composer
from alerts.replies.facts import Facts, Policy
from alerts.replies.language import language_of
from alerts.replies.limits import ReplyLimit, limit_of
from alerts.replies.priority import set_aside
from alerts.replies.records import Draft, NoDraft, ReviewForReply, Understanding, Wish
from alerts.replies.trades import trades_of
from alerts.replies.understand import understand

_ATTEMPTS = 12


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
    meaning = understand(review, language=language, trades=trades_of(facts))
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
        composer = Composer(
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
    if meaning.retold or meaning.remark:
        silent = replace(meaning, retold=None, remark=None)
        return _first_that_passes(review, silent, facts, limit, recent_replies, seed, wish)
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
