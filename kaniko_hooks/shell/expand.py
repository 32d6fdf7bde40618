"""Expansion of words: parameters, command substitution, quotes (POSIX XCU 2.6).

An expansion may go several ways: a variable has alternatives, `${x:-y}` depends
on an unknown value, a substituted command branches or builds. So the result of
each function is a list: states, each with what the word is there.

Not evaluated but unknown: names of variables, changes of case, substrings, replacements
of patterns.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import takewhile

from kaniko_hooks.model import Cond, Eq, Field, Match, opaque
from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.shell import outcome, tree
from kaniko_hooks.shell.env import Scope, State, joined_states
from kaniko_hooks.shell.facts import escaped, is_pattern, matches
from kaniko_hooks.shell.value import (
    EMPTY,
    Array,
    Single,
    Unset,
    after_first,
    alternatives,
    bounded,
    is_known,
    may_build,
    number,
    text_of,
)
from kaniko_hooks.shell.variables import Values, assign, items_of, look_up, separator, value_of_hole
from kaniko_hooks.text import Text, concat, hole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeVar

    from kaniko_hooks.shell.conditionals import Operand

    _Item = TypeVar('_Item', bound='Field | Part | Operand')
    _Node = TypeVar('_Node', bound='tree.Word | _Expansion')


class Part(NamedTuple):
    """A piece of a word after expansion."""

    text: Text
    quoted: bool
    splits: bool = False  # may stand for any number of words
    verbatim: bool = False  # written in the script, no result of an expansion


# Of an operator with a pattern; a longer value is not evaluated.
_MAX_SUBJECT = 1000
# Ways that the words of a command may expand, also where all states are joined; more become
# one with unknown text.
_MAX_WAYS = 16
_MAX_JOINED_WAYS = 2
_BLANK = Text(' ')
# Between the parts of two words: `"$@"` makes several.
BREAK = Part(Text('\0'), True)

Ways = list[tuple[State, tuple[Part, ...]]]
_Expansion = tree.Parameter | tree.Substitution | tree.Arithmetic | tree.Unknown


def extended(
    scope: Scope,
    ways: Sequence[tuple[State, tuple[_Item, ...]]],
    expanded: Callable[[Scope, State, _Node], Sequence[tuple[State, tuple[_Item, ...]]]],
    node: _Node,
    unknown: _Item,
) -> list[tuple[State, tuple[_Item, ...]]]:
    """The ways of a sequence and what comes after it, unknown where there are too many."""
    result: list[tuple[State, tuple[_Item, ...]]] = []
    for before, items in ways:
        ends = expanded(scope, before, node)
        scope.ev.spend(len(ends) * (12 + len(items) // 8))
        result += [(after, (*items, *more)) for after, more in ends]
    most = _MAX_WAYS if scope.ev.max_states > 1 else _MAX_JOINED_WAYS
    if len(result) <= max(most, len(ways)):
        return result
    columns = zip(*(items for _, items in result))
    common = tuple(column[0] for column in takewhile(lambda column: len(set(column)) == 1, columns))
    starts = [common]
    for _, items in result:
        building = [at for at in range(len(common), len(items)) if may_build(items[at].text)]
        starts += [items[: at + 1] for at in building[:1]]
    states = joined_states(scope, [state for state, _ in result], outcome.signature)
    return [
        # The first unknown item may be the value of a flag before it.
        (state, (*start, unknown, unknown))
        for start in dict.fromkeys(starts)
        for state in states
    ]


def text(scope: Scope, state: State, word: tree.Word) -> list[tuple[State, Text]]:
    """A word as one text, as an assignment or a redirection expands it."""
    ways = [(after, joined(parts)) for after, parts in parts_of(scope, state, word.pieces)]
    scope.ev.spend(sum(text.weight for _, text in ways))
    return ways


def joined(parts: Iterable[Part]) -> Text:
    """The text of all parts; words of an array have a blank between."""
    return bounded(concat(_BLANK if part is BREAK else part.text for part in parts))


def matching(subject: Text, parts: Sequence[Part]) -> Cond:
    """The condition that a text matches the pattern that a word is."""
    if all(
        part.quoted or not part.text.holes and not is_pattern(part.text.value) for part in parts
    ):
        return Eq(subject, joined(parts))
    pattern = pattern_of(parts)
    return opaque_match('matches', subject, parts) if pattern is None else Match(subject, pattern)


def opaque_match(operator: str, subject: Text, parts: Sequence[Part]) -> Cond:
    """The condition of a test whose answer is the same for the same text and word."""
    test = f'{operator} {[part.quoted for part in parts]}'
    return opaque(test, subject, *(part.text for part in parts))


def pattern_of(parts: Iterable[Part]) -> str | None:
    """The pattern that a word is, quoted characters escaped; None if it is not known."""
    result = []
    for part in parts:
        if part.text.holes:
            return None
        result.append(escaped(part.text.value) if part.quoted else part.text.value)
    pattern = ''.join(result)
    # Extended patterns, classes of characters and backslashes in values are not evaluated.
    return None if re.search(r'[?*+@!]\(|\[:|\\', pattern) else pattern


def parts_of(scope: Scope, state: State, pieces: Sequence[tree.Piece]) -> Ways:
    """The parts of a word, after the expansion of its pieces."""
    # Few words are so long that it counts.
    scope.ev.spend(len(pieces) // 8 * 50)
    ways: Ways = [(state, ())]
    literal: list[Part] = []  # since the last expansion
    for piece in pieces:
        if isinstance(piece, tree.Literal):
            literal.append(Part(literal_text(scope.source, piece), piece.quoted, verbatim=True))
            continue
        ways = [(before, (*parts, *literal)) for before, parts in ways]
        literal = []
        is_list = isinstance(piece, tree.Parameter) and piece.whole == '@'
        unknown = Part(hole(''), piece.quoted, is_list)
        ways = extended(scope, ways, _expansion, piece, unknown)
    return [(before, (*parts, *literal)) for before, parts in ways]


def literal_text(source: Text, piece: tree.Literal) -> Text:
    if len(piece.value) == piece.end - piece.start:
        return source.part(piece.start, piece.end)
    return Text(piece.value).at(source.place, piece.start)


def _expansion(scope: Scope, state: State, piece: _Expansion) -> Ways:
    if isinstance(piece, tree.Parameter):
        ways = _parameter(scope, state, piece)
    elif isinstance(piece, tree.Substitution):
        ways = [
            _substituted(scope, after, output, piece)
            for after, output in scope.ev.substitution(scope, state, piece)
        ]
    elif isinstance(piece, tree.Arithmetic):
        from kaniko_hooks.shell import arithmetic

        ways = []
        for before, expression in parts_of(scope, state, piece.pieces):
            after, result = arithmetic.evaluate(scope, before, joined(expression))
            ways.append((after, (Part(result, True),)))
    else:
        shown = scope.source.value[piece.start : piece.end]
        ways = [
            (after, _parts(value, piece.quoted))
            for after, value in value_of_hole(scope, state, piece.name, shown)
        ]
    return [
        (after, tuple(_placed(scope, part, piece.start) for part in parts)) for after, parts in ways
    ]


def _substituted(
    scope: Scope, state: State, output: Text, piece: tree.Substitution
) -> tuple[State, tuple[Part, ...]]:
    if scope.source.value[piece.start] != '<':
        return state, (Part(output, piece.quoted),)
    # `<(…)` is the path of a file with the output, the same each time that it is read.
    path = Text(f'/dev/fd/{scope.source.place(piece.start).offset}.{piece.start}')
    files = {**state.env.files, path.value: (output,)}
    return state.with_env(state.env._replace(files=files)), (Part(path, True),)


def _placed(scope: Scope, part: Part, offset: int) -> Part:
    return part if part is BREAK else part._replace(text=part.text.at(scope.source.place, offset))


# Parameters


def _parameter(scope: Scope, state: State, piece: tree.Parameter) -> Ways:
    if piece.prefix == '!':
        return _indirect(scope, state, piece)
    if piece.operator[-1:] in ('-', '=', '+', '?') and piece.operand is not None:
        return _conditional(scope, state, piece, piece.operand)
    ways: Ways = []
    for after, value in _values(scope, state, piece):
        if piece.prefix:
            ways.append((after, (Part(_length(piece, value), True),)))
        elif piece.operand is None:
            ways.append((after, _parts(value, piece.quoted, piece.whole, separator(after))))
        else:
            ways += _modified(scope, after, piece, value, piece.operand)
    return ways


def _shown(scope: Scope, piece: tree.Parameter) -> str:
    return scope.source.value[piece.start : piece.end]


def _indirect(scope: Scope, state: State, piece: tree.Parameter) -> Ways:
    """`${!x}`: unknown words, or the value of any variable that may build."""
    shown = _shown(scope, piece)
    ways: Ways = [(state, (Part(hole('', shown), piece.quoted, True),))]
    for name in (*scope.script.variables, *state.env.variables):
        values = look_up(scope, state, name, shown)
        ways += [(way, _parts(item, piece.quoted, '@')) for way, item in values if may_build(item)]
    return ways


def _values(scope: Scope, state: State, piece: tree.Parameter) -> Values:
    """The values of a parameter, or of an item of an array."""
    shown = _shown(scope, piece)
    ways = look_up(scope, state, piece.name, shown)
    if piece.whole or not piece.subscript:
        return ways
    return [
        (after, item) for after, value in ways for item in items_of(value, piece.subscript, shown)
    ]


def _parts(
    value: Single, quoted: bool, whole: str = '', between: Text = _BLANK
) -> tuple[Part, ...]:
    """The parts that a value expands to."""
    if isinstance(value, Array) and whole:
        items = [Part(item.text, quoted or item.splits, item.splits) for item in value.items]
        if quoted and whole == '*':
            return (Part(bounded(between.join(item.text for item in items)), True),)
        return tuple(part for item in items for part in (BREAK, item))[1:]
    if isinstance(value, Unset):
        return (Part(EMPTY, True),) if quoted and not whole else ()
    text = text_of(value)
    return (Part(text, quoted, whole == '@' and bool(text.holes)),)


def _conditional(scope: Scope, state: State, piece: tree.Parameter, operand: tree.Word) -> Ways:
    """`${x:-word}` and its like: which way depends on the value."""
    kind = piece.operator[-1]
    ways: Ways = []
    for after, value in _values(scope, state, piece):
        present, absent = _by_presence(scope, after, piece, value)
        if kind == '?':
            scope.ev.ended += absent
            for report in scope.ev.active if absent else ():
                report.demands = True
            absent = []
        replacing = present if kind == '+' else absent
        replaced = [end for way in replacing for end in _operand(scope, way, operand)]
        if kind == '=':
            replaced = [(assign(way, piece.name, joined(word)), word) for way, word in replaced]
        if kind == '+':
            ways += [*replaced, *((way, ()) for way in absent)]
        else:
            parts = _parts(value, piece.quoted, piece.whole)
            ways += [*((way, parts) for way in present), *replaced]
    if piece.quoted and piece.whole != '@':
        # A quoted word is there even if it is empty.
        ways = [(way, parts or (Part(EMPTY, True),)) for way, parts in ways]
    return ways


def _operand(scope: Scope, state: State, word: tree.Word) -> Ways:
    """The word of `${x:-word}`, which is split where it is not quoted."""
    return [
        (after, tuple(part._replace(verbatim=False) if part.verbatim else part for part in parts))
        for after, parts in parts_of(scope, state, word.pieces)
    ]


def _by_presence(
    scope: Scope, state: State, piece: tree.Parameter, value: Single
) -> tuple[list[State], list[State]]:
    """The state where a parameter is set (and with `:` not empty), and where it is not."""
    if isinstance(value, Unset):
        return [], [state]
    if isinstance(value, Array):
        certain = any(not item.splits for item in value.items)
        return [state] if value.items else [], [] if certain else [state]
    if piece.operator[0] == ':':
        empty, filled = scope.ev.split(state, Eq(value, EMPTY))
        return filled, empty
    return scope.ev.split(state, opaque('set', value) if value.holes else True)


def _length(piece: tree.Parameter, value: Single) -> Text:
    if isinstance(value, Array) and piece.whole:
        return Text(str(len(value.items))) if is_known(value) else hole('')
    subject = text_of(value)
    return _derived(piece, [subject]) if subject.holes else Text(str(len(subject.value)))


def _derived(piece: tree.Parameter, operands: Sequence[Text], shown: str = '') -> Text:
    """The unknown result of an operator: the same for the same operands."""
    if any(not item.name for operand in operands for item in operand.holes):
        return hole('', shown)
    names = ' '.join(map(repr, operands))
    return hole(f'{piece.prefix}{piece.operator}{piece.name} {names}', shown)


def _modified(
    scope: Scope, state: State, piece: tree.Parameter, value: Single, operand: tree.Word
) -> Ways:
    """`${x#pattern}`, `${x%pattern}`, `${x/text/text}`, `${x[@]:offset}`; others are unknown."""
    subject = text_of(value)
    size = len(subject.value)
    scope.ev.spend(size * size // 250 * (size <= _MAX_SUBJECT))
    ways: Ways = []
    for after, parts in parts_of(scope, state, operand.pieces):
        operand_text = joined(parts)
        if isinstance(value, Array) and piece.whole:
            # Any of the words, where another slice than `${array[@]:offset}` is written.
            offset = number(operand_text.known) if piece.operator == ':' else None
            # The parameters begin with `$0`.
            rest = after_first(value, offset - (piece.name == piece.whole) if offset else None)
            ways += [
                (after, _parts(item, piece.quoted, piece.whole, separator(after)))
                for item in alternatives(rest)
            ]
            continue
        result = _replaced(subject, piece.operator, parts)
        if result is None:
            derived = _derived(piece, [subject, operand_text], _shown(scope, piece))
            ways.append((after, (Part(derived, piece.quoted, piece.whole == '@'),)))
        else:
            ways.append((after, (Part(Text(result), piece.quoted),)))
    return ways


def _replaced(text: Text, operator: str, parts: Sequence[Part]) -> str | None:
    """The result for a known text; None if it is not evaluated."""
    subject = text.known
    operand = pattern_of(parts)
    if subject is None or operand is None or len(subject) > _MAX_SUBJECT:
        return None
    if operator in ('/', '//'):
        searched, _, replacement = operand.partition('/')
        if searched and not is_pattern(searched) and searched[0] not in '#%':
            return subject.replace(searched, replacement, -1 if operator == '//' else 1)
    if operator[0] not in '#%':
        return None
    # The shortest or longest beginning or end that matches is cut off.
    end = len(subject)
    lengths = range(end + 1)
    for length in reversed(lengths) if len(operator) == 2 else lengths:
        if operator[0] == '#' and matches(subject[:length], operand):
            return subject[length:]
        if operator[0] == '%' and matches(subject[end - length :], operand):
            return subject[: end - length]
    return subject
