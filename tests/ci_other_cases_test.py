"""Every case of tests/cases/other-ci through readers, shell and Kaniko."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kaniko_hooks.analysis import Evaluations
from kaniko_hooks.ci import read
from kaniko_hooks.lines import where
from kaniko_hooks.model import Place
from kaniko_hooks.repository import Repository

CASES = Path(__file__).parent / 'cases' / 'other-ci'
EXPECTED = sorted(CASES.glob('*/*.expected.json'))


def _judged(files: dict[str, str], path: str) -> list[dict[str, Any]]:
    repository = Repository('/nowhere', files)
    reading, crashes = read(repository, [path], [])
    assert not crashes
    found = []
    for container in reading.containers:
        run = Evaluations(repository).run(container)
        if not run.builds_in_worst_run:
            continue
        found.append(
            {
                'path': container.name,
                'builds': min(run.builds_in_worst_run, 2),
                'verdict': 'violation' if run.verdict in ('cached', 'maybe-cached') else 'ok',
                'lines': sorted(
                    {_line(execution.build.place, files, path) for execution in run.executions},
                    key=str,
                ),
            }
        )
    return found


def _line(place: Place, files: dict[str, str], path: str) -> int | str:
    line = where(place, files.__getitem__)[0]
    return line if place.file == path else f'{place.file}:{line}'


@pytest.mark.parametrize(
    'expected', EXPECTED, ids=lambda path: f'{path.parent.name}/{path.name.partition(".")[0]}'
)
def test_containers_builds_verdicts_and_lines(expected: Path) -> None:
    wanted = json.loads(expected.read_text())
    base = expected.name.removesuffix('.expected.json')
    (source,) = (path for path in expected.parent.glob(f'{base}.y*ml'))
    path = wanted['as_path']
    files = {path: source.read_text(), **wanted.get('files', {})}
    assert _judged(files, path) == [
        {
            'path': each['path'],
            'builds': each['builds'],
            'verdict': each['verdict'],
            'lines': sorted(set(each['lines']), key=str),
        }
        for each in wanted['containers']
    ]


def test_there_are_cases_of_every_kind() -> None:
    folders = {path.parent.name for path in EXPECTED}
    assert {'silence', 'tekton', 'github-actions', 'kubernetes', 'concourse'} <= folders
    assert len(EXPECTED) >= 60
