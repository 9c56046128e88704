"""One stage in a process of its own, forked from a server that has everything imported.

So a stage starts within milliseconds, and a kill meets its work and not its imports.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import traceback
from collections.abc import Callable, Mapping
from functools import cache
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from earshot.errors import EarshotError
from earshot.settings import Settings, load

DONE, EXPECTED, DATABASE, UNEXPECTED = 0, 3, 4, 5
"""How a stage may end: well, with an error of ours, with one of psycopg2, with any other."""
STAGES = ("import", "crawl", "tag", "watch", "reply", "deliver")


def import_survey(settings: Settings) -> None:
    """The file source."""
    from scrapers.files import import_file

    import_file(settings, "survey", tick=lambda *_: None)


def crawl_shop(settings: Settings) -> None:
    """The source read over HTTP."""
    from scrapers.run import crawl

    crawl(settings, "shop")


def tag(settings: Settings) -> None:
    """With the tiny model that the settings name, which one process reads once."""
    import torch

    import nlp.loading
    from nlp.tagger import tag as tag_all

    torch.set_num_threads(1)
    if not hasattr(nlp.loading.load_model, "cache_clear"):
        nlp.loading.load_model = cache(nlp.loading.load_model)
    tag_all(settings)


def watch(settings: Settings) -> None:
    """Counts and incidents."""
    from alerts.watch import watch as watch_all

    watch_all(settings)


def reply(settings: Settings) -> None:
    """Drafts."""
    from alerts.drafting import draft_replies

    draft_replies(settings)


def deliver(settings: Settings) -> None:
    """Platforms, then Slack, without the pauses that spare the real ones."""
    from alerts.publishing import publish
    from alerts.slack.deliver import deliver as send

    publish(settings, settle_seconds=0.0)
    send(settings, settle_seconds=0.0, seconds_between=0.0)


def migrate(settings: Settings) -> None:
    """Whatever connects first migrates."""
    from sql.connect import connect

    with connect(settings):
        pass


WORK: Mapping[str, Callable[[Settings], None]] = {
    "import": import_survey,
    "crawl": crawl_shop,
    "tag": tag,
    "watch": watch,
    "reply": reply,
    "deliver": deliver,
    "migrate": migrate,
}


def start(
    stage: str, file: Path, environment: Mapping[str, str], report: Path
) -> ForkServerProcess:
    """Start a stage; `report` gets the stack trace of an error that nobody expects."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.faults.preload"])
    process = context.Process(target=_run, args=(stage, str(file), dict(environment), str(report)))
    process.start()
    return process


def _run(stage: str, file: str, environment: dict[str, str], report: str) -> None:
    import psycopg2

    os.environ.update(environment)
    try:
        WORK[stage](load(file))
    except EarshotError as error:
        _end(EXPECTED, report, error)
    except psycopg2.Error as error:
        _end(DATABASE, report, error)
    except Exception as error:
        _end(UNEXPECTED, report, error)


def _end(status: int, report: str, error: Exception) -> None:
    told = "".join(traceback.format_exception(error))
    Path(report).write_text(told, "utf-8")
    sys.exit(status)
