"""Every stage runs with canaries for secrets and customers' words; no log line sings."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from alerts.drafting import draft_replies
from alerts.replies.engine_llm import KEY_VARIABLE
from alerts.sending import send_all
from alerts.watch import watch
from earshot.errors import EarshotError
from earshot.logs import configure
from earshot.settings import Settings, read_secrets
from nlp.tagger import tag
from scrapers.files import import_file
from scrapers.run import crawl
from sql.clock import advance
from sql.doctor import examine
from tests.alerts.slack.conftest import NOON
from tests.nlp.tiny import save_encoder
from tests.slack_standin import SlackStandIn

WORDS = "canaryword"
SECRET = "canary-secret-5d1e"
TOKEN = f"xoxb-{SECRET}"
ROWS = (
    {"id": "1", "text": f"The parcel came late and broken {WORDS}", "stars": 1, "user": WORDS},
    {"id": "2", "text": f"I love this shop {WORDS}", "stars": 5, "user": "b"},
    {"id": "3", "text": f"The staff was rude {WORDS}", "stars": f"{WORDS} stars", "user": "c"},
)


@pytest.fixture
def slack() -> Iterator[SlackStandIn]:
    with SlackStandIn() as standin:
        standin.tokens[TOKEN] = standin.tokens[standin.bot_token]
        for name in ("voice-of-customer", "earshot-ops"):
            standin.add_channel(name)
        yield standin


@pytest.fixture
def settings(
    settings_with: Callable[..., Settings],
    database: Any,
    slack: SlackStandIn,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Settings:
    """A brand with a file and a page that cannot be reached, logging all that can be logged."""
    for name in ("AUTHOR_KEY", "SLACK_SIGNING_SECRET", "LLM_API_KEY", "COOKIE_SECRET"):
        monkeypatch.setenv(f"EARSHOT_{name}", f"{SECRET}-{name}")
    monkeypatch.setenv("EARSHOT_SLACK_TOKEN", TOKEN)
    monkeypatch.setenv("OUR_SHOP_TOKEN", SECRET)
    said = [{**row, "at": NOON.isoformat()} for row in ROWS]
    (tmp_path / "said.jsonl").write_text("\n".join(map(json.dumps, said)))
    with database.connect() as conn, conn:
        advance(conn, NOON)
    columns = {"external_id": "id", "author_id": "user", "body": "text", "rating": "stars",
               "published_at": "at"}  # fmt: skip
    base = {"brand": "northwind", "schedule": "none"}
    return settings_with(
        slack={"api_url": slack.url},
        model={"weights": str(save_encoder(tmp_path / "model", labels=("negative", "positive")))},
        log={"level": "DEBUG", "format": "json"},
        source=[
            {**base, "name": "file", "kind": "file", "path": "said.jsonl", "columns": columns},
            {**base, "name": "api", "kind": "rest", "base_url": "http://127.0.0.1:9", "path": "x",
             "fields": {"id": "id"}, "auth": {"style": "query", "parameter": "key",
                                              "credential": "OUR_SHOP_TOKEN"}},
        ],
    )  # fmt: skip


@pytest.fixture
def logs(settings: Settings) -> Iterator[None]:
    """Our own logs at their loudest; as they were afterwards."""
    before = logging.root.handlers[:], logging.root.level
    configure(settings)
    yield
    logging.root.handlers[:], logging.root.level = before


def test_no_stage_logs_a_secret_or_what_customers_wrote(
    settings: Settings, slack: SlackStandIn, logs: None, capfd: pytest.CaptureFixture[str]
) -> None:
    slack.fail("chat.postMessage", "refuse", error="invalid_auth")
    stages: tuple[Callable[[], object], ...] = (
        lambda: import_file(settings, "file"),
        lambda: crawl(settings, "api"),
        lambda: tag(settings),
        lambda: watch(settings),
        lambda: draft_replies(settings),
        lambda: send_all(settings),
        lambda: send_all(settings),
        lambda: examine(settings),
    )
    complaints = []
    for stage in stages:
        try:
            stage()
        except EarshotError as error:
            complaints.append(str(error))

    written = capfd.readouterr()
    told = "\n".join([written.out, written.err, *complaints])
    assert len(complaints) >= 1, "the page that cannot be reached is no error any more"
    assert "texts read" in told
    assert SECRET not in told
    assert WORDS not in told


def test_an_error_that_quotes_a_row_is_logged_without_it(
    settings: Settings, database: Any, logs: None, capfd: pytest.CaptureFixture[str]
) -> None:
    with database.connect() as conn, conn.cursor() as cursor:
        try:
            cursor.execute(
                "insert into earshot.brand (key, name, role) values (%s, %s, 'nobody')",
                [WORDS, SECRET],
            )
        except Exception:
            logging.getLogger("sql").exception("refused: %s", TOKEN)

    told = capfd.readouterr().err
    assert "refused" in told
    assert SECRET not in told
    assert WORDS not in told


def test_the_language_models_key_is_a_secret_that_logs_know(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(KEY_VARIABLE, SECRET)

    known = [value for value in vars(read_secrets(tmp_path)).values() if value is not None]

    assert SECRET in [value.get_secret_value() for value in known]
