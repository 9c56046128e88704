"""Sentences with several ways to say each, fitted into a platform's limit."""

from __future__ import annotations

from dataclasses import dataclass

from alerts.replies.limits import ReplyLimit


@dataclass(frozen=True, kw_only=True)
class Part:
    """One sentence of the reply with the ways to say it; rank 9 must stay, lower ones go first."""

    role: str
    ways: tuple[str, ...]
    rank: int = 9


_NICE = 7
"""Parts below this rank are pleasant; from it on they say something that should be said."""
_MUST = 9


def fit(parts: list[Part], limit: ReplyLimit, aim: int) -> str | None:
    """Drop what is only pleasant beyond the aim, then shorten, then drop, until the limit holds."""
    chosen = {index: 0 for index in range(len(parts))}
    for index in sorted(chosen, key=lambda i: (parts[i].rank, i)):
        if parts[index].rank >= _NICE or limit.length(_joined(parts, chosen)) <= aim:
            break
        del chosen[index]
    while limit.length(_joined(parts, chosen)) > limit.limit:
        if _shorten(parts, chosen, limit, limit.limit):
            continue
        optional = [index for index in chosen if parts[index].rank < _MUST]
        if not optional:
            return None
        del chosen[min(optional, key=lambda i: (parts[i].rank, -i))]
    return _joined(parts, chosen)


def _shorten(parts: list[Part], chosen: dict[int, int], limit: ReplyLimit, most: int) -> bool:
    """Swap one sentence for a shorter way of saying it: the smallest saving that is enough."""
    needed = limit.length(_joined(parts, chosen)) - most
    swaps = []
    for index, way in chosen.items():
        now = limit.length(parts[index].ways[way])
        for other, text in enumerate(parts[index].ways):
            if (saved := now - limit.length(text)) > 0:
                swaps.append((saved, index, other))
    if not swaps:
        return False
    enough = [swap for swap in swaps if swap[0] >= needed]
    _, index, other = min(enough) if enough else max(swaps)
    chosen[index] = other
    return True


def _joined(parts: list[Part], chosen: dict[int, int]) -> str:
    body = [
        part.ways[chosen[i]]
        for i, part in enumerate(parts)
        if i in chosen and part.role != "sign_off"
    ]
    sign = [
        part.ways[chosen[i]]
        for i, part in enumerate(parts)
        if i in chosen and part.role == "sign_off"
    ]
    capital = [
        sentence[:1].upper() + sentence[1:] if "@" not in sentence.split(" ")[0] else sentence
        for sentence in body
    ]
    return "\n".join([" ".join(capital), *sign])
