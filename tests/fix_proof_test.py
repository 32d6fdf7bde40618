"""The proof finds whatever an edit changes that it should not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from kaniko_hooks.fix import plan
from kaniko_hooks.fix.draft import Draft, rewritten
from kaniko_hooks.fix.plan import plan_fixes
from kaniko_hooks.fix.target import State
from kaniko_hooks.options import Options
from kaniko_hooks.repository import Repository

PIPELINE = """\
child:
  trigger:
    include: child.yml
images:
  image: gcr.io/kaniko-project/executor:debug
  script:
    - export A=1
    - /kaniko/executor --cache --destination $CI_REGISTRY_IMAGE/a
    - cd web
    - /kaniko/executor --cache --destination $CI_REGISTRY_IMAGE/b
"""
SCRIPT = """\
  script:
    - /kaniko/executor --cache --destination $CI_REGISTRY_IMAGE/a
"""
PART = f"""\
image-a:
  extends:
    - .image
{SCRIPT}"""
LOOP = """\
images:
  script:
    - for name in a b; do /kaniko/executor --cache --destination $CI_REGISTRY_IMAGE/$name; done
"""


@pytest.mark.parametrize(
    ('pipeline', 'right', 'wrong', 'reason'),
    (
        (PIPELINE, 'include: child.yml', 'include: x.yml', 'would not be read as before'),
        (PIPELINE, PART, '', 'image-a would change in more than its script'),
        (PIPELINE, SCRIPT, '', 'image-a would not run one build'),
        (PIPELINE, 'image-a:', 'other:', 'image-a would change in more than its script'),
        (PIPELINE, 'export A=1', 'export A=2', 'image-a would not run the same commands'),
        (PIPELINE, '_IMAGE/b', '_IMAGE/c', 'image-b would not run the same commands'),
        (PIPELINE, '    - cd web\n', '', 'image-b would not run the same commands'),
        (PIPELINE, 'child.yml', 'child.yml\n  rules: [{if: $A}]', 'child would change in more'),
        (PIPELINE, ':debug', ':v1', 'in more than its script'),
        (PIPELINE, '_IMAGE/b', '_IMAGE/b && /kaniko/executor', 'image-b would not run one build'),
        (LOOP, '[a, b]', '[a, c]', 'images would change in more than its script'),
    ),
)
def test_corrupted(
    pipeline: str,
    right: str,
    wrong: str,
    reason: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / '.gitlab-ci.yml').write_text(pipeline)
    (tmp_path / 'child.yml').write_text('last:\n  script: [make]\n')

    def corrupted(state: State, drafts: Sequence[Draft]) -> State:
        after = rewritten(state, drafts)
        text = after.repository.known_text('.gitlab-ci.yml')
        assert right in text
        return after.with_texts({'.gitlab-ci.yml': text.replace(right, wrong, 1)})

    monkeypatch.setattr(plan, 'rewritten', corrupted)
    result = plan_fixes(Repository(str(tmp_path)), ['.gitlab-ci.yml'], Options())
    assert [outcome.finding.fix for outcome in result.outcomes] == [None]
    assert reason in str(result.outcomes[0].finding.no_fix)
    assert result.crashes == ()
