"""A short run of the fuzzer, and inputs that it found."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest

from tests.fuzz.target import Target, inputs
from tests.samples import CI, PIPELINE

FOUND = {
    'text without a place before text with one': """\
build:
  script:
    - "{ echo/executttttttttttttttttttttttttttttttttttttttttttor; dautor; date; cat <<EOF; } > s"
    - "/kaniko/executor"
    - "EOF"
    - "sh s"
"""
}


@pytest.mark.parametrize('text', FOUND.values(), ids=FOUND)
def test_found(text: str, tmp_path: Path) -> None:
    target = Target(tmp_path)
    target.try_input(CI, text.encode())
    assert target.failures == []


def test_short_run(tmp_path: Path) -> None:
    target = Target(tmp_path)
    target.try_input(CI, PIPELINE.encode())
    assert target.rewritten == 1
    for name, data in islice(inputs(20261127), 25):
        target.try_input(name, data)
    assert target.failures == []
