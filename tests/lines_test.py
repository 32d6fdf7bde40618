from __future__ import annotations

import pytest

from kaniko_hooks.lines import line_text, position


@pytest.mark.parametrize(
    ('text', 'offset', 'expected'),
    (
        ('', 0, (1, 1)),
        ('', 9, (1, 1)),
        ('ab', -1, (1, 1)),
        ('ab', 1, (1, 2)),
        ('ab', 2, (1, 3)),
        ('a\nb', 2, (2, 1)),
        ('a\r\nb', 3, (2, 1)),
        ('a\rb', 2, (2, 1)),
        ('a\n\r\n\rb', 5, (4, 1)),
        ('a\nb\n', 4, (3, 1)),
        ('\u6f22\U0001f600x', 2, (1, 3)),
        ('a\u2028b\x85c\x0cd\x0be', 8, (1, 9)),
    ),
)
def test_position(text: str, offset: int, expected: tuple[int, int]) -> None:
    assert position(text, offset) == expected


@pytest.mark.parametrize(('line', 'expected'), ((1, 'a'), (2, 'b'), (3, ''), (4, 'c'), (5, '')))
def test_line_text(line: int, expected: str) -> None:
    assert line_text('a\r\nb\r\rc\n', line) == expected
