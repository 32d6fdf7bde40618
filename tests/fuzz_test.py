"""A short run of the fuzzer, and inputs that it found."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest

from tests.fuzz.target import Target, inputs

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
    target.try_input('.gitlab-ci.yml', text.encode())
    assert target.failures == []


def test_short_run(tmp_path: Path) -> None:
    target = Target(tmp_path)
    for name, data in islice(inputs(20261127), 25):
        target.try_input(name, data)
    assert target.failures == []
    assert target.rewritten > 0
