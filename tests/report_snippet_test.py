from __future__ import annotations

import pytest

from kaniko_hooks.model import Finding, Result
from kaniko_hooks.report import text
from tests.samples import CI, build, run_of, text_is

RULE = 'cached-builds-share-container'


def one(source: str, start: str, end: str) -> str:
    """The report about one build, which reaches from one text to another."""
    first = source.index(start)
    made = build(CI, first, source.index(end, first) + len(end), '')
    found = Finding(RULE, made.place, 'MESSAGE', (), run_of([made]))
    return text.render(Result((), (found,)), text_is(source))


@pytest.mark.parametrize(
    ('source', 'shown', 'carets'),
    (
        pytest.param('\ta\tX', '    a   X', '        ^', id='tabs'),
        pytest.param('漢字 X', '漢字 X', '     ^', id='wide'),
        pytest.param('e\u0301 X', 'e\u0301 X', '  ^', id='combining'),
        pytest.param('\x1b[1mX', '\\x1b[1mX', '       ^', id='control'),
        pytest.param('\u202eX', '\\u202eX', '      ^', id='reordering'),
        pytest.param('X漢字X', 'X漢字X', '^^^^^^', id='wide under the marks'),
        pytest.param('a\rX\rb', 'X', '^', id='CR'),
        pytest.param('X\nX', 'X', '^', id='several lines'),
    ),
)
def test_carets_are_aligned(source: str, shown: str, carets: str) -> None:
    start, end = source.index('X'), source.rindex('X') + 1
    made = build(CI, start, end, '')
    found = Finding(RULE, made.place, 'MESSAGE', (), run_of([made]))
    lines = text.render(Result((), (found,)), text_is(source)).split('\n')
    assert lines[1].partition(' | ')[2] == shown
    assert lines[2] == f'    | {carets} build, cache on'


def test_a_mark_on_an_empty_line() -> None:
    assert '  1 |\n    | ^ build, cache on\n' in one('\n/kaniko', '\n', '\n')


@pytest.mark.parametrize(
    ('source', 'start', 'end', 'shown', 'carets'),
    (
        pytest.param('Sx ' + 'x' * 97, 'S', 'x', 'Sx ' + 'x' * 97, '^^', id='fits'),
        pytest.param('Sx ' + 'x' * 98, 'S', 'x', 'Sx ' + 'x' * 94 + '...', '^^', id='cut behind'),
        pytest.param(
            'x' * 99 + ' S', 'S', 'S', '...' + 'x' * 19 + ' S', ' ' * 23 + '^', id='cut before'
        ),
        pytest.param(
            'x' * 200 + 'SE' + 'y' * 200,
            'SE',
            'y' * 200,
            '...' + 'x' * 20 + 'SE' + 'y' * 72 + '...',
            ' ' * 23 + '^' * 74,
            id='cut on both sides',
        ),
        pytest.param(
            'x' * 2000 + 'SE ' + 'y' * 2000,
            'SE',
            'E',
            '...' + 'x' * 20 + 'SE ' + 'y' * 71 + '...',
            ' ' * 23 + '^^',
            id='very long',
        ),
        pytest.param(
            '\u0301' * 99 + 'x' * 2 + 'S' + 'E' * 99,
            'S',
            'E' * 99,
            '\u0301' * 99 + 'xxS' + 'E' * 94 + '...',
            '  ' + '^' * 95,
            id='nothing cut before',
        ),
        pytest.param(
            '漢' * 60 + 'SE', 'SE', 'SE', '...' + '漢' * 10 + 'SE', ' ' * 23 + '^^', id='cut wide'
        ),
    ),
)
def test_long_lines_are_cut(source: str, start: str, end: str, shown: str, carets: str) -> None:
    lines = one(source, start, end).split('\n')
    assert lines[1] == f'  1 | {shown}'
    assert lines[2] == f'    | {carets} build, cache on'


def test_two_marks_on_a_line_that_is_cut_show_both_parts() -> None:
    source = 'A' + ' ' * 150 + 'B'
    builds = [build(CI, 0, 1, 'a -d a'), build(CI, 151, 152, 'b -d b')]
    found = Finding(RULE, builds[1].place, 'MESSAGE', (), run_of(builds))
    shown = text.render(Result((), (found,)), text_is(source)).split('\n')[1:5]
    assert shown == [
        '  1 | A' + ' ' * 96 + '...',
        '    | ^ first build, cache on: a',
        '  1 | ...' + ' ' * 20 + 'B',
        '    | ' + ' ' * 23 + '^ second build, same container, cache on: b',
    ]
