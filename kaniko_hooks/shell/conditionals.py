"""Tests of a shell -> conditions: `[ … ]`, `test …`, `[[ … ]]` (POSIX XCU test; Bash manual).

An unquoted word may be no word or several: `[ -n ]` is true, and `[ = x ]` fails
with an error, as a comparison of what is no number does. What no condition says
(files, permissions) is an opaque test with its operator as name. Of a regular
expression of `=~` are read texts that it is (`^(a|b)$`) or begins with (`^v`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from kaniko_hooks.model import Cond, Eq, Match, Truth, all_of, any_of, negate
from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.shell.expand import Part, escaped, matching, opaque
from kaniko_hooks.text import Text, hole

_EMPTY = Text('')
# The answer changes with the files of the container.
_FILE_TESTS = frozenset('-a -b -c -d -e -f -g -h -k -p -r -s -u -w -x -G -L -N -O -S'.split())
_UNARY = _FILE_TESTS | frozenset(('-n', '-z', '-o', '-t', '-v', '-R'))
_COMPARISONS = frozenset(('-eq', '-ne', '-lt', '-ge', '-gt', '-le'))
_NEGATIONS = {'-ne': '-eq', '-ge': '-lt', '-le': '-gt'}
_BINARY = _COMPARISONS | frozenset(('=', '==', '!=', '<', '>', '-nt', '-ot', '-ef', '=~'))
_MAX_OPERANDS = 500  # each may be a bracket, and Python's stack must hold them

# Of regular expressions: a character, and the texts that all matches begin with.
_LETTER = r"(?:[\w/:@-]|\\[^\w\s<>`'|])"
_BEGINNINGS = rf'\^(?:\(({_LETTER}+(?:\|{_LETTER}+)*)\)|({_LETTER}+))(?![*+?{{])'


class Operand(NamedTuple):
    """A word of a test; the parts are those that it has in `[[ … ]]`."""

    text: Text
    vanishes: bool = False
    splits: bool = False
    parts: Sequence[Part] = ()

    @property
    def operator(self) -> str:
        """The word where an operator may be; '' for a text that is not known."""
        return self.text.known or ''


class Expression:
    """The operands of a test, without brackets; read by recursive descent.

    - `moment`: a name for the files that it looks at.
    - `double`: it is that of `[[ … ]]`.
    """

    def __init__(self, operands: Sequence[Operand], moment: str, double: bool) -> None:
        self.operands = operands
        self.moment = moment
        self.double = double
        self.at = 0

    def cond(self) -> Cond:
        if not self.operands:
            return False
        if len(self.operands) > _MAX_OPERANDS:
            return None
        result = self._or()
        # In one of many words that may vanish, another one may be the operator.
        is_odd = len(self.operands) > 3 and any(item.vanishes for item in self.operands)
        return None if self.at < len(self.operands) or is_odd and not self.double else result

    def _or(self) -> Cond:
        parts = [self._and()]
        while self._skip('||' if self.double else '-o'):
            parts.append(self._and())
        return any_of(parts)

    def _and(self) -> Cond:
        parts = [self._not()]
        while self._skip('&&' if self.double else '-a'):
            parts.append(self._not())
        return all_of(parts)

    def _not(self) -> Cond:
        negated = False
        while self._skip('!'):
            negated = not negated
        result = self._primary()
        return negate(result) if negated else result

    def _primary(self) -> Cond:
        if self._skip('('):
            result = self._or()
            return result if self._skip(')') else None
        rest = self.operands[self.at : self.at + 3]
        if len(rest) == 3 and rest[1].operator in _BINARY:
            self.at += 3
            cond = self._binary(rest[0], rest[1].operator, rest[2])
            return cond if self.double else all_of((*map(_stays, rest), cond))
        if len(rest) >= 2 and rest[0].operator in _UNARY:
            self.at += 2
            return self._unary(rest[0].operator, rest[1])
        self.at += 1
        return all_of((_filled(rest[0].text), _one_word(rest[0]))) if rest else None

    def _skip(self, operator: str) -> bool:
        if self.at < len(self.operands) and self.operands[self.at].operator == operator:
            self.at += 1
            return True
        return False

    def _unary(self, operator: str, operand: Operand) -> Cond:
        if operator == '-z':
            return Eq(operand.text, _EMPTY)
        if operator == '-n':
            return _one_word(operand) if operand.vanishes else _filled(operand.text)
        if operator in _FILE_TESTS:
            return Truth(f'{operator} {self.moment}', operand.text)
        return None

    def _binary(self, left: Operand, operator: str, right: Operand) -> Cond:
        if operator == '!=':
            return negate(self._binary(left, '=', right))
        if operator in ('=', '=='):
            return matching(left.text, right.parts) if self.double else Eq(left.text, right.text)
        if operator in _COMPARISONS:
            sides = (left.text, right.text)
            if self.double and any(not side.holes and _number(side) is None for side in sides):
                return None  # an expression: nothing is 0, a name the value of its variable
            return compared(left.text, operator, right.text)
        if operator == '=~':
            return _searched(left.text, right.parts)
        return Truth(f'{operator} {right.text!r}', left.text) if _named(right.text) else None


def _searched(subject: Text, parts: Sequence[Part]) -> Cond:
    """The condition that a text matches a regular expression, as far as its beginnings say."""
    test = opaque('=~', subject, parts)
    if any(part.text.holes for part in parts):
        return test
    pieces = [_literal(part.text.value) if part.quoted else part.text.value for part in parts]
    expression = ''.join(pieces)
    match = re.match(_BEGINNINGS, expression)
    rest = expression[match.end() :] if match else ''
    if match is None or '|' in rest:
        return test
    texts = [re.sub(r'\\(.)', r'\1', text) for text in (match[1] or match[2]).split('|')]
    if rest == '$':
        return any_of(Eq(subject, Text(text)) for text in texts)
    return all_of((test, any_of(Match(subject, f'{escaped(text)}*') for text in texts)))


def _literal(text: str) -> str:
    """A regular expression for just this text."""
    return re.sub(r'[^\w\s]', r'\\\g<0>', text)


def _filled(text: Text) -> Cond:
    return negate(Eq(text, _EMPTY))


def _one_word(operand: Operand) -> Cond:
    return negate(Truth('several words', operand.text)) if operand.splits else True


def _stays(operand: Operand) -> Cond:
    """The operand is one word, as the test needs it."""
    filled = _filled(operand.text) if operand.vanishes else True
    return all_of((filled, _one_word(operand)))


def _named(text: Text) -> bool:
    return all(item.name for item in text.holes)


def compared(left: Text, operator: str, right: Text) -> Cond:
    """The condition of a comparison of numbers, with an operator of `test`."""
    if operator in _NEGATIONS:
        cond = negate(_ordered(left, _NEGATIONS[operator], right))
    else:
        cond = _ordered(left, operator, right)
    return all_of((_is_number(left), _is_number(right), cond))


def _ordered(left: Text, operator: str, right: Text) -> Cond:
    first, second = _number(left), _number(right)
    if first is not None and second is not None:
        if operator == '-eq':
            return first == second
        return first < second if operator == '-lt' else first > second
    if first is None and not left.holes or second is None and not right.holes:
        return False  # the shell reports an error
    if not _named(left) or not _named(right):
        return None
    if operator == '-eq':
        return Eq(_as_number(left), _as_number(right))
    if first is None and second is None:
        return Truth(f'{operator} {right.key()}', left)
    is_less = operator == '-lt' if first is None else operator == '-gt'
    bound = (first or second or 0) + (not is_less)
    below = Match(_as_number(left if first is None else right), bound)
    return below if is_less else negate(below)


def _is_number(text: Text) -> Cond:
    if text.holes:
        return True if _always_number(text) else Truth('number', text)
    return _number(text) is not None


def _always_number(text: Text) -> bool:
    return text.holes[0].name.startswith(('$?', '(('))


def _as_number(text: Text) -> Text:
    """The text of a number: `01` and `1` are the same, so a hole gets another name."""
    number = _number(text)
    if number is not None:
        return Text(str(number))
    return text if _always_number(text) else hole(f'number {text.key()}')


def _number(text: Text) -> int | None:
    value = (text.known or '').strip()
    return int(value) if re.fullmatch('[+-]?[0-9]{1,14}', value) else None
