from __future__ import annotations

import os
from pathlib import Path

import pytest

from kaniko_hooks import project
from kaniko_hooks.project import Repository, Unreadable, decode, read_bytes
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
    root = write({'a.yml': 'old'})
    assert Repository(str(root), {'a.yml': 'new'}).text('a.yml') == 'new'


def test_text_is_read_once(write: Write) -> None:
    repository = Repository(str(write({'a.yml': 'old'})))
    assert repository.text('a.yml') == 'old'
    write({'a.yml': 'new'})
    assert repository.text('a.yml') == 'old'


@pytest.mark.parametrize(
    ('data', 'reason'),
    (
        pytest.param(b'a\xff', 'is not UTF-8 (byte 1)', id='invalid UTF-8'),
        pytest.param('a'.encode('utf-16'), 'is UTF-16, not UTF-8', id='UTF-16'),
    ),
)
def test_other_encodings_are_unreadable(data: bytes, reason: str, write: Write) -> None:
    repository = Repository(str(write({'a.yml': data})))
    for _ in range(2):
        with pytest.raises(Unreadable) as raised:
            repository.text('a.yml')
        assert str(raised.value) == reason
    assert repository.known_text('a.yml') == ''


def test_ascii_bytes_decode() -> None:
    assert decode(b'a') == 'a'


def test_link_out_of_the_repository_is_unreadable(write: Write, tmp_path: Path) -> None:
    write({'inside/.git/x': '', 'secret.yml': 'x'})
    (tmp_path / 'inside/a.yml').symlink_to('../secret.yml')
    (tmp_path / 'inside/out').symlink_to('..')
    repository = Repository(str(tmp_path / 'inside'))
    for path in ('a.yml', '../secret.yml', 'out/secret.yml'):
        with pytest.raises(Unreadable) as raised:
            repository.text(path)
        assert str(raised.value) == 'is outside the repository'
    assert list(repository.files_below('out')) == []


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
    with pytest.raises(Unreadable, match='has a name that no file can have'):
        Repository(str(write({}))).text(name)


def test_large_file_is_unreadable(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(project, 'MAX_BYTES', 3)
    root = write({'a.yml': 'abc', 'b.yml': 'abcd'})
    assert read_bytes(str(root / 'a.yml')) == b'abc'
    with pytest.raises(Unreadable) as raised:
        read_bytes(str(root / 'b.yml'))
    assert 'is larger than' in str(raised.value)


def test_failing_read_is_unreadable(write: Write) -> None:
    # /proc/self/mem opens but cannot be read at its start.
    with pytest.raises(Unreadable) as raised:
        read_bytes('/proc/self/mem')
    assert str(raised.value) == 'input/output error'


def test_files_below_are_sorted_by_their_bytes(write: Write) -> None:
    root = write({'ci/b.yml': '', 'ci/B.yml': '', 'ci/a/x.yml': '', 'c.yml': '', '.git/y.yml': ''})
    repository = Repository(str(root))
    assert list(repository.files_below('ci')) == ['ci/B.yml', 'ci/a/x.yml', 'ci/b.yml']
    assert 'c.yml' in list(repository.files_below())
    assert list(repository.files_below('missing')) == []


def test_has_file(write: Write) -> None:
    root = write({'a/b.yml': '', 'c': ''})
    (root / 'gone').symlink_to('nowhere')
    (root / 'out').symlink_to('/')
    repository = Repository(str(root))
    assert [
        path
        for path in (
            'a/b.yml',
            'c',
            'gone',
            'out',
            'a',
            'a/',
            '',
            '/a/b.yml',
            'C',
            'x/y',
            'c/d',
            'out/etc',
            '../a/b.yml',
            'a\0/b',
        )
        if repository.has_file(path)
    ] == ['a/b.yml', 'c', 'gone', 'out']


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
    assert list(Repository(str(root)).files_below('ci')) == ['ci/a.yml']
    assert list(Repository(str(root)).files_below()) == ['ci/a.yml']
