"""Where a suppression comment may stand, as a user writes it: files in, rules and jobs out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import pytest

from kaniko_hooks.check_kaniko_builds import main
from tests.conftest import Write
from tests.samples import CACHED, CI, IGNORE, A, B

UNUSED = 'unused-suppression'
IMAGE = 'image: gcr.io/kaniko-project/executor:debug\n'
WORKFLOW = f'on: push\njobs:\n  images:\n    container:\n      {IMAGE}    steps:\n'


@pytest.mark.parametrize(
    ('files', 'expected'),
    (
        pytest.param(
            {CI: f'.x: &x {B}\na:\n  script:\n    - {A}\n    {IGNORE}\n    - *x\n'},
            [],
            id='above an alias',
        ),
        pytest.param(
            {CI: f'.x: &x {B}\na:\n  script:\n    - {A}\n    - *x {IGNORE}\n'},
            [],
            id='behind an alias',
        ),
        pytest.param(
            {
                CI: f'.x: &x {B}\na:\n  script:\n    - {A}\n    {IGNORE}\n    - *x\n'
                f'b:\n  script:\n    - {A}\n    - *x\n'
            },
            [(CACHED, ['b'])],
            id='another job has the alias, too',
        ),
        pytest.param(
            {
                CI: f'.x:\n  script: [{B}]\na:\n  script:\n    - {A}\n    {IGNORE}\n'
                '    - !reference [.x, script]\n'
            },
            [],
            id='above a reference',
        ),
        pytest.param(
            {
                CI: f'include: x.yml\na:\n  script:\n    - {A}\n    {IGNORE}\n'
                '    - !reference [.x, script]\n',
                'x.yml': f'.x:\n  script: [{B}]\n',
            },
            [],
            id='reference to another file',
        ),
        pytest.param(
            {
                CI: f'.x:\n  script: [{A}]\n.a:\n  script:\n    - {B}\n    {IGNORE}\n'
                '    - !reference [.x, script]\nb:\n  extends: .a\n'
            },
            [],
            id='reference in a template',
        ),
        pytest.param(
            {CI: f'.x: &x {B}\nlist:\n  {IGNORE}\n  - *x\na:\n  script: [{A}, *x]\n'},
            [(CACHED, ['a']), (UNUSED, [])],
            id='alias in what is no job',
        ),
        pytest.param(
            {CI: f'a:\n  script: [{A}, {B}]\n---\n- &x 1\n{IGNORE}\n- *x\n'},
            [(CACHED, ['a']), (UNUSED, [])],
            id='alias in another document',
        ),
        pytest.param(
            {CI: f'a:\n  script:\n    - {A}\n    {IGNORE}\n    -\n      {B}\n'},
            [],
            id='above the dash',
        ),
        pytest.param(
            {CI: f'a:\n  script:\n    - {A}\n    - {IGNORE}\n      # why\n\n      {B}\n'},
            [],
            id='behind the dash',
        ),
        pytest.param(
            {CI: f'a:\n  script: [\n    {A},\n    {IGNORE}\n    {B}]\n'}, [], id='no dash at all'
        ),
        pytest.param(
            {CI: f'a:\n  script:\n    - {A}\n    {IGNORE}\n    - ./b.sh\n', 'b.sh': B},
            [],
            id='above the call of a script',
        ),
        pytest.param(
            {
                CI: f'a:\n  script:\n    - {A}\n    - ./b.sh\n    {IGNORE}\n    - ./c.sh\n',
                'b.sh': B,
                'c.sh': 'echo kaniko',
            },
            [(CACHED, ['a']), (UNUSED, [])],
            id='above another script',
        ),
        pytest.param(
            {
                CI: f'a:\n  script:\n    - |\n      f() {{ {B}; }}\n      {A}\n      {IGNORE}\n'
                '      f\n'
            },
            [],
            id='above the call of a function',
        ),
        pytest.param(
            {
                '.github/workflows/a.yml': f'{WORKFLOW}      - run: {A}\n      {IGNORE}\n'
                f'      -\n        name: b\n        run: {B}\n'
            },
            [],
            id='above the dash of a step',
        ),
    ),
)
def test_places(
    files: Mapping[str, str],
    expected: Sequence[tuple[str, list[str]]],
    write: Write,
    capsys: pytest.CaptureFixture[str],
) -> None:
    write({name: IMAGE + text if name == CI else text for name, text in files.items()})
    code = main(['--format', 'json', *files])
    told = [
        (each['rule'], each['containers'])
        for each in json.loads(capsys.readouterr().out)['findings']
    ]
    assert (code, sorted(told)) == (bool(expected), sorted(expected))
