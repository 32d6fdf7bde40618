"""Values that no reader of numbers, names or conditions may stumble over, in small files."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping

import pytest

from kaniko_hooks import check_kaniko_builds, fix_kaniko_builds
from kaniko_hooks.repository import Repository
from tests.conftest import Write

CI = '.gitlab-ci.yml'
GITHUB = '.github/workflows/a.yml'
CIRCLECI = '.circleci/config.yml'
ACTION = 'runs:\n  using: composite\n  steps: [{{run: "{}", shell: sh}}]\n'
BUILD = '/kaniko/executor --cache -d '
TWO = f'{BUILD}a; {BUILD}b'

Files = Mapping[str, str]


def gitlab(*lines: str, more: str = '') -> Files:
    script = ''.join(f'      {line}\n' for line in (*lines, TWO))
    return {CI: f'{more}job:\n  script:\n    - |\n{script}'}


def github(steps: str, more: str = '') -> Files:
    return {GITHUB: f'on: push\njobs:\n  job:\n{more}    steps:\n{steps}    - run: {TWO}\n'}


def circleci(steps: str, more: str = '') -> Files:
    job = f'jobs:\n  job:\n    docker: [{{image: x}}]\n    steps:\n{steps}    - run: {TWO}\n'
    return {CIRCLECI: f'version: 2.1\n{more}{job}workflows: {{w: {{jobs: [job]}}}}\n'}


def grown(first: str, line: str, levels: int) -> str:
    """Lines, each of which has the name of the one before ten times."""
    lines = (line.format(n, ', '.join([f'*a{n - 1}'] * 10)) for n in range(1, levels))
    return f'a0: &a0 [{", ".join([first] * 10)}]\n' + ''.join(lines)


def when(branch: str, build: str) -> str:
    condition = f'{{equal: [{branch}, << pipeline.git.branch >>]}}'
    return f'    - when: {{condition: {condition}, steps: [{{run: {build}}}]}}\n'


def children(count: int) -> Files:
    triggers = ''.join(f't{n}: {{trigger: {{include: c{n}.yml}}}}\n' for n in range(count))
    last = gitlab()[CI]
    return {CI: f'# kaniko\n{triggers}', 'c0.yml': 'a: {script: [ls]}\n', f'c{count - 1}.yml': last}


NAMES = ' '.join(f'a{number}' for number in range(9_000))
BRANCHES = ', '.join(f'{{equal: [b{n}, << pipeline.git.branch >>]}}' for n in range(21))
NESTED = 'spec: {{inputs: {{x: {{type: array}}}}}}\n---\n{}\n'
INCLUDE = 'include: [{{local: f{}.yml, inputs: {{x: {}"$[[ inputs.x ]]"{}}}}}]'
MATRIX = '    strategy: {matrix: {s: [a, b, c, d, e, f, g, h]}}\n'
FLAGS = ('context', 'dockerfile', 'destination', 'cache-repo', 'label', 'build-arg', 'target')
DOCKER = (
    '    - uses: docker://gcr.io/kaniko-project/executor\n      with:\n        args: --cache '
    + ' '.join(f'--{flag}=x-${{{{ matrix.s }}}}' for flag in FLAGS)
    + '\n'
)
TEKTON = (
    'apiVersion: tekton.dev/v1\nkind: Task\nspec:\n  params: [{name: a, value: [x, x, x, x]}]\n'
)
POD = 'apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - image: gcr.io/kaniko-project/executor\n'

# Python's stack is larger once a script has been evaluated.
DEEP = 'nested too deeply|runs 2'

CASES: Mapping[str, tuple[Files, str]] = {
    'a version of many digits': (
        gitlab(more=f'image: martizih/kaniko:v{"9" * 5_000}.1.1\n'),
        'runs 2',
    ),
    'starts-with of one text': (github('    - run: echo ${{ starts-with(x) }}\n'), 'runs 2'),
    'starts-with of one text in a condition': (
        circleci(
            f'    - when: {{condition: << starts-with(pipeline.x) >>, steps: [{{run: {BUILD}}}]}}\n'
        ),
        'runs 3',
    ),
    'an option ? with a value': (
        gitlab('while getopts ":d:h?:" opt; do echo $opt; done'),
        'runs 2',
    ),
    'a number with two signs': (gitlab('[ 1 -eq --5 ] || [ "$A" -lt +-5 ] || true'), 'runs 2'),
    'a number with two signs that a variable may be': (
        gitlab('X=$((A + B)); [ "$X" = "--5" ] && [ "$X" -lt 3 ] && echo'),
        'runs 2',
    ),
    'a hexadecimal number as a float': (
        gitlab(more=f'variables: {{A: !!float 0x{"f" * 290}}}\n'),
        'too large to convert',
    ),
    'lines that end with CR': (
        {CI: f'# pipeline\rjob:\r  script:\r    - {BUILD}a\r    - {BUILD}b\r'},
        'runs 2',
    ),
    'a test of many brackets': (gitlab('[ ' + r'\( ' * 1_990 + '] || true'), 'runs 2'),
    'inputs in inputs': (
        {
            **{
                f'f{n}.yml': NESTED.format(INCLUDE.format(n + 1, '[' * 90, ']' * 90))
                for n in range(14)
            },
            'f14.yml': NESTED.format('last: {script: ["echo a$[[ inputs.x ]]"]}'),
            **gitlab(more='include: [{local: f0.yml, inputs: {x: [a]}}]\n'),
        },
        DEEP,
    ),
    'an alternative behind 20 others': (
        circleci(
            f'    - when: {{condition: {{or: [{BRANCHES}]}}, steps: [{{run: {BUILD}a}}]}}\n'
            + when('b20', f'{BUILD}b')
        ),
        'runs 4',
    ),
    '205 actions': (
        {
            **github('    - uses: ./e\n' * 205 + '    - uses: ./b\n'),
            'e/action.yml': ACTION.format('ls'),
            'b/action.yml': ACTION.format(TWO),
        },
        'runs 4',
    ),
    '2,001 steps': (github('    - run: ls\n' * 2_001), 'a job of too many steps'),
    '2,001 commands': (
        {
            '.drone.yml': 'kind: pipeline\nsteps:\n- name: a\n  image: x\n  commands:\n'
            + '  - ls\n' * 2_001
            + f'  - {TWO}\n'
        },
        'a list that is too long',
    ),
    '501 child pipelines': (children(501), 'more than 500 child pipelines'),
    # Exponential where each is taken by itself.
    'lists in lists as a key': (
        gitlab(more=grown('x', 'a{0}: &a{0} [{1}]\n', 9) + 'a:\n  ? *a8\n  : x\n'),
        'The parsed YAML is too big',
    ),
    'an array in arrays': (
        {
            CI: f'spec: {{inputs: {{x: {{type: array, default: [{"1, " * 5_000}]}}}}}}\n---\n'
            f'.b: &b "$[[ inputs.x ]]"\n.l: [{"*b, " * 5_000}]\n' + gitlab()[CI]
        },
        'the list is too large',
    ),
    'lists in lists without a word': (
        {
            '.drone.yml': re.sub('(?m)^', '.', grown('[]', 'a{0}: &a{0} [{1}]\n', 12)).rstrip('.')
            + f'kind: pipeline\nsteps:\n- {{name: a, image: x, commands: [{TWO}, *a11]}}\n'
        },
        'a list that is too long',
    ),
    'alternatives in a condition': (
        github(
            '    - run: ls\n      if: '
            + ' && '.join(f"(inputs.a{n} == 'x' || inputs.b{n} == 'x')" for n in range(40))
            + '\n'
        ),
        'runs 2',
    ),
    'alternatives in a test': (
        gitlab('[[ ' + ' && '.join(f'($A{n} == x || $B{n} == x)' for n in range(40)) + ' ]] && ls'),
        'runs 2',
    ),
    'a matrix in many arguments': (github(DOCKER, MATRIX), 'runs 2'),
    'variables of variables': (
        {
            'pod.yml': f'{POD}    args: [--cache, -d, a]\n    env:\n    - {{name: A0, value: x}}\n'
            + ''.join(
                f'    - {{name: A{n}, value: $(A{n - 1})$(A{n - 1})$(A{n - 1})}}\n'
                for n in range(1, 40)
            )
        },
        'values that are too long',
    ),
    'parameters of parameters': (
        {
            't.yml': TEKTON
            + ''.join(
                f'{"  " * n}  s:\n{"  " * n}    params: [{{name: a, value: ['
                + ', '.join(['"$(params.a[*])"'] * 10)
                + ']}]\n'
                for n in range(11)
            )
            + '  steps: [{name: s, image: gcr.io/kaniko-project/executor, args: [-d, a]}]\n'
        },
        'a list that is too long',
    ),
    'steps of steps': (
        circleci(
            '    - when: {condition: x, steps: *a8}\n',
            'a0: &a0 [run: ls]\n'
            + ''.join(
                f'a{n}: &a{n} ['
                + ', '.join([f'when: {{condition: x, steps: *a{n - 1}}}'] * 10)
                + ']\n'
                for n in range(1, 9)
            ),
        ),
        'a job of too many steps',
    ),
    'the name of a function': (
        gitlab('a' * 30_000 + '() { ls; }', '${A}a${A}b x || true'),
        'runs 2',
    ),
    # Quadratic, or worse.
    'an if without a command': (gitlab(f'{BUILD}c', 'if [ -f x ]; then fi'), 'runs 3'),
    'an unknown script behind many options': (
        {CI: f'job:\n  script:\n    - sh {"-x " * 12}"$S"\n', 'b.sh': f'{TWO}\n'},
        'runs 2',
    ),
    'options of a script': (
        gitlab(more=f'other: {{script: ["echo {"/sh -" * 18_000}"]}}\n'),
        'runs 2',
    ),
    'expansions of a file': (
        {**gitlab(more=f'other: {{script: ["echo {"${A}a" * 6}.sh"]}}\n'), f'{"a" * 230}.sh': 'ls'},
        'runs 2',
    ),
    'dollars and expressions': (
        {
            '.woodpecker.yml': 'steps:\n- name: a\n  image: x\n  commands:\n'
            f'  - echo {"{{a}}$$" * 1_000}\n  - {TWO}\n'
        },
        'runs 2',
    ),
    'patterns of one arm': (
        gitlab(f'case "$X" in {"|".join(map(str, range(8_000)))}) ls ;; esac'),
        'runs 2|too large',
    ),
    'names to export': (gitlab(f'export {NAMES}'), 'runs 2|too large'),
    'names to unset': (gitlab(f'unset {NAMES}'), 'runs 2|too large'),
    'names to read': (gitlab(f'read {NAMES} <<< "{"w " * 1_500}"'), 'runs 2|too large'),
    'values that are cut': (
        gitlab(f'X={"a" * 999}', 'for i in {1..4000}; do y=${X##*/}; done'),
        'runs 2|too large',
    ),
    'subscripts without an end': (gitlab(f'echo {"${a[}" * 18_000}'), 'runs 2|too large'),
    'commas before braces': (gitlab(f'echo {"," * 20_000}{{1..4000}}'), 'runs 2|too large'),
    'destinations': (gitlab(f'for i in $L; do {BUILD}a {"-d a " * 3_000}; done'), 'runs many'),
    'set-up of many builds': (
        gitlab(*(f'A{n}=x' for n in range(300)), *(f'{BUILD}{n}' for n in range(50))),
        'its set-up is too long',
    ),
    'a matrix of many names': (
        github(
            '    - run: ls\n',
            '    strategy:\n      matrix:\n        include:\n'
            f'        - &r {{{", ".join(f"a{n}: b" for n in range(200))}}}\n'
            + '        - *r\n'
            * 1_000,
        ),
        'runs 2',
    ),
    'variables that are inherited': (
        gitlab(
            more=f'variables: {{{", ".join(f"v{n}: a" for n in range(2_000))}}}\n'
            f'.l: &l [{", ".join(f"w{n}" for n in range(1_000))}]\n'
            + ''.join(f'j{n}: {{inherit: {{variables: *l}}, script: [ls]}}\n' for n in range(60))
        ),
        'runs 2',
    ),
    'wildcards of an include': (
        {**gitlab(more='include: "a*a*a*a*b.yml"\n'), f'{"a" * 250}.yml': 'a: {script: [ls]}\n'},
        'runs 2',
    ),
}


@pytest.mark.parametrize('case', CASES)
def test_odd_values(case: str, write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    files, reported = CASES[case]
    write(files)
    named = [name for name in files if name in (CI, GITHUB, CIRCLECI)] or list(files)
    for hook in (check_kaniko_builds, fix_kaniko_builds):
        started = time.process_time()
        code = hook.main(named)
        assert time.process_time() - started < 3  # most take a tenth of a second
        output = capsys.readouterr()
        assert code in (0, 1) and 'internal error' not in output.err
        assert hook is fix_kaniko_builds or code == 1 and re.search(reported, output.out)


MANY = [f'services/svc{number // 100}/src/module_{number}.ts' for number in range(50_000)]
SETUP = (
    'cp {0}/src/a.ts {0}/b.ts',
    'sed -i s/a/b/ {0}/src/c.ts',
    'cat {0}/src/d.ts > {0}/e.ts',
    f'{BUILD}{{0}} --context {{0}}',
)


@pytest.mark.parametrize(
    ('lines', 'code'),
    (
        ([f'bash -e "$A/scripts/${{B}}-step{n}.sh"' for n in range(90)], 0),
        ([f'./scripts/${{A}}-step{n}.sh --name=${{B}}-{n}.ts' for n in range(250)], 0),
        ([f'for f in services/svc{n}/*.sh; do . $f; done' for n in range(42)], 0),
        ([line.format(f'services/svc{n}') for n in range(12) for line in SETUP], 1),
    ),
    ids=('unknown scripts', 'words', 'patterns', 'set-up'),
)
def test_a_repository_of_many_files(
    lines: list[str],
    code: int,
    write: Write,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(Repository, 'files', lambda self: MANY)
    write({CI: 'job:\n  script:\n' + ''.join(f"    - '{line}'\n" for line in lines)})
    started = time.process_time()
    assert check_kaniko_builds.main([CI]) == code
    assert time.process_time() - started < 3
    assert 'too large' not in capsys.readouterr().out
