from __future__ import annotations

import pytest

from kaniko_hooks import rule
from kaniko_hooks.model import Container, Place, Problem, Reason
from kaniko_hooks.suppression.findings import apply
from tests.samples import CACHED, CI, IGNORE, JOB, RULES_ON, A, B, build, findings, run_of, text_is


@pytest.mark.parametrize(
    ('line', 'rules'),
    (
        pytest.param(f'{A} {IGNORE}', [], id='behind'),
        pytest.param(f'{IGNORE}\n{A}', [], id='above'),
        pytest.param(f'true {IGNORE}\n{A}', [CACHED, 'unused-suppression'], id='elsewhere'),
        pytest.param(f'echo "{IGNORE}"\n{A}', [CACHED], id='in quotes'),
        pytest.param(f'# kaniko-hooks: ignore me\n{A}', [CACHED, 'bad-suppression'], id='bad'),
        pytest.param(f'# kaniko-hooks: well\n{A}', [CACHED], id='prose'),
    ),
)
@pytest.mark.parametrize('file', ('build.sh', 'build'))
def test_followed_scripts(file: str, line: str, rules: list[str]) -> None:
    script = f'#!/bin/sh\n{line}\n{B}\n'
    builds = [build(file, start, start + len(A), A) for start in (script.index(A), script.index(B))]
    container = Container('gitlab-ci', 'job', Place(CI, 0), None, ())
    found = findings([(container, run_of(builds))], text_is(script))
    left = apply(found, [container], {file: script}, RULES_ON)
    assert [each.rule for each in left] == rules


def test_a_comment_above_the_loop_that_makes_many_of_one_build() -> None:
    script = f'{IGNORE}\nfor x in a b; do\n  {A}\ndone\n'
    start = script.index(A)
    loop = Reason('loop', Place('build.sh', script.index('for')), 2)
    container = Container('gitlab-ci', 'job', Place(CI, 0), None, ())
    run = run_of([build('build.sh', start, start + len(A), A)], 2, (loop,))
    found = findings([(container, run)], text_is(script))
    assert len(found) == 1
    assert apply(found, [container], {'build.sh': script}, RULES_ON) == []


def test_a_file_that_cannot_be_read_can_be_silenced_where_it_is_told() -> None:
    text = f'include: missing.yml # kaniko-hooks: ignore[unreadable-ci-file] generated\n{JOB}'
    found = [
        rule.unreadable(Problem(Place(CI, text.index('missing')), 'missing.yml is missing')),
        rule.unreadable(Problem(Place('other.yml', 9), 'not YAML')),
    ]
    container = Container('gitlab-ci', 'job', Place(CI, 80), None, ())
    left = apply(found, [container], {CI: text}, RULES_ON)
    assert left == found[1:]


@pytest.mark.parametrize(
    'text',
    (
        pytest.param('{} generated\ninclude:\n  - local: missing.yml\n', id='above the key'),
        pytest.param('include: {}\n  - local: missing.yml\n', id='at the key'),
        pytest.param('include:\n  - local: missing.yml {}\n', id='at the item'),
        pytest.param('include:\n  {}\n  - local: missing.yml\n', id='above the item'),
    ),
)
def test_what_cannot_be_read_can_be_silenced_at_its_key(text: str) -> None:
    text = text.replace('{}', '# kaniko-hooks: ignore[unreadable-ci-file]') + JOB
    found = [rule.unreadable(Problem(Place(CI, text.index(word)), 'x')) for word in ('missing', A)]
    container = Container('gitlab-ci', 'job', Place(CI, 80), None, ())
    assert apply(found, [container], {CI: text}, RULES_ON) == found[1:]


@pytest.mark.parametrize(
    ('system', 'file', 'rules'),
    (
        pytest.param('gitlab-ci', CI, ['unused-suppression'], id='pipelines are read whole'),
        pytest.param('github-actions', 'ci.yml', [], id='another workflow may run the script'),
    ),
)
@pytest.mark.parametrize('used', ('build.sh', 'action.yml'))
def test_what_other_files_may_use_is_not_called_unused(
    system: str, file: str, rules: list[str], used: str
) -> None:
    place = Place('action.yml', 0)
    container = Container(system, 'job', Place(file, 0), None, (), places=(place,))
    left = apply([], [container], {used: f'{IGNORE}\nkaniko: x\n'}, RULES_ON)
    assert [each.rule for each in left] == rules
