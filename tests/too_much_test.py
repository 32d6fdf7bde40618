"""Reports of what cannot be read name the containers and files that they are about."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from kaniko_hooks.analysis import analyse
from kaniko_hooks.check_kaniko_builds import main
from kaniko_hooks.fix import plan
from kaniko_hooks.fix_kaniko_builds import main as fix
from kaniko_hooks.options import Options
from kaniko_hooks.repository import Repository
from tests.conftest import Write

CI = '.gitlab-ci.yml'
TWO = '  script: [/kaniko/executor --cache -d a, /kaniko/executor --cache -d b]\n'
EXECUTOR = '/kaniko/executor --cache'
BUILD = f'{EXECUTOR} -d a'
MUCH = ': /kaniko/executor\n' + ': x\n' * 150_000


def findings(root: Path, *named: str) -> list[tuple[str, str]]:
    result = analyse(Repository(str(root)), named, Options()).result
    return [(finding.rule, finding.message.partition(',')[0]) for finding in result.findings]


@pytest.mark.slow
def test_as_much_as_can_be_read(write: Write) -> None:
    long = ': x\n      ' * 9_000
    assert (
        findings(write({CI: f'a:\n  script:\n    - |\n      {long}/kaniko/executor\n'}), CI) == []
    )


def test_more_commands_than_can_be_read(write: Write) -> None:
    long = ': x\n      ' * 41_000
    root = write({CI: f'a:\n  script:\n    - |\n      {long}/kaniko/executor\n'})
    assert findings(root, CI) == [
        ('unreadable-ci-file', 'a: the script is too large to be evaluated')
    ]


def test_too_much_with_all_states_joined(write: Write) -> None:
    test, long = '[ -n "$A" ] && echo', '#' * 500_000
    job = f'a:\n  script: [{json.dumps(test)}]\n  after_script:\n    - |\n      {long}\n'
    root = write({CI: f'{job}      /kaniko/executor\n'})
    assert findings(root, CI) == [
        ('unreadable-ci-file', 'a: the script is too large to be evaluated')
    ]


def test_loop_that_passes_a_value_on_for_long(write: Write) -> None:
    moves = '; '.join(f'{to}=${name}' for name, to in zip('GFEDCBA', 'HGFEDCB'))
    loop = f'for i in $X; do $H -d b; {moves}; A=/kaniko/executor; done; /kaniko/executor -d c'
    root = write({CI: f'a:\n  script: [{json.dumps(loop)}]\n'})
    assert findings(root, CI) == [
        ('unreadable-ci-file', 'a: the script is too large to be evaluated')
    ]


def test_commands_inside_of_commands(write: Write) -> None:
    root = write({CI: f'a:\n  script: [{"exec " * 400}/kaniko/executor]\n'})
    assert findings(root, CI) == [
        ('unreadable-ci-file', 'a: the script is too large to be evaluated')
    ]


def test_too_much_in_the_pipeline_costs_one_job_only(write: Write) -> None:
    lines = MUCH.replace('\n', '\n      ')
    root = write({CI: f'a:\n  script:\n    - |\n      {lines}\nb:\n{TWO}'})
    assert findings(root, CI) == [
        ('cached-builds-share-container', 'job `b` runs 2 Kaniko builds in one container'),
        ('unreadable-ci-file', 'a: the script is too large to be evaluated'),
    ]


def test_many_texts_of_a_file(write: Write) -> None:
    lines = '\n      '.join(
        f'if [ -n "${name}" ]; then echo /kaniko/executor --cache -d {name} >> f; fi'
        for name in 'ABCDEF'
    )
    root = write({CI: f'a:\n  script:\n    - |\n      {lines}\n      sh f\n'})
    assert findings(root, CI) == [
        ('cached-builds-share-container', 'job `a` runs 6 Kaniko builds in one container')
    ]


def test_names_of_values_made_of_themselves(write: Write) -> None:
    """The name of an unknown value would double 40 times."""
    lines = 'x=$Y' + '\n      x=${x#$x}' * 40 + '\n      /kaniko/executor --cache -d $x' * 2
    assert findings(write({CI: f'a:\n  script:\n    - |\n      {lines}\n'}), CI) == [
        ('cached-builds-share-container', 'job `a` runs 2 Kaniko builds in one container')
    ]


def test_too_much_in_a_script(write: Write) -> None:
    root = write({CI: 'a: {script: [ci/a.sh, /kaniko/executor]}\n', 'ci/a.sh': MUCH})
    assert findings(root, CI) == [
        ('unreadable-ci-file', 'a: the script is too large to be evaluated')
    ]


def test_callers_that_are_no_files(write: Write) -> None:
    root = write({'a.sh': '/kaniko/executor --cache\n' * 2, CI: f'a:\n{TWO}'})
    (root / '.circleci').mkdir()
    os.mkfifo(root / '.circleci/config.yml')
    (root / '.woodpecker').mkdir()
    (root / '.woodpecker/a.yml').symlink_to('/proc/self/mem')
    assert findings(root, 'a.sh') == []
    assert len(findings(root, 'a.sh', CI)) == 1


def test_root_pipeline_that_cannot_be_read(write: Write) -> None:
    root = write({'a.sh': '/kaniko/executor --cache\n' * 2})
    os.mkfifo(root / CI)
    assert findings(root, 'a.sh') == []


def test_mistake_of_the_fix_costs_no_finding(
    write: Write, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = write({CI: f'a:\n{TWO}'})

    def broken(*_: object) -> Sequence[object]:
        raise KeyError(0)

    monkeypatch.setattr(plan, 'State', broken)
    assert main([CI]) == 1
    assert 'cached-builds-share-container' in capsys.readouterr().out
    assert fix([CI]) == 2
    assert 'internal error: KeyError at tests.too_much_test:' in capsys.readouterr().err
    assert (root / CI).read_text() == f'a:\n{TWO}'


# Calls in calls, each after commands that may fail: the states of each level multiply.
NESTED = """\
date_of() { date +%T || echo now; }
log() { echo "$(date_of) $*"; }
copy() {
  if [ -d "assets/$1" ]; then cp -r "assets/$1" out || log "no $1"; fi
  if [ "$DEBUG" = "$1" ]; then log "copies $1"; fi
  VERSION=$(git describe --tags || echo 0)
  for file in a b c; do sed "s/@VERSION@/$VERSION/" $file.in > out/$file || log "no $file"; done
}
step() { copy "$1"; if [ "$VERBOSE" = "$1" ]; then log "copied $1"; fi; eval "V_$1=$VERSION"; }
"""


def test_too_many_states_are_joined(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    steps = NESTED + ''.join(f'step s{number}\n' for number in range(12))
    builds = '/kaniko/executor --cache -d a\n'
    root = write({CI: 'a:\n  script: [bash ci.sh]\n', 'ci.sh': steps + builds})
    assert findings(root, CI) == []
    root = write({'ci.sh': steps + 2 * builds})
    assert findings(root, CI) == [
        ('cached-builds-share-container', 'job `a` runs 2 Kaniko builds in one container')
    ]
    assert fix([CI]) == 0
    assert 'not rewritten: the script is too large to be evaluated' in capsys.readouterr().err


def test_more_commands_than_are_divided(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    setup = '    - mkdir -p b\n' * 1_001
    write({CI: f'a:\n  script:\n{setup}    - {BUILD}\n    - {BUILD}\n'})
    assert fix([CI]) == 0
    assert 'its set-up is too long to be repeated in every job' in capsys.readouterr().err


def test_path_that_is_too_long_may_be_any_script(write: Write) -> None:
    root = write({CI: f'a:\n  script: [sh {"x" * 5_000}, {BUILD}]\n', 'b.sh': f'{BUILD}\n'})
    assert findings(root, CI) == [
        ('cached-builds-share-container', 'job `a` runs 2 Kaniko builds in one container')
    ]


LONG_NAME = 'a' * 60
EXPANSIONS = '${A}a' * 30


@pytest.mark.parametrize(
    'script',
    (
        [f'echo {EXPANSIONS}b.yml'],
        [f'{LONG_NAME}() {{ echo; }}', f'{EXPANSIONS}b', f'sh ./{EXPANSIONS}b.sh', BUILD],
        [f'{EXECUTOR} -c a -d $R:{LONG_NAME}', f'{EXECUTOR} -c b -d $R:{EXPANSIONS}b'],
    ),
)
def test_names_of_many_expansions(script: Sequence[str], write: Write) -> None:
    pipeline = json.dumps({'include': f'/{LONG_NAME}.yml', 'job': {'script': script}})
    write({CI: pipeline, f'{LONG_NAME}.sh': 'ls', f'{LONG_NAME}.yml': 'variables: {B: b}'})
    for hook in (main, fix):
        started = time.process_time()
        assert hook([CI]) in (0, 1)
        assert time.process_time() - started < 3  # 2 on a machine of its own
