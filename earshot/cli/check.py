"""`check` proves settings, database, model, sources and Slack, each in a function of its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING

import typer

from earshot.cli.common import AsJson, SettingsFile, console, emit, settings_of
from earshot.errors import EarshotError, FixSettings, RetryLater
from earshot.settings import Settings, Source

if TYPE_CHECKING:
    from slack_sdk.web import SlackResponse

SAMPLE = (
    "The parcel came two weeks late and the box was crushed.",
    "Lovely chair, exactly as in the picture.",
    "It is fine.",
    "Customer service never answered my three mails about the refund.",
)


@dataclass(frozen=True, kw_only=True)
class Check:
    """One line of the table."""

    part: str
    name: str
    is_ok: bool
    detail: str


Probe = Callable[[Settings], str]


def check(json: AsJson = False, settings_file: SettingsFile = None) -> int:
    """Prove each part: nothing is stored, nothing is sent."""
    settings = settings_of(settings_file)
    found = []
    for line in checks(settings):
        found.append(line)
        if json:
            emit(asdict(line))
        else:
            _print(line)
    return 0 if all(line.is_ok for line in found) else 1


def checks(settings: Settings) -> Iterator[Check]:
    """Every part, one after the other; a part that fails does not hide the next."""
    yield _tried("settings", settings.file, check_settings, settings)
    yield _tried("database", "", check_database, settings)
    yield _tried("model", settings.model.weights, check_model, settings)
    for source in settings.source:
        if source.enabled:
            label = f"{source.name} ({source.kind})"
            yield _tried("source", label, partial(_source, source), settings)
    if settings.replies.language_model is not None:
        name = settings.replies.language_model.model
        yield _tried("replies", name, check_language_model, settings)
    yield _tried("slack", settings.slack.channel, check_slack, settings)
    if settings.secrets.slack_token is not None:
        yield _tried("slack", "channels", _channels, settings)


def check_settings(settings: Settings) -> str:
    """What the file names; it was read already."""
    from nlp.taxonomy import taxonomy_of

    if settings.secrets.author_key is None:
        raise FixSettings("EARSHOT_AUTHOR_KEY is missing; `earshot init` makes it, or set it.")
    themes = len(taxonomy_of(settings).themes)
    return f"{len(settings.brand)} brands, {len(settings.source)} sources, {themes} themes"


def check_database(settings: Settings) -> str:
    """Reach it, prepare it, and say how large it is."""
    from sql.console import state

    found = state(settings)
    return (
        f"{found.origin} {found.version}, {found.migrations} migrations, {found.megabytes:.0f} MB"
    )


def check_model(settings: Settings) -> str:
    """Load the model and tag a few sentences."""
    from nlp.loading import load_model

    model = load_model(settings.model.weights)
    vectors = model.encode_themes([])
    texts = [f"{text} ({number})" for number in range(16) for text in SAMPLE]
    model.predict(texts[:4], vectors)
    began = time.perf_counter()
    model.predict(texts, vectors)
    rate = len(texts) / (time.perf_counter() - began)
    return f"{model.id}, {rate:.0f} short texts/s on this machine"


def check_source(settings: Settings, source: Source) -> str:
    """Read one record of the source."""
    from scrapers.run import probe

    return probe(settings, source.name)


def check_language_model(settings: Settings) -> str:
    """Say that a language model drafts and where, and ask it a question that is no customer's."""
    from alerts.replies.engine_llm import KEY_VARIABLE, prove

    model, key = settings.replies.language_model, settings.secrets.llm_api_key
    assert model is not None
    prove(model, key)
    has_key = f"with {KEY_VARIABLE}" if key else f"{KEY_VARIABLE} is not set"
    return f"drafts replies at {model.base_url}, {has_key}"


def check_slack(settings: Settings) -> str:
    """Ask Slack whom the token belongs to, and whether it may write and read back."""
    from slack_sdk import WebClient
    from slack_sdk.errors import SlackApiError

    from alerts.slack.check import required_scopes

    token = settings.secrets.slack_token
    if token is None:
        return f"no token: messages are written to {settings.home_folder / 'preview'}"
    client = WebClient(token.get_secret_value(), base_url=settings.slack.api_url, timeout=10)
    try:
        answer = client.auth_test()
    except SlackApiError as error:
        raise FixSettings(
            f"EARSHOT_SLACK_TOKEN: Slack refuses it ({error.response['error']}); copy the bot "
            "token (xoxb-…) from the app's page, OAuth & Permissions."
        ) from error
    except OSError as error:
        raise RetryLater(f"{settings.slack.api_url}: does not answer: {error}.") from error
    scopes = {scope.strip() for scope in _header(answer, "x-oauth-scopes").split(",")} - {""}
    if missing := scopes and required_scopes() - scopes:
        raise FixSettings(
            f"The Slack token lacks {', '.join(sorted(missing))}; add the scope and reinstall the "
            "app."
        )
    return f"{answer.get('user')} in {answer.get('team')}"


def _channels(settings: Settings) -> str:
    from alerts.slack.check import check_channels

    return check_channels(settings)


def _header(answer: SlackResponse, name: str) -> str:
    """Headers come with or without capitals, and as text or list."""
    for key, value in (answer.headers or {}).items():
        if key.lower() == name:
            return ",".join(value) if isinstance(value, list) else str(value)
    return ""


def _source(source: Source, settings: Settings) -> str:
    return check_source(settings, source)


def _tried(part: str, name: str, probe: Probe, settings: Settings) -> Check:
    try:
        return Check(part=part, name=name, is_ok=True, detail=probe(settings))
    except EarshotError as error:
        return Check(part=part, name=name, is_ok=False, detail=" ".join(str(error).split()))


def _print(line: Check) -> None:
    from rich.markup import escape

    state = "[green]ok    [/]" if line.is_ok else "[red]failed[/]"
    console().print(f"{line.part:<10} {escape(line.name):<28} {state}  {escape(line.detail)}")


def doctor(json: AsJson = False, settings_file: SettingsFile = None) -> int:
    """Check what must hold in the database whatever was killed; changes nothing."""
    from sql.doctor import examine

    findings = examine(settings_of(settings_file))
    for finding in findings:
        if json:
            emit(asdict(finding))
            continue
        state = "[red]broken[/]" if finding.violations else "[green]holds [/]"
        rows = (
            f"  {finding.violations:,} ({', '.join(finding.examples)})" if finding.examples else ""
        )
        console().print(f"{finding.invariant:<22} {state}  {finding.meaning}{rows}")
    return 1 if any(finding.violations for finding in findings) else 0


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command()(doctor)
    app.command()(check)
