from __future__ import annotations

import re

import pytest

from kaniko_hooks.document.substitution import Piece, replace, substitute
from kaniko_hooks.model import Command

INPUT = re.compile(r'<(\w+)>')


def _command(text: str, start: int = 100) -> Command:
    return Command(text, 'ci.yml', start, lambda offset: start + offset)


def test_without_pieces_the_command_stays() -> None:
    command = _command('echo a')
    assert substitute(command, []) is command


def test_unknown_values_stay_as_written() -> None:
    command = _command('echo <a> <b>')
    assert replace(command, INPUT, lambda match: None) is command


@pytest.mark.parametrize(
    ('text', 'pieces', 'expected', 'offsets'),
    (
        pytest.param(
            'a <x> b', [Piece(2, 5, 'long')], 'a long b', [0, 1, 2, 2, 2, 2, 5, 6, 7], id='longer'
        ),
        pytest.param('<x>b', [Piece(0, 3, 'X')], 'Xb', [0, 3, 4], id='at the start'),
        pytest.param('b<x>', [Piece(1, 4, 'X')], 'bX', [0, 1, 4], id='at the end'),
        pytest.param('ab', [Piece(0, 0, 'X')], 'Xab', [0, 0, 1, 2], id='an insertion'),
        pytest.param('a<x>b', [Piece(1, 4, '')], 'ab', [0, 4, 5], id='by nothing'),
        pytest.param('<x>', [Piece(0, 3, '')], '', [3], id='nothing is left'),
        pytest.param(
            '<x><y>', [Piece(0, 3, 'XX'), Piece(3, 6, 'Y')], 'XXY', [0, 0, 3, 6], id='side by side'
        ),
    ),
)
def test_a_piece_is_located_where_it_begins(
    text: str, pieces: list[Piece], expected: str, offsets: list[int]
) -> None:
    command = substitute(_command(text), pieces)
    assert command.text == expected
    assert (command.file, command.offset) == ('ci.yml', 100)
    assert [command.locate(offset) - 100 for offset in range(len(expected) + 1)] == offsets


def test_replacements_can_be_repeated() -> None:
    command = replace(_command('<a>-<b>'), INPUT, lambda match: {'a': '<b>!'}.get(match[1]))
    assert command.text == '<b>!-<b>'
    again = replace(command, INPUT, lambda match: {'b': 'B'}.get(match[1]))
    assert again.text == 'B!-B'
    assert [again.locate(offset) - 100 for offset in range(5)] == [0, 0, 3, 4, 7]
