"""Words -> fields: braces, expansion, splitting and names of files (POSIX XCU 2.6).

Assignments expand their words in another way (XCU 2.9.1).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from kaniko_hooks.model import Field
from kaniko_hooks.shell import expand
from kaniko_hooks.shell.env import Scope, State
from kaniko_hooks.shell.expand import BREAK, Part
from kaniko_hooks.shell.tree import Assignment, Literal, Word
from kaniko_hooks.shell.value import (
    EMPTY,
    UNSET,
    Array,
    Single,
    Value,
    fresh_name,
    is_one_word,
    number,
    text_of,
)
from kaniko_hooks.shell.variables import assign, look_up
from kaniko_hooks.text import Hole, Text, concat, hole

BLANKS = frozenset(' \t\n')
# A bracket expression of reasonable length: text of many `[` must not take quadratic time.
_PATTERN = r'[*?]+|\[[^\]\s]{1,100}\]'
_IFS_OF_THE_SHELL = hole('IFS')
_ANY_FIELDS = Field(hole(''), True, vanishes=True)

_Way = tuple[State, tuple[Field, ...]]


def fields_of(scope: Scope, state: State, words: Sequence[Word]) -> Sequence[_Way]:
    """The fields that words expand to, brace expansion included."""
    ways: list[_Way] = [(state, ())]
    plain: list[Field] = []
    for word in words:
        simple = _literal_field(scope.source, word)
        if simple is not None:
            plain.append(simple)
            continue
        ways = [(before, (*result, *plain)) for before, result in ways]
        plain = []
        for part in _brace_expanded(scope, word):
            ways = expand.extended(scope, ways, _expanded, part, _ANY_FIELDS)
    ways = [(before, (*result, *plain)) for before, result in ways]
    scope.ev.spend(sum(4 + field.text.weight for _, result in ways for field in result))
    return ways


def _expanded(scope: Scope, state: State, word: Word) -> Sequence[_Way]:
    return [
        (after, tuple(_split(scope, after, parts, word)))
        for after, parts in expand.parts_of(scope, state, word.pieces)
    ]


def _literal_field(source: Text, word: Word) -> Field | None:
    """The field of a word in which nothing is expanded; None for other words."""
    piece = word.pieces[0] if len(word.pieces) == 1 else None
    if not isinstance(piece, Literal):
        return None
    # Braces, or a pattern for names of files.
    if not piece.quoted and any(char in piece.value for char in '*?[{'):
        return None
    return Field(expand.literal_text(source, piece), False, word.start, word.end)


def _split(scope: Scope, state: State, parts: Sequence[Part], word: Word) -> list[Field]:
    """The fields of a word after expansion."""
    result: list[Field] = []
    current: list[Part] = []
    separators = separators_of(state)
    # Between two separators that are no blanks is an empty field.
    empty = Field(EMPTY, False, word.start, word.end)
    between = [] if separators is None or separators & BLANKS else [empty]
    scope.ev.spend(len(parts) // 8 * 50)
    for part in (*parts, BREAK):
        if part is BREAK:
            result += _field(scope, state, current, word)
            current = []
        elif part.quoted or part.verbatim:
            current.append(part)
        elif separators is None:
            current.append(part._replace(splits=True))
        elif separators.isdisjoint(part.text.value):
            current.append(part)
        else:
            first, *others = part.text.split(separators)
            current.append(part._replace(text=first))
            for text in others:
                result += _field(scope, state, current, word) or between
                current = [part._replace(text=text)]
    return result


def _field(scope: Scope, state: State, parts: Sequence[Part], word: Word) -> list[Field]:
    """The field of these parts; none if nothing is left of them."""
    kept = [part for part in parts if part.quoted or part.text.value]
    if not kept:
        return []
    texts = [part.text if part.quoted else file_names(part.text) for part in kept]
    splits = any(
        part.splits
        or part.text is not text
        or not part.quoted
        and not all(is_one_word(scope.ev, item.name) for item in text.holes)
        for part, text in zip(kept, texts)
    )
    vanishes = all(part.splits or not (part.quoted or part.text.has_known) for part in kept)
    return [Field(concat(texts), splits, word.start, word.end, vanishes)]


def separators_of(state: State) -> frozenset[str] | None:
    """The characters that split fields: those of IFS; None if they are not known."""
    value = state.env.variables.get('IFS', UNSET)
    if value == UNSET or value == _IFS_OF_THE_SHELL:
        return BLANKS
    return frozenset(value.value) if isinstance(value, Text) and not value.holes else None


def file_names(text: Text) -> Text:
    """A text in which pattern characters stand for unknown names; the same without them."""
    holes = list(text.holes)
    for match in re.finditer(_PATTERN, text.value):
        if not text.in_hole(match.start()):
            holes.append(Hole(match.start(), match.end(), fresh_name(match.group())))
    if len(holes) == len(text.holes):
        return text
    return Text(text.value, tuple(sorted(holes)), text.segments)


def with_words(scope: Scope, fields: Sequence[Field]) -> list[Field]:
    """Fields with the words that unknown ones may be."""
    result: list[Field] = []
    for field in fields:
        words = scope.ev.words.get(field.text.hole_name) if field.splits else None
        if words is None:
            result.append(field)
        else:
            result += [
                word._replace(start=field.start, end=field.end) for part in words for word in part
            ]
    return result


def _brace_expanded(scope: Scope, word: Word) -> Sequence[Word]:
    """The words that braces make of one; bash and busybox's ash differ here."""
    for piece in word.pieces:
        if isinstance(piece, Literal) and not piece.quoted and '{' in piece.value:
            from kaniko_hooks.shell.braces import expanded

            scope.ev.spend(word.end - word.start)
            return [Word(pieces, word.start, word.end) for pieces in expanded(word.pieces)]
    return [word]


# Assignments


def assigned(scope: Scope, state: State, assignments: Sequence[Assignment]) -> list[State]:
    """The states after assignments, in order."""
    states = [state]
    scope.ev.spend(len(assignments) * len(state.env.variables) // 64)
    for node in assignments:
        states = [end for way in states for end in _assignment(scope, way, node)]
    return states


def _assignment(scope: Scope, state: State, node: Assignment) -> list[State]:
    ways: Sequence[tuple[State, Text | Array]]
    if isinstance(node.value, Word):
        ways = expand.text(scope, state, node.value)
    else:
        ways = [(way, _array(fields)) for way, fields in fields_of(scope, state, node.value)]
    if not node.append and not node.subscript:
        return [assign(way, node.name, value) for way, value in ways]
    return [
        assign(after, node.name, _changed(after, node, before, value))
        for way, value in ways
        for after, before in look_up(scope, way, node.name, f'${node.name}')
    ]


def _array(fields: Iterable[Field]) -> Array:
    return Array(tuple(field._replace(text=_unplaced(field.text)) for field in fields))


def _changed(state: State, node: Assignment, before: Single, value: Text | Array) -> Value:
    """The value after `name+=value` or `name[subscript]=value`."""
    if isinstance(value, Text) and not node.subscript and not isinstance(before, Array):
        return concat((text_of(before), value))
    items: tuple[Field, ...] = ()
    if isinstance(before, Array):
        items = before.items
    elif isinstance(before, Text) and (not before.holes or node.name in state.env.variables):
        items = (Field(before),)
    if isinstance(value, Array):
        return Array((*items, *value.items))
    index = number(node.subscript[1:-1]) if node.subscript else 0
    if index is None or index > len(items) or any(item.splits for item in items[: index + 1]):
        return Array((*items, Field(_unplaced(value), True)))
    old = items[index].text if node.append and index < len(items) else EMPTY
    return Array((*items[:index], Field(concat((old, _unplaced(value)))), *items[index + 1 :]))


def _unplaced(text: Text) -> Text:
    return Text(text.value, text.holes)
