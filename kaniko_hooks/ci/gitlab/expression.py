"""`if:` expressions: `$A == "b" && ($C =~ /d/ || $E)`.

Rules: G: lib/gitlab/ci/pipeline/expression/. `&&` binds tighter than `||`, and both
give one of their sides, as in Ruby, where only null and false are not true: an
empty text is, until the whole is asked.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from kaniko_hooks.named_tuple import NamedTuple

_MAX_DEPTH = 50
_TOKEN = re.compile(
    r'\s*(?:(?P<input>\$\[\[\s*inputs\.(?P<inputname>[\w-]+)\s*\]\])|\$(?P<variable>\w+)'
    r'|"(?P<double>[^"]*)"|\'(?P<single>[^\']*)\''
    r'|(?P<operator>==|!=|=~|!~|&&|\|\||\(|\))'
    r'|/(?P<pattern>(?:\\.|[^/\\])*)/(?P<flags>[ismU]*)|(?P<null>null)\b)'
)
_PRIORITY = {'||': 1, '&&': 2, '==': 3, '!=': 3, '=~': 3, '!~': 3}

Lookup = Callable[[str], str | None]


class InvalidExpression(Exception):
    """The text is no expression."""


class _Pattern(NamedTuple):
    text: str
    flags: str


_Result = str | bool | None | _Pattern


def is_true(text: str, variable: Lookup, inputs: Lookup = lambda name: None) -> bool:
    """Whether an expression holds; the look-ups give None for what is not set.

    Raises InvalidExpression.
    """
    reader = _Reader(_tokens(text), variable, inputs)
    result = reader.operation(0, 0)
    if reader.at < len(reader.tokens):
        raise InvalidExpression(text)
    return bool(result.strip()) if isinstance(result, str) else bool(result)


def _tokens(text: str) -> list[re.Match[str]]:
    tokens = []
    at, text = 0, text.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise InvalidExpression(text)
        tokens.append(match)
        at = match.end()
    return tokens


class _Reader:
    """Evaluates tokens by the priority of their operators, both sides always."""

    def __init__(self, tokens: list[re.Match[str]], variable: Lookup, inputs: Lookup) -> None:
        self.tokens = tokens
        self.at = 0
        self.variable = variable
        self.inputs = inputs

    def operation(self, priority: int, depth: int) -> _Result:
        if depth > _MAX_DEPTH:
            raise InvalidExpression('nested too deeply')
        left = self._operand(depth)
        while True:
            operator = self._operator()
            if _PRIORITY.get(operator, 0) <= priority:
                return left
            self.at += 1
            left = _applied(operator, left, self.operation(_PRIORITY[operator], depth + 1))

    def _operator(self) -> str:
        if self.at >= len(self.tokens):
            return ''
        return self.tokens[self.at]['operator'] or ''

    def _operand(self, depth: int) -> _Result:
        if self.at >= len(self.tokens):
            raise InvalidExpression('an operand is missing')
        token = self.tokens[self.at]
        self.at += 1
        if token['operator'] == '(':
            value = self.operation(0, depth + 1)
            if self._operator() != ')':
                raise InvalidExpression('a parenthesis is not closed')
            self.at += 1
            return value
        if token['operator']:
            raise InvalidExpression(token['operator'])
        if token['input']:
            return self.inputs(token['inputname'])
        if token['variable']:
            return self.variable(token['variable'])
        if token['pattern'] is not None:
            return _Pattern(token['pattern'], token['flags'])
        return token['double'] if token['double'] is not None else token['single']


def _applied(operator: str, left: _Result, right: _Result) -> _Result:
    if operator in ('&&', '||'):
        holds = left is not None and left is not False
        return right if holds == (operator == '&&') else left
    if operator in ('==', '!='):
        return (left == right) == (operator == '==')
    return _found(right, left if isinstance(left, str) else '') == (operator == '=~')


def _found(pattern: _Result, text: str) -> bool:
    if isinstance(pattern, str):
        match = re.fullmatch(r'/(.*)/([ismU]*)', pattern, re.DOTALL)
        if match is None:
            # Ruby's `scan` of the one for the other.
            return text in pattern
        pattern = _Pattern(match[1], match[2])
    if not isinstance(pattern, _Pattern):
        return False
    flags = re.IGNORECASE if 'i' in pattern.flags else 0
    return bool(matches(pattern.text.replace('\\/', '/'), text, flags))


def matches(pattern: str, text: str, flags: int = 0, unsure: bool = False) -> bool | None:
    """Whether an RE2 pattern is found in a text; None if it is no pattern.

    Python's engine can take for ever where RE2 can't: such a pattern is not
    tried on a text that is long enough to matter, the answer is `unsure`.
    """
    repeats = len(re.findall(r'[*+{?]', pattern))
    nested = re.search(r'\)[*+{]', pattern) is not None
    if len(text) > 16 and (nested or repeats > 4 or len(text) > 200):
        return unsure
    python = re.sub(r'\(\?<(?=\w)', '(?P<', pattern).replace('\\z', '\\Z')
    try:
        return re.search(python, text, flags) is not None
    except (re.error, RecursionError, OverflowError):
        return None
