from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from kaniko_hooks.targets import Target, targets
from tests.conftest import Write


def test_files_are_named_from_the_root(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    root = write({'a.yml': '', 'sub/b.yml': ''})
    monkeypatch.chdir(root / 'sub')
    assert targets(['b.yml', '../a.yml', str(root / 'a.yml')]) == (
        [Target(str(root), ('a.yml', 'sub/b.yml'))],
        [],
    )


def test_files_of_two_repositories(write: Write) -> None:
    root = write({'a.yml': '', 'module/.git': 'gitdir: x', 'module/b.yml': ''})
    assert targets(['a.yml', 'module/b.yml'])[0] == [
        Target(str(root), ('a.yml',)),
        Target(str(root / 'module'), ('b.yml',)),
    ]


def test_what_cannot_be_read_is_told(write: Write) -> None:
    root = write({'a.yml': ''})
    os.mkfifo(root / 'pipe.yml')
    assert targets(['a.yml', 'b.yml', 'pipe.yml']) == (
        [Target(str(root), ('a.yml',))],
        ['b.yml: no such file', 'pipe.yml: is not a regular file'],
    )


def test_named_file_is_taken_whatever_its_name(write: Write) -> None:
    assert targets(['Jenkinsfile.txt'])[1] == ['Jenkinsfile.txt: no such file']
    root = write({'Jenkinsfile.txt': ''})
    assert targets(['Jenkinsfile.txt'])[0] == [Target(str(root), ('Jenkinsfile.txt',))]


def test_without_git_every_yaml_and_shell_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ('a.yml', 'b.sh', 'c.py', 'x/d.yaml', 'x/.git/e.yml'):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / 'run').write_text('#!/bin/sh\n')
    (tmp_path / 'run').chmod(0o755)
    (tmp_path / 'link.yml').symlink_to('a.yml')
    monkeypatch.chdir(tmp_path)
    # x is a repository of its own
    assert targets([]) == ([Target(str(tmp_path), ('a.yml', 'b.sh', 'run', 'x/d.yaml'))], [])


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(
        ('git', '-c', 'user.name=x', '-c', 'user.email=x@example.com', *arguments),
        cwd=folder,
        check=True,
        capture_output=True,
    )


def test_tracked_files_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git(tmp_path, 'init')
    for name in ('a.yml', 'sub/b.yml', 'sub/untracked.yml', 'gone.yml', 'é.yml'):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    git(tmp_path, 'add', 'a.yml', 'sub/b.yml', 'gone.yml', 'é.yml')
    (tmp_path / 'gone.yml').unlink()
    monkeypatch.chdir(tmp_path / 'sub')
    assert targets([]) == ([Target(str(tmp_path), ('a.yml', 'sub/b.yml', 'é.yml'))], [])
    assert targets(['.']) == ([Target(str(tmp_path), ('sub/b.yml',))], [])


def test_nothing_is_tracked_yet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git(tmp_path, 'init')
    (tmp_path / 'a.yml').touch()
    monkeypatch.chdir(tmp_path)
    assert targets([]) == ([Target(str(tmp_path), ())], [])


def test_linked_work_tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bare, tree = tmp_path / 'bare', tmp_path / 'tree'
    first = tmp_path / 'first'
    first.mkdir()
    git(first, 'init')
    (first / 'a.yml').touch()
    git(first, 'add', 'a.yml')
    git(first, 'commit', '-m', 'x')
    git(tmp_path, 'clone', '--bare', str(first), str(bare))
    git(bare, 'worktree', 'add', str(tree))
    monkeypatch.chdir(tree)
    assert targets([]) == ([Target(str(tree), ('a.yml',))], [])


@pytest.mark.parametrize(
    'variables',
    (
        pytest.param({'GIT_DIR': '{other}/.git'}, id='commit in a work tree'),
        pytest.param({'GIT_DIR': '{other}/.git', 'GIT_WORK_TREE': '{other}'}, id='both'),
        pytest.param({'GIT_DIR': '.git', 'GIT_PREFIX': 'sub/'}, id='alias'),
        pytest.param({'GIT_INDEX_FILE': '{other}/.git/index'}, id='commit -a'),
        pytest.param({'GIT_INDEX_FILE': '.git/next-index-1.lock'}, id='commit of a path'),
        pytest.param({'GIT_WORK_TREE': '/', 'GIT_COMMON_DIR': '{other}/.git'}, id='odd'),
    ),
)
def test_in_a_hook_of_another_repository(
    variables: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ('other', 'here'):
        (tmp_path / name / 'sub').mkdir(parents=True)
        git(tmp_path / name, 'init')
        (tmp_path / name / f'sub/{name}.yml').touch()
        git(tmp_path / name, 'add', '-A')
    here = tmp_path / 'here'
    (here / 'untracked.yml').touch()
    for name, value in variables.items():
        monkeypatch.setenv(name, value.replace('{other}', str(tmp_path / 'other')))
    monkeypatch.chdir(here / 'sub')
    for paths in ([], ['.'], [str(here)]):
        assert targets(paths) == ([Target(str(here), ('sub/here.yml',))], [])


def test_settings_of_a_repository_start_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither those of the repository nor those that came with its files."""
    git(tmp_path, 'init')
    (tmp_path / 'a.yml').touch()
    bare = tmp_path / 'bare'
    git(tmp_path, 'add', 'a.yml')
    git(tmp_path, 'init', '--bare', '--template=', str(bare))
    (bare / 'index').write_bytes((tmp_path / '.git/index').read_bytes())
    for folder in (tmp_path / '.git', bare):
        git(folder, 'config', '--file', 'config', 'core.bare', 'false')
        git(folder, 'config', '--file', 'config', 'core.worktree', str(tmp_path))
        git(folder, 'config', '--file', 'config', 'core.fsmonitor', f'touch {tmp_path}/started;:')
    monkeypatch.chdir(tmp_path)
    assert targets([]) == ([Target(str(tmp_path), ('a.yml',))], [])
    assert targets(['bare']) == ([Target(str(tmp_path), ())], [])
    assert not (tmp_path / 'started').exists()


def test_nothing_is_reached_through_a_link_out_of_the_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ('here/.git/x', 'here/ci/a.yml', 'other/.git/x', 'other/b.yml', 'out/c.yml'):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    here = tmp_path / 'here'
    for name, to in (
        ('c.yml', '../out/c.yml'),
        ('out', '../out'),
        ('other', '../other'),
        ('inner', 'ci'),
        ('a.yml', 'ci/a.yml'),
        ('gone.yml', '../gone.yml'),
    ):
        (here / name).symlink_to(to)
    monkeypatch.chdir(here)
    out = ['c.yml', 'out', 'out/c.yml', 'other', 'other/b.yml', 'gone.yml', 'out/missing.yml']
    assert targets(out) == ([], [f'{path}: is outside the repository' for path in out])
    assert targets(['a.yml', 'inner', 'inner/a.yml', '../other/b.yml', '../out/c.yml']) == (
        [
            Target(str(here), ('a.yml', 'ci/a.yml')),
            Target(str(tmp_path / 'other'), ('b.yml',)),
            Target(str(tmp_path / 'out'), ('c.yml',)),
        ],
        [],
    )


def test_a_repository_behind_a_link(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ('real/.git/x', 'real/a.yml', 'home/x'):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / 'home/link').symlink_to('../real')
    monkeypatch.chdir(tmp_path / 'home')
    assert targets(['link/a.yml', 'link']) == (
        [Target(str(tmp_path / 'home/link'), ('a.yml',))],
        [],
    )
