"""The labels of tests/cases/other-ci hold for what the check reports."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.golden.record import CASES, checked, other_ci_case

EXPECTED = sorted((CASES / 'other-ci').glob('*/*.expected.json'))


@pytest.mark.parametrize(
    'expected', EXPECTED, ids=lambda path: f'{path.parent.name}/{path.name.partition(".")[0]}'
)
def test_containers_builds_verdicts_and_lines(expected: Path) -> None:
    path, files = other_ci_case(expected)
    assert {
        name: (
            2 if builds == 'many' else min(builds, 2),
            'violation' if verdict in ('cached', 'maybe-cached') else 'ok',
            {place.removeprefix(f'{path}:') for place, *_ in places},
        )
        for name, builds, verdict, places in checked(files, named=[path])['containers']
    } == {
        container['path']: (
            container['builds'],
            container['verdict'],
            set(map(str, container['lines'])),
        )
        for container in json.loads(expected.read_text())['containers']
    }
