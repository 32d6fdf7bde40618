from __future__ import annotations

import pytest

from kaniko_hooks.old_shell.syntax.comments import comments


@pytest.mark.parametrize(
    'script',
    (
        '',
        'true',
        'echo "# no"',
        "echo '# no\n# no'",
        'echo \\# no',
        'echo a#no',
        'echo ${x#no}',
        'echo $# $#',
        'cat <<E\n# no\nE',
        "cat <<-'E F'\n# no\n\tE F",
        'cat <<"E"\n# no\nE',
        'cat <<\\E\n# no\nE',
        'cat <<A <<B\n# no\nA\n# no\nB',
        'echo "\\"# no"',
        "echo '",
        'echo "# ',
        "cat <<E\r\nit's\r\n# no\r\nE\r\n",
    ),
)
def test_none(script: str) -> None:
    assert comments(script) == []


@pytest.mark.parametrize(
    ('script', 'expected'),
    (
        ('# a', ['# a']),
        ('x # a\ny # b\n', ['# a', '# b']),
        ("# don't\n# a 'b", ["# don't", "# a 'b"]),
        ('(# a\n);# b\nx&# c', ['# a', '# b', '# c']),
        ('cat <<E\nE\n# a', ['# a']),
        ('cat <<E # a\n# no\nE\n# b', ['# a', '# b']),
        ('cat <<<E\n# a\nE', ['# a']),
        ('echo $((1<<2))\n# a', ['# a']),
        ('E\ncat <<E\n# a\nF', ['# a']),
        ('echo "it\'s" # a', ['# a']),
    ),
)
def test_found(script: str, expected: list[str]) -> None:
    assert [script[start:end] for start, end in comments(script)] == expected


def test_many_heredocs_without_end_take_no_time() -> None:
    assert comments('a <<E\n' * 50_000 + '# a') == [(300_000, 300_003)]
