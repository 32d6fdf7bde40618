from __future__ import annotations

import pytest
import yaml

from kaniko_hooks.fix.yaml_words import like, quoted, word

PLAIN = ('api', 'my-app', 'a.b', 'x/y', 'v1', '1a', 'a:b', 'a_b', 'services/web', '1.2.3', '.x')
QUOTED = (
    'y',
    'N',
    'yes',
    'No',
    'on',
    'OFF',
    'true',
    'False',
    'null',
    '~',
    '1',
    '012',
    '0x1F',
    '0o17',
    '1.0',
    '.5',
    '1e3',
    '-1',
    '+1',
    '1_000',
    '1,000',
    '12:30',
    '12:30:45.5',
    '2026-11-23',
    '.inf',
    '.NaN',
    '0b11',
    '<<',
    '=',
    '',
    'a b',
    'a: b',
    'a #b',
    '[a]',
    '{a}',
    '*a',
    '&a',
    '!a',
    '%a',
    '@a',
    '`a',
    '"a"',
    "'a'",
    '-',
    '- a',
    '? a',
    'a,b',
    '#a',
    '|',
    '>',
    'a\tb',
    'größe',
    '\x01',
    '\u2028',
    '😀',
    'a\\b',
    'nil',
    '1.e5',
    '09',
    '190:20:30',
)


@pytest.mark.parametrize('text', PLAIN)
def test_a_plain_string_stays_plain(text: str) -> None:
    assert word(text) == text


@pytest.mark.parametrize('text', QUOTED)
def test_what_a_reader_may_take_for_something_else_is_quoted(text: str) -> None:
    assert word(text) == quoted(text)


@pytest.mark.parametrize('text', (*PLAIN, *QUOTED))
def test_a_flow_list_reads_back_the_word(text: str) -> None:
    assert yaml.safe_load(f'[{word(text)}, {word(text)}]') == [text, text]


@pytest.mark.parametrize('style', ('', "'", '"'))
@pytest.mark.parametrize(
    'text',
    (
        '.build-image',
        'build image: a',
        "it's",
        'a "b"',
        '1.5',
        'x ',
        'build:a',
        'a:b c',
        'a:',
        '🐳 a',
        '\xa0a',
        'a\u2028b',
        '-a',
    ),
)
def test_a_name_reads_back_in_every_style(text: str, style: str) -> None:
    assert yaml.safe_load(f'{like(text, style)}: 1\n') == {text: 1}
    assert yaml.safe_load(f'- {like(text, style)}\n') == [text]


def test_a_name_keeps_the_style_of_the_old_one() -> None:
    assert [like('a-b', style) for style in ('', "'", '"')] == ['a-b', "'a-b'", '"a-b"']
    assert like('größe a', '') == 'größe a'
    assert like('🐳 a:b c', '') == '🐳 a:b c'
