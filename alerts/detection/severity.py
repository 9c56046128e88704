"""How bad it is: points from size, speed, share, reach and theme weight, each with its reason."""

from __future__ import annotations

import math
from dataclasses import dataclass

from alerts.detection.records import SEVERITIES

LEAST_COUNT = 5
"""Fewer negative voices are never more than low, however unlikely."""
LEAST_RATIO = 2.0
POINTS_A_STAR, MOST_FOR_STARS = 2.5, 4.0
"""Of a fall of the mean rating, which may come without one complaint more."""
MEDIUM_POINTS, HIGH_POINTS, CRITICAL_POINTS = 2.25, 5.0, 8.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """A severity and the reasons that were given points, strongest first."""

    severity: str
    points: float
    reasons: tuple[str, ...]


def judge(
    *,
    count: float,
    expected: float,
    horizon: int,
    share_of_voices: float,
    usual_share: float,
    reach: int = 0,
    theme_weight: float = 1.0,
    lowered_by: tuple[str, ...] = (),
    is_share: bool = False,
    stars: tuple[float, float] | None = None,
) -> Verdict:
    """Severity of an event.

    Args:
        count: negative voices in the window, expected: what is usual there.
        horizon: hours of the window.
        share_of_voices: negative voices of the event over all voices of the brand.
        usual_share: of all negative voices of the brand.
        reach: people who may have seen it, summed.
        theme_weight: of the taxonomy; 1 is ordinary, safety, privacy and scam are heavy.
        lowered_by: reasons of screens; any of them makes it low.
        is_share: `expected` is that of the share among as many voices, which cannot double where
            most are negative anyway; no least ratio then.
        stars: mean rating in the window and the usual one, where it is their fall that is odd.
    """
    ratio = count / max(expected, 1.0)
    parts = [
        (_steps(count - expected, 2.5, 5.0), f"{count:.0f} complaints, usually {expected:.1f}"),
        (_steps(ratio, 2.0, 3.0), f"{ratio:.1f} times as many as usual"),
        (_speed(horizon), f"within {horizon} h"),
        (
            1.0 if share_of_voices - usual_share >= 0.25 else 0.0,
            f"{share_of_voices:.0%} of all voices, usually {usual_share:.0%}",
        ),
        _fall(stars),
        (min(2.0, max(0.0, math.log10(max(reach, 1)) - 3.0)), f"seen by about {reach:,}"),
        (2.0 * math.log2(max(theme_weight, 1.0)), f"theme weight {theme_weight:g}"),
    ]
    points = sum(value for value, _ in parts)
    reasons = tuple(text for value, text in sorted(parts, key=lambda p: -p[0]) if value > 0)
    is_small = count < LEAST_COUNT or (ratio < LEAST_RATIO and not is_share)
    if is_small or lowered_by:
        return Verdict(severity="low", points=points, reasons=(*lowered_by, *reasons))
    return Verdict(severity=_level(points), points=points, reasons=reasons)


def _steps(value: float, unit: float, most: float) -> float:
    """Doublings above a unit, between none and `most`."""
    return min(most, max(0.0, math.log2(max(value, 1e-9) / unit)))


def _fall(stars: tuple[float, float] | None) -> tuple[float, str]:
    if stars is None:
        return 0.0, ""
    now, usual = stars
    points = min(MOST_FOR_STARS, max(0.0, POINTS_A_STAR * (usual - now)))
    return points, f"{now:.1f} stars on average, usually {usual:.1f}"


def _speed(horizon: int) -> float:
    """A day is neutral; the same number within hours is worse, over weeks it can wait."""
    return min(1.0, max(-1.5, 0.5 * math.log2(24 / horizon)))


def _level(points: float) -> str:
    bounds = (MEDIUM_POINTS, HIGH_POINTS, CRITICAL_POINTS)
    return SEVERITIES[sum(points >= bound for bound in bounds)]


def at_least(severity: str, least: str) -> bool:
    """Whether one severity is the other or worse."""
    return SEVERITIES.index(severity) >= SEVERITIES.index(least)
