"""Connectors, found by being there: `scrapers/connectors/` and `earshot.platforms`."""

from __future__ import annotations

import pkgutil
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from earshot import platforms
from earshot.errors import FixSettings
from earshot.platforms.base import Options, Platform
from earshot.settings import SETTINGS_FILE, Source, explain
from scrapers import connectors


class Connector(Protocol):
    """How a kind of source is read."""

    def platform_of(self, source: Source) -> str:
        """The `platform` of the records of this source."""

    def check(self, source: Source) -> None:
        """Validate the source's options.

        Raises:
            FixSettings: an option is missing, unknown or wrong.
        """


class Politeness(BaseModel):
    """Options that every source read over HTTP has, whatever its platform."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    delay_seconds: float | None = Field(default=None, ge=0, le=600)
    """Least pause between two requests to a host; by default half a second, none on loopback."""
    concurrent_requests: int = Field(default=2, ge=1, le=16)
    """Requests to a host under way at once."""
    timeout_seconds: float = Field(default=30, gt=0, le=600)
    largest_answer_mb: float = Field(default=32, gt=0, le=1024)
    hosts: tuple[str, ...] = ()
    """Hosts with private addresses that links may lead to."""


@dataclass(frozen=True, kw_only=True)
class HttpConnector:
    """A platform read over HTTP by `scrapers.spider`."""

    platform: Platform[Any]

    def platform_of(self, source: Source) -> str:
        """The platform's name; two sources of one platform share its ids."""
        del source
        return self.platform.name

    def check(self, source: Source) -> None:
        """Validate the source's options."""
        self.options(source)
        politeness(source)

    def options(self, source: Source) -> Options:
        """The source's options in the platform's own model.

        Raises:
            FixSettings: an option is missing, unknown or wrong.
        """
        given = {k: v for k, v in source.options.items() if k not in Politeness.model_fields}
        common = {
            "source": source.name,
            "brand": (source.brand,),
            "timezone": source.timezone,
            "language": source.language,
        }
        known = self.platform.Options.model_fields
        values = {**{k: v for k, v in common.items() if k in known}, **given}
        options: Options = validated(source, self.platform.Options, values)
        return options


def validated(source: Source, model: type[Any], values: dict[str, Any]) -> Any:
    """The options in their model; an error names the source and the key."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise FixSettings(explain(f'{SETTINGS_FILE}: [[source]] "{source.name}"', error)) from error


def politeness(source: Source) -> Politeness:
    """How gently the source is read."""
    return cast(Politeness, validated(source, Politeness, source.options))


def names() -> list[str]:
    """Every `kind` there is, in alphabetical order."""
    found = pkgutil.iter_modules(connectors.__path__)
    own = {module.name for module in found if not module.name.startswith("_")}
    return sorted(own | set(platforms.names()))


def connector_of(source: Source) -> Connector:
    """The connector that a source names by its `kind`.

    Raises:
        FixSettings: there is no such connector.
    """
    if source.kind not in names():
        raise FixSettings(
            f'{SETTINGS_FILE}: [[source]] "{source.name}": kind "{source.kind}" is no connector; '
            f"write one of {', '.join(names())}."
        )
    if source.kind in platforms.names():
        return HttpConnector(platform=platforms.load(source.kind))
    module = import_module(f"{connectors.__name__}.{source.kind}")
    return cast(Connector, module.CONNECTOR)
