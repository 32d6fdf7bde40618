from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz.target import Target, run


@pytest.mark.slow
def test_short_run(tmp_path: Path) -> None:
    target = Target(tmp_path)
    assert run(target, 20261123, lambda number: number < 400) == 400
    assert target.failures == []
