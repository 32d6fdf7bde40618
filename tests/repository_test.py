"""Repositories: which files a command line names, and reading them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from kaniko_hooks import prefilter
from kaniko_hooks.repository import Repository, Target, Unreadable, read_bytes, targets
from tests.conftest import Write


def test_text_keeps_line_ends_and_drops_the_byte_order_mark(write: Write) -> None:
    root = write({'a.yml': b'\xef\xbb\xbfa: \xc3\xa9\r\n'})
    assert Repository(str(root)).text('a.yml') == 'a: é\r\n'


def test_missing_file_has_no_text(write: Write) -> None:
    root = write({'a.yml': ''})
    assert Repository(str(root)).text('b.yml') is None
    assert Repository(str(root)).text('a.yml/b.yml') is None
    assert Repository(str(root)).known_text('b.yml') == ''


def test_edited_text_stands_in_for_the_file(write: Write) -> None:
    repository = Repository(str(write({'a.yml': 'old'})))
    assert repository.edited({'a.yml': 'new'}).text('a.yml') == 'new'
    assert repository.text('a.yml') == 'old'


def test_text_is_read_once(write: Write) -> None:
    repository = Repository(str(write({'a.yml': 'old'})))
    assert repository.text('a.yml') == 'old'
    write({'a.yml': 'new'})
    assert repository.text('a.yml') == 'old'


@pytest.mark.parametrize(
    ('data', 'text', 'is_exact'),
    (
        pytest.param(b'a', 'a', True, id='ASCII'),
        pytest.param('\ufeffé'.encode(), 'é', True, id='UTF-8'),
        pytest.param(b'a\xe9b', 'ab', False, id='Latin-1'),
        pytest.param(b'\xc3\xa9 \xed\xa0\x80x', 'é x', False, id='surrogate'),
        pytest.param('a'.encode('utf-16-le'), 'a\0', True, id='UTF-16 without mark'),
        pytest.param('a'.encode('utf-16'), 'a\0', False, id='UTF-16'),
    ),
)
def test_bytes_that_are_not_utf_8_are_dropped(
    data: bytes, text: str, is_exact: bool, write: Write
) -> None:
    repository = Repository(str(write({'a.yml': data})))
    assert repository.text('a.yml') == text
    assert repository.is_exact('a.yml') is is_exact


def test_link_out_of_the_repository_is_unreadable(write: Write, tmp_path: Path) -> None:
    write({'inside/.git/x': '', 'secret.yml': 'x'})
    (tmp_path / 'inside/a.yml').symlink_to('../secret.yml')
    (tmp_path / 'inside/out').symlink_to('..')
    repository = Repository(str(tmp_path / 'inside'))
    for path in ('a.yml', '../secret.yml', 'out/secret.yml'):
        with pytest.raises(Unreadable) as raised:
            repository.text(path)
        assert str(raised.value) == 'is outside the repository'


def test_link_loop_is_unreadable(write: Write) -> None:
    root = write({})
    (root / 'a.yml').symlink_to('a.yml')
    with pytest.raises(Unreadable):
        Repository(str(root)).text('a.yml')


def test_pipe_does_not_block(write: Write) -> None:
    root = write({})
    os.mkfifo(root / 'a.yml')
    with pytest.raises(Unreadable) as raised:
        read_bytes(str(root / 'a.yml'))
    assert str(raised.value) == 'is not a regular file'


def test_directory_is_unreadable(write: Write) -> None:
    with pytest.raises(Unreadable):
        read_bytes(str(write({})))


@pytest.mark.parametrize('name', ('a\0b.yml', 'a/\0/b.yml', '\ud800.yml'), ids=ascii)
def test_impossible_name_is_unreadable(name: str, write: Write) -> None:
    with pytest.raises(Unreadable, match='null byte|null character|surrogates not allowed'):
        Repository(str(write({}))).text(name)


def test_large_file_is_unreadable(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prefilter, 'MAX_BYTES', 3)
    root = write({'a.yml': 'abc', 'b.yml': 'abcd'})
    assert read_bytes(str(root / 'a.yml')) == b'abc'
    with pytest.raises(Unreadable) as raised:
        read_bytes(str(root / 'b.yml'))
    assert 'is larger than' in str(raised.value)


def test_file_that_does_not_tell_its_size() -> None:
    data = read_bytes('/proc/self/status')
    assert data is not None and data.count(b'\n') > 9


def test_failing_read_is_unreadable(write: Write) -> None:
    # /proc/self/mem opens but cannot be read at its start.
    with pytest.raises(Unreadable) as raised:
        read_bytes('/proc/self/mem')
    assert str(raised.value) == 'input/output error'


def test_files_are_sorted_by_their_bytes(write: Write) -> None:
    root = write({'ci/b.yml': '', 'ci/B.yml': '', 'ci/a/x.yml': '', 'c.yml': '', '.git/y.yml': ''})
    repository = Repository(str(root))
    assert list(repository.files()) == ['c.yml', 'ci/B.yml', 'ci/a/x.yml', 'ci/b.yml']


def test_other_repositories_below_are_left_out(write: Write) -> None:
    root = write(
        {
            '.git/HEAD': '',
            'ci/a.yml': '',
            'ci/sub/.git': 'gitdir: x',
            'ci/sub/b.yml': '',
            'ci/clone/.git/HEAD': '',
            'ci/clone/x/c.yml': '',
        }
    )
    assert list(Repository(str(root)).files()) == ['ci/a.yml']


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


def test_file_without_permission(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    write({'a.yml': ''})
    # The tests may run as root.
    monkeypatch.setattr(os, 'access', lambda path, mode: False)
    assert targets(['a.yml']) == ([], ['a.yml: permission denied'])


def test_file_below_a_folder_without_permission(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody has named it, and what it is cannot be seen."""
    root = write({'a.yml': '', 'secret': ''})

    def no_permission(path: str) -> set[str]:
        raise PermissionError(path)

    monkeypatch.setattr('identify.identify.tags_from_path', no_permission)
    assert targets(['.']) == ([Target(str(root), ('a.yml',))], [])


def test_what_cannot_be_read_is_reported(write: Write) -> None:
    root = write({'a.yml': ''})
    os.mkfifo(root / 'pipe.yml')
    assert targets(['a.yml', 'b.yml', 'pipe.yml']) == (
        [Target(str(root), ('a.yml',))],
        ['b.yml: no such file', 'pipe.yml: is not a regular file'],
    )


def test_named_file_counts_whatever_its_name(write: Write) -> None:
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
