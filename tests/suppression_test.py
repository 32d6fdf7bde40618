"""Comments that silence, as users write them: files in, rules, lines and jobs out."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

import pytest

from kaniko_hooks.check_kaniko_builds import main
from tests.conftest import Write
from tests.samples import CACHED, CI, IGNORE, JOB, A, B
from tests.work import calls

BAD = 'bad-suppression'
UNUSED = 'unused-suppression'
IMAGE = 'image: gcr.io/kaniko-project/executor:debug\n'
WORKFLOW = f'on: push\njobs:\n  images:\n    container:\n      {IMAGE}    steps:\n'


@pytest.fixture
def left(write: Write, capsys: pytest.CaptureFixture[str]) -> Left:
    """Rule, line and jobs of the findings that are left of a pipeline or of files."""

    def left(files: str | Mapping[str, str], *argv: str) -> list[tuple[str, int, str]]:
        files = {CI: files} if isinstance(files, str) else files
        write(files)
        code = main(['--format', 'json', *argv, *files])
        findings = json.loads(capsys.readouterr().out)['findings']
        assert code == bool(findings)
        return [
            (finding['rule'], finding['line'], ' '.join(finding['containers']))
            for finding in findings
        ]

    return left


Left = Callable[..., list[tuple[str, int, str]]]


@pytest.mark.parametrize(
    'text',
    (
        pytest.param(f'job: {IGNORE}\n  script:\n    - {A}\n    - {B}\n', id='end of the key line'),
        pytest.param(f'{IGNORE}\njob:\n  script:\n    - {A}\n    - {B}\n', id='above the key line'),
        pytest.param(
            f'{IGNORE}\n# and why\njob:\n  script:\n    - {A}\n    - {B}\n',
            id='more comments between',
        ),
        pytest.param(
            f'job:\n  script:\n    {IGNORE}\n    - {A}\n    - {B}\n', id='above the first build'
        ),
        pytest.param(
            f'job:\n  script:\n    - {A}\n    {IGNORE}\n    - {B}\n', id='above the last build'
        ),
        pytest.param(
            f'job:\n  script:\n    - {A}\n    {IGNORE}\n    - >-\n      /kaniko/executor\n'
            '      --cache\n',
            id='above a folded item',
        ),
        pytest.param(f'job:\n  script:\n    - {A}\n    - {B} {IGNORE}\n', id='behind an item'),
        pytest.param(
            f'job:\n  script:\n    - {A}\n    - /kaniko/executor\n      --cache {IGNORE}\n',
            id='behind the last line of an item',
        ),
        pytest.param(
            f'job:\n  script:\n    - {A}\n    - >-  {IGNORE}\n      {B}\n', id='folded header'
        ),
        pytest.param(
            f'job:\n  script:\n    - |  {IGNORE}\n      {A}\n      {B}\n', id='literal header'
        ),
        pytest.param(
            f'job:\n  script: |  {IGNORE}\n    {A}\n    {B}\n', id='header of the whole script'
        ),
        pytest.param(
            f'job:\n  script:\n    - |\n      {A}  {IGNORE}\n      {B}\n', id='behind in a literal'
        ),
        pytest.param(
            f'job:\n  script:\n    - |\n      {A}\n      {IGNORE}\n      {B}\n',
            id='above in a literal',
        ),
        pytest.param(
            f"job:\n  script:\n    - '{A}  {IGNORE}'\n    - {B}\n", id='behind in a quoted scalar'
        ),
        pytest.param(
            f'.tpl: {IGNORE}\n  script:\n    - {A}\n    - {B}\njob: {{extends: .tpl}}\n',
            id='template',
        ),
        pytest.param(
            f'.tpl:\n  script:\n    {IGNORE}\n    - {A}\n    - {B}\n'
            'a: {extends: .tpl}\nb: {extends: .tpl}\n',
            id='build of a template',
        ),
        pytest.param(
            'job:\n  script:\n    # kaniko-hooks: ignore[ cached-builds-share-container , '
            f'uncached-builds-share-container]\n    - {A}\n    - {B}\n',
            id='several rules, one of them off',
        ),
        pytest.param(
            f'# noqa #kaniko-hooks:ignore[{CACHED}]\njob:\n  script:\n    - {A}\n    - {B}\n',
            id='behind another comment, without spaces',
        ),
        pytest.param(
            f'# ünïcode\n{IGNORE}\njob:\n  script:\n    - {A}\n    - {B}\n'.replace('\n', '\r\n'),
            id='CRLF',
        ),
        pytest.param(
            f'job:\n  script:\n    - |\n      {A}\n\n    {IGNORE}\n    - |+\n      {B}\n\n',
            id='between two literals',
        ),
        pytest.param(
            f'job:\n  script:\n    - &a !x |  {IGNORE}\n\n      {A}\n      {B}\n',
            id='literal header with anchor and tag',
        ),
        pytest.param(
            f'job:\n  script:\n    - |\n\n      {IGNORE}\n      {A}\n      {B}\n',
            id='first line of a literal',
        ),
        pytest.param(
            f'job: {{script: [{A},\n  # one\n  {IGNORE}\n  {B}]}}\n', id='in a flow sequence'
        ),
        pytest.param(
            f'---\n"job": {IGNORE}\n  script:\n    - {A}\n    - {B}\n',
            id='quoted key behind a document marker',
        ),
        pytest.param(f'job:\n  script:\n    - {A}\n', id='nothing to silence, no comment'),
    ),
)
def test_silenced(text: str, left: Left) -> None:
    assert left(text) == []


@pytest.mark.parametrize(
    ('text', 'expected'),
    (
        pytest.param(JOB, [(CACHED, 4, 'job')], id='no comment'),
        pytest.param(
            f'{IGNORE}\n\n{JOB}',
            [(CACHED, 6, 'job'), ('unused-suppression', 1, '')],
            id='not directly above',
        ),
        pytest.param(
            f'job:\n  {IGNORE}\n  script:\n    - {A}\n    - {B}\n',
            [(CACHED, 5, 'job'), ('unused-suppression', 2, '')],
            id='above script',
        ),
        pytest.param(
            f'job:\n  script:\n    - |  # x\n      {A}\n\n    - echo {IGNORE}\n    - {B}\n',
            [(CACHED, 7, 'job'), ('unused-suppression', 6, '')],
            id='behind another command',
        ),
        pytest.param(
            f'job:\n  script:\n    - {A}\n    - {B}\n    - |  {IGNORE}\n      true\n',
            [(CACHED, 4, 'job'), ('unused-suppression', 5, '')],
            id='header of another item',
        ),
        pytest.param(
            f'job:\n  script:\n    - {A}\n    - {B}\n    - echo "{IGNORE}"\n',
            [(CACHED, 4, 'job')],
            id='quoted in the shell',
        ),
        pytest.param(
            f"{JOB}  variables:\n    TEXT: 'see {IGNORE}'\n    MORE: |\n      {IGNORE}\n    X: >\n"
            f'      {IGNORE}\n',
            [(CACHED, 4, 'job')],
            id='text that is no command',
        ),
        pytest.param(
            f'{JOB}  x: a#kaniko-hooks:ignore[x]\n',
            [(CACHED, 4, 'job')],
            id='inside a plain scalar',
        ),
        pytest.param(
            f'# kaniko-hooks: the jobs below were split\n{JOB}', [(CACHED, 5, 'job')], id='prose'
        ),
        pytest.param(
            f'{JOB}other:\n  extends: job  {IGNORE}\n',
            [(CACHED, 4, 'job other'), ('unused-suppression', 6, '')],
            id='not a key line',
        ),
        pytest.param(
            f'{IGNORE}\n{JOB}other:\n  extends: job\n',
            [(CACHED, 5, 'other')],
            id='a job is not a template',
        ),
        pytest.param(
            f'{JOB}other: {IGNORE}\n  extends: job\n', [(CACHED, 4, 'job')], id='one of two jobs'
        ),
        pytest.param(f'{IGNORE}\n{JOB}other: {IGNORE}\n  extends: job\n', [], id='both jobs'),
        pytest.param(
            f'# kaniko-hooks: ignore[no-such-rule]\n{JOB}',
            [(CACHED, 5, 'job'), ('bad-suppression', 1, '')],
            id='unknown rule',
        ),
        pytest.param(
            f'# kaniko-hooks: ignore[{CACHED}, no-such-rule]\n{JOB}',
            [('bad-suppression', 1, '')],
            id='one of two rules unknown',
        ),
        pytest.param(
            f'# kaniko-hooks: ignore\n{JOB}',
            [(CACHED, 5, 'job'), ('bad-suppression', 1, '')],
            id='no brackets',
        ),
        pytest.param(
            f'# kaniko-hooks: ignore[]\n{JOB}',
            [(CACHED, 5, 'job'), ('bad-suppression', 1, '')],
            id='empty brackets',
        ),
        pytest.param(
            f'# kaniko-hooks: ignore[{CACHED}\n{JOB}',
            [(CACHED, 5, 'job'), ('bad-suppression', 1, '')],
            id='bracket not closed',
        ),
        pytest.param(
            f'# kaniko-hooks: {CACHED}\n{JOB}',
            [(CACHED, 5, 'job'), ('bad-suppression', 1, '')],
            id='rule only',
        ),
        pytest.param(
            f'job:\n  script:\n    - {A}\n    - |\n      # kaniko-hooks: ignore me\n      {B}\n',
            [(CACHED, 6, 'job'), ('bad-suppression', 5, '')],
            id='no brackets in a script',
        ),
        pytest.param(
            f'job:\n  script:\n    - {A}\n    - |\n      # kaniko-hooks: is fine\n      {B}\n',
            [(CACHED, 6, 'job')],
            id='prose in a script',
        ),
        pytest.param(
            f'job:\n  script:\n    - {A}\n    - >-\n      /kaniko/executor --cache\n'
            f'      {IGNORE}\n      -d r/b\n',
            [(CACHED, 5, 'job'), ('bad-suppression', 6, '')],
            id='folded',
        ),
        pytest.param(
            f'job:\n  script:\n    - {A}\n    - >-\n      {B} {IGNORE}\n',
            [(CACHED, 5, 'job'), ('bad-suppression', 5, '')],
            id='end of folded',
        ),
        pytest.param(
            f'job:\n  script:\n    - {A}\n    - "{B}\n      {IGNORE}\n      -d r/b"\n',
            [(CACHED, 4, 'job'), ('bad-suppression', 5, '')],
            id='lines joined in quotes',
        ),
        pytest.param(
            f'job:\n  script:\n    - |\n      {"$(" * 99}\n      {B} {IGNORE}\n',
            [('unreadable-ci-file', 1, '')],
            id='in a script that is too deep',
        ),
        pytest.param(
            f'{IGNORE}\njob:\n  script:\n    - {A}\n',
            [('unused-suppression', 1, '')],
            id='one build',
        ),
        pytest.param(
            f'# kaniko-hooks: ignore[uncached-builds-share-container]\n{JOB}',
            [(CACHED, 5, 'job')],
            id='a rule that is off is never unused',
        ),
    ),
)
def test_left(text: str, expected: list[tuple[str, int, str]], left: Left) -> None:
    assert sorted(left(text)) == sorted(expected)


@pytest.mark.parametrize(
    ('files', 'expected'),
    (
        pytest.param(
            {CI: f'.x: &x {B}\na:\n  script:\n    - {A}\n    {IGNORE}\n    - *x\n'},
            [(CACHED, 2, 'a'), (UNUSED, 6, '')],
            id='an alias is not the build',
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
            [(UNUSED, 6, ''), (CACHED, 1, 'a')],
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
            {CI: 'a:\n  script: [sh build.sh]\n', 'build.sh': f'{A} {IGNORE}\n{B}\n'},
            [],
            id='in a script',
        ),
        pytest.param(
            {CI: 'a:\n  script: [./build]\n', 'build': f'#!/bin/sh\n{IGNORE}\n{A}\n{B}\n'},
            [],
            id='above in a script without suffix',
        ),
        pytest.param(
            {CI: 'a:\n  script: [sh build.sh]\n', 'build.sh': f'true {IGNORE}\n{A}\n{B}\n'},
            [(UNUSED, 1, ''), (CACHED, 3, 'a')],
            id='elsewhere in a script',
        ),
        pytest.param(
            {CI: 'a:\n  script: [sh build.sh]\n', 'build.sh': f'echo "{IGNORE}"\n{A}\n{B}\n'},
            [(CACHED, 3, 'a')],
            id='quoted in a script',
        ),
        pytest.param(
            {
                CI: 'a:\n  script: [sh build.sh]\n',
                'build.sh': f'# kaniko-hooks: ignore me\n{A}\n# kaniko-hooks: well\n{B}\n',
            },
            [(BAD, 1, ''), (CACHED, 4, 'a')],
            id='bad in a script',
        ),
        pytest.param(
            {CI: 'a:\n  script: [sh x.sh]\n', 'x.sh': f'{IGNORE}\nfor x in a b; do\n  {A}\ndone\n'},
            [],
            id='above the loop of a build',
        ),
        pytest.param(
            {CI: f'include: x.yml\n{JOB}', 'x.yml': f'{IGNORE}\njob:\n  stage: test\n'},
            [],
            id='a job of two files',
        ),
        pytest.param(
            {CI: f'include: x.yml\n{JOB}', 'x.yml': f'{IGNORE}\nother: {{script: [kaniko]}}\n'},
            [(CACHED, 6, 'job'), (UNUSED, 1, '')],
            id='another job in another file',
        ),
        pytest.param(
            {CI: f'include: [{{project: a/b, file: c.yml}}]\n{IGNORE}\njob: {{script: [{A}]}}\n'},
            [],
            id='not unused where not all can be seen',
        ),
        pytest.param(
            {
                '.github/workflows/a.yml': f'{WORKFLOW}      - run: ./b.sh\n',
                'b.sh': f'{A} {IGNORE}\n',
            },
            [],
            id='not unused where another workflow may run the script',
        ),
        pytest.param(
            {'.github/workflows/a.yml': f'{WORKFLOW}      - run: {A} {IGNORE}\n'},
            [(UNUSED, 7, '')],
            id='unused in a workflow',
        ),
    ),
)
def test_places(files: Mapping[str, str], expected: list[tuple[str, int, str]], left: Left) -> None:
    assert (
        left({name: IMAGE + text if name == CI else text for name, text in files.items()})
        == expected
    )


@pytest.mark.parametrize(
    ('text', 'lines'),
    (
        pytest.param('@ generated\ninclude:\n  - local: x.yml\n', [], id='above the key'),
        pytest.param('include: @\n  - local: x.yml\n', [], id='at the key'),
        pytest.param('include:\n  - local: x.yml @\n', [], id='at the item'),
        pytest.param('include:\n  @\n  - local: x.yml\n', [], id='above the item'),
        pytest.param('include:\n  - local: x.yml\n@\nother: {}\n', [2], id='elsewhere'),
    ),
)
def test_unreadable_files_are_silenced_where_they_are_reported(
    text: str, lines: list[int], left: Left
) -> None:
    text = text.replace('@', '# kaniko-hooks: ignore[unreadable-ci-file]')
    assert [line for _, line, _ in left(f'{text}job: {{script: [{A}]}}\n')] == lines


@pytest.mark.parametrize(
    ('directive', 'message'),
    (
        pytest.param('ignore[~]', "there is no rule '~'; the rules are cached-", id='no rule'),
        pytest.param('ignore x', 'write ignore[RULE] with the name of a rule', id='no brackets'),
        pytest.param(f'ignore[{CACHED}]', f'it silences no {CACHED} finding: delete', id='unused'),
    ),
)
def test_messages(
    directive: str, message: str, write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    write({CI: f'# kaniko-hooks: {directive}\njob: {{script: [{A}]}}\n'})
    assert main(['--format', 'json', CI]) == 1
    [finding] = json.loads(capsys.readouterr().out)['findings']
    assert finding['message'].startswith(message)


def test_a_file_that_is_no_yaml_has_no_directives(left: Left) -> None:
    assert left(f'{IGNORE}\njob: {{script: [{A}, {B}]\n') == [('unreadable-ci-file', 2, '')]


@pytest.mark.parametrize(
    'text',
    (
        pytest.param(f'{IGNORE}\n- a list\n', id='no mapping'),
        pytest.param(f'{IGNORE}\n', id='no document'),
        pytest.param(f'{IGNORE}\n? [a]\n: b\n&x y: *x\n', id='odd keys'),
    ),
)
def test_files_that_are_no_pipeline(text: str, left: Left) -> None:
    assert [rule for rule, _, _ in left({CI: text, 'a.yml': text})] in ([], ['unreadable-ci-file'])


def test_a_finding_is_worded_for_the_jobs_that_are_left(
    write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    write({CI: f'.t:\n  script: [{A}, {B}]\na: {{extends: .t}} {IGNORE}\nb: {{extends: .t}}\n'})
    assert main([CI]) == 1
    assert ': job `b` runs 2 Kaniko builds in one container, ' in capsys.readouterr().out


@pytest.mark.parametrize(
    'text',
    (
        pytest.param(lambda number: f'{IGNORE}\n' * number + JOB, id='many comments above a job'),
        pytest.param(
            lambda number: '\n'.join(
                f'job {index}:\n  script:\n    - {A}{index}\n    {IGNORE}\n    - {B}{index}'
                for index in range(number)
            ),
            id='a comment in each of many jobs',
        ),
    ),
)
def test_work_is_proportional_to_the_number_of_comments(
    text: Callable[[int], str], left: Left
) -> None:
    left(text(10))  # imports are no work
    work = [calls(lambda: left(text(number))) for number in (50, 200)]
    assert work[1] < 4 * work[0] * 1.2
