"""Where an approved reply goes: through a platform's API, or into a person's hands."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from earshot.errors import FixSettings
from earshot.platforms import load
from earshot.platforms.writing import Writer
from earshot.platforms.writing_kinds import WRITERS
from earshot.settings import SETTINGS_FILE, Settings, Source, explain

COPY = "copy"
"""Destination of a reply that a person copies."""


def writer_of(settings: Settings, source_name: str) -> Writer | None:
    """Who publishes replies to that source's texts; None where a person copies them."""
    source = next((each for each in settings.source if each.name == source_name), None)
    if source is None or not settings.publishing.is_on:
        return None
    if source_name in settings.publishing.by_hand:
        return None
    return WRITERS.get(source.kind)


def destination_of(settings: Settings, source_name: str) -> str:
    """The kind of source whose API takes the reply, or `copy`."""
    if writer_of(settings, source_name) is None:
        return COPY
    return settings.source_named(source_name).kind


def options_of(source: Source) -> Any:
    """The source's options in its platform's own model, as its reader gets them.

    Raises:
        FixSettings: an option is missing or wrong.
    """
    model = load(source.kind).Options
    common = {"source": source.name, "brand": (source.brand,), "timezone": source.timezone}
    known = {k: v for k, v in source.options.items() if k in model.model_fields}
    try:
        return model.model_validate({**common, **known})
    except ValidationError as error:
        raise FixSettings(explain(f'{SETTINGS_FILE}: [[source]] "{source.name}"', error)) from error
