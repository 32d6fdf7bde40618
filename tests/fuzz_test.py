from __future__ import annotations

from itertools import islice
from pathlib import Path

from tests.fuzz.target import Target, inputs


def test_short_run(tmp_path: Path) -> None:
    target = Target(tmp_path)
    for name, data in islice(inputs(20261127), 60):
        target.try_input(name, data)
    assert target.failures == []
    assert target.rewritten > 0
