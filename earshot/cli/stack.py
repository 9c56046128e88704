"""`up` and `down`: Postgres, Airflow and our own long-lived processes; `demo`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from earshot.cli.common import SettingsFile, say, settings_of


def up(
    sql_port: Annotated[
        int | None,
        typer.Option(
            min=1024, max=65535, help="Let Postgres also listen on this port of loopback."
        ),
    ] = None,
    settings_file: SettingsFile = None,
) -> None:
    """Start Postgres, Airflow, the Slack listener and the page, until Ctrl-C or `down`."""
    from earshot.cli.setup import make_keys
    from earshot.local import stack
    from earshot.observing.server import serving
    from earshot.settings import Database
    from sql.connect import database, prepare_local

    settings = settings_of(settings_file)
    if sql_port is not None:
        settings = settings.model_copy(update={"database": Database(port=sql_port)})
    make_keys(settings.home_folder)
    with stack.owned(settings.home_folder):
        say("Postgres starts")
        if database(settings).origin != "embedded":
            prepare_local(settings)
        with serving(settings) as address:
            say(f"Health is at {address}/health, metrics at {address}/metrics")
            stack.run(settings, say)


def down(
    settings_file: SettingsFile = None,
    delete: Annotated[
        bool, typer.Option("--delete", help="Delete the database and all state, too.")
    ] = False,
) -> None:
    """Stop everything that `up` or any other command started."""
    from earshot.local import stack

    for home in _homes(settings_file):
        stopped = stack.stop(home)
        if delete:
            stack.delete(home)
        say(f"{home}: {'stopped' if stopped else 'nothing ran'}{', deleted' if delete else ''}.")


def _homes(settings_file: Path | None) -> list[Path]:
    """Homes of the demo, of the fleet's trial and of these settings, as far as they exist."""
    from earshot.errors import FixSettings
    from earshot.local.fleet import FLEET_HOME
    from earshot.local.stack import DEMO_HOME

    try:
        found = [settings_of(settings_file).home_folder]
    except FixSettings:
        if settings_file is not None:
            raise
        found = [Path(".earshot").resolve()]
    trials = [DEMO_HOME.resolve(), FLEET_HOME.resolve()]
    return [home for home in dict.fromkeys([*trials, *found]) if home.is_dir()]


def listen(settings_file: SettingsFile = None) -> None:
    """Serve Slack's buttons and take the webhook's deliveries, on loopback, until Ctrl-C."""
    import signal
    from contextlib import ExitStack
    from threading import Event

    from alerts.slack.serve import listen as serve
    from earshot.local.stack import has_slack
    from scrapers.webhook.receiving import webhooks
    from scrapers.webhook.server import serving as receiving

    settings = settings_of(settings_file)
    stop = Event()
    for how in (signal.SIGINT, signal.SIGTERM):
        signal.signal(how, lambda *_: stop.set())
    with ExitStack() as served:
        hooks = webhooks(settings)
        if hooks:
            say(f"Deliveries go to {served.enter_context(receiving(settings))}<source>")
        if hooks and not has_slack(settings):
            stop.wait()
        else:
            serve(settings, stop)


def demo() -> None:
    """Live through the sample shop's story: reviews in, one crisis and reply drafts out."""
    from earshot.demo.run import run_demo, show
    from earshot.local.stack import DEMO_HOME

    # The demo lives by itself: it never writes to a real database or channel.
    for name in (
        "EARSHOT_DATABASE_URL",
        "AIRFLOW_CONN_EARSHOT_DB",
        "EARSHOT_SLACK_TOKEN",
        "EARSHOT_LLM_API_KEY",
    ):
        os.environ.pop(name, None)

    for line in show(run_demo(DEMO_HOME.resolve(), say)):
        say(line)


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command()(up)
    app.command()(down)
    app.command()(listen)
    app.command()(demo)
