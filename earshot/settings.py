"""Settings: `earshot.toml` for what may be read by anyone, the environment for secrets.

Read once, validated whole. Every error names the file, the key, the value seen and the remedy.
Unknown keys are errors, except inside `[[source]]`, whose further keys are the options of its
connector and are validated by the connector's own model.
"""

from __future__ import annotations

import os
import tomllib
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from earshot.errors import FixSettings
from earshot.settings_analytics import Analytics
from earshot.settings_detection import Detection, PlannedEvent
from earshot.settings_health import Health, Log
from earshot.settings_publishing import AutoReply, Praise, Publishing, Route, Ticket
from earshot.settings_replies import Replies
from earshot.settings_section import Key, Section, Severity
from earshot.settings_serving import Airflow, Web, Webhook
from earshot.settings_slack import Slack

T = TypeVar("T")

SETTINGS_FILE = "earshot.toml"
SECRETS_FILE = "secrets.env"


def _zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError('is not a zone name; write one such as "Europe/Berlin" or "UTC"')
    return name


ZoneName = Annotated[str, AfterValidator(_zone)]


class Clock(Section):
    """Where "now" comes from, and how old is too old."""

    source: Literal["system", "database"] = "system"
    alert_max_age_hours: float = Field(default=24, gt=0)
    reply_max_age_days: float = Field(default=7, gt=0)


class Database(Section):
    """The embedded server, unless the environment names another."""

    port: int | None = Field(default=None, ge=1024, le=65535)
    """TCP port on loopback for BI tools; without it the embedded server has a socket only."""


class Brand(Section):
    """A brand we listen for; a competitor gets tags and views, never drafts or incidents."""

    key: Key
    name: str = Field(min_length=1)
    role: Literal["own", "competitor"] = "own"
    aliases: tuple[str, ...] = ()
    handles: tuple[str, ...] = ()
    negative_keywords: tuple[str, ...] = ()
    time_zone: ZoneName = "UTC"
    facts: Path | None = None
    """Facts file for reply drafts; without it no reply is drafted for the brand."""
    channel: str | None = None


class Source(BaseModel):
    """One named entry: one connector (`kind`), one query or page set."""

    model_config = ConfigDict(frozen=True, extra="allow")

    name: Key
    kind: Key
    brand: Key
    schedule: str = "@hourly"
    """Cron expression or preset of Airflow; `none` is by hand only."""
    timezone: ZoneName = "UTC"
    """Zone of times that the source writes without one."""
    language: str | None = None
    """BCP 47 tag: the locale of the source, used for short or uncertain text."""
    enabled: bool = True
    retention_days: int | None = Field(default=None, gt=0)
    reply_target_minutes: int = Field(default=24 * 60, gt=0)

    @property
    def options(self) -> dict[str, Any]:
        """Keys that belong to the connector, not yet validated."""
        return dict(self.model_extra or {})

    @property
    def pool(self) -> str:
        """Airflow pool of its crawls: one a host, so that no host meets two of our crawls."""
        urls = self.options.get("urls") or [self.options.get("base_url")]
        host = urlsplit(str(urls[0] or "")).hostname or self.kind
        return f"host__{host}"


class Rule(Section):
    """What to watch and how loudly; the shipped rule `default` watches every series."""

    name: Key = "default"
    brand: Key | None = None
    themes: tuple[str, ...] = ()
    """Theme keys watched; empty is all of them."""
    sensitivity: float = Field(default=1.0, ge=0.25, le=4.0)
    """Above 1 opens sooner and more often; below 1 later and more rarely."""
    least_severity: Severity = "medium"
    channel: str | None = None
    is_muted: bool = False


class Model(Section):
    """The tagger's model and the taxonomy it reads themes from."""

    weights: str = "earshot"
    """`earshot` is the shipped model; else a folder or a Hugging Face name."""
    taxonomy: Path | None = None
    """TOML file of `[[theme]]`; without it the shipped e-commerce taxonomy."""


class Settings(Section):
    """The whole file, with paths resolved against its folder."""

    contact: str = Field(min_length=3)
    """Mail address or page named in the crawler's user agent."""
    home: Path = Path(".earshot")
    """Folder for state: embedded database, Airflow, secrets, previews."""
    clock: Clock = Clock()
    database: Database = Database()
    brand: tuple[Brand, ...] = Field(min_length=1)
    source: tuple[Source, ...] = ()
    rule: tuple[Rule, ...] = (Rule(),)
    slack: Slack = Slack()
    route: tuple[Route, ...] = ()
    praise: Praise | None = None
    replies: Replies = Replies()
    publishing: Publishing = Publishing()
    auto_reply: tuple[AutoReply, ...] = ()
    ticket: Ticket | None = None
    model: Model = Model()
    planned_event: tuple[PlannedEvent, ...] = ()
    airflow: Airflow = Airflow()
    detection: Detection = Detection()
    health: Health = Health()
    log: Log = Log()
    web: Web = Web()
    webhook: Webhook = Webhook()
    analytics: Analytics = Analytics()
    folder: Path = Field(default=Path("."), exclude=True)
    """Folder of the settings file; set by `load`, not by the user."""
    file: str = Field(default=SETTINGS_FILE, exclude=True)
    """Name of the settings file in that folder; set by `load`, not by the user."""

    @model_validator(mode="after")
    def _names_agree(self) -> Settings:
        _unique("brand", [brand.key for brand in self.brand])
        _unique("source", [source.name for source in self.source])
        _unique("rule", [rule.name for rule in self.rule])
        _unique("auto_reply", [rule.name for rule in self.auto_reply])
        known = {brand.key for brand in self.brand}
        for index, source in enumerate(self.source):
            if source.brand not in known:
                raise ValueError(
                    f'source[{index}].brand: "{source.brand}" is no [[brand]]; '
                    f"write one of {', '.join(sorted(known))}"
                )
        return self

    @property
    def home_folder(self) -> Path:
        """Absolute folder for state."""
        return self.path(self.home)

    def path(self, given: Path | str) -> Path:
        """A path of the settings file, absolute."""
        return (self.folder / Path(given).expanduser()).resolve()

    def brand_named(self, key: str) -> Brand:
        """The brand of that key; raises FixSettings where there is none."""
        return _named("brand", key, {brand.key: brand for brand in self.brand})

    def source_named(self, name: str) -> Source:
        """The source of that name; raises FixSettings where there is none."""
        return _named("source", name, {source.name: source for source in self.source})

    @cached_property
    def secrets(self) -> Secrets:
        """Secrets from the environment, then from the 0600 file that `earshot init` made."""
        return read_secrets(self.home_folder)


class Secrets(BaseSettings):
    """Everything that must not stand in a file that others read."""

    model_config = SettingsConfigDict(
        env_prefix="EARSHOT_", extra="ignore", frozen=True, env_ignore_empty=True
    )

    author_key: SecretStr | None = None
    """Key of the HMAC that turns author ids into author keys."""
    database_url: SecretStr | None = None
    slack_token: SecretStr | None = None
    slack_app_token: SecretStr | None = None
    slack_signing_secret: SecretStr | None = None
    llm_api_key: SecretStr | None = None
    oidc_secret: SecretStr | None = None
    cookie_secret: SecretStr | None = None
    """Signs the page's cookie of those who signed in."""


def read_secrets(home: Path) -> Secrets:
    """Secrets from the environment, then from `secrets.env` in the home folder."""
    return Secrets(_env_file=home / SECRETS_FILE)  # type: ignore[call-arg]


def load(path: Path | str | None = None) -> Settings:
    """Read and validate the settings file.

    Args:
        path: the file; by default `EARSHOT_SETTINGS`, else `earshot.toml` in this folder.

    Raises:
        FixSettings: the file is missing, is no TOML, or a key is wrong; one line a fault.
    """
    file = Path(path or os.environ.get("EARSHOT_SETTINGS") or SETTINGS_FILE)
    try:
        values = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise FixSettings(f"{file}: no such settings file; `earshot init` writes one.") from None
    except (ValueError, RecursionError) as error:
        raise FixSettings(f"{file}: is not valid TOML: {error}; correct that line.") from error
    try:
        here = {"folder": file.resolve().parent, "file": file.name}
        return Settings.model_validate({**values, **here})
    except ValidationError as error:
        raise FixSettings(explain(file.name, error)) from error


def explain(file: str, error: ValidationError) -> str:
    """One line a fault: file, key, value seen, what to write instead."""
    faults = error.errors(include_url=False)
    # A table that is wrong makes its list too short: say only what is wrong inside.
    inner = {fault["loc"][:depth] for fault in faults for depth in range(len(fault["loc"]))}
    told = [f for f in faults if not (f["type"] == "too_short" and f["loc"] in inner)]
    return "\n".join(_fault(file, dict(fault)) for fault in told)


def _fault(file: str, fault: dict[str, Any]) -> str:
    where = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in fault["loc"]).lstrip(".")
    message = str(fault["msg"]).removeprefix("Value error, ")
    match fault["type"]:
        case "extra_forbidden":
            return f"{file}: {where}: no such key; remove it or correct its spelling."
        case "missing":
            return f"{file}: {where}: is missing; add it."
    seen = fault.get("input")
    if not where or isinstance(seen, dict | list | tuple | BaseModel):
        return f"{file}: {where + ': ' if where else ''}{message}."
    shown = f'"{seen}"' if isinstance(seen, str) else str(seen)
    link = " " if message.startswith("is ") else ": "
    return f"{file}: {where}: {shown}{link}{message[0].lower() + message[1:]}."


def zone(name: str) -> ZoneInfo:
    """The time zone of that name."""
    return ZoneInfo(name)


def _unique(table: str, names: list[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f'[[{table}]] "{name}" stands twice; give each its own name')


def _named(table: str, key: str, entries: dict[str, T]) -> T:
    if key not in entries:
        known = ", ".join(sorted(entries)) or "none"
        raise FixSettings(f'{SETTINGS_FILE}: no [[{table}]] is named "{key}"; there is: {known}.')
    return entries[key]
