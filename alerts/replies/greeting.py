"""A greeting by name, put before a reply when it is published; the name is never stored."""

from __future__ import annotations

from alerts.replies.limits import limit_of
from alerts.replies.sanitise import detail

_WORDS = {
    "en": "Hello {name},",
    "de": "Guten Tag {name},",
    "fr": "Bonjour {name},",
    "es": "Hola, {name}:",
    "nl": "Beste {name},",
    "it": "Buongiorno {name},",
    "pt": "Olá, {name},",
}
_NOBODY = frozenset({"a google user", "anonymous", "guest", "user", "customer", "kunde", "client"})


def greet(text: str, name: str | None, *, language: str, platform: str) -> str:
    """The approved text with a greeting before it, or as it is.

    Left out where the name is missing, generic, no plain name (links, mark-up, digits), where we
    have no greeting in the language, or where the platform's length would not hold it.
    """
    shown = detail(name, most=30) if name else None
    if shown is None or shown.lower() in _NOBODY or any(c.isdigit() for c in shown):
        return text
    if shown != (name or "").strip() or language not in _WORDS:
        return text
    greeted = f"{_WORDS[language].format(name=shown)}\n{text}"
    limit = limit_of(platform)
    return greeted if limit.length(greeted) <= limit.limit else text
