"""Write what somebody who did not write the engine needs to judge it, and no figure.

    python -m tests.bench.replies_judge ../shared FOLDER
    python -m tests.bench.replies_judge --read FOLDER

In FOLDER, to be kept out of the repository since it holds reviews:

* `match.jsonl`: 200 reviews, each with the drafts of five reviews of one brand, main theme and
  rating, one of them its own; `masked.jsonl` the same in another order, with `___` for every
  content word that a draft has from its own review, and without sentences that the brand
  approved; `match_key.jsonl` and `masked_key.jsonl`: which draft is right.
* `rubric.jsonl`: 100 reviews with their drafts; the verdict says whether the main complaint is
  addressed, whether one would send it as it stands, and what is wrong.

`--read` turns the judge's `verdicts_match.jsonl` and `verdicts_masked.jsonl` (`id`, `pick`) and
`verdicts_rubric.jsonl` (`id`, `main_complaint`, `would_send`, `fault`) into
`replies_judgements.toml`: ids and verdicts, no review text.
"""

from __future__ import annotations

import json
import random
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.bench.replies_facts import BRANDS
from tests.bench.replies_match import Pair, masked, quintets, write

SEED = 20261202
"""Not that of the figures, nor that of the last judgement: reviews are drawn anew."""
RUBRIC = 100
RUBRIC_TEXT = (
    "Main complaint: the draft names what the reviewer mainly complains about, object and what "
    "went wrong, as far as the review tells it. Would send: approved as it stands by the brand's "
    "reputation manager, the policies in it taken as given."
)
JUDGEMENTS = Path(__file__).parent / "replies_judgements.toml"


def main(shared: Path, folder: Path) -> None:
    """Write the five files, of reviews that were not judged before."""
    folder.mkdir(parents=True, exist_ok=True)
    pairs, _, _ = write(shared, seed=SEED)
    before = judged_before()
    chosen = quintets(pairs, without=before)
    for name in ("match", "masked"):
        rng = random.Random(f"{SEED}-{name}")
        mixed = [_shuffled(quintet, rng) for quintet in rng.sample(chosen, len(chosen))]
        _store(folder / f"{name}.jsonl", (_item(*one, is_masked=name == "masked") for one in mixed))
        _store(folder / f"{name}_key.jsonl", (_key(*one) for one in mixed))
    fresh = [pair for pair in pairs if pair.row.id not in before]
    judged = random.Random(SEED).sample(fresh, RUBRIC)
    _store(folder / "rubric.jsonl", (_pair(pair) for pair in judged))


def judged_before() -> frozenset[str]:
    """Ids of the reviews that the last judgement was about."""
    tables = tomllib.loads(JUDGEMENTS.read_text(encoding="utf-8"))
    return frozenset(id_ for name in ("match", "masked", "judgement") for id_ in tables[name])


def _shuffled(quintet: list[Pair], rng: random.Random) -> tuple[Pair, list[Pair]]:
    """The review's own pair, which stands first, and all five in another order."""
    return quintet[0], rng.sample(quintet, len(quintet))


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


def read(folder: Path) -> None:
    """Store the judge's verdicts by review id."""
    lines = [f"rubric = {json.dumps(RUBRIC_TEXT)}"]
    for name in ("match", "masked"):
        right = {row["id"]: row["right"] for row in _rows(folder / f"{name}_key.jsonl")}
        lines.append(f"\n[{name}]")
        for row in _rows(folder / f"verdicts_{name}.jsonl"):
            lines.append(f'"{row["id"]}" = {json.dumps(row["pick"] == right[row["id"]])}')
    lines.append("\n[judgement]")
    for row in _rows(folder / "verdicts_rubric.jsonl"):
        lines.append(
            f'"{row["id"]}" = {{ main_complaint = {json.dumps(row["main_complaint"])}, '
            f"would_send = {json.dumps(row['would_send'])}, "
            f"note = {json.dumps(row.get('fault', ''), ensure_ascii=False)} }}"
        )
    JUDGEMENTS.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _rows(path: Path) -> list[dict[str, Any]]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line.strip()]


def _store(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    lines = (json.dumps(row, ensure_ascii=False) for row in rows)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1] == "--read":
        read(Path(sys.argv[2]))
    else:
        main(Path(sys.argv[1]), Path(sys.argv[2]))
