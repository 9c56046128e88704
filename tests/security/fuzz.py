"""Fuzz every reader for as long as wanted: `python -m tests.security.fuzz --minutes 60`.

Inputs are mutated from well-formed ones, guided by coverage where atheris is installed (it grows
a corpus of inputs that reach new code). Each violation is told once by its place, with an input
that shows it in `--out`. The exit status is 1 where there was one.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import time
import traceback
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tests.security.mutation import LARGEST, mutated

SLOW_SECONDS = 3.0
ROUND_SECONDS = 20.0
INSTRUMENTED = ["earshot", "scrapers", "nlp", "alerts", "sql"]


@dataclass
class Tally:
    """What one child did."""

    target: str
    inputs: int = 0
    seconds: float = 0.0
    slowest: float = 0.0
    violations: dict[str, str] = field(default_factory=dict)
    """Error and place, with the file of the input that shows it."""


class Round:
    """One target for some seconds."""

    def __init__(self, target: Any, out: Path, seconds: float) -> None:
        self.target = target
        self.tally = Tally(target=target.name)
        self._out = out
        self._began = time.monotonic()
        self._ends = self._began + seconds

    @property
    def is_over(self) -> bool:
        return time.monotonic() > self._ends

    def one(self, raw: bytes) -> None:
        """One input; a violation is kept and the round goes on."""
        from tests.security.targets import must_hold

        began = time.thread_time()
        try:
            must_hold(self.target.run, raw)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:
            self._violated(_place(error), raw)
        spent = time.thread_time() - began
        self.tally.inputs += 1
        self.tally.slowest = max(self.tally.slowest, spent)
        if spent > SLOW_SECONDS:
            self._violated(f"slow: more than {SLOW_SECONDS:g} s", raw)

    def finish(self) -> None:
        """Write what was done, for the parent."""
        self.tally.seconds = time.monotonic() - self._began
        print(json.dumps(asdict(self.tally)), flush=True)

    def _violated(self, place: str, raw: bytes) -> None:
        if place not in self.tally.violations:
            file = self._out / f"{self.target.name}-{len(self.tally.violations)}-{os.getpid()}.bin"
            file.write_bytes(raw)
            self.tally.violations[place] = file.name


def _place(error: BaseException) -> str:
    ours = [
        f for f in traceback.extract_tb(error.__traceback__) if "site-packages" not in f.filename
    ]
    last = ours[-1]
    return f"{type(error).__name__} at {Path(last.filename).name}:{last.lineno}"


def _child(name: str, seconds: float, out: Path, seed: int) -> None:
    """Fuzz one target; by atheris where it is there."""
    shared = _shared()
    if not _guided(name, seconds, out, seed, shared):
        from tests.security.targets import targets

        chosen = next(each for each in targets(shared) if each.name == name)
        turn, chance = Round(chosen, out, seconds), random.Random(seed)
        while not turn.is_over:
            turn.one(mutated(chance.choice(chosen.seeds), chance))
        turn.finish()


def _guided(name: str, seconds: float, out: Path, seed: int, shared: Path | None) -> bool:
    try:
        import atheris
    except ImportError:
        return False
    with atheris.instrument_imports(include=INSTRUMENTED, enable_loader_override=False):
        from tests.security.targets import targets

        chosen = next(each for each in targets(shared) if each.name == name)
        for raw in chosen.seeds:
            _quietly(chosen, raw)
    turn = Round(chosen, out, seconds)
    corpus = out / "corpus" / name
    corpus.mkdir(parents=True, exist_ok=True)
    for at, raw in enumerate(chosen.seeds):
        (corpus / f"seed-{at}").write_bytes(raw[:LARGEST])

    def one(raw: bytes) -> None:
        turn.one(raw)
        if turn.is_over:
            turn.finish()
            os._exit(0)

    def mutate(raw: bytes, most: int, seed: int) -> bytes:
        if seed % 3 == 0:
            return bytes(atheris.Mutate(raw, most))
        return mutated(raw, random.Random(seed))[:most]

    arguments = [sys.argv[0], str(corpus), f"-max_len={LARGEST}", f"-seed={seed + 1}"]
    arguments += ["-timeout=300", "-rss_limit_mb=4096", "-len_control=0", "-verbosity=0"]
    atheris.Setup(arguments, one, custom_mutator=mutate)
    atheris.Fuzz()
    return True


def _quietly(target: Any, raw: bytes) -> None:
    """Load what the target imports late, so that it is instrumented."""
    from tests.security.targets import must_hold

    must_hold(target.run, raw)


def _shared() -> Path | None:
    folder = Path(os.environ.get("EARSHOT_SHARED") or Path(__file__).parents[3] / "shared")
    return folder if folder.is_dir() else None


def main(arguments: Sequence[str] | None = None) -> int:
    """Fuzz in turns until the time is over; prints one line a target and a sum."""
    given = _parsed(arguments)
    given.out.mkdir(parents=True, exist_ok=True)
    if given.target and given.child:
        _child(given.target, given.seconds, given.out, given.seed)
        return 0
    from tests.security.targets import targets

    wanted = tuple((given.target or "").split(","))
    names = [each.name for each in targets(_shared()) if each.name.startswith(wanted)]
    # Each reader has its turn, however short the time; three seconds go into starting one.
    longest = max(1.0, min(given.seconds, given.minutes * 60 / len(names) - 3.0))
    ends, seed = time.monotonic() + given.minutes * 60, given.seed
    sums = {name: Tally(target=name) for name in names}
    while time.monotonic() < ends:
        for name in names:
            left = ends - time.monotonic()
            if left > 1:
                _add(sums[name], _turn(name, min(longest, left), given.out, seed))
        seed += 1
    return _report(list(sums.values()), given.out)


def _turn(name: str, seconds: float, out: Path, seed: int) -> Tally:
    command = [sys.executable, "-m", "tests.security.fuzz", "--child", "--target", name]
    command += ["--seconds", str(seconds), "--out", str(out), "--seed", str(seed)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    told = [line for line in done.stdout.splitlines() if line.startswith('{"target"')]
    if not told:
        words = (done.stderr.strip().splitlines() or ["nothing"])[-1]
        ended = f"the process ended with {done.returncode}: {words}"
        return Tally(target=name, violations={ended: ""})
    return Tally(**json.loads(told[-1]))


def _add(total: Tally, turn: Tally) -> None:
    total.inputs += turn.inputs
    total.seconds += turn.seconds
    total.slowest = max(total.slowest, turn.slowest)
    total.violations = {**turn.violations, **total.violations}


def _report(tallies: list[Tally], out: Path) -> int:
    for tally in tallies:
        print(f"{tally.target:<36} {tally.inputs:>10,} inputs  slowest {tally.slowest:.2f} s")
        for place, file in tally.violations.items():
            print(f"    {place}  {out / file}")
    found = sum(len(tally.violations) for tally in tallies)
    inputs, minutes = sum(t.inputs for t in tallies), sum(t.seconds for t in tallies) / 60
    readers = sum(tally.inputs > 0 for tally in tallies)
    print(f"{inputs:,} inputs to {readers} readers in {minutes:.0f} min: {found} violations")
    return 1 if found else 0


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seconds", type=float, default=ROUND_SECONDS, help="a turn of a target")
    parser.add_argument("--target", help="those that begin so, with commas")
    parser.add_argument("--out", type=Path, default=Path(".hypothesis/fuzz"))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
