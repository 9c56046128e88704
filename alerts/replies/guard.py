"""The guard: what a reply must not say, for both engines and for a person's edits alike.

Each rule returns findings whose reason completes the sentence `Not sent: "…" <reason>.` Sentences
that the facts file gives word for word are approved by the brand and pass the rules on wording.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from alerts.replies import guard_products, guard_text, guard_words
from alerts.replies.facts import Facts
from alerts.replies.guard_case import Case
from alerts.replies.limits import ReplyLimit, limit_of
from alerts.replies.records import Finding, ReviewForReply
from alerts.replies.sanitise import visible

RULES = (
    "length",
    "emoji",
    "formatting",
    "link",
    "placeholder",
    "personal_data",
    "promise",
    "amount",
    "incentive",
    "review_request",
    "liability",
    "blame",
    "sales",
    "tone",
    "machine",
    "wrong_product",
    "invented_name",
    "language",
    "similarity",
)


def check(
    text: str,
    review: ReviewForReply,
    facts: Facts,
    platform: str,
    recent_replies: Sequence[str],
    *,
    limit: ReplyLimit | None = None,
    known_names: Sequence[str] = (),
) -> list[Finding]:
    """All objections to a reply, in the order of `RULES`; an empty list lets it pass.

    Args:
        text: the reply, exactly as it would be sent.
        review: the review that it answers.
        facts: the brand's facts file.
        platform: where it would be published.
        recent_replies: the brand's last replies on this platform.
        limit: overrides the platform's limit.
        known_names: names that the platform shows and a greeting may use; never stored.
    """
    case = Case(
        text=text,
        own=guard_text.without_approved(visible_lines(text), facts),
        review=review,
        facts=facts,
        limit=limit or limit_of(platform),
        recent_replies=recent_replies,
        known_names=tuple(known_names),
        language=guard_text.review_language(review, facts),
    )
    findings = [
        *guard_text.length(case),
        *guard_text.formatting(case),
        *guard_text.addresses(case),
        *guard_words.promises(case),
        *guard_words.amounts(case),
        *guard_words.wordings(case),
        *guard_products.wrong_product(case),
        *guard_products.invented_names(case),
        *guard_text.language(case),
        *guard_text.similarity(case),
    ]
    order = {rule: number for number, rule in enumerate(RULES)}
    unique = dict.fromkeys(findings)
    return sorted(unique, key=lambda finding: order[finding.rule])


def visible_lines(text: str) -> str:
    """The text as a reader sees it, line by line, without hidden characters."""
    return "\n".join(visible(line) for line in re.split(r"[\r\n]+", text))


def explain(findings: Sequence[Finding]) -> str:
    """One line for Slack: `Not sent: "…" promises an amount that no policy names.`"""
    said = [f'"{finding.span}" {finding.reason}' for finding in findings]
    return f"Not sent: {'; '.join(said)}." if said else "Nothing to object."
