"""Settings of who writes reply drafts."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from earshot.settings_section import Section

_ADDRESS = re.compile(r"https?://[\w.\-:\[\]]+(?:/[\w./~%+\-]*)?", re.ASCII)


def _printable(name: str) -> str:
    if not name.isprintable():
        raise ValueError("holds a control character; copy the name from the model's provider")
    return name


class LanguageModel(Section):
    """A language model that writes drafts; its key is `EARSHOT_LLM_API_KEY`, never in a file."""

    base_url: str = Field(min_length=1)
    """OpenAI-compatible, such as `https://models.example/v1`; `/chat/completions` is added."""
    model: Annotated[str, AfterValidator(_printable)] = Field(min_length=1, max_length=120)
    """Name of the model at that address."""
    timeout_seconds: float = Field(default=20.0, gt=0, le=120)
    """After so long without a whole answer the built-in engine's draft is used."""

    @model_validator(mode="after")
    def _reaches_only_whom_it_should(self) -> LanguageModel:
        if {"@", "?", "#"} & set(self.base_url):  # it may hold a secret: not to be repeated
            raise ValueError(
                "base_url: holds a login, a query or a fragment; leave it out and give the key in "
                "EARSHOT_LLM_API_KEY"
            )
        if not _is_address(self.base_url):
            raise ValueError(
                f'base_url: "{self.base_url}" is not an http address; '
                'write one such as "https://models.example/v1"'
            )
        if self.base_url.startswith("http://") and not _is_loopback(self.base_url):
            raise ValueError(
                f'base_url: "{self.base_url}" would send reviews unencrypted to another machine; '
                "write https, or an address of this machine"
            )
        return self


class Replies(Section):
    """Who writes drafts: the built-in engine, unless a language model is named."""

    language_model: LanguageModel | None = None


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return bool(_ADDRESS.fullmatch(url) and parts.hostname and parts.port != 0)
    except ValueError:
        return False


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
