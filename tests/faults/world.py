"""A pipeline to be disturbed: a Postgres of its own, a shop, a file, a tiny model, Slack.

An undisturbed run is made once; the database as it was before each stage is kept as a template,
so that a seed begins where it likes and is held against what the undisturbed run made of it.
"""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2 import sql

from earshot.local import postgres
from earshot.settings import Settings, load
from earshot.shop import generate, story
from earshot.shop.generator import Review
from earshot.shop.server import serve
from sql import roles
from sql.clock import advance
from sql.connect import connect
from tests.faults import child, compare
from tests.faults.proxy import FaultyProxy
from tests.nlp.tiny import save_encoder
from tests.slack_standin import SlackStandIn

NOW = story.day(88, 14)
SINCE = story.day(64)
SERVER = {"max_connections": "40", "min_wal_size": "32MB", "max_wal_size": "64MB"}
TMPFS_MB = 900
TAXONOMY = """
[[theme]]
key = "delivery"
name = "Delivery"
description = "When and how the parcel came."
examples = ["The parcel came late."]

[[theme]]
key = "quality"
name = "Quality"
description = "How well the thing is made."
examples = ["The screen was broken."]
"""
"""Few themes: a model that has learned nothing finds all of them in every text."""


@dataclass(kw_only=True)
class World:
    """Handles of everything that a fault may touch, and what an undisturbed run ends with."""

    folder: Path
    file: Path
    settings: Settings
    slack: SlackStandIn
    shop: FaultyProxy
    environment: dict[str, str]
    is_tmpfs: bool
    seconds: dict[str, float] = field(default_factory=dict)
    """How long each stage takes undisturbed, in a process of its own."""
    after: dict[str, dict[str, Counter[str]]] = field(default_factory=dict)
    messages: Counter[str] = field(default_factory=Counter)

    def reset(self, stage: str) -> None:
        """The database as it was before the stage; an empty channel."""
        _copy(self.settings, f"before_{stage}", "earshot")
        self.slack.faults.clear()
        for channel in self.slack.channels.values():
            channel.messages.clear()

    def be_quiet(self) -> None:
        """No fault any more."""
        self.shop.share = 0.0
        self.slack.faults.clear()

    def start(self, stage: str) -> Any:
        """The stage in a process of its own."""
        return child.start(stage, self.file, self.environment, self.report)

    @property
    def report(self) -> Path:
        """Where a child writes an error that it did not expect."""
        return self.folder / "report.txt"

    def run(self, stage: str) -> None:
        """The stage here and now, undisturbed."""
        child.WORK[stage](self.settings)

    def finish(self, stage: str) -> None:
        """The stage in a process of its own, undisturbed."""
        process = self.start(stage)
        process.join()
        if process.exitcode:
            raise AssertionError(f"undisturbed {stage} failed: {self.report.read_text('utf-8')}")

    def move_clock(self, **by: float) -> None:
        """Set the database's clock, also back."""
        with connect(self.settings, "owner") as conn, conn, conn.cursor() as cursor:
            cursor.execute("update earshot.clock set stands_at = %s", [NOW + timedelta(**by)])


@contextmanager
def world() -> Iterator[World]:
    """Everything up and the undisturbed run made; all gone at the end."""
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="earshot-faults-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        folder.chmod(0o711)
        is_tmpfs = _mounted(folder)
        if is_tmpfs:
            stack.callback(_unmount, folder)
        site = stack.enter_context(serve(lambda: NOW, reviews=_shop_reviews()))
        shop = stack.enter_context(FaultyProxy(site.url))
        slack = stack.enter_context(SlackStandIn())
        for name in ("voice-of-customer", "earshot-ops"):
            slack.add_channel(name)
        environment = {
            "EARSHOT_SLACK_TOKEN": slack.bot_token,
            "EARSHOT_AUTHOR_KEY": "of the fault tests only",
        }
        stack.enter_context(_environment(environment))
        file = _settings(folder, shop.url, slack.url)
        made = World(folder=folder, file=file, settings=load(file), slack=slack, shop=shop,
                     environment=environment, is_tmpfs=is_tmpfs)  # fmt: skip
        stack.callback(postgres.remove, made.settings.home_folder)
        _undisturbed(made)
        yield made


def _undisturbed(made: World) -> None:
    """Run every stage once, keep the state before it, what came of it and how long it took."""
    postgres.ensure(made.settings.home_folder, options=SERVER)
    with connect(made.settings) as conn, conn:
        advance(conn, NOW)
    for stage in child.STAGES:
        _copy(made.settings, "earshot", f"before_{stage}")
        began = time.monotonic()
        made.finish(stage)
        made.seconds[stage] = time.monotonic() - began
        made.after[stage] = compare.content(made.settings)
    made.messages = compare.channel(made.slack)
    _empty(made.settings, "before_migrate")
    made.reset("migrate")
    began = time.monotonic()
    made.finish("migrate")
    made.seconds["migrate"] = time.monotonic() - began


def _empty(settings: Settings, target: str) -> None:
    """A database without a table, as before the first migration."""
    _copy(settings, "template0", target)


def _copy(settings: Settings, source: str, target: str) -> None:
    """Replace a database by a copy of another one; nobody may be in either."""
    server = postgres.ensure(settings.home_folder, options=SERVER)
    conn = psycopg2.connect(server.url(postgres.SUPERUSER, "postgres"))
    conn.autocommit = True
    try:
        with conn.cursor() as cursor:
            cursor.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where datname = any(%s)",
                [[source, target]],
            )
            named = {"source": sql.Identifier(source), "target": sql.Identifier(target)}
            cursor.execute(sql.SQL("drop database if exists {target} with (force)").format(**named))
            clone = "create database {target} template {source} owner earshot_owner"
            cursor.execute(sql.SQL(clone + " strategy file_copy").format(**named))
            roles.admit_roles(conn, target)
    finally:
        conn.close()


def _mounted(folder: Path) -> bool:
    """A small file system of its own, where we may: so the disk can be full."""
    if os.geteuid() != 0 or shutil.which("mount") is None:
        return False
    command = ["mount", "-t", "tmpfs", "-o", f"size={TMPFS_MB}m,mode=711", "earshot", str(folder)]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def _unmount(folder: Path) -> None:
    subprocess.run(["umount", "-l", str(folder)], check=False, capture_output=True)


@contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in (*values, "EARSHOT_DATABASE_URL")}
    os.environ.update(values)
    os.environ.pop("EARSHOT_DATABASE_URL", None)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def _shop_reviews() -> list[Review]:
    return _some(4, 0)


def _some(step: int, start: int) -> list[Review]:
    """Every so many-th review of the weeks before the courier's failure, and of its first day."""
    told = [r for r in generate() if SINCE <= r.published_at <= NOW and r.episode != "syndicated"]
    return told[start::step]


def _settings(folder: Path, shop: str, slack: str) -> Path:
    save_encoder(folder / "model", labels=("negative", "neutral", "positive"))
    (folder / "taxonomy.toml").write_text(TAXONOMY, "utf-8")
    _survey(folder / "survey.csv")
    facts = Path(child.__file__).parents[2] / "alerts" / "replies" / "example_facts.toml"
    file = folder / "earshot.toml"
    file.write_text(
        f"""
contact = "faults@northwind.example"
home = "home"
[clock]
source = "database"
[model]
weights = "{folder / "model"}"
taxonomy = "{folder / "taxonomy.toml"}"
[[brand]]
key = "northwind"
name = "Northwind Home"
facts = "{facts}"
[[source]]
name = "survey"
kind = "file"
brand = "northwind"
schedule = "none"
path = "survey.csv"
columns = {{ external_id = "id", author_id = "user", title = "headline", body = "text", \
rating = "stars", published_at = "at", product = "sku" }}
[[source]]
name = "shop"
kind = "schemaorg"
brand = "northwind"
schedule = "none"
language = "en"
base_url = "{shop}"
urls = ["{shop}/"]
[slack]
api_url = "{slack}"
""",
        "utf-8",
    )
    return file


def _survey(path: Path) -> None:
    """Other reviews of the same weeks; some rows cannot be read."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "user", "headline", "text", "stars", "at", "sku"])
        for number, review in enumerate(_some(4, 1)):
            stars = "many" if number % 47 == 5 else review.stars
            at = review.published_at.isoformat()
            row = [f"s{number}", review.author, review.title, review.body, stars, at, review.sku]
            writer.writerow(row)
