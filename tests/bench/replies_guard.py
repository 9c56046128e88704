"""The guard on 500 real company replies: what it blocks, why, and how much of that is wrong.

Facts are read from each company's own replies (addresses, telephone numbers, links, sign-offs), as
its facts file would hold them; the name in a greeting counts as known, since the platform shows it.
`replies_verdicts.toml` says for each blocked reply whether a person agrees; `replies_report` makes
the table of docs/REPLIES.md.

    python -m tests.bench.replies_guard ../shared
"""

from __future__ import annotations

import json
import random
import re
import sys
import tomllib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from alerts.replies import Facts, Finding, ReviewForReply, check, facts_from
from tests.bench.replies_data import Row, rows

COUNTS = {"kraken": 170, "fampay": 165, "rentals": 165}
NAMES = {
    "kraken": ("Kraken",),
    "fampay": ("FamPay", "Fam Pay", "FamApp", "FamCard"),
    "rentals": ("RVshare", "Outdoorsy", "Turo", "Roamly"),
}
_GREETING = re.compile(
    r"^\s*(?:Hi|Hello|Dear|Hey|Thank you|Thanks)[, ]+([A-Z][\w.'-]+(?: [A-Z]\w+)?)"
)
_EMAIL = re.compile(r"[\w.]+@[\w-]+(?:\.\w+)+")
_PHONE = re.compile(r"\b(?:1-)?\d{3}-\d{3}-\d{4}\b")
_LINK = re.compile(r"https?://\S+|\b[\w.]+\.(?:com|in)(?:/\S*)?")
_SIGN = re.compile(r"\n\s*((?:[A-Z][\w.]+ ?){1,4})\s*$", re.M)
_ANNOUNCED = ("We’re happy to announce that SHIB is now listed on Kraken",)


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """One real reply and what the guard says of it."""

    row: Row
    findings: tuple[Finding, ...]


def facts_of(brand: str, replies: list[str]) -> Facts:
    """What the brand's facts file would name, read from all its replies."""
    text = "\n".join(replies)
    found = [
        [match.rstrip(".,)") for match, _ in Counter(pattern.findall(text)).most_common(many)]
        for pattern, many in ((_EMAIL, 8), (_PHONE, 5), (_LINK, 40), (_SIGN, 8))
    ]
    approved = [said.strip() for group in found for said in group if said.strip()]
    return facts_from(
        {
            "brand": NAMES[brand][0],
            "legal_names": list(NAMES[brand]),
            "sign_offs": {"en": [f"Best, {NAMES[brand][0]}"]},
            "contact": {"email": found[0][0]},
            "approved": {"en": [*approved, *_ANNOUNCED]},
        },
        name=brand,
    )


def verdicts(shared: Path) -> list[Verdict]:
    """The guard on a fixed sample of 500 replies."""
    result = []
    for brand, count in COUNTS.items():
        answered = [row for row in rows(shared, brand) if row.reply]
        facts = facts_of(brand, [row.reply for row in answered])
        for row in random.Random(5).sample(answered, count):
            review = ReviewForReply(id=row.id, text=row.text, stars=row.stars, language="en")
            platform = "trustpilot" if brand == "rentals" else "googleplay"
            greeted = _GREETING.search(row.reply)
            names = greeted.group(1).split() if greeted else []
            found = check(row.reply, review, facts, platform, [], known_names=names)
            result.append(Verdict(row=row, findings=tuple(found)))
    return result


def judged() -> dict[str, str]:
    """A person's reading of blocked replies by id: `right`, or `wrong` with the rule."""
    path = Path(__file__).parent / "replies_verdicts.toml"
    if not path.is_file():
        return {}
    table: dict[str, str] = tomllib.loads(path.read_text(encoding="utf-8"))["verdict"]
    return table


def main(shared: Path) -> None:
    """Print the figures as JSON."""
    all_verdicts = verdicts(shared)
    blocked = [verdict for verdict in all_verdicts if verdict.findings]
    read = judged()
    wrong = [v for v in blocked if read.get(v.row.id, "").startswith("wrong")]
    counts = Counter(rule for v in blocked for rule in {f.rule for f in v.findings})
    print(json.dumps({
        "replies": len(all_verdicts),
        "blocked": len(blocked),
        "by_rule": dict(counts.most_common()),
        "read": sum(v.row.id in read for v in blocked),
        "blocked_wrongly": len(wrong),
        "false_block_rate": round(len(wrong) / len(all_verdicts), 3),
    }, indent=1))  # fmt: skip


if __name__ == "__main__":
    main(Path(sys.argv[1]))
