"""An incident's report as people read it: lines for a terminal, a page with a picture."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from html import escape
from typing import Any

from alerts.event_words import EVENT_WORDS

BARS = "▁▂▃▄▅▆▇█"
MOST_BARS = 60
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem;
  color: #1b1f24 }}
svg {{ width: 100%; height: 8rem; background: #f4f5f7 }} rect {{ fill: #b42318 }}
blockquote {{ margin: .5rem 0; padding-left: 1rem; border-left: 3px solid #c9ced6 }}
dt {{ font-weight: 600 }} dd {{ margin: 0 0 .6rem 0 }}
</style></head><body><main>
<h1>{title}</h1>
{picture}
<dl>{facts}</dl>
<h2>What people wrote</h2>
{quotes}
</main></body></html>
"""


def title(report: Mapping[str, Any]) -> str:
    """Such as "Incident 12: Late parcels, 3 days"."""
    return f"Incident {report['incident_id']}: {report['title']}, {_length(report)}"


def lines(report: Mapping[str, Any], words: Mapping[int, str]) -> Iterator[str]:
    """The report for a terminal.

    Args:
        report: of `alerts.memory`.
        words: text by feedback id; a quote that is not there was erased and is left out.
    """
    yield title(report)
    yield f"{'timeline':<10} {_bars([count for _, count in report['timeline']])}"
    for name, told in facts(report):
        yield f"{name:<10} {told}"
    for quote in _words(report, words):
        yield f"  “{quote}”"


def page(report: Mapping[str, Any], words: Mapping[int, str]) -> str:
    """The report as one HTML file without outside parts."""
    return PAGE.format(
        title=escape(title(report)),
        picture=_picture(report["timeline"]),
        facts="".join(
            f"<dt>{escape(name)}</dt><dd>{escape(told)}</dd>" for name, told in facts(report)
        ),
        quotes="".join(
            f"<blockquote>{escape(quote)}</blockquote>" for quote in _words(report, words)
        )
        or "<p>No text is left.</p>",
    )


def facts(report: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Name and sentence of each fact that is known."""
    verdict = report["verdict"] or "judged by nobody"
    yield "what", f"{report['count']:,} against {report['usual']:,} usual; {report['why']}"
    yield "severity", f"{report['severity']}, {report['kind']}, rule {report['rule']}, {verdict}"
    ended = "still open" if report["state"] != "resolved" else f"to {_at(report['ended_at'])}"
    yield "when", f"{_at(report['started_at'])} {ended} UTC"
    peak = report["peak"]
    yield "peak", f"{peak['in_24_hours']:,} in the 24 hours to {_at(peak['at'])} UTC"
    for name, found in report["spread"].items():
        yield name, ", ".join(f"{value} {count}" for value, count in found.items())
    yield "replies", _replies(report["replies"])
    if told := _rating(report["rating"]):
        yield "rating", told
    for action in report["actions"]:
        if action["kind"] in EVENT_WORDS:
            yield "done", _action(action)
    if report["like"]:
        yield "like", f"#{report['like']['incident_id']}: {report['like']['summary']}"


def _length(report: Mapping[str, Any]) -> str:
    hours = report["lasted_hours"]
    return f"{hours:.0f} h" if hours < 36 else f"{hours / 24:.0f} days"


def _at(moment: str) -> str:
    return f"{datetime.fromisoformat(moment):%-d %B %Y %H:%M}"


def _replies(replies: Mapping[str, Any]) -> str:
    if not replies["answered"]:
        return f"none yet; {replies['drafted']} drafted"
    return (
        f"{replies['answered']} answered ({replies['sent']} through Earshot), "
        f"the first {replies['minutes_to_first']:,} min after it began"
    )


def _rating(rating: Mapping[str, Any]) -> str:
    told = [f"{rating[n]:.1f} {n}" for n in ("before", "during", "after") if rating[n] is not None]
    back = {True: "; recovered", False: "; not recovered yet", None: ""}[rating["has_recovered"]]
    return ", ".join(told) + back if told else ""


def _action(action: Mapping[str, Any]) -> str:
    by = "" if action["by"] == "earshot" else f" by {action['by']}"
    why = f": {action['detail']['reason']}" if action["detail"].get("reason") else ""
    return f"{_at(action['at'])} {EVENT_WORDS[action['kind']]}{by}{why}"


def _words(report: Mapping[str, Any], words: Mapping[int, str]) -> list[str]:
    return [" ".join(words[id_].split()) for id_ in report["quotes"] if id_ in words]


def _bars(counts: Sequence[int]) -> str:
    """One sign a span, of long timelines the larger of neighbours."""
    step = -(-len(counts) // MOST_BARS)
    shown = [max(counts[i : i + step]) for i in range(0, len(counts), step)]
    most = max([*shown, 1])
    return "".join(BARS[round(count / most * (len(BARS) - 1))] for count in shown)


def _picture(timeline: Sequence[tuple[str, int]]) -> str:
    """Bars of the timeline; the words beneath say the same."""
    counts = [count for _, count in timeline]
    most = max([*counts, 1])
    bars = "".join(
        f'<rect x="{i}" y="{100 - 100 * count / most:.1f}" width="0.8" '
        f'height="{100 * count / most:.1f}"/>'
        for i, count in enumerate(counts)
    )
    told = f"Complaints from {_at(timeline[0][0])} on; at most {most} in one bar."
    return (
        f'<svg viewBox="0 0 {len(counts)} 100" preserveAspectRatio="none" role="img" '
        f'aria-label="{escape(told)}">{bars}</svg><p>{escape(told)}</p>'
    )
