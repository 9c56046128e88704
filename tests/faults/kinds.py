"""The kinds of faults. Each disturbs one stage and returns how many blows it dealt."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from random import Random
from typing import Any

import psutil
import psycopg2

from earshot.local import postgres
from sql.connect import connect
from tests.faults.child import DATABASE, DONE, EXPECTED, STAGES
from tests.faults.world import SERVER, World

SLACK_METHODS = (
    "chat.postMessage", "chat.update", "files.getUploadURLExternal",
    "files.completeUploadExternal", "files.info", "conversations.history",
)  # fmt: skip
SLACK_FAULTS = ("drop_request", "drop_response", "fail", "fail_after", "limit", "delay")
PATIENCE_SECONDS = 600.0
"""A stage that takes longer stands still, on the slowest machine too."""


class Hung(AssertionError):
    """A stage neither ended nor moved."""


def kill(world: World, stage: str, chance: Random) -> int:
    """SIGKILL at a random moment of the stage, once to four times in a row."""
    kills = 0
    for _ in range(chance.randint(1, 4)):
        process = world.start(stage)
        time.sleep(chance.uniform(0.0, world.seconds[stage]))
        if process.is_alive():
            victims = psutil.Process(process.pid).children(recursive=True)
            # A crawl works in a child: either may be the one that dies.
            if victims and chance.random() < 0.5:
                with suppress(psutil.NoSuchProcess):
                    victims[0].kill()
            else:
                process.kill()
            kills += 1
        ended(world, process, {DONE, EXPECTED, -signal.SIGKILL})
    return kills


def duplicate(world: World, stage: str, chance: Random) -> int:
    """The same stage started two or three times at once."""
    processes = []
    for _ in range(chance.randint(2, 3)):
        processes.append(world.start(stage))
        time.sleep(chance.uniform(0.0, 0.1))
    for process in processes:
        ended(world, process, {DONE, EXPECTED})
    return len(processes) - 1


def freeze(world: World, stage: str, chance: Random) -> int:
    """SIGSTOP in the middle; leases pass; another one does the work; the first goes on."""
    process = world.start(stage)
    time.sleep(chance.uniform(0.0, world.seconds[stage] * 0.8))
    family = _family(process)
    _signal(family, signal.SIGSTOP)
    with connect(world.settings, "owner") as conn, conn, conn.cursor() as cursor:
        cursor.execute("set local lock_timeout = '2s'")
        with suppress(psycopg2.errors.LockNotAvailable):
            cursor.execute(
                "update earshot.tag_queue set lease_until = clock_timestamp() - interval '1 s'"
                " where lease_until is not null"
            )
    other = world.start(stage)
    other.join(chance.uniform(1.0, 3.0))
    _signal(family, signal.SIGCONT)
    ended(world, process, {DONE, EXPECTED})
    ended(world, other, {DONE, EXPECTED})
    return 1


def restart_postgres(world: World, stage: str, chance: Random) -> int:
    """Postgres is stopped (fast) in the middle of the stage and started again."""
    return _postgres_goes(world, stage, chance, lambda pid: os.kill(pid, signal.SIGINT))


def kill_postgres(world: World, stage: str, chance: Random) -> int:
    """Postgres is shut down at once (SIGQUIT), or its every process is killed."""
    return _postgres_goes(world, stage, chance, _immediately if chance.random() < 0.5 else _all)


def _postgres_goes(world: World, stage: str, chance: Random, how: Callable[[int], None]) -> int:
    blows = 0
    for _ in range(chance.randint(1, 2)):
        process = world.start(stage)
        time.sleep(chance.uniform(0.0, world.seconds[stage]))
        server = postgres.running(world.settings.home_folder)
        if server is not None:
            how(server.pid)
            blows += 1
            _wait_until_gone(server.pid)
        postgres.ensure(world.settings.home_folder, options=SERVER)
        ended(world, process, {DONE, EXPECTED, DATABASE})
    return blows


def _immediately(pid: int) -> None:
    os.kill(pid, signal.SIGQUIT)


def _all(pid: int) -> None:
    family = [*psutil.Process(pid).children(recursive=True), psutil.Process(pid)]
    _signal(family, signal.SIGKILL)


def _wait_until_gone(pid: int) -> None:
    with suppress(psutil.NoSuchProcess):
        psutil.Process(pid).wait(PATIENCE_SECONDS)


def fill_disk(world: World, stage: str, chance: Random) -> int:
    """The file system of the database is full to some kilobytes; then there is room again."""
    ballast = world.folder / "ballast"
    free = os.statvfs(world.folder)
    left = chance.choice((0, 16, 64, 256)) * 1024
    size = max(0, free.f_bavail * free.f_frsize - left)
    descriptor = os.open(ballast, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        with suppress(OSError):
            os.posix_fallocate(descriptor, 0, size)
        process = world.start(stage)
        ended(world, process, {DONE, EXPECTED, DATABASE})
    finally:
        os.close(descriptor)
        ballast.unlink()
    # Where the log of transactions itself had no room, the server stopped by itself.
    postgres.ensure(world.settings.home_folder, options=SERVER)
    return 1


def slack_misbehaves(world: World, stage: str, chance: Random) -> int:
    """Slack is slow, refuses, hangs up before or after it did what was asked."""
    del stage
    number = chance.randint(2, 8)
    for _ in range(number):
        kind = chance.choice(SLACK_FAULTS)
        seconds = {"limit": 1.0, "delay": chance.uniform(0.05, 0.5)}.get(kind, 0.0)
        world.slack.fail(chance.choice(SLACK_METHODS), kind, seconds=seconds)
    for _ in range(3):
        ended(world, world.start("deliver"), {DONE, EXPECTED})
        world.move_clock(minutes=20)
    world.slack.faults.clear()
    return number


def shop_misbehaves(world: World, stage: str, chance: Random) -> int:
    """The shop is slow, refuses, hangs up, or sends half a page."""
    del stage
    world.shop.chance, world.shop.faults = chance, 0
    world.shop.share = chance.choice((0.05, 0.2, 0.6))
    for _ in range(2):
        ended(world, world.start("crawl"), {DONE, EXPECTED})
    world.shop.share = 0.0
    return world.shop.faults


def move_clock(world: World, stage: str, chance: Random) -> int:
    """The clock jumps back or forth while the stage runs, as by a bad time server."""
    world.move_clock(minutes=chance.choice((-1440, -61, -7, 7, 61)))
    process = world.start(stage)
    time.sleep(chance.uniform(0.0, world.seconds[stage]))
    world.move_clock(minutes=chance.choice((-90, -3, 3, 90)))
    ended(world, process, {DONE, EXPECTED})
    world.move_clock()
    return 2


def ended(world: World, process: Any, allowed: set[int]) -> None:
    """Wait for a child; a way of ending that nobody expects fails the seed."""
    process.join(PATIENCE_SECONDS)
    if process.exitcode is None:
        process.kill()
        process.join()
        raise Hung("a stage did not end")
    if process.exitcode not in allowed:
        report = world.report
        told = report.read_text("utf-8")[-1500:] if report.exists() else ""
        raise AssertionError(f"a stage ended with {process.exitcode}: {told}")


def _family(process: Any) -> list[psutil.Process]:
    try:
        root = psutil.Process(process.pid)
        return [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _signal(family: list[psutil.Process], how: signal.Signals) -> None:
    for each in family:
        with suppress(psutil.NoSuchProcess):
            each.send_signal(how)


Kind = Callable[[World, str, Random], int]
KINDS: Mapping[str, tuple[Kind, tuple[str, ...]]] = {
    "kill": (kill, STAGES),
    "kill postgres": (kill_postgres, STAGES),
    "duplicate": (duplicate, STAGES),
    "freeze": (freeze, ("import", "crawl", "tag", "watch", "reply", "deliver")),
    "slack": (slack_misbehaves, ("deliver",)),
    "restart postgres": (restart_postgres, STAGES),
    "shop": (shop_misbehaves, ("crawl",)),
    "disk full": (fill_disk, STAGES),
    "clock": (move_clock, STAGES),
    "kill migration": (kill, ("migrate",)),
}
"""What goes wrong, and in which stages."""
EXACT = frozenset(KINDS) - {"clock"}
"""After these the end is that of the undisturbed run, row by row."""
