"""Lives through the story: shop, database and Airflow up, one step after the other, and down."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from earshot.demo.chain import CHAIN, failed_tasks, run_chain
from earshot.demo.steps import STEPS, Step
from earshot.errors import EarshotError
from earshot.local import airflow, ports, postgres
from earshot.local.airflow_api import Client
from earshot.local.secrets import generated
from earshot.settings import SETTINGS_FILE, Settings, load
from earshot.shop import story
from earshot.shop.server import serve
from sql.clock import advance
from sql.connect import connect
from sql.named import queries

TEMPLATE = Path(__file__).parent / SETTINGS_FILE
FACTS = Path(__file__).parents[2] / "alerts" / "replies" / "example_facts.toml"
CRAWL = "crawl__shop"

Say = Callable[[str], None]
Running = Callable[[Settings, Say], AbstractContextManager[None]]
"""Database and Airflow, for as long as the story lasts."""


@dataclass(frozen=True, kw_only=True)
class DemoResult:
    """What stands in the database and in the channel at the end."""

    headline: str
    rows: dict[str, int]
    messages: int
    drafts: int
    preview: Path
    settings_file: Path
    seconds: float


@dataclass
class ShopClock:
    """The shop shows what was published up to this moment."""

    moment: datetime = story.START


def run_demo(folder: Path, say: Say, running: Running | None = None) -> DemoResult:
    """Run the story from where the demo's clock stands; a repeated run changes nothing.

    Args:
        folder: home of the demo's database, Airflow, settings and preview.
        say: receives one line of progress at a time.
        running: what it runs on; by default the embedded server and the local Airflow.

    Raises:
        EarshotError: a task did not succeed, or anything but the one crisis was posted.
    """
    began = time.monotonic()
    settings = prepare(folder)
    clock = ShopClock()
    with _shop(settings, clock), (running or _one_machine)(settings, say):
        api = airflow.client(settings)
        for step in _steps_ahead(settings):
            clock.moment = step.moment
            _live_through(settings, api, step, say)
        if failed := failed_tasks(api):
            raise EarshotError(f"Tasks that did not succeed: {', '.join(failed)}.")
        return _result(settings, began)


def prepare(folder: Path) -> Settings:
    """The demo's settings; written at the first run, with ports that are free."""
    file = folder / SETTINGS_FILE
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        text = TEMPLATE.read_text(encoding="utf-8")
        values = {
            "{facts}": str(FACTS),
            "{shop_url}": f"http://127.0.0.1:{ports.free_port()}",
            "{airflow_port}": str(ports.free_port()),
        }
        for mark, value in values.items():
            text = text.replace(mark, value)
        file.write_text(text, encoding="utf-8")
    settings = load(file)
    generated(settings.home_folder, "EARSHOT_AUTHOR_KEY")
    return settings


def _steps_ahead(settings: Settings) -> list[Step]:
    """Steps that the clock has not passed; at least the last one."""
    with connect(settings) as conn, conn:
        stands_at = queries.clock_stands_at(conn)
    ahead = [step for step in STEPS if stands_at is None or step.moment > stands_at]
    return ahead or [STEPS[-1]]


def _live_through(settings: Settings, api: Client, step: Step, say: Say) -> None:
    began = time.monotonic()
    with connect(settings) as conn, conn:
        advance(conn, step.moment)
    day = (step.moment - story.START).days + 1
    say(f"[bold]day {day}, {step.moment:%H:%M}[/] {step.says}")
    if step.is_crawled:
        run_chain(api, CRAWL, CHAIN)
    else:
        run_chain(api, "watch", CHAIN[2:])
    with connect(settings) as conn, conn:
        rows = queries.demo_counts(conn)
        crises = list(queries.demo_crises(conn))
    say(
        f"    {rows['feedback']} reviews, {rows['tagging']} tagged, {len(crises)} crises posted, "
        f"{rows['reply_draft']} replies looked at · {time.monotonic() - began:.0f} s"
    )


def _result(settings: Settings, began: float) -> DemoResult:
    with connect(settings) as conn, conn:
        rows = dict(queries.demo_counts(conn))
        crises = list(queries.demo_crises(conn))
        messages = queries.demo_messages(conn)
        drafts = queries.demo_drafts_waiting(conn)
    if len(crises) != 1:
        told = "; ".join(crisis["headline"] for crisis in crises) or "none"
        raise EarshotError(f"Expected one crisis in the channel, found {len(crises)}: {told}.")
    return DemoResult(
        headline=crises[0]["headline"],
        rows=rows,
        messages=messages,
        drafts=drafts,
        preview=settings.home_folder / "preview" / "index.html",
        settings_file=settings.folder / settings.file,
        seconds=time.monotonic() - began,
    )


@contextmanager
def _shop(settings: Settings, clock: ShopClock) -> Iterator[None]:
    port = int(str(settings.source_named("shop").options["base_url"]).rsplit(":", 1)[1])
    ports.refuse_taken("source[0].base_url", port)
    with serve(lambda: clock.moment, port):
        yield


@contextmanager
def _one_machine(settings: Settings, say: Say) -> Iterator[None]:
    try:
        say("starting Postgres")
        set_clock(settings)
        say("starting Airflow")
        airflow.start(settings)
        airflow.wait_healthy(settings)
        say(f"Airflow is at {airflow.base_url(settings)} (user admin)")
        yield
    finally:
        airflow.stop(settings)
        postgres.stop(settings.home_folder)


def set_clock(settings: Settings) -> None:
    """Start the database and let its clock stand where the story begins."""
    with connect(settings) as conn, conn:
        advance(conn, story.START)


def show(result: DemoResult) -> list[str]:
    """The closing lines: what happened, and where to look."""
    rows: dict[str, Any] = result.rows
    return [
        f"One crisis, one message: [bold]{result.headline}[/]",
        f"{rows['feedback']} reviews · {rows['theme_tag']} theme tags · {result.messages} messages "
        f"· {result.drafts} replies wait for approval · {result.seconds:.0f} s",
        f"See it as in Slack: {result.preview}",
        f"Look at the page: .venv/bin/earshot web --settings {result.settings_file}",
    ]
