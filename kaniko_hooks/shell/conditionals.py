"""Tests of a shell -> conditions: `[ … ]`, `test …`, `[[ … ]]` (POSIX XCU test; Bash manual).

An unquoted word may be no word or several: `[ -n ]` is true, and `[ = x ]` fails
with an error, as a comparison of what is no number does. What no condition says
(files, permissions) is an opaque test with its operator as name. Of a regular
expression of `=~` are read texts that it begins with (`^v`, `^(a|b)$`). Of tests
with brackets nothing is known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import dropwhile

from kaniko_hooks.model import Cond, Eq, Match, all_of, any_of, negate, opaque
from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.shell.expand import Part, matching, opaque_match
from kaniko_hooks.shell.facts import escaped
from kaniko_hooks.shell.value import EMPTY
from kaniko_hooks.text import Text, hole

# The answer changes with the files of the container.
_FILE_TESTS = frozenset('-a -b -c -d -e -f -g -h -k -p -r -s -u -w -x -G -L -N -O -S'.split())
_COMPARISONS = frozenset(('-eq', '-ne', '-lt', '-ge', '-gt', '-le'))

# Of regular expressions: a character, and the texts that all matches begin with.
_LETTER = r"(?:[\w/:@-]|\\[^\w\s<>`'|])"
_BEGINNINGS = rf'\^(?:\(({_LETTER}+(?:\|{_LETTER}+)*)\)|({_LETTER}+))(?![*+?{{])'


class Operand(NamedTuple):
    """A word of a test; the parts say what of it is a pattern."""

    text: Text
    parts: Sequence[Part]
    vanishes: bool = False
    splits: bool = False


def condition(operands: Sequence[Operand], moment: str, or_: str, and_: str) -> Cond:
    """The condition of a test with these operands between its brackets.

    - `moment`: a name for the files that it looks at.
    - `or_`, `and_`: how the test writes these.
    """
    if not operands:
        return False
    # The words around an operator may be written as others.
    if len(operands) == 3 and operands[1].text.known not in (or_, and_):
        return _part(operands, moment)
    # In one of many words that may vanish, another one may be the operator.
    if len(operands) > 3 and any(item.vanishes for item in operands):
        return None
    return any_of(
        all_of(_part(part, moment) for part in _split(alternative, and_))
        for alternative in _split(operands, or_)
    )


def _split(operands: Sequence[Operand], separator: str) -> Iterator[Sequence[Operand]]:
    """The operands between those that are the separator."""
    start = 0
    for index, operand in enumerate(operands):
        if operand.text.known == separator:
            yield operands[start:index]
            start = index + 1
    yield operands[start:]


def _part(operands: Sequence[Operand], moment: str) -> Cond:
    """The condition of an operator and its operands, or of a word; None for all else."""
    words = list(dropwhile(lambda operand: operand.text.known == '!', operands))
    cond: Cond = None
    if len(words) == 3:
        left, middle, right = words
        cond = all_of((*map(_stays, words), _binary(left, middle.text.known or '', right)))
    elif len(words) == 2:
        cond = _unary(words[0].text.known, words[1], moment)
    elif len(words) == 1:
        cond = all_of((_filled(words[0].text), _one_word(words[0])))
    return negate(cond) if (len(operands) - len(words)) % 2 else cond


def _unary(operator: str | None, operand: Operand, moment: str) -> Cond:
    if operator == '-z':
        return Eq(operand.text, EMPTY)
    if operator == '-n':
        return _one_word(operand) if operand.vanishes else _filled(operand.text)
    if operator in _FILE_TESTS:
        return opaque(f'{operator} {moment}', operand.text)
    return None


def _binary(left: Operand, operator: str, right: Operand) -> Cond:
    if operator in ('=', '==', '!='):
        cond = matching(left.text, right.parts)
        return negate(cond) if operator == '!=' else cond
    if operator == '=~':
        return _searched(left.text, right.parts)
    return compared(left.text, operator, right.text)


def _searched(subject: Text, parts: Sequence[Part]) -> Cond:
    """The condition that a text matches a regular expression, as far as its beginnings say."""
    test = opaque_match('=~', subject, parts)
    if any(part.text.holes for part in parts):
        return test
    pieces = [re.escape(part.text.value) if part.quoted else part.text.value for part in parts]
    expression = ''.join(pieces)
    match = re.match(_BEGINNINGS, expression)
    if match is None or '|' in expression[match.end() :]:
        return test
    texts = [re.sub(r'\\(.)', r'\1', text) for text in (match[1] or match[2]).split('|')]
    return all_of((test, any_of(Match(subject, f'{escaped(text)}*') for text in texts)))


def _filled(text: Text) -> Cond:
    return negate(Eq(text, EMPTY))


def _one_word(operand: Operand) -> Cond:
    return negate(opaque('several words', operand.text)) if operand.splits else True


def _stays(operand: Operand) -> Cond:
    """The operand is one word, as the test needs it."""
    filled = _filled(operand.text) if operand.vanishes else True
    return all_of((filled, _one_word(operand)))


def compared(left: Text, operator: str, right: Text) -> Cond:
    """The condition of a comparison of numbers, with an operator of `test`; None for others."""
    (left, is_number), (right, is_other) = _as_number(left), _as_number(right)
    if operator not in _COMPARISONS or is_number is None or is_other is None:
        return None
    if operator in ('-gt', '-le'):
        left, right = right, left
    cond = Eq(left, right) if operator in ('-eq', '-ne') else _less(left, right)
    cond = negate(cond) if operator in ('-ne', '-ge', '-le') else cond
    return all_of((is_number, is_other, cond))


def _less(left: Text, right: Text) -> Cond:
    if left.holes and right.holes:
        return opaque('<', left, right)
    if left.holes:
        return Match(left, int(right.value))
    if right.holes:
        return negate(Match(right, int(left.value) + 1))
    return int(left.value) < int(right.value)


def _as_number(text: Text) -> tuple[Text, Cond]:
    """The number that a text is, and the condition that it is one; None if that is not known.

    Of `01` and `1` it is the same, so a hole gets another name.
    """
    value = (text.known or '').strip()
    if re.fullmatch('[+-]?[0-9]{1,14}', value):
        return Text(str(int(value))), True
    if not text.holes:
        # In `[[ … ]]` it may be an expression.
        return text, None
    if text.holes[0].name.startswith(('$?', '((')):
        return text, True
    return hole(f'number {text.key()}'), opaque('number', text)
