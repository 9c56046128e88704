"""Twenty seeds of faults: nothing lost, twice or stuck. `make faults` runs hundreds."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.seeds import disturb
from tests.faults.world import World, world

SEEDS = range(20)


@pytest.fixture(scope="module")
def pipeline() -> Iterator[World]:
    """One pipeline for all seeds; each begins with a database of its own."""
    with world() as made:
        yield made


@pytest.mark.parametrize("seed", SEEDS)
def test_after_a_fault_all_is_as_if_nothing_had_happened(pipeline: World, seed: int) -> None:
    outcome = disturb(pipeline, seed)

    assert outcome.violations == [], f"{outcome.kind} of {outcome.stage}"
