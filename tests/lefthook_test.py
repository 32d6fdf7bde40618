"""The README's lefthook recipe with the real client."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.documents import labelled
from tests.end_to_end_test import BAD, DOCKERFILES, GOOD, ROOT, git, run, write

pytestmark = pytest.mark.slow


def test_recipe(tmp_path: Path) -> None:
    git(tmp_path, 'init', '-q')
    git(tmp_path, 'config', 'user.name', 'A Developer')
    git(tmp_path, 'config', 'user.email', 'developer@example.com')
    for path in DOCKERFILES:
        write(tmp_path, path, (ROOT / path).read_text())
    (recipe,) = labelled('lefthook.yml')
    write(tmp_path, 'lefthook.yml', recipe.text)
    write(tmp_path, '.gitlab-ci.yml', BAD)
    assert run(tmp_path, ('lefthook', 'install')).returncode == 0
    done = run(tmp_path, ('git', 'commit', '-m', 'fixed on the way'))
    assert done.returncode == 0, done.stdout
    assert git(tmp_path, 'show', 'HEAD:.gitlab-ci.yml') == GOOD
    write(tmp_path, 'ci.gitlab-ci.yml', BAD)
    stopped = run(tmp_path, ('git', 'commit', '-m', 'in no pipeline'))
    assert stopped.returncode != 0, stopped.stdout
    assert 'cached-builds-share-container' in stopped.stdout
