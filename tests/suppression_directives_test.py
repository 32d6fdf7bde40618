from __future__ import annotations

import pytest

from tests.samples import CACHED, IGNORE, JOB, A, B, told


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
def test_left(text: str, expected: list[tuple[str, int, str]]) -> None:
    assert told(text) == expected
