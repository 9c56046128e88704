"""How often a pass reads each set: less of what is plentiful, more of what is rare or hard.

Plain tweets and the languages carry document sentiment; the small aspect sets with opposite
sentiments in one sentence carry sentiment towards a theme; the large label schemes are repetitive.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from nlp.training.data import LANGUAGES, Example

# Times a set is read in one pass; a part of one is a seeded sample. The labels of the Hindi tweets
# have next to nothing to do with their words (docs/evaluation_notes.md): often read, they mislead.
FIRST_TIMES = {
    **dict.fromkeys([f"tweets_{name}" for name in LANGUAGES], 2.0),
    "tweets_hindi": 0.25,
    **dict.fromkeys(("laptop", "restaurant", "mams"), 2.0),
    **dict.fromkeys([f"phone_shop_{code}" for code in ("en", "de", "fr", "es", "nl", "pt")], 0.7),
    **dict.fromkeys(("oats_hotels", "oats_amazon_ff", "app_reviews"), 0.6),
    **dict.fromkeys(("banking77", "play_fampay", "trustpilot_rentals"), 0.5),
}
LAST_TIMES = {
    "tweets": 0.6,
    **dict.fromkeys([f"tweets_{name}" for name in LANGUAGES], 1.5),
    "tweets_hindi": 0.25,
    **dict.fromkeys(("laptop", "restaurant", "mams"), 1.5),
    **dict.fromkeys([f"phone_shop_{code}" for code in ("en", "de", "fr", "es", "nl", "pt")], 0.5),
    **dict.fromkeys([f"memd_{name}" for name in ("books", "clothing", "hotel")], 0.6),
    **dict.fromkeys(("memd_laptop", "memd_restaurant"), 0.5),
    **dict.fromkeys(("oats_hotels", "oats_amazon_ff", "app_reviews"), 0.25),
    **dict.fromkeys(("play_fampay", "trustpilot_rentals"), 0.4),
    "banking77": 0.2,
}


def mixed(examples: Sequence[Example], times: Mapping[str, float], seed: str) -> list[Example]:
    """One pass: each example as often as its set is to be read, the fraction by a seeded draw."""
    rng = random.Random(seed)
    chosen = []
    for example in examples:
        whole, part = divmod(times.get(example.source, 1.0), 1.0)
        chosen += [example] * (int(whole) + (rng.random() < part))
    return chosen
