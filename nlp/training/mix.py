"""What the last part of a run reads: less of what is plentiful, all of what is rare or hard."""

from __future__ import annotations

import random
from collections.abc import Sequence

from nlp.training.data import Example

# Share of each set's examples in one pass of the last part; a set that is not named is read whole.
LAST_SHARES = {
    "tweets": 0.3,
    "banking77": 0.4,
    "oats_amazon_ff": 0.4,
    "play_fampay": 0.5,
    "trustpilot_rentals": 0.5,
}
PLAIN_ASPECTS = 0.4
PHONE_SHOP = 0.6


def last_part(examples: Sequence[Example], seed: int) -> list[Example]:
    """A seeded sample: sentences of opposite sentiments, rare languages and MAMS stay whole."""
    rng = random.Random(f"{seed}-last")
    return [example for example in examples if rng.random() < _share(example)]


def _share(example: Example) -> float:
    if len({value for value in example.labels.values() if value is not None}) > 1:
        return 1.0
    if example.scheme == "phone_shop":
        return PHONE_SHOP
    if example.scheme and example.source != "banking77":
        return PLAIN_ASPECTS
    return LAST_SHARES.get(example.source, 1.0)
