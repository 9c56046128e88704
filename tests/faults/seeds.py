"""One seed: a fault, then peace, then the comparison."""

from __future__ import annotations

import traceback
from dataclasses import dataclass, field
from random import Random

from sql import migrate
from sql.connect import connect
from sql.named import queries
from tests.faults import compare
from tests.faults.child import STAGES
from tests.faults.kinds import EXACT, KINDS
from tests.faults.world import World

STORED = ("texts", "brands", "quarantine", "tags", "themes", "queue")
"""What does not depend on the time at which it was looked at."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a seed did, and what it broke: nothing, one hopes."""

    seed: int
    kind: str
    stage: str
    blows: int
    violations: list[str] = field(default_factory=list)


def disturb(world: World, seed: int) -> Outcome:
    """Play the fault of a seed and look whether anything is lost, doubled or stuck."""
    chance = Random(seed)
    names = [name for name in KINDS if name != "disk full" or world.is_tmpfs]
    kind = names[seed % len(names)]
    disturbs, stages = KINDS[kind]
    stage = chance.choice(stages)
    world.reset(stage)
    try:
        blows = disturbs(world, stage, chance)
        world.be_quiet()
        found = _after_migration(world) if stage == "migrate" else _after(world, kind, stage)
    except Exception as error:
        # A seed that breaks must not keep the others from being played.
        world.be_quiet()
        told = "".join(traceback.format_exception(error))[-1500:]
        return Outcome(seed=seed, kind=kind, stage=stage, blows=1, violations=[told])
    return Outcome(seed=seed, kind=kind, stage=stage, blows=blows, violations=found)


def _after(world: World, kind: str, stage: str) -> list[str]:
    """The stage again and all that follow, until nothing is left to do."""
    for following in STAGES[STAGES.index(stage) :]:
        world.run(following)
    _deliver_the_rest(world)
    found = compare.content(world.settings)
    expected = world.after["deliver"]
    told = compare.differences(expected, found, of=() if kind in EXACT else STORED)
    told += compare.broken(world.settings) + compare.doubles(world.slack) + _stuck(world)
    if kind in EXACT:
        wanted = {"messages": world.messages}
        told += compare.differences(wanted, {"messages": compare.channel(world.slack)})
    return told


def _deliver_the_rest(world: World) -> None:
    """Messages that were put off become due when the clock has gone on."""
    for round_ in range(1, 8):
        with connect(world.settings) as conn, conn:
            if not queries.outbox_waiting(conn):
                break
        world.move_clock(minutes=20 * round_)
        world.run("deliver")
    world.move_clock()


def _stuck(world: World) -> list[str]:
    with connect(world.settings, "owner") as conn, conn, conn.cursor() as cursor:
        cursor.execute(
            "select 'crawl of source ' || source_id from earshot.crawl where status = 'running'"
            " union all select 'claim of ' || claimed_by from earshot.tag_queue"
            " where claimed_by is not null"
            " union all select 'message ' || key || ' ' || state from earshot.outbox"
            " where state in ('sending', 'uncertain', 'waiting')"
        )
        return [f"stuck: {row[0]}" for row in cursor.fetchall()]


def _after_migration(world: World) -> list[str]:
    """A killed migration leaves a database that goes on to the newest state."""
    world.finish("migrate")
    with connect(world.settings, "owner") as conn, conn:
        missing = migrate.known_migrations() - migrate.applied_migrations(conn)
    return [f"not applied: {name}" for name in sorted(missing)]
