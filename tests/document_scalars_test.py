from __future__ import annotations

import contextlib
import random

import pytest

from kaniko_hooks.document.compose import InvalidYaml, compose
from kaniko_hooks.document.nodes import ScalarNode, items_of
from kaniko_hooks.document.scalars import scalar_text, value_offsets

LONG = 'word ' * 60


def scalars(text: str) -> list[ScalarNode]:
    return [item for item in items_of(compose(text, 'f')[0]) if isinstance(item, ScalarNode)]


def assert_located(text: str, node: ScalarNode) -> list[int]:
    """Offsets of a scalar's characters; those that are no white space or escape are there."""
    located = scalar_text(text, node)
    offsets = [located.place(index).offset for index in range(len(node.value) + 1)]
    assert value_offsets(text, node) == offsets == sorted(offsets)
    for character, offset in zip(node.value, offsets):
        if not character.isspace() and text[offset] not in '\\':
            assert text[offset] == character
    return offsets


@pytest.mark.parametrize(
    ('text', 'first'),
    (
        ('- a b', 'a b'),
        ('- a\n  b\n\n\n  c', 'a'),
        ('- &x !y a', 'a'),
        ('- "a"', 'a'),
        ("- 'it''s'", 'it'),
        ("- 'a\n\n  b'", 'a'),
        ('- "a\\x41\\u00e9\\n\\/b"', 'a'),
        ('- "a \\\n  b"', 'a'),
        ('- "a\\\n\n\n  b\\\n  \t c"', 'a'),
        ('- "\\U0001F600 x"', '\\U'),
        ('- |\n  a\n   b\n\n  c\n', 'a'),
        ('- |-\n  a\n', 'a'),
        ('- |+\n  a\n\n', 'a'),
        ('- >\n  a\n  b\n\n  c\n    d\n  e\n', 'a'),
        ('- >2-\n    a\n  b\n', '  a'),
        ('- !!str | # c\n  a\n', 'a'),
        ('- |\n\n  a\n', '\n'),
        ('- >\n\n  a\n\n\n  b', '\n'),
        ('- |+\n\n\n', '\n'),
        ('- "a\tb"\n', 'a'),
        ('- a\r\n  b\r\n', 'a'),
        ('- |\r\n  a\r\n  b\r\n', 'a'),
        ('- "a\u2028  b"', 'a'),
        ('- >\n  a\u2028  b\n', 'a'),
        ('- >+\n  a\u2028\u2028\n', 'a'),
        ('- a\\b"c\'d', 'a\\b"'),
        (f'- {LONG}', 'word'),
        (f'- "{LONG}"', 'word'),
        (f"- '{LONG}'", 'word'),
        (f'- |\n    {LONG}\n', 'word'),
        ('- "\\0\\_\\e"', '\\0'),
        ('- &x # c\n  # d\n  a b\n', 'a'),
        ('- !!str \u3000 a\n', '\u3000 a'),
    ),
)
def test_values_are_found_in_the_text(text: str, first: str) -> None:
    for node in scalars(text):
        assert text.startswith(first, assert_located(text, node)[0])


@pytest.mark.parametrize('text', ('- |', '- >', '- ""', "- ''", '- |\n\n', '- |\n  \n'))
def test_empty_values(text: str) -> None:
    (node,) = scalars(text)
    assert node.value == ''
    assert 0 < scalar_text(text, node).place(0).offset <= len(text)


def test_a_text_that_is_not_the_nodes_gives_its_start() -> None:
    (node,) = scalars('- |\n  a b\n')
    located = scalar_text('- |\n  c d\n', node)
    assert [located.place(offset).offset for offset in (0, 3)] == [6, 6]
    assert value_offsets('- x\n  c d\n', node) is None
    assert value_offsets('- |\n  a\n', node) is None
    (plain,) = scalars('- ab')
    assert value_offsets('- cd', plain) is None
    assert value_offsets('- a', plain) is None


def test_offsets_beyond_the_value_are_its_end() -> None:
    (node,) = scalars('- abc # d')
    assert scalar_text('- abc # d', node).place(99).offset == 5


def random_lines(choose: random.Random, least: int) -> list[str]:
    return [
        ''.join(choose.choices('ab \t"\'\\#:-', k=choose.randrange(9)))
        for _ in range(choose.randint(least, 6))
    ]


def test_random_scalars() -> None:
    choose = random.Random(1)
    for _ in range(200):
        header = choose.choice(('|', '>', '|-', '>-', '|+', '>+', '|2', '>2-'))
        lines = [f'- {header}', *(f'  {line}' for line in random_lines(choose, 0)), '- next', '']
        quote = choose.choice(('', '"', "'"))
        flow = f'- {quote}' + '\n   '.join(random_lines(choose, 1)) + f'{quote}\n'
        for text in (choose.choice(('\n', '\r\n')).join(lines), flow):
            with contextlib.suppress(InvalidYaml):
                for node in scalars(text):
                    assert_located(text, node)


def test_blanks_alone_may_be_more_than_the_indentation() -> None:
    text = '- |1-\n  \r\n x  \n   '
    node = scalars(text)[0]
    assert node.value == ' \nx  \n  '
    assert_located(text, node)
