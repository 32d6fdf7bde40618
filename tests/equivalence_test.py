"""The same findings in each form of report, for named files and all, from any folder."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from kaniko_hooks import check_kaniko_builds
from tests.fuzz.target import inputs
from tests.golden.record import CASES, called, contents, repository

FINDING = re.compile(r'^(\S+?):(\d+):(\d+): (?!note:)([a-z-]+): ', re.M)
Key = tuple[str, str, str, str]


def case_folders() -> list[Path]:
    folders = [path.parent for path in CASES.rglob('.gitlab-ci.yml')]
    return sorted({path for path in folders if 'after' not in path.name})


def differences(files: Mapping[str, bytes]) -> list[str]:
    """Commands whose findings are not those of a check of the whole repository."""
    named = [path for path in files if path.endswith(('.yml', '.yaml', '.sh'))]
    with repository(files, []) as root:
        every = checked(named)
        wrong = ['text'] if in_text(named) != every else []
        (root / 'empty').mkdir()
        os.chdir('empty')
        if checked([f'../{path}' for path in named]) != every:
            wrong.append('from another folder')
        os.chdir('/')
        if len(named) > 1 and checked([str(root / path) for path in named]) != every:
            wrong.append('from /')
        os.chdir(root)
        for path in named if len(named) > 1 else ():
            alone = checked([path])
            own = {key for key in every if key[0] == path}
            if not own <= alone <= every:
                wrong.append(f'{path} alone: {sorted(own - alone)}, {sorted(alone - every)}')
    return wrong


def checked(argv: list[str]) -> set[Key]:
    code, out, _ = called(check_kaniko_builds, ['--format', 'json', *argv])
    findings: list[dict[str, Any]] = json.loads(out)['findings'] if out else []
    assert code == bool(findings)
    return {
        (finding['file'], str(finding['line']), str(finding['column']), finding['rule'])
        for finding in findings
    }


def in_text(argv: list[str]) -> set[Key]:
    code, out, _ = called(check_kaniko_builds, argv)
    keys: set[Key] = set(FINDING.findall(out))
    assert code == bool(keys)
    return keys


def assert_equivalent(folders: list[Path], mutations: int, seed: int) -> None:
    failures = {str(folder): differences(contents(folder)) for folder in folders}
    for name, data in islice(inputs(seed), mutations):
        failures[f'{name}: {data!r}'] = differences({name: data})
    assert {name: wrong for name, wrong in failures.items() if wrong} == {}


def test_some_cases_and_mutations() -> None:
    assert_equivalent(case_folders()[::80], 20, 1)


@pytest.mark.slow
@pytest.mark.parametrize('part', range(10))
def test_all_cases_and_many_mutations(part: int) -> None:
    assert_equivalent(case_folders()[part::10], 100, 100 + part)
