"""Expressions of CI systems -> Cond and Text, by precedence climbing.

A dialect has methods for what its names and values mean. A term that is neither a
literal nor a plain name (a call, an index, `a || 'x'` as an operand) is a hole named
by its text, so equal terms have equal values.

Sources: G: lib/gitlab/ci/pipeline/expression/; docs.github.com/actions/reference,
"Evaluate expressions"; circleci.com/docs/configuration-reference, "Logic statements".
Not evaluated: order (`<`), functions other than `startsWith`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from kaniko_hooks.model import Cond, Eq, all_of, any_of, negate
from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.text import Text, hole

# Operators of all dialects, since none means two things; the last ones bind most tightly.
_LEVELS = ('|| or', '&& and', 'not', '== != =~ !~ starts-with', '< <= > >=', '!')
_PRIORITY = {name: level for level, names in enumerate(_LEVELS, 1) for name in names.split()}
_PREFIX = ('not', '!')
_MAX_DEPTH = 50
_MAX_LENGTH = 2_000
_TOKEN = re.compile(
    r"""\s*(?P<token>
        (?P<quoted>"[^"]*"|'(?:[^']|'')*')
        |(?P<name>\$\w+|\$\[\[\s*[\w.-]+\s*\]\]|[A-Za-z_][\w-]*(?:\.[\w*-]+)*)
        |(?P<literal>-?\d[\w.]*|/(?:\\.|[^/\\])*/[ismU]*)
        |&&|\|\||[=!<>]=|[=!]~|\.[\w*-]+|\S
    )""",
    re.VERBOSE,
)


class InvalidExpression(Exception):
    """The text is no expression."""


class Dialect:
    """The meaning of names and values; here is what GitHub and CircleCI share."""

    def value(self, name: str) -> Text:
        """The value of a name, or of a word like `true`. Raises InvalidExpression."""
        name = name.lower()
        return Text(name) if name in ('true', 'false') else hole(name)

    def equal(self, left: Text, right: Text) -> Cond:
        """The condition that two values are the same."""
        if left.known is not None:
            left, right = right, left
        if left.known is not None:
            return left.known == right.known
        return left == right or Eq(left, right)

    def truth(self, value: Text) -> Cond:
        """The condition that a value counts as true."""
        return negate(any_of((self.equal(value, Text('')), self.equal(value, Text('false')))))

    def call(self, name: str, arguments: Sequence[Text], result: Text) -> Cond:
        """The condition that a function or an operator gives a value that counts as true."""
        return self.truth(result)


class Term(NamedTuple):
    """A part of an expression: its value, and the condition that it counts as true."""

    value: Text
    cond: Cond


def parse(text: str, dialect: Dialect) -> Term:
    """The value and the truth of an expression. Raises InvalidExpression."""
    if len(text) > _MAX_LENGTH:
        raise InvalidExpression('too long')
    parser = _Parser(text, dialect)
    term = parser.term()
    if parser.peek():
        raise InvalidExpression(text)
    return term


def evaluated(expression: str, written: str, dialect: Dialect) -> Text:
    """The value of an expression; a hole is shown as it is written."""
    try:
        value = parse(expression, dialect).value
    except InvalidExpression:
        return hole(' '.join(expression.split()), written)
    name = value.hole_name
    return hole(name, written) if name else value


class _Parser:
    """Reads tokens in order; `at` is the next one."""

    def __init__(self, text: str, dialect: Dialect) -> None:
        self.tokens = list(_TOKEN.finditer(text))
        self.dialect = dialect
        self.at = 0

    def term(self, limit: int = 0, depth: int = 0) -> Term:
        """A term whose operators bind more tightly than `limit`."""
        if depth > _MAX_DEPTH:
            raise InvalidExpression('nested too deeply')
        left = self._operand(depth + 1)
        while self.peek() not in _PREFIX and _PRIORITY.get(self.peek(), 0) > limit:
            operator = self._next()['token'].lower()
            right = self.term(_PRIORITY[operator], depth + 1)
            result = hole(f'({shown(left.value)} {operator} {shown(right.value)})')
            left = Term(result, self._cond(operator, left, right, result))
        return left

    def _cond(self, operator: str, left: Term, right: Term, result: Text) -> Cond:
        if operator in ('||', 'or'):
            return any_of((left.cond, right.cond))
        if operator in ('&&', 'and'):
            return all_of((left.cond, right.cond))
        if operator in ('==', '!='):
            cond = self.dialect.equal(left.value, right.value)
            return negate(cond) if operator == '!=' else cond
        return self.dialect.call(operator, (left.value, right.value), result)

    def _operand(self, depth: int) -> Term:
        token = self._next()
        text = token['token']
        if text.lower() in _PREFIX:
            term = self.term(_PRIORITY[text.lower()] - 1, depth)
            return Term(hole(f'{text.lower()} {shown(term.value)}'), negate(term.cond))
        if text == '(':
            term = self.term(0, depth)
            self._expect(')')
            return term
        if token['name']:
            value = self.dialect.value(text)
            if self.peek() in ('(', '['):
                return self._call(text, shown(value), depth)
        elif token['quoted']:
            value = Text(text[1:-1].replace("''", "'"))
        elif token['literal']:
            value = Text(text)
        else:
            raise InvalidExpression(text)
        return Term(value, self.dialect.truth(value))

    def _call(self, function: str, name: str, depth: int) -> Term:
        """The result of a function, or an item of a list, and what is selected from it."""
        arguments: list[Text] = []
        while self.peek() in ('(', '[') or self.peek()[:1] == '.':
            opening, arguments = self._next()['token'], []
            if opening[0] == '.':
                name += opening.lower()
                continue
            closing = ')' if opening == '(' else ']'
            while self.peek() != closing:
                arguments.append(self.term(0, depth).value)
                if self.peek() != closing:
                    self._expect(',')
            self._expect(closing)
            name += f'{opening}{", ".join(map(shown, arguments))}{closing}'
        result = hole(name)
        if name.endswith(')'):
            return Term(result, self.dialect.call(function.lower(), arguments, result))
        return Term(result, self.dialect.truth(result))

    def peek(self) -> str:
        """The next token; '' at the end."""
        return self.tokens[self.at]['token'].lower() if self.at < len(self.tokens) else ''

    def _next(self) -> re.Match[str]:
        if self.at >= len(self.tokens):
            raise InvalidExpression('an operand is missing')
        self.at += 1
        return self.tokens[self.at - 1]

    def _expect(self, text: str) -> None:
        if self._next()['token'] != text:
            raise InvalidExpression(f'{text} is missing')


def shown(value: Text) -> str:
    """A value as a part of the name of a hole."""
    return value.hole_name or repr(value if value.holes else value.value)
