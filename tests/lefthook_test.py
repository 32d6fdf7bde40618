"""The README's lefthook recipe with the real client, from npm."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.documents import labelled
from tests.end_to_end_test import BAD, DOCKERFILES, GOOD, PATH, ROOT, git, run, write

pytestmark = pytest.mark.slow


@pytest.fixture(scope='session')
def lefthook(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp('npm')
    npm = shutil.which('npm')
    if npm is None:
        pytest.skip('there is no npm')
    done = run(folder, (npm, 'install', '--no-audit', '--no-fund', 'lefthook@2'))
    assert done.returncode == 0, done.stdout
    return folder / 'node_modules/.bin/lefthook'


def test_recipe(lefthook: Path, tmp_path: Path) -> None:
    git(tmp_path, 'init', '-q')
    git(tmp_path, 'config', 'user.name', 'A Developer')
    git(tmp_path, 'config', 'user.email', 'developer@example.com')
    for path in DOCKERFILES:
        write(tmp_path, path, (ROOT / path).read_text())
    (recipe,) = labelled('lefthook.yml')
    write(tmp_path, 'lefthook.yml', recipe.text)
    write(tmp_path, '.gitlab-ci.yml', BAD)
    assert run(tmp_path, (str(lefthook), 'install')).returncode == 0
    environ = {'PATH': f'{lefthook.parent}{os.pathsep}{PATH}'}
    done = run(tmp_path, ('git', 'commit', '-m', 'fixed on the way'), **environ)
    assert done.returncode == 0, done.stdout
    assert git(tmp_path, 'show', 'HEAD:.gitlab-ci.yml') == GOOD
    write(tmp_path, 'ci.gitlab-ci.yml', BAD)
    stopped = run(tmp_path, ('git', 'commit', '-m', 'in no pipeline'), **environ)
    assert stopped.returncode != 0, stopped.stdout
    assert 'cached-builds-share-container' in stopped.stdout
