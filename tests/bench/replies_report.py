"""Write docs/REPLIES.md from its template and measured figures.

    python -m tests.bench.replies_report ../shared [--measure]

`--measure` runs the matching benchmark first (minutes) and stores its figures in
docs/replies_figures.json; without it only the guard's table is made anew.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from collections import Counter
from pathlib import Path
from string import Template
from typing import Any

from alerts.replies.lexicon import issues
from alerts.replies.limits import LIMITS
from tests.bench.replies_guard import judged, verdicts

DOCS = Path(__file__).parents[2] / "docs"
FIGURES = DOCS / "replies_figures.json"
JUDGEMENTS = Path(__file__).parent / "replies_judgements.toml"


def main(shared: Path, *, measure: bool) -> None:
    """Fill the template and write the page."""
    if measure:
        FIGURES.write_text(_run("replies_match", shared), encoding="utf-8")
    figures = json.loads(FIGURES.read_text(encoding="utf-8"))
    template = Template((DOCS / "replies_template.md").read_text(encoding="utf-8"))
    values = {**_match(figures), **_guard(shared), "limits": _limits(), "judgements": _judgements()}
    page = template.substitute(values, issues=len(issues("en")))
    (DOCS / "REPLIES.md").write_text(page, encoding="utf-8")


def _run(name: str, shared: Path) -> str:
    command = [sys.executable, "-m", f"tests.bench.{name}", str(shared)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return done.stdout


def _match(figures: dict[str, Any]) -> dict[str, str]:
    ours, real = figures["mean_similarity"], figures["mean_similarity_real"]
    left = [f"{brand} | {value}" for brand, value in ours.items()]
    right = [f"{brand} | {value}" for brand, value in real.items()]
    right += [" | "] * (len(left) - len(right))
    return {
        **{key: str(figures[key]) for key in ("reviews", "drafts", "judged", "guard_findings")},
        "without": str(figures["reviews"] - figures["drafts"]),
        "no_draft": ", ".join(f"{why}: {many}" for why, many in figures["no_draft"].items()),
        "picked": f"{100 * figures['picked']:.1f}",
        "picked_masked": f"{100 * figures['picked_masked']:.1f}",
        "distinct": f"{100 * figures['distinct']:.1f}",
        "similarity": "\n".join(f"| {a} | {b} |" for a, b in zip(left, right, strict=True)),
    }


def _guard(shared: Path) -> dict[str, str]:
    all_verdicts, read = verdicts(shared), judged()
    blocked = [verdict for verdict in all_verdicts if verdict.findings]
    rules = Counter(rule for v in blocked for rule in {f.rule for f in v.findings})
    wrong = [v for v in blocked if read.get(v.row.id, "").startswith("wrong")]
    lines = []
    for verdict in blocked:
        broken = ", ".join(dict.fromkeys(finding.rule for finding in verdict.findings))
        said = read.get(verdict.row.id, "not read")
        lines.append(f"| {verdict.row.brand} | {verdict.row.id} | {broken} | {said} |")
    return {
        "blocked": str(len(blocked)),
        "replies": str(len(all_verdicts)),
        "by_rule": ", ".join(f"{rule} {many}" for rule, many in rules.most_common()),
        "wrong": str(len(wrong)),
        "false_rate": f"{100 * len(wrong) / len(all_verdicts):.1f}",
        "table": "\n".join(lines),
    }


def _limits() -> str:
    return "\n".join(
        f"| {limit.name} | {limit.limit:,} {limit.unit}"
        f"{'' if limit.allows_emoji else ', no emoji'} |"
        for limit in LIMITS.values()
    )


def _judgements() -> str:
    """The table of a reader's verdicts, where `replies_judgements.toml` holds them."""
    if not JUDGEMENTS.is_file():
        return ""
    content = tomllib.loads(JUDGEMENTS.read_text(encoding="utf-8"))
    read: dict[str, dict[str, Any]] = content["judgement"]
    main_said = sum(bool(entry["main_complaint"]) for entry in read.values())
    would_send = sum(bool(entry["would_send"]) for entry in read.values())
    rows = "\n".join(
        f"| {key} | {'yes' if entry['main_complaint'] else 'no'} "
        f"| {'yes' if entry['would_send'] else 'no'} | {entry.get('note', '')} |"
        for key, entry in read.items()
    )
    return (
        f"\n### {len(read)} drafts read\n\n{content['rubric']}\n\nMain complaint addressed: "
        f"{main_said} of {len(read)}. Would send: {would_send} of {len(read)}.\n\n"
        "<details><summary>The verdicts, by id</summary>\n\n"
        "| review id | main complaint | would send | note |\n|---|---|---|---|\n"
        f"{rows}\n\n</details>\n"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), measure="--measure" in sys.argv)
