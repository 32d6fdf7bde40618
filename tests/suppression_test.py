from __future__ import annotations

from time import process_time

import pytest

from kaniko_hooks import rule
from kaniko_hooks.model import Container
from kaniko_hooks.model import Finding
from kaniko_hooks.model import Place
from kaniko_hooks.model import Problem
from kaniko_hooks.model import Reason
from kaniko_hooks.model import ScriptPart
from kaniko_hooks.suppression import apply
from tests.samples import CI
from tests.samples import build
from tests.samples import findings
from tests.samples import pipeline
from tests.samples import run_of
from tests.samples import text_is

CACHED = 'cached-builds-share-container'
ON = frozenset((CACHED, 'unreadable-ci-file'))
IGNORE = f'# kaniko-hooks: ignore[{CACHED}] one base image'
A = '/kaniko/executor --cache -d r/a'
B = '/kaniko/executor --cache -d r/b'


def told(text: str, visible: bool = True) -> list[tuple[str, int, str]]:
    """Rule, line and containers of what is left of a pipeline's findings."""
    judged = pipeline(text, visible=visible)
    left = apply(
        findings(judged, text_is(text)), [container for container, _ in judged], {CI: text}, ON,
    )
    return [
        (
            each.rule, text.count('\n', 0, each.place.offset) + 1,
            ' '.join(container.name for container in each.containers),
        )
        for each in left
    ]


@pytest.mark.parametrize('text', (
    pytest.param(f'job: {IGNORE}\n  script:\n    - {A}\n    - {B}\n', id='end of the key line'),
    pytest.param(f'{IGNORE}\njob:\n  script:\n    - {A}\n    - {B}\n', id='above the key line'),
    pytest.param(
        f'{IGNORE}\n# and why\n\tjob:\n'.replace('\t', '') + f'  script:\n    - {A}\n    - {B}\n',
        id='more comments between',
    ),
    pytest.param(
        f'job:\n  script:\n    {IGNORE}\n    - {A}\n    - {B}\n', id='above the first build',
    ),
    pytest.param(
        f'job:\n  script:\n    - {A}\n    {IGNORE}\n    - {B}\n', id='above the last build',
    ),
    pytest.param(
        f'job:\n  script:\n    - {A}\n    {IGNORE}\n    - >-\n      /kaniko/executor\n'
        '      --cache\n', id='above a folded item',
    ),
    pytest.param(f'job:\n  script:\n    - {A}\n    - {B} {IGNORE}\n', id='behind an item'),
    pytest.param(
        f'job:\n  script:\n    - {A}\n    - /kaniko/executor\n      --cache {IGNORE}\n',
        id='behind the last line of an item',
    ),
    pytest.param(
        f'job:\n  script:\n    - {A}\n    - >-  {IGNORE}\n      {B}\n', id='folded header',
    ),
    pytest.param(
        f'job:\n  script:\n    - |  {IGNORE}\n      {A}\n      {B}\n', id='literal header',
    ),
    pytest.param(
        f'job:\n  script: |  {IGNORE}\n    {A}\n    {B}\n', id='header of the whole script',
    ),
    pytest.param(
        f'job:\n  script:\n    - |\n      {A}  {IGNORE}\n      {B}\n', id='behind in a literal',
    ),
    pytest.param(
        f'job:\n  script:\n    - |\n      {A}\n      {IGNORE}\n      {B}\n',
        id='above in a literal',
    ),
    pytest.param(
        f'job:\n  script:\n    - |\n      {A}\n      /kaniko/executor \\\n'
        f'        --cache  {IGNORE}\n'.replace('\\\n', '--x ').replace('        --', '--'),
        id='behind a long command',
    ),
    pytest.param(
        f"job:\n  script:\n    - '{A}  {IGNORE}'\n    - {B}\n", id='behind in a quoted scalar',
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
        f'job:\n  script:\n    # kaniko-hooks: ignore[ {CACHED} , uncached-builds-share-container]'
        f'\n    - {A}\n    - {B}\n', id='several rules, one of them off',
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
        f'job: {{script: [{A},\n  # one\n  {IGNORE}\n  {B}]}}\n', id='in a flow sequence',
    ),
    pytest.param(
        f'---\n"job": {IGNORE}\n  script:\n    - {A}\n    - {B}\n',
        id='quoted key behind a document marker',
    ),
    pytest.param(f'job:\n  script:\n    - {A}\n', id='nothing to silence, no comment'),
))
def test_silenced(text: str) -> None:
    assert told(text) == []


JOB = f'job:\n  script:\n    - {A}\n    - {B}\n'


@pytest.mark.parametrize(('text', 'expected'), (
    pytest.param(JOB, [(CACHED, 4, 'job')], id='no comment'),
    pytest.param(
        f'{IGNORE}\n\n{JOB}', [(CACHED, 6, 'job'), ('unused-suppression', 1, '')],
        id='not directly above',
    ),
    pytest.param(
        f'job:\n  {IGNORE}\n  script:\n    - {A}\n    - {B}\n',
        [(CACHED, 5, 'job'), ('unused-suppression', 2, '')], id='above script',
    ),
    pytest.param(
        f'job:\n  script:\n    - |  # x\n      {A}\n\n    - echo {IGNORE}\n    - {B}\n',
        [(CACHED, 7, 'job'), ('unused-suppression', 6, '')], id='behind another command',
    ),
    pytest.param(
        f'job:\n  script:\n    - {A}\n    - {B}\n    - |  {IGNORE}\n      true\n',
        [(CACHED, 4, 'job'), ('unused-suppression', 5, '')], id='header of another item',
    ),
    pytest.param(
        f'job:\n  script:\n    - {A}\n    - {B}\n    - echo "{IGNORE}"\n',
        [(CACHED, 4, 'job')], id='quoted in the shell',
    ),
    pytest.param(
        f"{JOB}  variables:\n    TEXT: 'see {IGNORE}'\n    MORE: |\n      {IGNORE}\n    X: >\n"
        f'      {IGNORE}\n', [(CACHED, 4, 'job')], id='text that is no command',
    ),
    pytest.param(
        f'{JOB}  x: a#kaniko-hooks:ignore[x]\n', [(CACHED, 4, 'job')], id='inside a plain scalar',
    ),
    pytest.param(
        f'# kaniko-hooks: the jobs below were split\n{JOB}', [(CACHED, 5, 'job')], id='prose',
    ),
    pytest.param(
        f'{JOB}other:\n  extends: job  {IGNORE}\n',
        [(CACHED, 4, 'job other'), ('unused-suppression', 6, '')], id='not a key line',
    ),
    pytest.param(
        f'{IGNORE}\n{JOB}other:\n  extends: job\n', [(CACHED, 5, 'other')],
        id='a job is not a template',
    ),
    pytest.param(
        f'{JOB}other: {IGNORE}\n  extends: job\n', [(CACHED, 4, 'job')], id='one of two jobs',
    ),
    pytest.param(
        f'{IGNORE}\n{JOB}other: {IGNORE}\n  extends: job\n', [], id='both jobs',
    ),
    pytest.param(
        f'# kaniko-hooks: ignore[no-such-rule]\n{JOB}',
        [(CACHED, 5, 'job'), ('bad-suppression', 1, '')], id='unknown rule',
    ),
    pytest.param(
        f'# kaniko-hooks: ignore[{CACHED}, no-such-rule]\n{JOB}',
        [('bad-suppression', 1, '')], id='one of two rules unknown',
    ),
    pytest.param(
        f'# kaniko-hooks: ignore\n{JOB}',
        [(CACHED, 5, 'job'), ('bad-suppression', 1, '')], id='no brackets',
    ),
    pytest.param(
        f'# kaniko-hooks: ignore[]\n{JOB}',
        [(CACHED, 5, 'job'), ('bad-suppression', 1, '')], id='empty brackets',
    ),
    pytest.param(
        f'# kaniko-hooks: ignore[{CACHED}\n{JOB}',
        [(CACHED, 5, 'job'), ('bad-suppression', 1, '')], id='bracket not closed',
    ),
    pytest.param(
        f'# kaniko-hooks: {CACHED}\n{JOB}',
        [(CACHED, 5, 'job'), ('bad-suppression', 1, '')], id='rule only',
    ),
    pytest.param(
        f'job:\n  script:\n    - {A}\n    - |\n      # kaniko-hooks: ignore me\n      {B}\n',
        [(CACHED, 6, 'job'), ('bad-suppression', 5, '')], id='no brackets in a script',
    ),
    pytest.param(
        f'job:\n  script:\n    - {A}\n    - |\n      # kaniko-hooks: is fine\n      {B}\n',
        [(CACHED, 6, 'job')], id='prose in a script',
    ),
    pytest.param(
        f'job:\n  script:\n    - {A}\n    - >-\n      /kaniko/executor --cache\n'
        f'      {IGNORE}\n      -d r/b\n',
        [(CACHED, 5, 'job'), ('bad-suppression', 6, '')], id='folded',
    ),
    pytest.param(
        f'job:\n  script:\n    - {A}\n    - >-\n      {B} {IGNORE}\n',
        [(CACHED, 5, 'job'), ('bad-suppression', 5, '')], id='end of folded',
    ),
    pytest.param(
        f'job:\n  script:\n    - {A}\n    - "{B}\n      {IGNORE}\n      -d r/b"\n',
        [(CACHED, 4, 'job'), ('bad-suppression', 5, '')], id='lines joined in quotes',
    ),
    pytest.param(
        f'{IGNORE}\njob:\n  script:\n    - {A}\n', [('unused-suppression', 1, '')],
        id='one build',
    ),
    pytest.param(
        f'# kaniko-hooks: ignore[uncached-builds-share-container]\n{JOB}', [(CACHED, 5, 'job')],
        id='a rule that is off is never unused',
    ),
))
def test_left(text: str, expected: list[tuple[str, int, str]]) -> None:
    assert told(text) == expected


def test_a_comment_is_not_unused_where_not_everything_can_be_seen() -> None:
    assert told(f'{IGNORE}\njob:\n  script:\n    - {A}\n', visible=False) == []


@pytest.mark.parametrize(('text', 'message'), (
    pytest.param(
        f'# kaniko-hooks: ignore[x]\n{JOB}', "there is no rule 'x'", id='unknown rule',
    ),
    pytest.param(
        f'# kaniko-hooks: ignore x\n{JOB}',
        'write ignore[RULE] with the name of a rule in brackets, then the reason', id='brackets',
    ),
    pytest.param(
        f'job:\n  script: >\n    {A} {IGNORE}\n',
        'in a folded scalar this makes the rest of the command a comment: '
        'put it above the list item', id='folded',
    ),
    pytest.param(
        f'{IGNORE}\njob: {{script: {A}}}\n', f'there is no {CACHED} here to silence: delete it',
        id='unused',
    ),
))
def test_messages(text: str, message: str) -> None:
    judged = pipeline(text)
    left = apply([], [container for container, _ in judged], {CI: text}, ON)
    assert [each.message for each in left] == [message]
    assert left[0].places == {left[0].place}


def test_a_finding_that_lost_containers_is_worded_again() -> None:
    text = f'.t:\n  script: [{A}, {B}]\na: {{extends: .t}}\nb: {{extends: .t}} {IGNORE}\n'
    judged = pipeline(text)

    def reworded(finding: Finding) -> Finding:
        return finding._replace(message=f'only {finding.containers[0].name}')

    [left] = apply(
        findings(judged, text_is(text)), [container for container, _ in judged], {CI: text}, ON,
        reworded,
    )
    assert left.message == 'only a'


@pytest.mark.parametrize(('line', 'rules'), (
    pytest.param(f'{A} {IGNORE}', [], id='behind'),
    pytest.param(f'{IGNORE}\n{A}', [], id='above'),
    pytest.param(f'true {IGNORE}\n{A}', [CACHED, 'unused-suppression'], id='elsewhere'),
    pytest.param(f'echo "{IGNORE}"\n{A}', [CACHED], id='in quotes'),
    pytest.param(f'# kaniko-hooks: ignore me\n{A}', [CACHED, 'bad-suppression'], id='bad'),
    pytest.param(f'# kaniko-hooks: well\n{A}', [CACHED], id='prose'),
))
@pytest.mark.parametrize('file', ('build.sh', 'build'))
def test_followed_scripts(file: str, line: str, rules: list[str]) -> None:
    script = f'#!/bin/sh\n{line}\n{B}\n'
    builds = [
        build(file, start, start + len(A), A)
        for start in (script.index(A), script.index(B))
    ]
    container = Container('gitlab-ci', 'job', Place(CI, 0), None, ())
    found = findings([(container, run_of(builds))], text_is(script))
    left = apply(found, [container], {file: script}, ON)
    assert [each.rule for each in left] == rules


def test_a_comment_above_the_loop_that_makes_many_of_one_build() -> None:
    script = f'{IGNORE}\nfor x in a b; do\n  {A}\ndone\n'
    start = script.index(A)
    loop = Reason('loop', Place('build.sh', script.index('for')), 2)
    container = Container('gitlab-ci', 'job', Place(CI, 0), None, ())
    run = run_of([build('build.sh', start, start + len(A), A)], 2, (loop,))
    found = findings([(container, run)], text_is(script))
    assert len(found) == 1
    assert apply(found, [container], {'build.sh': script}, ON) == []


def test_a_file_that_cannot_be_read_can_be_silenced_where_it_is_told() -> None:
    text = f'include: missing.yml # kaniko-hooks: ignore[unreadable-ci-file] generated\n{JOB}'
    found = [
        rule.unreadable(Problem(Place(CI, text.index('missing')), 'missing.yml is missing')),
        rule.unreadable(Problem(Place('other.yml', 9), 'not YAML')),
    ]
    left = apply(found, [Container('gitlab-ci', 'job', Place(CI, 80), None, ())], {CI: text}, ON)
    assert left == found[1:]


@pytest.mark.parametrize('text', (
    pytest.param(f'{IGNORE}\n{{ ] not YAML', id='not YAML'),
    pytest.param(f'{IGNORE}\n- a list\n', id='no mapping'),
    pytest.param(f'{IGNORE}\n', id='no document'),
    pytest.param(f'{IGNORE}\n? [a]\n: b\n&x y: *x\n', id='odd keys'),
    pytest.param('', id='empty'),
))
def test_files_that_no_container_is_from(text: str) -> None:
    assert apply([], [], {CI: text, 'run.sh': IGNORE}, ON) == []


def test_argv_of_another_file_is_not_looked_at() -> None:
    text = f'{IGNORE}\nname: x\n'
    part = ScriptPart(tuple(pipeline(JOB, 'other.yml')[0][0].parts[0].commands), {})
    container = Container('tekton', 'steps[0]', Place(CI, text.index('name')), None, (part,))
    assert [each.rule for each in apply([], [container], {CI: text}, ON)] == ['unused-suppression']


@pytest.mark.parametrize('text', (
    pytest.param(f'{IGNORE}\n' * 20_000 + JOB, id='many comments above a job'),
    pytest.param(
        '\n'.join(
            f'job {number}:\n  script:\n    - {A}{number}\n    {IGNORE}\n    - {B}{number}'
            for number in range(1_000)
        ), id='a comment in each of many jobs',
    ),
))
def test_many_comments_take_no_time(text: str) -> None:
    start = process_time()
    assert told(text) == []
    assert process_time() - start < 20


@pytest.mark.parametrize(('name', 'rules'), (
    pytest.param('job', [], id='the same job'),
    pytest.param('other', [CACHED, 'unused-suppression'], id='another job'),
))
def test_a_job_that_is_defined_in_two_files(name: str, rules: list[str]) -> None:
    text = f'{IGNORE}\n{name}:\n  stage: build\n'
    [(container, run)] = pipeline(JOB)
    both = (container.place, Place('common.yml', text.index(name)))
    container = container._replace(places=both)
    found = findings([(container, run)], text_is(JOB))
    left = apply(found, [container], {'common.yml': text}, ON)
    assert [each.rule for each in left] == rules
