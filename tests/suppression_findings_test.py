from __future__ import annotations

from collections.abc import Callable

import pytest

from kaniko_hooks.model import Container, Finding, Place, ScriptPart
from kaniko_hooks.suppression.findings import apply
from tests.samples import CACHED, CI, IGNORE, JOB, RULES_ON, A, B, findings, pipeline, text_is, told
from tests.work import calls


@pytest.mark.parametrize(
    'text',
    (
        pytest.param(f'job: {IGNORE}\n  script:\n    - {A}\n    - {B}\n', id='end of the key line'),
        pytest.param(f'{IGNORE}\njob:\n  script:\n    - {A}\n    - {B}\n', id='above the key line'),
        pytest.param(
            f'{IGNORE}\n# and why\n\tjob:\n'.replace('\t', '')
            + f'  script:\n    - {A}\n    - {B}\n',
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
            f'job:\n  script:\n    - |\n      {A}\n      /kaniko/executor \\\n'
            f'        --cache  {IGNORE}\n'.replace('\\\n', '--x ').replace('        --', '--'),
            id='behind a long command',
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
            f'job:\n  script:\n    # kaniko-hooks: ignore[ {CACHED} , uncached-builds-share-container]'
            f'\n    - {A}\n    - {B}\n',
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
def test_silenced(text: str) -> None:
    assert told(text) == []


def test_a_comment_is_not_unused_where_not_everything_can_be_seen() -> None:
    assert told(f'{IGNORE}\njob:\n  script:\n    - {A}\n', visible=False) == []


@pytest.mark.parametrize(
    ('text', 'message'),
    (
        pytest.param(
            f'# kaniko-hooks: ignore[x]\n{JOB}', "there is no rule 'x'", id='unknown rule'
        ),
        pytest.param(
            f'# kaniko-hooks: ignore x\n{JOB}',
            'write ignore[RULE] with the name of a rule in brackets, then the reason',
            id='brackets',
        ),
        pytest.param(
            f'job:\n  script: >\n    {A} {IGNORE}\n',
            'in a folded scalar this makes the rest of the command a comment: '
            'put it above the list item',
            id='folded',
        ),
        pytest.param(
            f'{IGNORE}\njob: {{script: {A}}}\n',
            f'there is no {CACHED} finding here to silence: delete the comment',
            id='unused',
        ),
    ),
)
def test_messages(text: str, message: str) -> None:
    judged = pipeline(text)
    left = apply([], [container for container, _ in judged], {CI: text}, RULES_ON)
    assert [each.message for each in left] == [message]
    assert left[0].places == {left[0].place}


def test_a_finding_that_lost_containers_is_worded_again() -> None:
    text = f'.t:\n  script: [{A}, {B}]\na: {{extends: .t}}\nb: {{extends: .t}} {IGNORE}\n'
    judged = pipeline(text)

    def reworded(finding: Finding) -> Finding:
        return finding._replace(message=f'only {finding.containers[0].name}')

    [left] = apply(
        findings(judged, text_is(text)),
        [container for container, _ in judged],
        {CI: text},
        RULES_ON,
        reworded,
    )
    assert left.message == 'only a'


@pytest.mark.parametrize(
    'text',
    (
        pytest.param(f'{IGNORE}\n{{ ] not YAML', id='not YAML'),
        pytest.param(f'{IGNORE}\n- a list\n', id='no mapping'),
        pytest.param(f'{IGNORE}\n', id='no document'),
        pytest.param(f'{IGNORE}\n? [a]\n: b\n&x y: *x\n', id='odd keys'),
        pytest.param('', id='empty'),
    ),
)
def test_files_that_no_container_is_from(text: str) -> None:
    assert apply([], [], {CI: text, 'run.sh': IGNORE}, RULES_ON) == []


def test_argv_of_another_file_is_not_looked_at() -> None:
    text = f'{IGNORE}\nname: x\n'
    part = ScriptPart(tuple(pipeline(JOB, 'other.yml')[0][0].parts[0].commands), {})
    container = Container('tekton', 'steps[0]', Place(CI, text.index('name')), None, (part,))
    left = apply([], [container], {CI: text}, RULES_ON)
    assert [each.rule for each in left] == ['unused-suppression']


@pytest.mark.parametrize(
    'text',
    (
        pytest.param(lambda number: f'{IGNORE}\n' * number + JOB, id='many comments above a job'),
        pytest.param(
            lambda number: '\n'.join(
                f'job {each}:\n  script:\n    - {A}{each}\n    {IGNORE}\n    - {B}{each}'
                for each in range(number)
            ),
            id='a comment in each of many jobs',
        ),
    ),
)
def test_work_is_proportional_to_the_number_of_comments(text: Callable[[int], str]) -> None:
    work = []
    for number in (200, 800):
        judged = pipeline(text(number))
        containers = [container for container, _ in judged]
        found = findings(judged, text_is(text(number)))
        left: list[Finding] = []
        work.append(
            calls(lambda: left.extend(apply(found, containers, {CI: text(number)}, RULES_ON)))
        )
        assert left == []
    assert work[1] < 4 * work[0] * 1.2


@pytest.mark.parametrize(
    ('name', 'rules'),
    (
        pytest.param('job', [], id='the same job'),
        pytest.param('other', [CACHED, 'unused-suppression'], id='another job'),
    ),
)
def test_a_job_that_is_defined_in_two_files(name: str, rules: list[str]) -> None:
    text = f'{IGNORE}\n{name}:\n  stage: build\n'
    [(container, run)] = pipeline(JOB)
    both = (container.place, Place('common.yml', text.index(name)))
    container = container._replace(places=both)
    found = findings([(container, run)], text_is(JOB))
    left = apply(found, [container], {'common.yml': text}, RULES_ON)
    assert [each.rule for each in left] == rules
