from __future__ import annotations

import pytest

from kaniko_hooks.document.compose import compose
from kaniko_hooks.document.nodes import fields, text_of, value_of


@pytest.mark.parametrize('text', ('a', '[a, b]', '[{a: 1}]', '~'))
def test_only_mappings_have_fields(text: str) -> None:
    assert fields(compose(text, 'a.yaml')[0]) == {}
    assert fields(None) == {}


@pytest.mark.parametrize(
    ('text', 'expected'),
    (
        pytest.param('{a: 1, a: 2}', {'a': '2'}, id='the last of a repeated key'),
        pytest.param('{[x]: 1, a: 2}', {'a': '2'}, id='a key that is no scalar'),
        pytest.param('{<<: {a: 1}, a: 2}', {'a': '2'}, id='own key after the merge'),
        pytest.param('{a: 2, <<: {a: 1, b: 1}}', {'a': '2', 'b': '1'}, id='own key before it'),
        pytest.param('{<<: [{a: 1}, {a: 2, b: 2}]}', {'a': '1', 'b': '2'}, id='first source wins'),
        pytest.param('{<<: {a: 1, <<: {b: 2}}}', {'a': '1', 'b': '2'}, id='merge in a merge'),
        pytest.param("{'<<': {a: 1}}", {'<<': ''}, id='quoted, it is a key'),
        pytest.param('{<<: text, a: 1}', {'a': '1'}, id='nothing to merge'),
        pytest.param('&m {<<: *m, a: 1}', {'a': '1'}, id='merged into itself'),
        pytest.param('{<<: &l [*l, {a: 1}]}', {'a': '1'}, id='a list in itself'),
    ),
)
def test_own_keys_win_over_merged_ones(text: str, expected: dict[str, str]) -> None:
    merged = fields(compose(text, 'a.yaml')[0])
    assert {name: text_of(field.value) for name, field in merged.items()} == expected


def test_value_of_follows_a_path_through_merge_keys() -> None:
    document = compose('{a: {<<: {b: {c: 1}}}}', 'a.yaml')[0]
    assert text_of(value_of(document, 'a', 'b', 'c')) == '1'
    assert value_of(document, 'a', 'x', 'c') is None
    assert value_of(document, 'a', 'b', 'c', 'd') is None
    assert value_of(document) is document
