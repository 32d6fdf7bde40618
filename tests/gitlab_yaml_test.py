from __future__ import annotations

from pathlib import Path

import pytest

from kaniko_hooks.ci.gitlab import InvalidPipeline
from tests.gitlab_read import read, scripts

A_DATE = 'Tried to load unspecified class: Date'
DEEP_ALIASES = (
    '.a0: &a0 [x]\n'
    + ''.join(f'.a{i}: &a{i} [{", ".join([f"*a{i - 1}"] * 10)}]\n' for i in range(1, 9))
    + 'j: {script: [a]}'
)
LONG_ALIASES = (
    '.a0: &a0 [x]\n'
    + ''.join(f'.a{i}: &a{i} [*a{i - 1}]\n' for i in range(1, 150))
    + 'j: {script: [a]}'
)


@pytest.mark.parametrize(
    ('text', 'message'),
    (
        pytest.param('j: {script: [a]}\n.x: 2024-01-02', A_DATE, id='a date anywhere'),
        pytest.param('j: {script: [a], variables: {D: 2024-02-30}}', A_DATE, id='no such day'),
        pytest.param('2024-01-02: {script: [a]}', A_DATE, id='a date as key'),
        pytest.param('j: {script: [a]}\n---\nk: 2024-01-02', A_DATE, id='in what is ignored'),
        pytest.param('j: {script: [!ruby/regexp /a/]}', 'Tried to load', id='Ruby regexp'),
        pytest.param(
            '.x: !ruby/struct:S {a: b}\nj: {script: [a]}', 'class: !ruby/struct:S', id='Ruby struct'
        ),
        pytest.param('.x: &x [*x]\nj: {script: [a]}', 'contains itself', id='cycle'),
        pytest.param(DEEP_ALIASES, 'too big', id='billion laughs'),
        pytest.param(LONG_ALIASES, 'too big', id='deep by aliases'),
        pytest.param('j: ' + '[' * 300, 'nested too deeply', id='deep'),
        pytest.param('j: {script: [*x]}', 'undefined alias', id='unknown alias'),
        pytest.param('a scalar', 'Invalid configuration format', id='scalar'),
        pytest.param('j: {script: ["\0"]}', 'U+0000', id='control character'),
    ),
)
def test_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InvalidPipeline, match='.gitlab-ci.yml:') as caught:
        read(tmp_path, text)
    assert message in caught.value.message


@pytest.mark.parametrize(
    ('text', 'expected'),
    (
        pytest.param('.x: &x {script: [m]}\nj:\n  "<<": *x', ['m'], id='quoted merge key'),
        pytest.param(
            '.x: &x {script: [m]}\nj:\n  <<: {script: [in place]}\n',
            ['in place'],
            id='merged mapping in place',
        ),
        pytest.param(f'j: {{script: [a]}}\n.x: {"[" * 99}b{"]" * 99}', ['a'], id='100 levels'),
        pytest.param('j: {script: [!grep x]}', ['x'], id='unknown tag'),
        pytest.param('j: {script: !custom [a, b]}', ['a', 'b'], id='unknown tag of a list'),
        pytest.param('.x: !custom {script: [a]}\nj: {extends: .x}', ['a'], id='of a hash'),
        pytest.param('j: {script: [[ -f x ]]}', ['-f x'], id='a test in brackets'),
        pytest.param('j:\n  script:\n  - :"a b"', ['a b'], id='quoted symbol'),
        pytest.param('j: {script: [!ruby/symbol a, !str 1]}', ['a', '1'], id='Ruby tags'),
        pytest.param('j: {script: [a]}\n...\n}{', ['a'], id='after the document'),
        pytest.param('# c\n---\nj: {script: [a]}\n---\n---\nk: b', ['a'], id='blank pieces'),
        pytest.param('spec:\n---\nj: {script: [a]}', ['a'], id='empty header'),
        pytest.param('j: {script: [a]}\n---', ['a'], id='divider at the end'),
        pytest.param('---   j: {script: [a]}', ['a'], id='divider with content'),
    ),
)
def test_accepted(tmp_path: Path, text: str, expected: list[str]) -> None:
    assert scripts(read(tmp_path, text)) == {'j': expected}


VALUES = (
    ('y', 'y'),
    ('n', 'n'),
    ('ON', 'true'),
    ('Off', 'false'),
    ('NULL', ''),
    ('~', ''),
    ('yesss', 'yesss'),
    ('falsey', 'falsey'),
    ('a:b', 'a:b'),
    ('012', '10'),
    ('08', '08'),
    ('0x1F', '31'),
    ('0b11', '3'),
    ('0x_', '0x_'),
    ('-0', '0'),
    ('+7', '7'),
    ('1_000', '1000'),
    ('"012"', '012'),
    ("'yes'", 'yes'),
    ('1.50', '1.5'),
    ('1.', '1.0'),
    ('.', '.'),
    ('-.', '-.'),
    ('+.5', '0.5'),
    ('1.5e+3', '1500.0'),
    ('1e3', '1e3'),
    ('1.0e+20', '1.0e+20'),
    ('1.0e-7', '1.0e-07'),
    ('.e+1', '.e+1'),
    ('1,234.5', '1234.5'),
    ('.nan', 'NaN'),
    ('-.INF', '-Infinity'),
    ('12:30', '45000'),
    ('-1:30', '-1800'),
    ('1:2:3.5', '3723.5'),
    ('12:60', '12:60'),
    ('1.2.3', '1.2.3'),
    ('20240102', '20240102'),
    ('2024-1', '2024-1'),
    ('1-2', '1-2'),
    ('":"', ':'),
    ('::a', ':a'),
    ('"-"', '-'),
    ('1a', '1a'),
    ('!!int 7', '7'),
    ('!!float 1', '1.0'),
    ('!!str', ''),
    ('!!null x', 'x'),
    ('!!bool yes', 'true'),
    ('0x' + 'f' * 5000, '0x' + 'f' * 5000),
    ('+.inf', 'Infinity'),
    ('1_', '1_'),
    ('1,,2', '1,,2'),
    ('1,2_3', '123'),
    ('!!float 1e3', '1000.0'),
    ('!!float 0x1F', '31.0'),
    ('!!float 12:30', '45000.0'),
    ('100000000000000.0', '100000000000000.0'),
    ('!ruby/sym a', 'a'),
    ('0', '0'),
    ('a\n\n     no', 'a\nno'),
    ('25.12', '25.12'),
)


@pytest.mark.parametrize(('text', 'expected'), VALUES, ids=[text for text, _ in VALUES])
def test_values_as_ruby_says_them(tmp_path: Path, text: str, expected: str) -> None:
    pipeline = read(tmp_path, f'j:\n  script: [a]\n  variables:\n    A: {text}\n')
    assert pipeline.jobs['j'].variables == {'A': expected}
