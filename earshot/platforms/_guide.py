"""The guide to all sources, written from the readers themselves.

`python -m earshot.platforms._guide > docs/SOURCES.md` writes it; a test holds it current.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from inspect import getdoc
from typing import Any

from pydantic.fields import FieldInfo

from earshot import platforms
from earshot.platforms.base import Options, Platform

_HEAD = """\
# Sources

One `[[source]]` of `earshot.toml` names a `kind` below and its options. Credentials stand in the
environment (or an Airflow connection), never in the settings. *From documentation* means: written
from the vendor's documents; `earshot check` says it too. *Off* means: the vendor's terms forbid it,
and the source needs `accept_terms = true`.

Files, surveys, chats, mailboxes and the inbound webhook are in [WAYS_IN.md](WAYS_IN.md).

Besides the options of its kind every source read over HTTP takes:
"""


def guide() -> str:
    """The guide as Markdown."""
    lines = [_HEAD, *_options(Options, without=frozenset({"source", "brand"}))]
    lines += ["", "| kind | credentials | state | terms |", "|---|---|---|---|"]
    found = [(kind, platforms.load(kind)) for kind in platforms.names()]
    lines += [_row(kind, platform) for kind, platform in found]
    for kind, platform in found:
        lines += ["", f"## {kind}", "", _facts(kind), "", _about(platform), ""]
        lines += _own_options(platform)
    return "\n".join(lines) + "\n"


def _row(kind: str, platform: Platform[Any]) -> str:
    needs = ", ".join(f"`{name}`" for name in platform.needs) or "none"
    terms = platform.terms
    state = terms.state + ("" if terms.is_on_by_default else "; off")
    return f"| `{kind}` | {needs} | {state} | {terms.note} |"


def _facts(kind: str) -> str:
    """What the reader's author knew of the platform."""
    return getdoc(import_module(f"earshot.platforms.{kind}")) or ""


def _about(platform: Platform[Any]) -> str:
    """What the options stand for; the contract in one sentence."""
    contract = platform.contract
    filled = ", ".join(contract.required)
    hours = contract.overlap.total_seconds() / 3600
    overlap = f"{hours / 24:g} days" if hours >= 48 else f"{hours:g} hours"
    doc = " ".join((platform.Options.__doc__ or "").split())
    return (
        f"{doc} Filled in {contract.required_share:.0%} of its texts or more: {filled}. "
        f"A crawl reads {overlap} behind its cursor again."
    )


def _own_options(platform: Platform[Any]) -> list[str]:
    shared = frozenset(
        name
        for name, field in Options.model_fields.items()
        if platform.Options.model_fields[name].description == field.description
    )
    return list(_options(platform.Options, without=shared))


def _options(model: type[Options], without: frozenset[str]) -> Iterator[str]:
    yield "| option | default | meaning |"
    yield "|---|---|---|"
    for name, field in model.model_fields.items():
        if name not in without:
            yield f"| `{name}` | {_default(field)} | {field.description} |"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "needed"
    value = field.get_default(call_default_factory=True)
    if value is None or value in ((), "", {}):
        return ""
    return f"`{value}`" if not hasattr(value, "model_dump") else ""


if __name__ == "__main__":
    print(guide(), end="")
