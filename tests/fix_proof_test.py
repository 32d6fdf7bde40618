"""The proof refuses every edit that is not what it claims to be."""

from __future__ import annotations

from pathlib import Path

import pytest

from kaniko_hooks.analysis import analyse
from kaniko_hooks.fix.claim import Claim
from kaniko_hooks.fix.draft import Draft
from kaniko_hooks.fix.proof import prove
from kaniko_hooks.fix.refusal import Refusal
from kaniko_hooks.fix.script.trial import Setting, reader
from kaniko_hooks.fix.state import Asked, state_of
from kaniko_hooks.fix.subject import subject
from kaniko_hooks.options import Options
from kaniko_hooks.repository import Repository

ROOT = '.gitlab-ci.yml'
A = '/kaniko/executor --cache --destination $R/a'
B = '/kaniko/executor --cache --destination $R/b'
REST = '\nlast:\n  needs: [build]\n  rules:\n    - needs: [{job: build}]\n  script: [ls]\n'
OLD = f'build:\n  stage: build\n  script:\n    - cd x\n    - {A}\n    - {B}\n{REST}'
NEW = f""".build:
  stage: build

build-a:
  extends: .build
  script:
    - cd x
    - {A}

build-b:
  extends: .build
  script:
    - cd x
    - {B}

last:
  needs: [build-a, build-b]
  rules:
    - needs: [{{job: build-a}}, {{job: build-b}}]
  script: [ls]
"""
CHANGED = 'c:\n  script: [ls, -l]\n'
CHILD = 'child:\n  trigger: {include: c.yml}\n'


def proven(root: Path, old: str, new: str, claim: Claim | None = None) -> None:
    (root / ROOT).write_text(old)
    repository = Repository(str(root))
    found = analyse(repository, [ROOT], Options()).result.findings
    asked = Asked(repository, (ROOT,), Options())
    before = state_of(asked, {})
    job = subject(before.files, before.found, found[0].containers[0])
    setting = Setting(None, job.container.parts[0].variables, reader(repository))
    claim = claim or Claim({'build-a': ['cd x', A], 'build-b': ['cd x', B]}, '.build', {})
    drafted = Draft(job, setting, {}, ('build-a', 'build-b'), claim, '')
    prove(before, state_of(asked, {ROOT: new, 'c.yml': CHANGED}), [drafted])


def test_the_right_edit_passes(tmp_path: Path) -> None:
    proven(tmp_path, OLD, NEW)


@pytest.mark.parametrize(
    ('old', 'new', 'reason'),
    (
        ('stage: build', 'stage: [', 'would not be read as before'),
        ('build-b:', '.build-b:', 'build-b would change with it'),
        (f'    - cd x\n    - {B}', '    []', 'build-b would not be read as a job'),
        (f'    - {B}\n', f'    - {B}\n    - {A}\n', 'build-b would run 2 builds'),
        (f'    - {B}\n', '', 'build-b would run 0 builds'),
        (f'    - {B}', f'    - {B} --no-push', 'would not run the same commands'),
        (f'    - cd x\n    - {B}', f'    - cd ./x\n    - {B}', 'would not run the same commands'),
        (f'    - {B}', f'    - {B}\n    - ls', 'would not run the same commands'),
        ('build-b:\n', 'build-b:\n  stage: test\n', 'in more than the script'),
        ('  needs: [build-a, build-b]', '  needs: [build-a]', 'last would change with it'),
        ('{job: build-a}, ', '', 'last would change with it'),
        ('last:', 'x: {script: [ls]}\n\nlast:', 'x would change with it'),
        ('script: [ls]', 'script: [pwd]', 'last would change with it'),
        ('build-b:\n  extends: .build\n', 'build-b:\n  <<: &x {stage: build}\n', None),
        ('build-b:\n', '"build-b": &anchor\n', None),
        (f'  script:\n    - cd x\n    - {B}', f'  script: &s\n    - cd x\n    - {B}', 'anchor &s'),
    ),
)
def test_a_wrong_edit_is_refused(old: str, new: str, reason: str | None, tmp_path: Path) -> None:
    assert old in NEW
    if reason is None:
        proven(tmp_path, OLD, NEW.replace(old, new))
        return
    with pytest.raises(Refusal, match=reason):
        proven(tmp_path, OLD, NEW.replace(old, new))


def test_the_builds_must_be_the_same(tmp_path: Path) -> None:
    claim = Claim({'build-a': ['cd x', A], 'build-b': ['cd x', f'{B}c']}, '.build', {})
    with pytest.raises(Refusal, match='the builds would not have the same'):
        proven(tmp_path, OLD, NEW.replace(B, f'{B}c'), claim)


def test_the_directory_must_be_the_same(tmp_path: Path) -> None:
    claim = Claim({'build-a': ['cd x', A], 'build-b': ['cd y', B]}, '.build', {})
    with pytest.raises(Refusal, match='would not run in the directory that an earlier one leaves'):
        proven(tmp_path, OLD, NEW.replace(f'cd x\n    - {B}', f'cd y\n    - {B}'), claim)


def test_the_matrix_must_have_the_words_of_the_loop(tmp_path: Path) -> None:
    old = f'build:\n  stage: build\n  script:\n    - for x in a b; do {A[:-1]}$x; done\n'
    new = f'build:\n  stage: build\n  parallel: {{matrix: [x: [a, c]]}}\n  script:\n    - {A[:-1]}$x\n'
    claim = Claim({'build': [f'{A[:-1]}$x']}, None, {}, 'x', ('a', 'b'))
    proven(tmp_path, old, new.replace('c]', 'b]'), claim)
    with pytest.raises(Refusal, match='b would not be a value of x'):
        proven(tmp_path, old, new, claim)


def test_another_pipeline_must_stay(tmp_path: Path) -> None:
    (tmp_path / 'c.yml').write_text('c:\n  script: [ls]\n')
    with pytest.raises(Refusal, match='c would change with it'):
        proven(tmp_path, CHILD + OLD, CHILD + NEW)


def test_a_job_that_is_an_alias_is_no_new_job(tmp_path: Path) -> None:
    new = NEW.replace('build-b:\n  extends: .build\n', '.b: &b\n  extends: .build\n')
    claim = Claim({'build-a': ['cd x', A], 'build-b': ['cd x', B], '.b': []}, '.build', {})
    with pytest.raises(Refusal):
        proven(tmp_path, OLD, new + 'build-b: *b\n', claim)


def test_a_part_waits_for_all_that_the_job_waited_for(tmp_path: Path) -> None:
    old = f'lint: {{script: [ls]}}\n{OLD}'.replace('  stage: build\n', '  needs: [lint]\n')
    new = f'lint: {{script: [ls]}}\n{NEW}'.replace('  stage: build\n', '  needs: [lint]\n')
    claim = Claim(
        {'build-a': ['cd x', A], 'build-b': ['cd x', B]}, '.build', {'build-b': ['build-a']}
    )
    right = 'build-b:\n  needs: [lint, build-a]\n'
    proven(tmp_path, old, new.replace('build-b:\n', right), claim)
    for wrong in ('[build-a]', '[lint]', '[build, build-a]', '[build-a, lint]'):
        with pytest.raises(Refusal, match='in more than the script'):
            proven(tmp_path, old, new.replace('build-b:\n', f'build-b:\n  needs: {wrong}\n'), claim)
