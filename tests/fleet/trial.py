"""The demo on a fleet, on one machine: `make fleet`.

Debian's Postgres and Redis, the CeleryExecutor with two workers, scheduler, API server, triggerer,
DAG processor and `earshot listen`, everything on loopback. Slack is the strict stand-in of the
tests; at the end a person clicks "confirm" on the crisis. All of it is stopped at the end, on
Ctrl-C and by `earshot down`; logs stay in `.earshot/fleet/logs`.
"""

from __future__ import annotations

import os
import re
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2 import sql

from earshot.cli.common import complain, say
from earshot.demo.run import DemoResult, Say, prepare, run_demo, set_clock
from earshot.errors import EarshotError
from earshot.local import airflow, fleet, postgres, stack
from earshot.local.secrets import remember
from earshot.settings import SETTINGS_FILE, Settings
from sql.connect import connect
from sql.roles import create_database, create_roles
from tests.slack_standin import SlackStandIn

USER = "earshot_fleet"
MORE = f"taggers = {len(fleet.WORKERS)}\n"
CLICK_SECONDS = 30.0
DONE = re.compile(r"Task .*\[[0-9a-f-]{36}\] succeeded in")


def main() -> int:
    """Run the trial; exit status as `earshot`."""
    home = fleet.FLEET_HOME.resolve()
    _start_afresh(home)
    with stack.owned(home), stack.interruptible(), SlackStandIn() as slack:
        try:
            _settle(home, slack)
            result = run_demo(home, say, lambda settings, say: _running(settings, say, slack))
            for line in _closing_lines(result, slack, home):
                say(line)
        except KeyboardInterrupt:
            say("Stopping")
            return 1
        except EarshotError as error:
            complain(str(error))
            return 1
        finally:
            # A second Ctrl-C must not leave half of it running.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            stack.stop(home)
            say(f"All is stopped; logs are in {home / 'logs'}")
    return 0


def _start_afresh(home: Path) -> None:
    if home.is_dir():
        stack.stop(home)
        stack.delete(home)


def _settle(home: Path, slack: SlackStandIn) -> None:
    """Settings of the demo, with the stand-in as its Slack and two taggers; keys as in a home."""
    for name in ("EARSHOT_DATABASE_URL", "AIRFLOW_CONN_EARSHOT_DB", "EARSHOT_LLM_API_KEY"):
        os.environ.pop(name, None)
    for channel in ("voice-of-customer", "earshot-ops"):
        slack.add_channel(channel)
    prepare(home)
    file = home / SETTINGS_FILE
    text = file.read_text(encoding="utf-8")
    text = text.replace("[slack]\n", f'[slack]\napi_url = "{slack.url}"\n')
    file.write_text(text.rstrip() + f"\n{MORE}", encoding="utf-8")
    tokens = {"EARSHOT_SLACK_TOKEN": slack.bot_token, "EARSHOT_SLACK_APP_TOKEN": slack.app_token}
    remember(home, tokens)


@contextmanager
def _running(settings: Settings, say: Say, slack: SlackStandIn) -> Iterator[None]:
    home = settings.home_folder
    say("starting Postgres and Redis")
    servers = fleet.start_servers(home)
    _prepare(servers)
    set_clock(settings)
    say("starting Airflow with two workers, and `earshot listen`")
    shape = fleet.shape(servers)
    airflow.start(settings, shape)
    airflow.wait_healthy(settings)
    fleet.start_workers(settings, shape)
    stack.start_listener(settings)
    slack.wait_for_socket(CLICK_SECONDS)
    say(f"Airflow is at {airflow.base_url(settings)} (user admin)")
    yield
    _confirm(settings, slack, say)


def _prepare(servers: fleet.Servers) -> None:
    """As an administrator does: a database and a user for Earshot, and those of Airflow."""
    home = servers.database.home
    names = (USER, "airflow")
    admin = psycopg2.connect(servers.database.url(postgres.SUPERUSER, "postgres"))
    admin.autocommit = True
    create_roles(admin, {name: postgres.role_password(home, name) for name in names})
    with admin.cursor() as cursor:
        cursor.execute(sql.SQL("alter role {} createrole").format(sql.Identifier(USER)))
    create_database(admin, "earshot", USER)
    create_database(admin, "airflow", "airflow")
    admin.close()
    remember(home, {"EARSHOT_DATABASE_URL": servers.url(USER, "earshot")})


def _confirm(settings: Settings, slack: SlackStandIn, say: Say) -> None:
    """A person clicks on the crisis; `earshot listen` must store and acknowledge it."""
    crisis = next(m for m in slack.roots() if _offers(m, "incident_confirm"))
    acknowledged = slack.envelope("interactive", slack.click(crisis, "incident_confirm"))
    deadline = time.monotonic() + CLICK_SECONDS
    while not (stored := _decisions(settings)) and time.monotonic() < deadline:
        time.sleep(0.1)
    if acknowledged is None or stored != 1:
        raise EarshotError(f"The click was not stored and acknowledged once; {stored} stored.")
    say('a person clicked "confirm": stored once, acknowledged within 3 s')


def _offers(message: dict[str, Any], action: str) -> bool:
    elements = [e for block in message["blocks"] for e in block.get("elements", ())]
    return any(element.get("action_id") == action for element in elements)


def _decisions(settings: Settings) -> int:
    with connect(settings) as conn, conn, conn.cursor() as cursor:
        cursor.execute("select count(*) from earshot.incident_event where actor = 'U00MANAGER'")
        return int(cursor.fetchone()[0])


def _closing_lines(result: DemoResult, slack: SlackStandIn, home: Path) -> list[str]:
    doubled = [key for key, count in slack.keys().items() if count > 1]
    if doubled:
        raise EarshotError(f"Messages that stand twice in Slack: {', '.join(doubled)}.")
    shares = ", ".join(f"worker {name} {count}" for name, count in _tasks(home).items())
    return [
        f"One crisis, one message: [bold]{result.headline}[/]",
        f"{result.rows['feedback']} reviews · {result.rows['tagging']} tagged · "
        f"{sum(slack.keys().values())} messages in Slack, none twice · {result.seconds:.0f} s",
        f"Tasks: {shares}",
    ]


def _tasks(home: Path) -> Counter[str]:
    """Tasks that each worker ended well, by its log."""
    logs = {name: home / "logs" / f"airflow-worker-{name}.log" for name in fleet.WORKERS}
    return Counter(
        {name: len(DONE.findall(log.read_text(errors="replace"))) for name, log in logs.items()}
    )


if __name__ == "__main__":
    sys.exit(main())
