"""Random scripts in real shells: none builds more often than the evaluator says."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.differential.compare import compare
from tests.differential.shells import Machine

pytestmark = pytest.mark.slow
SEEDS = range(300)  # about a minute
RUNS = 4


@pytest.fixture
def machine() -> Iterator[Machine]:
    machine = Machine()
    yield machine
    machine.close()


def test_no_run_has_more_builds_than_the_worst_run(machine: Machine) -> None:
    results = [compare(machine, seed, RUNS) for seed in SEEDS]
    assert [result for result in results if result.miss] == []
