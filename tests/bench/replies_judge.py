"""Print reviews with their drafts for somebody who did not write the engine to judge.

    python -m tests.bench.replies_judge ../shared 100 > pairs.txt

Write the verdicts to `replies_judgements.toml` (a `rubric` and tables `[judgement."ID"]` with
`main_complaint`, `would_send`, `note`, no review text); `replies_report` puts them into the page.
"""

from __future__ import annotations

import sys
from pathlib import Path

from alerts.replies import Draft, ReviewForReply, draft
from tests.bench.replies_data import negative
from tests.bench.replies_facts import BRANDS, facts_of


def main(shared: Path, count: int) -> None:
    """Print `count` pairs, spread over the brands, from a sample that no figure rests on."""
    share = -(-count // len(BRANDS))
    printed = 0
    for brand, (_, platform, _) in BRANDS.items():
        for row in negative(shared, brand, share, seed=2026):
            review = ReviewForReply(id=row.id, text=row.text, stars=row.stars, language="en")
            reply = draft(review, facts_of(brand), platform=platform, seed=row.id)
            if printed < count:
                said = reply.text if isinstance(reply, Draft) else f"({reply.explanation})"
                print(f"## {row.id}\nREVIEW ({row.stars:g}): {row.text}\nDRAFT: {said}\n")
                printed += 1


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 100)
