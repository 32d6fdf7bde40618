from __future__ import annotations

import pytest

from kaniko_hooks.document.compose import compose
from kaniko_hooks.document.nodes import MappingNode, ScalarNode
from kaniko_hooks.fix.layout import Layout, layout, newline_of, offsets_of
from kaniko_hooks.fix.refusal import Refusal


def laid_out(text: str) -> Layout:
    top = compose(text, 'a.yml')[0]
    assert isinstance(top, MappingNode)
    key, body = top.pairs[-1]
    assert isinstance(key, ScalarNode) and isinstance(body, MappingNode)
    return layout(text, key, body)


@pytest.mark.parametrize(
    ('text', 'reason'),
    (
        ('j: {script: [a]}', 'braces'),
        ('? j\n:\n  script: [a]\n', 'key of the job'),
        ('&j j:\n  script: [a]\n', 'key of the job'),
        ('j:\n  tags: [a]\n', 'stands elsewhere'),
        ('j:\n  script: a\n  script: b\n', 'two `script:`'),
        ('j:\n  ? script\n  : a\n', 'start of its line'),
        ('j:\n  &s script: a\n', 'start of its line'),
        ('j:\n  script: {}\n', 'no list'),
        ('j:\n  script: []\n', 'no list'),
        ('j:\n  script: &s [a]\n', 'anchor &s'),
        ('j:\n  script: !reference [a, b]\n', 'alias or a reference'),
        ('j:\n  script: [a, # b\n   c]\n', 'comments'),
    ),
)
def test_unusual(text: str, reason: str) -> None:
    with pytest.raises(Refusal, match=reason):
        laid_out(text)


@pytest.mark.parametrize(
    ('text', 'style', 'gap', 'script', 'items'),
    (
        ('j:\n  script: a # b\n  x: y\n', 'scalar', '  ', '  script: a # b', ['a # b']),
        (
            'j:\n  script:\n\n    # 1\n    - a # b\n    # 2\n    -  "c\n       d"\n    # 3\n  # 4\n',
            'list',
            '  ',
            '  script:\n\n    # 1\n    - a # b\n    # 2\n    -  "c\n       d"\n    # 3',
            ['\n    # 1\n    - a # b', '    # 2\n    -  "c\n       d"\n    # 3'],
        ),
        (
            'j:\n    script: # x\n    - |\n      a\n\n    tags: []\n',
            'list',
            '',
            None,
            ['    - |\n      a'],
        ),
        ('j:\n  tags:\n  - a\n  script: [a, b]', 'flow', '', '  script: [a, b]', ['a', 'b']),
    ),
)
def test_layout(text: str, style: str, gap: str, script: str | None, items: list[str]) -> None:
    place = laid_out(text)
    assert (place.style, place.gap) == (style, gap)
    assert script in (None, text[place.script_start : place.script_end])
    assert [text[each.start : each.end] for each in place.items] == items


def test_line_breaks() -> None:
    texts = ('a\nb\r\n', 'a\r\nbc', 'abc', 'ab\rc')
    assert [newline_of(text, at) for text, at in zip(texts, (2, 4, 2, 1))] == [
        '\r\n',
        '\r\n',
        '',
        '\r',
    ]


def test_a_value_that_its_text_does_not_give() -> None:
    node = compose('a: xyz', 'a.yml')[0]
    assert isinstance(node, MappingNode)
    value = node.pairs[0][1]
    assert isinstance(value, ScalarNode) and offsets_of('a: xyz', value) == [3, 4, 5, 6]
    with pytest.raises(Refusal):
        offsets_of('a: abc', value)
