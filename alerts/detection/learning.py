"""What a rule's sensitivity learns from the incidents that people confirmed or dismissed."""

from __future__ import annotations

LEAST_JUDGED = 5
"""With fewer judged incidents nothing is learned."""
PRIOR = 5.0
"""Weight, in incidents, of the belief that the rule is as good as is asked of it."""


def learned_factor(
    confirmed: int, dismissed: int, *, false_share: float, least: float, most: float
) -> float:
    """A factor for the rule's sensitivity, within bounds.

    The sensitivity scales the rate of false discoveries, so the share of dismissed incidents
    moves with it: a rule that is wrong twice as often as is put up with is halved.

    Args:
        confirmed: incidents that were real.
        dismissed: incidents that were not.
        false_share: share of dismissed ones that is put up with.
        least: the factor is never less.
        most: never more.
    """
    judged = confirmed + dismissed
    if judged < LEAST_JUDGED:
        return 1.0
    share = (dismissed + PRIOR * false_share) / (judged + PRIOR)
    return min(most, max(least, false_share / share))
