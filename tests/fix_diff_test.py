from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from kaniko_hooks.fix.diff import unified


def test_no_change_is_no_diff() -> None:
    assert unified('a.yml', 'a\n', 'a\n', False) == ''


def test_plain() -> None:
    assert unified('ci/a.yml', 'a\nb\n', 'a\nc\n', False) == (
        '--- a/ci/a.yml\n+++ b/ci/a.yml\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n'
    )


def test_colour_is_for_a_terminal() -> None:
    assert unified('a.yml', 'b\x1b[2J\tx\n', 'c\n', True) == (
        '\x1b[1m--- a/a.yml\x1b[0m\n\x1b[1m+++ b/a.yml\x1b[0m\n'
        '\x1b[34m@@ -1 +1 @@\x1b[0m\n\x1b[1;31m-b\\x1b[2J\tx\x1b[0m\n\x1b[32m+c\x1b[0m\n'
    )


def test_unchanged_lines_have_no_colour() -> None:
    assert '\n a\n' in unified('a.yml', 'a\nb\n', 'a\n', True)


@pytest.mark.parametrize(
    ('old', 'new'),
    (
        ('a\nb\n', 'a\nc\n'),
        ('a', 'b'),
        ('a', 'a\n'),
        ('a\n', 'a'),
        ('a\r\nb\r\n', 'a\r\nc\r\n'),
        ('a\x0cb\n', 'c\x0cb\n'),
        ('ä\n', 'ö\n'),
        ('a\n\n', '\na\n'),
        ('', 'a\n'),
        ('1\n2\na\nx\nx\nb\n3\n', '1\n2\nc\nx\nx\nd\n3\n'),
        ('1\n2\n3\n4\n', '3\n1\n2\n4\n'),
        ('a\nx\nx\n1\n', 'b\nx\nx\n1\n'),
    ),
)
def test_git_can_apply_it(old: str, new: str, tmp_path: Path) -> None:
    file = tmp_path / 'a.yml'
    file.write_bytes(old.encode())
    patch = unified('a.yml', old, new, False)
    subprocess.run(
        ('git', 'apply', '--whitespace=nowarn', '-'), cwd=tmp_path, input=patch.encode(), check=True
    )
    assert file.read_bytes() == new.encode()
