"""Write what somebody who did not write the engine needs to judge it, and no figure.

    python -m tests.bench.replies_judge ../shared FOLDER

In FOLDER, to be kept out of the repository since it holds reviews:

* `match.jsonl`: 200 reviews, each with the drafts of five reviews of one brand, main theme and
  rating, one of them its own; `match_masked.jsonl` the same with `___` for every content word that
  a draft has from its own review, and without sentences that the brand approved; `match_key.jsonl`
  which draft is right.
* `rubric.jsonl`: 100 reviews with their drafts; the verdict says whether the main complaint is
  addressed, whether one would send it as it stands, and what is wrong.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.bench.replies_facts import BRANDS
from tests.bench.replies_match import Pair, masked, quintets, write

SEED = 2026
"""Not that of the figures, so that no review is judged that the engine was measured on."""
RUBRIC = 100


def main(shared: Path, folder: Path) -> None:
    """Write the four files."""
    folder.mkdir(parents=True, exist_ok=True)
    pairs, _, _ = write(shared, seed=SEED)
    chosen = [_shuffled(number, quintet) for number, quintet in enumerate(quintets(pairs))]
    _store(folder / "match.jsonl", (_item(*one, is_masked=False) for one in chosen))
    _store(folder / "match_masked.jsonl", (_item(*one, is_masked=True) for one in chosen))
    _store(folder / "match_key.jsonl", (_key(*one) for one in chosen))
    judged = random.Random(SEED).sample(pairs, RUBRIC)
    _store(folder / "rubric.jsonl", (_pair(pair) for pair in judged))


def _shuffled(number: int, quintet: list[Pair]) -> tuple[Pair, list[Pair]]:
    order = random.Random(SEED + number).sample(range(len(quintet)), len(quintet))
    return quintet[0], [quintet[i] for i in order]


def _item(own: Pair, drafts: list[Pair], *, is_masked: bool) -> dict[str, Any]:
    said = [masked(pair, "___") if is_masked else pair.draft.text for pair in drafts]
    return {"id": own.row.id, "review": own.row.text, "drafts": said}


def _key(own: Pair, drafts: list[Pair]) -> dict[str, Any]:
    return {"id": own.row.id, "right": drafts.index(own)}


def _pair(pair: Pair) -> dict[str, Any]:
    return {
        "id": pair.row.id,
        "platform": BRANDS[pair.row.brand][1],
        "stars": pair.row.stars,
        "review": pair.row.text,
        "draft": pair.draft.text,
    }


def _store(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    lines = (json.dumps(row, ensure_ascii=False) for row in rows)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
