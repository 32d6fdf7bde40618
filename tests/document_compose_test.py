from __future__ import annotations

from collections.abc import Iterator

import pytest
import yaml

from kaniko_hooks.document import compose as module
from kaniko_hooks.document.compose import InvalidYaml, compose
from kaniko_hooks.document.nodes import (
    MappingNode,
    ScalarNode,
    SequenceNode,
    items_of,
    node_at,
    text_of,
    walk,
)


@pytest.fixture(params=('c', 'pure'))
def loader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Both of PyYAML's parsers."""
    if request.param == 'pure':
        monkeypatch.setattr(module, '_LOADER', yaml.SafeLoader)
    compose.cache_clear()
    yield request.param
    compose.cache_clear()


@pytest.mark.parametrize('text', ('', '# nothing', '\n\n'))
def test_no_document(loader: str, text: str) -> None:
    assert compose(text, 'f') == []


@pytest.mark.parametrize(
    ('text', 'message'),
    (
        ('a: [', 'flow'),
        ('*x', "undefined alias 'x'"),
        ('a: \x07', 'U+0007'),
        ('"\\q"', 'escape'),
        ('[' * 201, 'nested too deeply'),
        ('a: b: c', 'mapping'),
        ('a:\n\tb: c\n', 'a tab cannot indent a line'),
        ('&a [*b]', "undefined alias 'b'"),
        ('a\n---\n*a', 'undefined alias'),
    ),
)
def test_not_yaml(loader: str, text: str, message: str) -> None:
    with pytest.raises(InvalidYaml) as caught:
        compose(text, 'f')
    assert message in caught.value.message
    assert 0 <= caught.value.offset <= len(text)


@pytest.mark.parametrize(
    ('text', 'offset'),
    (
        pytest.param('a: "b\nc: d\n', 3, id='quote'),
        pytest.param('a: [b, c\n\n', 3, id='bracket'),
        pytest.param('a: [b, c\nd: [\n', 10, id='bracket before a key'),
        pytest.param('a: 1\nb\n', 5, id='key'),
    ),
)
def test_what_never_ends_is_reported_where_it_begins(loader: str, text: str, offset: int) -> None:
    with pytest.raises(InvalidYaml) as caught:
        compose(text, 'f')
    assert caught.value.offset == offset


@pytest.mark.parametrize('escape', ('UFFFFFFFF', 'U00110000'))
def test_an_escape_past_unicode(loader: str, escape: str) -> None:
    with pytest.raises(InvalidYaml):
        compose(f'a: "\\{escape}"', 'f')


def test_too_many_nodes(loader: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, 'MAX_EVENTS', 10)
    with pytest.raises(InvalidYaml, match='too many nodes'):
        compose('[a, b, c, d, e, f, g, h]', 'f')


def test_spans(loader: str) -> None:
    text = 'a: &x [1, "b"] # c\nd:\n  - e\n  - |\n    f\n\ng: *x\nh: {i: j}\n'
    (root,) = compose(text, 'f')
    assert isinstance(root, MappingNode)
    assert not root.flow
    assert text[root.start : root.end] == text.rstrip()
    texts = {
        text_of(key): text[value.start : value.end].rstrip()
        for key, value in root.pairs
        if text_of(key) != 'g'
    }
    assert texts == {'a': '&x [1, "b"]', 'd': '- e\n  - |\n    f', 'h': '{i: j}'}
    assert {index: text[span[0] : span[1]] for index, span in root.aliases.items()} == {2: '*x'}
    assert node_at(root, 'g') is node_at(root, 'a')
    assert [
        (item.value, item.style)
        for item in items_of(node_at(root, 'a'))
        if isinstance(item, ScalarNode)
    ] == [('1', ''), ('b', '"')]


def test_repeated_keys(loader: str) -> None:
    (root,) = compose('a: {b: 1}\na: {b: 2, b: 3}\n? [c]\n: d\n', 'f')
    assert text_of(node_at(node_at(root, 'a'), 'b')) == '3'
    assert node_at(root, 'x') is None
    assert text_of(node_at(root, 'a')) == ''
    assert items_of(node_at(root, 'a')) == []


def test_anchors_may_be_redefined(loader: str) -> None:
    (root,) = compose('[&a 1, *a, &a [2], *a, &b {c: *a}, *b]', 'f')
    first, second, third, fourth, fifth, sixth = items_of(root)
    assert first is second
    assert third is fourth
    assert fifth is sixth
    assert node_at(fifth, 'c') is third


def test_an_anchor_inside_what_has_the_same(loader: str) -> None:
    (root,) = compose('[&a [&a 1], *a, &b {c: &b [2]}, *b]', 'f')
    assert [text_of(items_of(root)[1]), len(items_of(items_of(root)[3]))] == ['1', 1]


def test_a_node_may_contain_itself(loader: str) -> None:
    (root,) = compose('&a [*a, {b: *a}]', 'f')
    assert isinstance(root, SequenceNode)
    inner = root.items[0]
    assert isinstance(inner, SequenceNode)
    assert inner.items is root.items


def test_documents(loader: str) -> None:
    assert [text_of(document) for document in compose('a\n---\nb\n---\n', 'f')] == ['a', 'b', '']
    assert [text_of(document) for document in compose('a\n---\n}', 'f', first=True)] == ['a']


def test_walk(loader: str) -> None:
    nodes = walk(compose('a: b\nc: [d, e]\n', 'f'))
    assert list(map(text_of, nodes)) == ['', 'a', 'b', 'c', '', 'd', 'e']


def test_nodes_are_shared() -> None:
    assert compose('a: b', 'f') is compose('a: b', 'f')
    assert compose('a: b', 'f') is not compose('a: b', 'g')
