"""Label texts of the training sets: a category or intent as theme name and description."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, kw_only=True)
class LabelText:
    """How a label reads as a theme; `description` is empty where the name says it all."""

    name: str
    description: str


@cache
def _descriptions() -> dict[str, dict[str, str]]:
    text = files("nlp.training").joinpath("labels.toml").read_text("utf8")
    return tomllib.loads(text)


def readable(label: str) -> str:
    """A label as words: `#` and `_` read as spaces, lower case."""
    return " ".join(label.replace("#", " ").replace("_", " ").rstrip("?").lower().split())


def label_text(scheme: str, label: str) -> LabelText:
    """Name and description of one label of a scheme."""
    plain = _descriptions()["plain"].get(f"{scheme}/{label}")
    return LabelText(name=readable(label), description=plain or _composed(label))


def _composed(label: str) -> str:
    """Description of an entity and attribute pair, from the descriptions of its parts."""
    entity, attribute = split(label)
    known = _descriptions()
    thing = known["entity"].get(entity, entity)
    if not attribute:
        return thing if thing != entity else ""
    template = known["attribute"].get(attribute, attribute + " of {entity}")
    return template.format(entity=thing)


def split(label: str) -> tuple[str, str]:
    """Entity and attribute of a category; the attribute is empty where there is none."""
    entity, mark, attribute = label.partition("#")
    if not mark:
        entity, _, attribute = label.partition(" ")
        if readable(entity) not in _descriptions()["entity"]:
            return readable(label), ""
    return readable(entity), readable(attribute)


def coarse(label: str, part: int) -> str:
    """The entity (part 0) or the attribute (part 1) alone, as a label of a coarser scheme."""
    pieces = split(label)
    return pieces[part] or pieces[0]
