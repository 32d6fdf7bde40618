"""The report for people: what the check prints, in 80 columns."""
# ruff: noqa: E501

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from collections.abc import Mapping

import pytest

from kaniko_hooks.about import ADDRESS, VERSION
from kaniko_hooks.check_kaniko_builds import main
from kaniko_hooks.model import MANY, Container, Execution, Finding, Note, Place, Reason, Result, Run
from kaniko_hooks.report import render, text
from kaniko_hooks.report.snippet import shortened
from tests.conftest import Write
from tests.samples import CACHED, CI, build, result_of, text_is

HARM = (
    f'{CACHED}: a later image can silently gain or lose files, and the cache keeps the wrong layers'
)
PAGE = f'{ADDRESS}/blob/v{VERSION}/kaniko_hooks/rules'
UVX = f'uvx --from git+{ADDRESS}@v{VERSION}'
LONG = 'registry.example.com/a-team/a-project/with/folders'

CASES: Mapping[str, tuple[Mapping[str, str], str]] = {
    'two builds': (
        {
            CI: f"""\
stages: [build]

publish:
  stage: build
  script:
    - mkdir -p out
    - /kaniko/executor --cache -d {LONG}/shop:$CI_COMMIT_SHORT_SHA
    - >-
      /kaniko/executor
      --cache
      -d r/mail
    - /kaniko/executor --cache -d r/last
"""
        },
        f"""\
.gitlab-ci.yml:9:7: {CACHED}: job `publish` runs 3 Kaniko builds in one container, with the cache on
  3 | publish:
  ...
  7 |     - /kaniko/executor --cache -d registry.example.com/a-team/a-project...
    |       ^^^^^^^^^^^^^^^^ first build, cache on: .../shop:$CI_COMMIT_SHORT...
  ...
  9 |       /kaniko/executor
    |       ^^^^^^^^^^^^^^^^ second build and 1 more, cache on: r/mail
  = fix: fix-kaniko-builds would split `publish` into 3 jobs: `publish-shop`, `publish-mail`, `publish-last`

{HARM}
details: {PAGE}/{CACHED}.md
rewrite: {UVX} fix-kaniko-builds .gitlab-ci.yml
""",
    ),
    'a loop': (
        {
            CI: 'job:\n  script:\n    - |\n      for x in $X; do\n        /kaniko/executor --cache -d a\n      done\n'
        },
        f"""\
.gitlab-ci.yml:5:9: {CACHED}: job `job` runs many Kaniko builds in one container, with the cache on
  1 | job:
  ...
  4 |       for x in $X; do
    |       ^ many times
  5 |         /kaniko/executor --cache -d a
    |         ^^^^^^^^^^^^^^^^ build many times, cache on: a
  = no automatic fix: the loop `for x` is not over literal words; use one job per build, or list the words in the loop itself, so that it can be split

{HARM}
details: {PAGE}/{CACHED}.md
""",
    ),
    'a loop in a file': (
        {
            CI: 'job:\n  script: [./build.sh]\n',
            'build.sh': '#!/bin/sh\nfor x in $X; do\n  /kaniko/executor --cache -d a\ndone\n',
        },
        f"""\
build.sh:3:3: {CACHED}: job `job` runs many Kaniko builds in one container, with the cache on
   --> .gitlab-ci.yml
  1 | job:
   --> build.sh
  2 | for x in $X; do
    | ^ many times
  3 |   /kaniko/executor --cache -d a
    |   ^^^^^^^^^^^^^^^^ build many times, cache on: a
  = no automatic fix: `./build.sh` alone runs more than one build; use one job per build

{HARM}
details: {PAGE}/{CACHED}.md
""",
    ),
    'only with --unsafe': (
        {
            CI: 'job:\n  coverage: /x/\n  script: [/kaniko/executor --cache -d a, /kaniko/executor --cache -d b]\n'
        },
        f"""\
.gitlab-ci.yml:3:43: {CACHED}: job `job` runs 2 Kaniko builds in one container, with the cache on
  1 | job:
  ...
  3 |   script: [/kaniko/executor --cache -d a, /kaniko/executor --cache -d b]
    |            ^^^^^^^^^^^^^^^^ first build, cache on: a
  3 | ...e -d a, /kaniko/executor --cache -d b]
    |            ^^^^^^^^^^^^^^^^ second build, cache on: b
  = no automatic fix: it has a `coverage`, which would count once for every job; only with --unsafe

{HARM}
details: {PAGE}/{CACHED}.md
rewrite, to be reviewed: {UVX} fix-kaniko-builds --unsafe .gitlab-ci.yml
""",
    ),
    'two files': (
        {
            CI: 'job:\n  script: [./build.sh]\n',
            'build.sh': '#!/bin/sh\n/kaniko/executor --cache --cleanup -d a\n'
            '/kaniko/executor --cache --cleanup -d b\n',
        },
        f"""\
build.sh:3:1: {CACHED}: job `job` runs 2 Kaniko builds in one container, with the cache on
   --> .gitlab-ci.yml
  1 | job:
   --> build.sh
  2 | /kaniko/executor --cache --cleanup -d a
    | ^^^^^^^^^^^^^^^^ first build, cache on: a
  3 | /kaniko/executor --cache --cleanup -d b
    | ^^^^^^^^^^^^^^^^ second build, cache on: b
  = note: --cleanup is not enough: files of multi-stage and of failed builds can stay; --allow-cleanup accepts it in osscontainertools' Kaniko v1.27.0 or later
  = no automatic fix: `./build.sh` alone runs more than one build; use one job per build

{HARM}
details: {PAGE}/{CACHED}.md
""",
    ),
    'a missing include is reported once': (
        {
            CI: 'include: [{local: x.yml}, {local: x.yml}, {project: a/b, file: c.yml}]\n'
            'job: {script: [/kaniko/executor]}\n'
        },
        f"""\
.gitlab-ci.yml:1:11: unreadable-ci-file: Local file `x.yml` does not exist, so the number of Kaniko builds per container is unknown
  1 | include: [{{local: x.yml}}, {{local: x.yml}}, {{project: a/b, file: c.yml}}]
    |           ^ here

.gitlab-ci.yml:1:43: note: include: project is not visible here
details: {PAGE}/unreadable-ci-file.md
""",
    ),
    'an unknown rule': (
        {CI: 'job:  # kaniko-hooks: ignore[cached-builds]\n  script: [/kaniko/executor]\n'},
        f"""\
.gitlab-ci.yml:1:7: bad-suppression: there is no rule 'cached-builds'; the rules are cached-builds-share-container, uncached-builds-share-container, unreadable-ci-file, bad-suppression, unused-suppression
  1 | job:  # kaniko-hooks: ignore[cached-builds]
    |       ^ here

details: {PAGE}/bad-suppression.md
""",
    ),
}


@pytest.mark.parametrize('case', CASES)
def test_report(case: str, write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    files, expected = CASES[case]
    write(files)
    assert main(['--color', 'never', *files]) == 1
    assert capsys.readouterr().out == expected


def test_by_hand_commands_are_on_path(
    write: Write, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv('PRE_COMMIT')
    write(CASES['two builds'][0])
    assert main([CI]) == 1
    assert capsys.readouterr().out.splitlines()[-2:] == [
        f'details: check-kaniko-builds --explain {CACHED}',
        'rewrite: fix-kaniko-builds .gitlab-ci.yml',
    ]


def test_by_hand_commands_work_where_the_user_is(
    write: Write, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv('PRE_COMMIT')
    root = write({**CASES['two builds'][0], '.git/HEAD': '', 'app/x': ''})
    monkeypatch.chdir(root / 'app')
    assert main([f'../{CI}']) == 1
    assert capsys.readouterr().out.endswith('rewrite: fix-kaniko-builds ../.gitlab-ci.yml\n')


def test_colour_changes_nothing_but_colour(
    write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    files, expected = CASES['two builds']
    write(files)
    main(['--color', 'always', CI])
    colored = capsys.readouterr().out
    assert colored.startswith('\x1b[1m.gitlab-ci.yml:9:7:\x1b[0m \x1b[1;31m')
    for code in ('\x1b[1m', '\x1b[1;31m', '\x1b[34m', '\x1b[0m'):
        colored = colored.replace(code, '')
    assert colored == expected


@pytest.mark.parametrize(
    ('columns', 'expected'),
    (pytest.param(60, 60, id='narrow'), pytest.param(0, 80, id='unknown'), (120, 120), (9, 40)),
)
def test_lines_fit_the_terminal(columns: int, expected: int, write: Write) -> None:
    root = write({CI: CASES['two builds'][0][CI].replace('/shop', '/shop' * 40)})
    terminal, child = pty.openpty()
    fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack('HHHH', 24, columns, 0, 0))
    command = (sys.executable, '-m', 'kaniko_hooks.check_kaniko_builds', '--color', 'never', CI)
    # Without `env` the child gets the COLUMNS that readline has set behind Python's back.
    environ = dict(os.environ)
    with subprocess.Popen(command, cwd=root, env=environ, stdout=child, stderr=subprocess.DEVNULL):
        os.close(child)
        shown = b''
        while chunk := _read(terminal):
            shown += chunk
    os.close(terminal)
    lines = [line for line in shown.decode().splitlines() if ' | ' in line]
    assert max(map(len, lines)) == expected


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # the other end is closed
        return b''


@pytest.mark.parametrize(('columns', 'width'), (('50', 50), ('9' * 5_000, 80)))
def test_columns_of_the_environment(
    columns: str,
    width: int,
    write: Write,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv('COLUMNS', columns)
    write(CASES['two builds'][0])
    main([CI])
    lines = capsys.readouterr().out.splitlines()
    assert max(len(line) for line in lines if ' | ' in line) == width


@pytest.mark.parametrize(
    ('path', 'room', 'expected'),
    (
        ('r/a/b/c', 7, 'r/a/b/c'),
        ('registry.test/group/project/app:1', 30, 'registry.test/.../app:1'),
        ('registry.test/group/project/app:1', 32, 'registry.test/.../project/app:1'),
        ('registry.test/group/project/app:1', 20, '.../app:1'),
        ('registry.test', 5, 'registry.test'),
    ),
)
def test_paths_are_cut_in_the_middle(path: str, room: int, expected: str) -> None:
    assert shortened(path, room) == expected


def report_on(source: str, *reasons: Reason, times: int = 1, mark: str = 'X') -> str:
    """The report about one build, which reaches from the first to the last of the marks."""
    marked = build(source.index(mark), source.rindex(mark) + len(mark))
    run = Run(times, 'cached', (Execution(marked, times, reasons),), False)
    return text.render(
        Result((), (Finding(CACHED, marked.place, 'MESSAGE', (), run),)), text_is(source)
    )


@pytest.mark.parametrize(
    ('source', 'shown', 'carets'),
    (
        pytest.param('\ta\tX', '    a    X', '         ^', id='tabs'),
        pytest.param('\x1b\tX', '\\x1b    X', '        ^', id='tab after control'),
        pytest.param('\x1b[1mX', '\\x1b[1mX', '       ^', id='control'),
        pytest.param('\u202eX', '\\u202eX', '      ^', id='reordering'),
        pytest.param('a\rX\rb', 'X', '^', id='CR'),
        pytest.param('X\nX', 'X', '^', id='several lines'),
        pytest.param('X ' + 'x' * 71, 'X ' + 'x' * 71, '^', id='fits'),
        pytest.param('X ' + 'x' * 73, 'X ' + 'x' * 69 + '...', '^', id='cut behind'),
        pytest.param('x' * 99 + ' X', '...' + 'x' * 7 + ' X', ' ' * 11 + '^', id='cut before'),
        pytest.param(
            'x' * 200 + 'X' + 'y' * 9 + 'X ' + 'y' * 200,
            '...' + 'x' * 8 + 'X' + 'y' * 9 + 'X ' + 'y' * 48 + '...',
            ' ' * 11 + '^' * 11,
            id='cut on both sides',
        ),
        pytest.param(
            'x' * 2000 + 'X' + ' y' * 2000,
            '...' + 'x' * 8 + 'X' + ' y' * 29 + ' ...',
            ' ' * 11 + '^',
            id='very long',
        ),
        pytest.param(
            'X' + 'y' * 99 + 'X', 'X' + 'y' * 70 + '...', '^' * 58, id='cut under the marks'
        ),
    ),
)
def test_carets_are_aligned(source: str, shown: str, carets: str) -> None:
    lines = report_on(source).split('\n')
    assert lines[1].partition(' | ')[2] == shown
    assert lines[2].startswith(f'    | {carets} ')


def test_a_mark_on_an_empty_line() -> None:
    assert '  1 |\n    | ^ build, cache on\n' in report_on('\n/kaniko', mark='\n')


def test_reasons_are_labels() -> None:
    loop = Reason('loop', Place(CI, 0), 3, words=('a', 'b', 'c'))
    shown = report_on('for x in a b c\nX', loop, times=3)
    assert '  1 | for x in a b c\n    | ^ 3 times: a, b, c\n' in shown
    calls = [Reason('call', Place(CI, number), 1) for number in range(9)]
    assert report_on('123456789 X', *calls, times=9).count('^ called here') == 4
    xargs = Reason('xargs', Place(CI, 0), MANY)
    assert '^ once for each item\n' in report_on('ls | xargs X', xargs, times=MANY)
    retry = Reason('retry', Place(CI, 2), 1)
    assert '^ build, if the first fails, cache on\n' in report_on('a X', retry)


def test_many_containers_are_named_shortly() -> None:
    containers = tuple(
        Container('tekton', f'steps[{number}]', Place(CI, number), None, label=f'step {number}')
        for number in range(9)
    )
    run = Run(2, 'cached', (Execution(build(0, 1), 2),), False)
    finding = Finding(CACHED, Place(CI, 0), 'MESSAGE', containers, run)
    shown = text.render(Result((), (finding,)), text_is('x'))
    assert '  = containers: step 0, step 1, step 2, step 3, step 4, step 5 and 3 more\n' in shown


def test_many_notes_are_counted() -> None:
    finding = Finding(CACHED, Place(CI, 1), 'MESSAGE')
    notes = tuple(Note(Place(CI, 0), f'include {number}') for number in range(7))
    shown = text.render(Result((), (finding,), notes), text_is('x'))
    assert 'note: include 4\nand 2 more notes, see --format json\n' in shown


def test_many_files_are_not_named() -> None:
    places = [Place(f'{number}.yml', 0) for number in range(4)]
    findings = tuple(
        Finding(CACHED, place, 'M', (Container('gitlab-ci', 'a', place, None),), fix='x')
        for place in places
    )
    shown = text.render(Result((), findings), text_is('x'))
    assert shown.endswith(f'\nrewrite: {UVX} fix-kaniko-builds\n')


def test_a_file_that_cannot_be_read_has_no_lines() -> None:
    finding = Finding('unreadable-ci-file', Place('ci\x1b.yml', 9), 'is\rnot UTF-8')
    assert render('text', Result((), (finding,)), text_is('')).startswith(
        'ci\\x1b.yml:1:1: unreadable-ci-file: is\\rnot UTF-8\n\n'
    )


@pytest.mark.parametrize(
    ('text', 'expected'),
    (
        pytest.param('a: {script: [make]}\n', 'nothing here can build with Kaniko', id='prefilter'),
        pytest.param(
            'a: {script: [make]}\nb: {script: [/kaniko/executor]}\n',
            '1 container with Kaniko builds in 2 jobs',
            id='one of two',
        ),
        pytest.param(
            'include: [{project: a/b, file: c.yml}, https://x.test/y.yml]\n'
            'b: {script: [/kaniko/executor]}\n',
            '1 container with Kaniko builds in 1 job; 2 includes cannot be seen here',
            id='includes',
        ),
    ),
)
def test_clean_run_by_hand_says_what_it_saw(
    text: str,
    expected: str,
    write: Write,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write({CI: text})
    assert main([CI]) == 0
    assert capsys.readouterr() == ('', '')
    monkeypatch.delenv('PRE_COMMIT')
    assert main([CI]) == 0
    assert capsys.readouterr() == ('', f'no findings: {expected}\n')


def test_clean_run_of_other_systems(
    write: Write, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv('PRE_COMMIT')
    step = '    steps: [{uses: ./missing}, {run: /kaniko/executor}]\n'
    workflow = f'on: push\njobs:\n  a:\n    runs-on: x\n{step}'
    task = 'apiVersion: tekton.dev/v1\nkind: Task\nspec: {steps: [{image: x, script: kaniko}]}\n'
    write({'.github/workflows/a.yml': workflow, 'task.yaml': task})
    assert main(['.github/workflows/a.yml']) == 0
    assert capsys.readouterr().err == (
        'no findings: 1 container with Kaniko builds in 1 job; 1 part cannot be seen here\n'
    )
    assert main(['.github/workflows/a.yml', 'task.yaml']) == 0
    assert ' in 2 jobs; ' in capsys.readouterr().err


def test_a_destination_without_room_is_left_out() -> None:
    source = 'publish:\n  script:\n' + ('    - /kaniko/executor --cache -d registry/app\n' * 2)
    shown = text.render(result_of(source), text_is(source), width=44)
    assert 'first build, cache on: .../app\n' in shown and 'second build, cache on\n' in shown
    shown = text.render(result_of(source), text_is(source), width=80)
    assert 'second build, cache on: registry/app\n' in shown
