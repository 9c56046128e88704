"""What is kept out of training to calibrate on: texts for sentiment, whole schemes for themes."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from nlp.training.data import Example

CALIBRATION_SHARE = 0.03
# Never shown to the matcher, so that its probabilities are fitted on themes it has not seen.
HELD_OUT_SCHEMES = ("app_reviews", "oats_amazon_ff")
HELD_OUT_INTENTS = (
    "card_arrival",
    "card_swallowed",
    "change_pin",
    "declined_transfer",
    "edit_personal_details",
    "exchange_rate",
    "extra_charge_on_statement",
    "lost_or_stolen_phone",
    "request_refund",
    "terminate_account",
    "top_up_failed",
    "verify_my_identity",
)


@dataclass(frozen=True, kw_only=True)
class Splits:
    """`unseen` holds examples by scheme, all of them with themes never trained."""

    train: list[Example]
    calibration: list[Example]
    unseen: dict[str, list[Example]]


def split(examples: Sequence[Example], seed: int) -> Splits:
    """Seeded split; texts of a held-out scheme still teach sentiment, but no themes."""
    rng = random.Random(seed)
    train: list[Example] = []
    calibration: list[Example] = []
    unseen: dict[str, list[Example]] = {}
    for example in examples:
        scheme = _unseen_scheme(example)
        if scheme:
            unseen.setdefault(scheme, []).append(example)
            example = replace(example, scheme="", labels={})  # noqa: PLW2901 - its other use
            if example.sentiment is None:
                continue
        (calibration if rng.random() < CALIBRATION_SHARE else train).append(example)
    return Splits(train=train, calibration=calibration, unseen=unseen)


def _unseen_scheme(example: Example) -> str:
    if example.scheme in HELD_OUT_SCHEMES:
        return example.scheme
    return "banking77" if set(example.labels) & set(HELD_OUT_INTENTS) else ""
