"""Which containers break the rule, and how messages name them and their reasons."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from kaniko_hooks.check_kaniko_builds import main
from tests.conftest import Write
from tests.samples import CACHED, CI, A, B

UNCACHED = 'uncached-builds-share-container'
OFF_A, OFF_B = A.replace(' --cache', ''), B.replace(' --cache', '')
TEMPLATE = f'.images:\n  script: [{A}, {B}]\n'
GUARDED = f'.t: {{script: [{A}, "[ $B = no ] || {B}"]}}\n'
USER = 'a:\n  extends: .t\n  variables: {B: "no"}\n'
TASK = 'apiVersion: tekton.dev/v1\nkind: Task\nspec:\n  steps:\n    - image: x\n      script: |\n'
POD = (
    'apiVersion: v1\nkind: Pod\nspec:\n  initContainers:\n    - name: images\n      image: x\n'
    f'      command: [sh, -c, "{A}; {B}"]\n'
)


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
        pytest.param(f'{GUARDED}{USER}', [], id='a template whose user switches one off'),
        pytest.param(GUARDED, [CACHED], id='a template without a user'),
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
            'task.yaml',
            f'{TASK}        {A}\n        {B}\n'.replace('image: x', 'image: x\n      name: images'),
            'step `images` runs 2',
            id='step with a name',
        ),
        pytest.param('pod.yaml', POD, 'container `images` runs 2', id='container of a pod'),
        pytest.param(
            CI,
            'a:\n  script: [/kaniko/executor --cache=$Y, /kaniko/executor --cache=$Y]\n',
            'job `a` runs 2 Kaniko builds in one container, and the cache may be on: ',
            id='unknown',
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


LOOP = f'for x in api worker web; do {A}; done'


@pytest.mark.parametrize(
    ('script', 'reasons'),
    (
        (f'{A}\n{B}', ''),
        (f'f() {{ {A}; }}\nf\n{B}', ''),
        (LOOP, 'the loop at line 4 runs it 3 times for api, worker and web'),
        (
            LOOP.replace('api', '1 2 3 4'),
            'the loop at line 4 runs it 6 times for 1, 2, 3, 4 and 2 more',
        ),
        (f'for x in $X; do {A}; {B}; done', 'the loop at line 4 runs it many times'),
        (f'cat list | xargs -n 1 {A}', 'xargs at line 4 runs it many times'),
        (f'{A} || {A}\n{B}', 'retried at line 4 when the first attempt fails'),
        (f'f() {{ {A}; }}\nf\n\nf\nf', 'called 3 times at lines 5, 7 and 8'),
        (f'f() {{ {A}; }}\nf; f', 'called twice at line 5'),
        (
            f'f() {{ {A} || {A}; }}\nf\nf',
            'called twice at lines 5 and 6; retried at line 4 when the first attempt fails',
        ),
        (
            'for x in a b; do sh lib.sh; done',
            'the loop at line 4 of .gitlab-ci.yml runs it twice for a and b',
        ),
        ('sh lib.sh\nsh lib.sh', 'called twice at lines 4 and 5 of .gitlab-ci.yml'),
    ),
)
def test_reasons(
    script: str, reasons: str, write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = ''.join(f'      {line}\n' for line in script.split('\n'))
    files = {CI: f'a:\n  script:\n    - |\n{lines}', 'lib.sh': A}
    [finding] = findings(write, capsys, files, CI)
    shown = f' ({reasons})' if reasons else ''
    assert f' Kaniko builds in one container{shown}, with the cache on' in finding['message']
