"""Words as written -> fields: expansion, splitting and quote removal (POSIX XCU 2.6)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from kaniko_hooks.model import Fragment, Variable, Word
from kaniko_hooks.old_shell.expansion import braces, parameters
from kaniko_hooks.old_shell.machine import Machine
from kaniko_hooks.old_shell.state import Missing
from kaniko_hooks.old_shell.syntax import tree
from kaniko_hooks.old_shell.syntax.source import Source
from kaniko_hooks.old_shell.values import (
    UNSET,
    WORDS,
    Array,
    Bit,
    Field,
    Scalar,
    merged,
    plain,
    scalar_of,
    too_long,
    unknown,
)

_SPACE = re.compile(r'[ \t\n]+')
_NEVER = re.compile(r'(?!)')
# What a script keeps to set `IFS` back.
_DEFAULT = ((Fragment('$IFS', False),), (Fragment('${IFS}', False),))


def expand(text: str, variables: Mapping[str, Variable]) -> Word:
    """A text with `$NAME` and `${NAME}` in it, as a CI system expands it.

    A variable with exactly one value is replaced (with those in its own value if
    it has `expand`), any other stays as written and is unknown; `$$` is a `$`.
    """
    return Word(tuple(merged(parameters.ci_fragments(text, variables, ()))))


def variants(
    machine: Machine, source: Source, words: Sequence[tree.Word], limit: int = WORDS
) -> list[list[Field]]:
    """The fields of some words, once for each alternative of their variables."""
    outer = machine.variant, machine.widest
    machine.variant, machine.widest = 0, 1
    found = [fields(machine, source, words, limit)]
    for variant in range(1, machine.widest):
        machine.variant = variant
        each = fields(machine, source, words, limit)
        if each not in found:
            found.append(each)
    machine.variant, machine.widest = outer
    return found


def fields(
    machine: Machine, source: Source, words: Sequence[tree.Word], limit: int = WORDS
) -> list[Field]:
    found: list[Field] = []
    for word in words:
        for each in braces.expanded(word, limit):
            found.extend(_fields(machine, source, each))
        if len(found) > limit:
            start, end = words[min(1, len(words) - 1)].start, words[-1].end
            bit = Bit(source.text[start:end], False, start, True, False)
            return [*found[:1], Field((bit,), True, start, end)]
    return found


def scalar(machine: Machine, source: Source, word: tree.Word) -> Scalar:
    """The value of a word that is not split: assignments, `case`, redirections."""
    pieces = tuple(piece._replace(quoted=True) for piece in word.pieces)
    value = scalar_of(_fields(machine, source, word._replace(pieces=pieces)))
    return unknown(source.text[word.start : word.end]) if too_long(value) else value


def _fields(machine: Machine, source: Source, word: tree.Word) -> list[Field]:
    found: list[Field] = []
    bits: list[Bit] = []
    for piece in word.pieces:
        if isinstance(piece, tree.Text):
            verbatim = len(piece.value) == piece.end - piece.start
            bits.append(Bit(piece.value, True, piece.start, verbatim, piece.quoted))
            continue
        value = parameters.value_of(machine, source, piece)
        if isinstance(value, Array):
            _spread(machine, found, bits, value, piece, word)
        elif piece.quoted and not _may_be_several(piece, value):
            bits.extend(_bits(value.fragments, piece))
            if not value.fragments:
                bits.append(Bit('', True, piece.start, False, True))
        else:
            _split(machine, found, bits, value.fragments, piece, word)
    if bits:
        found.append(_field(bits, word))
    return found


def _may_be_several(piece: tree.Piece, value: Scalar) -> bool:
    """Whether it is `"${NAME[@]}"` or `"$@"` of which the items are not known."""
    listed = isinstance(piece, tree.Parameter) and (
        '@' in (piece.name, piece.operator[1:2]) or piece.operator[:3] == '![@'
    )
    return listed and any(not fragment.known for fragment in value.fragments)


def _field(bits: list[Bit], word: tree.Word) -> Field:
    first = next((bit for bit in bits if bit.text), bits[0])
    return Field(tuple(bits), not first.known and not first.quoted, word.start, word.end)


def _bits(fragments: Sequence[Fragment], piece: tree.Piece) -> list[Bit]:
    quoted = piece.quoted
    return [Bit(each.text, each.known, piece.start, False, quoted) for each in fragments]


def _spread(
    machine: Machine,
    found: list[Field],
    bits: list[Bit],
    value: Array,
    piece: tree.Piece,
    word: tree.Word,
) -> None:
    """`"$@"`: each item a field; the first and last join what stands beside them."""
    for index, item in enumerate(value.words):
        if index and bits:
            found.append(_field(bits, word))
            bits.clear()
        if item.splits or not piece.quoted:
            loose = piece._replace(quoted=False)
            _split(machine, found, bits, item.fragments, loose, word)
        else:
            bits.extend(_bits(item.fragments, piece))
            if not item.fragments:
                bits.append(Bit('', True, piece.start, False, True))


def _separators(machine: Machine) -> re.Pattern[str] | None:
    """What ends a field, None if `IFS` is not known (POSIX XCU 2.6.5)."""
    held = machine.state.get('IFS')
    if isinstance(held, Missing):
        return _SPACE
    if not isinstance(held, Scalar):
        return None
    text = plain(held)
    if held is UNSET or held.fragments[:1] in _DEFAULT:
        return _SPACE
    if text is None:
        return None
    return re.compile(f'[{re.escape(text)}]+') if text else _NEVER


def _split(
    machine: Machine,
    found: list[Field],
    bits: list[Bit],
    fragments: Sequence[Fragment],
    piece: tree.Piece,
    word: tree.Word,
) -> None:
    """Known blanks end a field, unknown text may."""
    space = _separators(machine)
    for fragment in fragments:
        if not fragment.known or space is None:
            bits.append(Bit(fragment.text, False, piece.start, False, False))
            continue
        for index, text in enumerate(space.split(fragment.text)):
            if index and bits:
                found.append(_field(bits, word))
                bits.clear()
            if text:
                bits.append(Bit(text, True, piece.start, False, False))
