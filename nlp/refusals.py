"""`earshot evaluate language`: what the language rule refuses, and how often it is right."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from earshot.text.cleaning import clean
from earshot.text.language import UNDETERMINED, Language, language_of, supported_code
from nlp.evaluate import read_rows


def language(path: Path, hint: str | None = None) -> dict[str, Any]:
    """Apply the language rule to rows `{"text"}`, with `"language"` (ISO 639-1) where known.

    Args:
        path: JSONL file.
        hint: locale of the source, as in its settings.

    Returns:
        `n`, `refused` and `undetermined` as shares, texts by language; over labelled rows
        `wrongly_refused` (share of those in supported languages) and `accuracy` (over those that
        are neither refused nor undetermined, undetermined being no claim).

    Raises:
        FixSettings: a line is no JSON object with a text.
    """
    rows = read_rows(path, ("text",))
    verdicts = [language_of(clean(str(row["text"])), hint) for row in rows]
    total = max(len(rows), 1)
    found: dict[str, Any] = {
        "n": len(rows),
        "refused": round(sum(not verdict.is_supported for verdict in verdicts) / total, 4),
        "undetermined": round(sum(v.code == UNDETERMINED for v in verdicts) / total, 4),
        "languages": dict(Counter(verdict.code for verdict in verdicts).most_common()),
    }
    labelled = [
        (str(row["language"]), verdict)
        for row, verdict in zip(rows, verdicts, strict=True)
        if row.get("language")
    ]
    return found | _against_labels(labelled)


def _against_labels(labelled: list[tuple[str, Language]]) -> dict[str, float]:
    readable = [verdict for label, verdict in labelled if supported_code(label)]
    claimed = [(label, v) for label, v in labelled if v.is_supported and v.code != UNDETERMINED]
    shares = {}
    if readable:
        refused = sum(not verdict.is_supported for verdict in readable)
        shares["wrongly_refused"] = round(refused / len(readable), 4)
    if claimed:
        right = sum(verdict.code == label for label, verdict in claimed)
        shares["accuracy"] = round(right / len(claimed), 4)
    return shares
