"""Which containers break the rule, and how messages name them and their reasons."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from kaniko_hooks.check_kaniko_builds import main
from kaniko_hooks.model import MANY, Execution, Place, Reason, Run
from kaniko_hooks.rule import because
from tests.conftest import Write
from tests.samples import CACHED, CI, A, B, build

UNCACHED = 'uncached-builds-share-container'
OFF_A, OFF_B = A.replace(' --cache', ''), B.replace(' --cache', '')
TEMPLATE = f'.images:\n  script: [{A}, {B}]\n'
TASK = 'apiVersion: tekton.dev/v1\nkind: Task\nspec:\n  steps:\n    - image: x\n      script: |\n'


def findings(
    write: Write, capsys: pytest.CaptureFixture[str], files: Mapping[str, str], *argv: str
) -> list[dict[str, Any]]:
    write(files)
    code = main(['--format', 'json', *argv])
    reported: list[dict[str, Any]] = json.loads(capsys.readouterr().out)['findings']
    assert code == bool(reported)
    return reported


@pytest.mark.parametrize(
    ('text', 'expected'),
    (
        pytest.param(f'a:\n  script: [{A}]\n', [], id='one build'),
        pytest.param(f'a:\n  script: [{OFF_A}, {OFF_B}]\n', [UNCACHED], id='uncached'),
        pytest.param(f'a:\n  script: [{A}, {OFF_B}]\n', [CACHED], id='one of them cached'),
        pytest.param(
            f'a:\n  script: [/kaniko/executor --cache=$CACHE, {OFF_B}]\n', [CACHED], id='unknown'
        ),
        pytest.param(
            f'a:\n  script: [{A}, {B}]\nb:\n  script: [{A}, {B}]\n', [CACHED] * 2, id='other builds'
        ),
    ),
)
def test_rules(
    text: str, expected: list[str], write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    strict = findings(write, capsys, {CI: text}, '--strict', CI)
    assert [finding['rule'] for finding in strict] == expected
    default = findings(write, capsys, {CI: text}, CI)
    assert [finding['rule'] for finding in default] == [rule for rule in expected if rule == CACHED]


@pytest.mark.parametrize(
    'script',
    (
        pytest.param(f'{A}; @{B}', id='the second'),
        pytest.param(f'for x in $X; do @{A}; done; {B}', id='the first in a loop'),
        pytest.param(f'if x; then {A}; else {B}; @{A}; fi', id='of the other branch'),
    ),
)
def test_place_is_the_second_build(
    script: str, write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    text = f'job: {{script: ["{script}"]}}'
    [finding] = findings(write, capsys, {CI: text.replace('@', '')}, CI)
    assert finding['column'] == text.index('@') + 1


@pytest.mark.parametrize(
    ('path', 'text', 'message'),
    (
        pytest.param(CI, f'a:\n  script: [{A}, {B}]\n', 'job `a` runs 2 Kaniko', id='job'),
        pytest.param(
            CI,
            TEMPLATE + ''.join(f'{name}: {{extends: .images}}\n' for name in 'abc'),
            'job `a` (and 2 more) runs 2 Kaniko builds in one container, with the cache on: a ',
            id='several jobs, no template',
        ),
        pytest.param(
            'x.gitlab-ci.yml', TEMPLATE, 'hidden job `.images` runs 2 Kaniko', id='template'
        ),
        pytest.param(
            'task.yaml', f'{TASK}        {A}\n        {B}\n', 'spec.steps[0] runs 2', id='step'
        ),
        pytest.param(
            CI,
            'a:\n  script:\n    - for x in $X; do /kaniko/executor --cache=$Y; done\n',
            'job `a` runs many Kaniko builds in one container (the loop at line 3 runs it many '
            'times), and the cache may be on: ',
            id='reasons',
        ),
    ),
)
def test_message(
    path: str, text: str, message: str, write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    [finding] = findings(write, capsys, {path: text}, path)
    assert finding['message'].startswith(message)


@pytest.mark.parametrize(
    ('named', 'is_shown'),
    (
        pytest.param('parent.yml', True, id='ancestor'),
        pytest.param('variables.yml', True, id='a variable that is used'),
        pytest.param('image.yml', True, id='image'),
        pytest.param('ci/build.sh', True, id='script'),
        pytest.param('other.yml', False, id='another job'),
    ),
)
def test_findings_are_those_of_the_named_files(
    named: str, is_shown: bool, write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {
        CI: 'include: [parent.yml, variables.yml, image.yml, other.yml]\n'
        'images:\n  extends: .parent\n  script: [$FLAGS, ci/build.sh]\n',
        'parent.yml': '.parent: {stage: build}\n',
        'variables.yml': f'variables: {{FLAGS: "{B}"}}\n',
        'image.yml': 'default: {image: r/kaniko}\n',
        'other.yml': 'other: {script: [make]}\n',
        'ci/build.sh': 'executor --cache\n',
    }
    assert len(findings(write, capsys, files, named)) == is_shown


def reason(kind: str, line: int, times: int = MANY, file: str = CI, words: str = '') -> Reason:
    return Reason(kind, Place(file, line), times, words=tuple(words.split()))


def run(*builds: tuple[int, tuple[Reason, ...]]) -> Run:
    """A run whose builds are executed so often, for these reasons."""
    executions = [
        Execution(build(number, number), times, reasons)
        for number, (times, reasons) in enumerate(builds)
    ]
    return Run(2, 'cached', tuple(executions), False)


@pytest.mark.parametrize(
    ('worst', 'expected'),
    (
        (run((1, ()), (1, ())), ''),
        (run((1, (reason('call', 3, 1),))), ''),
        (
            run((3, (reason('loop', 12, 3, words='api worker web'),))),
            'the loop at line 12 runs it 3 times for api, worker and web',
        ),
        (
            run((9, (reason('loop', 12, 9, words='a b c d e f g'),))),
            'the loop at line 12 runs it 9 times for a, b, c, d and 3 more',
        ),
        (run((MANY, (reason('loop', 12),))), 'the loop at line 12 runs it many times'),
        (run((3, (reason('xargs', 7, 3),))), 'xargs at line 7 runs it 3 times'),
        (
            run((1, ()), (1, (reason('retry', 7, 1),))),
            'retried at line 7 when the first attempt fails',
        ),
        (
            run((3, tuple(reason('call', line, 1) for line in (8, 9, 11)))),
            'called 3 times at lines 8, 9 and 11',
        ),
        (
            run((2, (reason('call', 8, 1), reason('call', 4, 1, 'lib.sh')))),
            'called twice at lines 8 and 4 of lib.sh',
        ),
        (
            run((2, tuple(reason('call', line, 1, 'lib.sh') for line in (4, 5)))),
            'called twice at lines 4 and 5 of lib.sh',
        ),
        (
            run((3, (reason('loop', 4, 3), reason('call', 5, 1)))),
            'the loop at line 4 runs it 3 times',
        ),
        (
            run((3, (reason('loop', 12, 3),)), (3, (reason('loop', 12, 3),))),
            'the loop at line 12 runs it 3 times',
        ),
        (
            run((6, (reason('loop', 2, 3, 'lib.sh'), reason('retry', 9, 2)))),
            'the loop at line 2 of lib.sh runs it 3 times; '
            'retried at line 9 when the first attempt fails',
        ),
    ),
)
def test_because(worst: Run, expected: str) -> None:
    assert because(worst, lambda place: place.offset) == expected


def test_calls_in_one_line() -> None:
    worst = run((2, (reason('call', 8, 1), reason('call', 9, 1))))
    assert because(worst, lambda place: 4) == 'called twice at line 4'
