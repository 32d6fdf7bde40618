"""Both hooks through the real clients, on a small repository."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.documents import labelled

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent
# The clients are installed beside this interpreter.
PATH = f'{Path(sys.executable).parent}{os.pathsep}{os.environ["PATH"]}'
BAD = (ROOT / 'examples/bad/.gitlab-ci.yml').read_text()
GOOD = (ROOT / 'examples/good/.gitlab-ci.yml').read_text()
DOCKERFILES = ('examples/api/Dockerfile', 'examples/worker/Dockerfile')


def run(folder: Path, command: Sequence[str], **environ: str) -> subprocess.CompletedProcess[str]:
    # The repository that git runs these tests for, if any, is not the one to look at.
    clean = {name: value for name, value in os.environ.items() if not name.startswith('GIT_')}
    clean['PATH'] = PATH
    return subprocess.run(
        command,
        cwd=folder,
        env={**clean, **environ},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=600,
    )


def git(folder: Path, *arguments: str) -> str:
    identity = ('-c', 'user.name=A Developer', '-c', 'user.email=developer@example.com')
    done = run(folder, ('git', *identity, *arguments))
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture(scope='session')
def hooks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository of the hooks as they are in this work tree."""
    folder = tmp_path_factory.mktemp('hooks')
    names = git(ROOT, 'ls-files', '--cached', '--others', '--exclude-standard').splitlines()
    for name in names:
        if not name.startswith('tests/') and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    git(folder, 'init', '-q')
    git(folder, 'add', '-A')
    git(folder, 'commit', '-q', '-m', 'hooks')
    return folder


@pytest.fixture(scope='session', autouse=True)
def environments(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The folder in which the clients keep what they install, for all tests of this run."""
    for name in ('PRE_COMMIT_HOME', 'PREK_HOME'):
        os.environ[name] = str(tmp_path_factory.mktemp(name))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / 'project'
    folder.mkdir()
    git(folder, 'init', '-q')
    git(folder, 'config', 'user.name', 'A Developer')
    git(folder, 'config', 'user.email', 'developer@example.com')
    for path in DOCKERFILES:
        write(folder, path, (ROOT / path).read_text())
    return folder


def write(folder: Path, name: str, text: str) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)
    git(folder, 'add', name)


CLIENTS = pytest.mark.parametrize('client', ('pre-commit', 'prek'))


def configure(project: Path, hooks: Path, *ids: str) -> None:
    revision = git(hooks, 'rev-parse', 'HEAD').strip()
    chosen = ''.join(f'    -   id: {hook}\n' for hook in ids)
    text = f'repos:\n-   repo: {hooks}\n    rev: {revision}\n    hooks:\n{chosen}'
    write(project, '.pre-commit-config.yaml', text)


@CLIENTS
def test_try_repo_runs_both_hooks(client: str, hooks: Path, project: Path) -> None:
    write(project, '.gitlab-ci.yml', BAD)
    done = run(project, (client, 'try-repo', str(hooks), '--all-files'))
    assert done.returncode != 0
    assert 'cached-builds-share-container' in done.stdout
    assert 'publish-services' in done.stdout
    assert (project / '.gitlab-ci.yml').read_text() == GOOD


@CLIENTS
def test_good_pipeline_passes(client: str, hooks: Path, project: Path) -> None:
    configure(project, hooks, 'check-kaniko-builds', 'fix-kaniko-builds')
    write(project, '.gitlab-ci.yml', GOOD)
    done = run(project, (client, 'run', '--all-files'))
    assert done.returncode == 0, done.stdout
    assert done.stdout.count('Passed') == 2


@CLIENTS
def test_fix_rewrites_then_passes(client: str, hooks: Path, project: Path) -> None:
    configure(project, hooks, 'fix-kaniko-builds')
    write(project, '.gitlab-ci.yml', f'stages: [deploy]\n\n{BAD}')
    git(project, 'commit', '-q', '--no-verify', '-m', 'before')
    assert run(project, (client, 'run', '--all-files')).returncode != 0
    assert (project / '.gitlab-ci.yml').read_text() == f'stages: [deploy]\n\n{GOOD}'
    assert run(project, (client, 'run', '--all-files')).returncode == 0
    assert git(project, 'diff', '--name-only').split() == ['.gitlab-ci.yml']
    assert '-stages' not in git(project, 'diff')


@CLIENTS
def test_commit_is_stopped_until_the_job_is_split(client: str, hooks: Path, project: Path) -> None:
    configure(project, hooks, 'check-kaniko-builds')
    write(project, '.gitlab-ci.yml', BAD)
    assert run(project, (client, 'install')).returncode == 0
    stopped = run(project, ('git', 'commit', '-m', 'two images'))
    assert stopped.returncode != 0
    assert 'publish-services' in stopped.stdout
    write(project, '.gitlab-ci.yml', GOOD)
    done = run(project, ('git', 'commit', '-m', 'a job per image'))
    assert done.returncode == 0, done.stdout


def test_prek_workspace_finds_the_root_pipeline(hooks: Path, project: Path) -> None:
    """prek runs a sub-project's hooks in its folder, with its files only."""
    write(project, '.pre-commit-config.yaml', 'repos: []\n')
    (project / 'app').mkdir()
    configure(project / 'app', hooks, 'check-kaniko-builds')
    write(project, '.gitlab-ci.yml', 'include: app/ci.yml\n')
    write(project, 'app/ci.yml', BAD)
    done = run(project, ('prek', 'run', '--all-files'))
    assert done.returncode != 0
    assert 'app/ci.yml:17:7: cached-builds-share-container' in done.stdout


def test_lefthook_recipe(project: Path) -> None:
    """The recipe of the documents."""
    (recipe,) = labelled('lefthook.yml')
    write(project, 'lefthook.yml', recipe.text)
    write(project, '.gitlab-ci.yml', BAD)
    assert run(project, ('lefthook', 'install')).returncode == 0
    done = run(project, ('git', 'commit', '-m', 'fixed on the way'))
    assert done.returncode == 0, done.stdout
    assert git(project, 'show', 'HEAD:.gitlab-ci.yml') == GOOD
    write(project, 'ci.gitlab-ci.yml', BAD)
    stopped = run(project, ('git', 'commit', '-m', 'in no pipeline'))
    assert stopped.returncode != 0, stopped.stdout
    assert 'cached-builds-share-container' in stopped.stdout
