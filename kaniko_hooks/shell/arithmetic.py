"""Arithmetic expressions: `$((…))`, `((…))`, `let` (POSIX XCU 2.6.4).

Calculated are an operation of two known numbers and the assignment of one, for
scripts that count their builds: a loop that counts has an unknown length anyway.
The same expression of the same values is the same value.
"""

from __future__ import annotations

import operator
import re

from kaniko_hooks.model import Cond, Eq, negate
from kaniko_hooks.shell import conditionals
from kaniko_hooks.shell.env import Scope, State
from kaniko_hooks.shell.value import fresh_name, text_of
from kaniko_hooks.shell.variables import assign, look_up
from kaniko_hooks.text import Text, concat, hole

_SETS = (
    r'(?<!\w)([A-Za-z_]\w*)(?:\[[^\]]{0,200}\])?\s*(?:(?:[-+*/%&|^]|<<|>>)?=(?!=)|\+\+|--)'
    r'|(?:\+\+|--)\s*([A-Za-z_]\w*)'
)
_NAME = r'(?<!\w)[A-Za-z_]\w*'
_STEP = rf'\s*(?:{_NAME}\s*(\+\+|--)|(\+\+|--)\s*{_NAME})\s*'
_ASSIGNMENT = rf'\s*{_NAME}\s*(?:=([^=]+)|([-+*])=(\s*\$?\w+\s*))'
_NUMBER = r'\s*(-?(?:0|[1-9]\d{0,8}))\s*'
# A comparison of two numbers, and what `test` calls it.
_COMPARISON = '([^<>=!&|^(?,]+)([<>]=?|[=!]=)([^<>=!&|^(?,]+)'
_OF_TEST = {'<': '-lt', '>': '-gt', '<=': '-le', '>=': '-ge', '==': '-eq', '!=': '-ne'}
_OPERATION = rf'{_NUMBER}([-+*<>]|[=!<>]=){_NUMBER}'
_OPERATORS = {
    '+': operator.add,
    '-': operator.sub,
    '*': operator.mul,
    '<': operator.lt,
    '>': operator.gt,
    '<=': operator.le,
    '>=': operator.ge,
    '==': operator.eq,
    '!=': operator.ne,
}


def evaluate(scope: Scope, state: State, text: Text) -> tuple[State, Text]:
    """The value of an expression, in the state after its assignments."""
    shown = text.value
    names = assigned(text)
    if not names:
        return state, value(scope, state, text)
    for report in scope.ev.active:
        for name in re.findall(_NAME, shown):
            report.read(state, name)
    after: Text | None = None
    result = hole('', shown)
    step = re.fullmatch(_STEP, shown)
    assignment = re.fullmatch(_ASSIGNMENT, shown)
    if step:
        after = value(scope, state, Text(f'{names[0]} {(step[1] or step[2])[0]} 1'))
        result = value(scope, state, Text(names[0])) if step[1] else after
    elif assignment and len(names) == 1:
        operand = text.part(*assignment.span(1 if assignment[1] else 3))
        before = Text(f'{names[0]} {assignment[2]}' if assignment[2] else '')
        after = result = value(scope, state, concat((before, operand)))
    for name in names:
        state = assign(state, name, after or hole(fresh_name(shown), shown))
    return state, result


def tested(scope: Scope, state: State, text: Text) -> list[State]:
    """The states after an expression, each with its status: success if the value is not 0."""
    if assigned(text):
        state, result = evaluate(scope, state, text)
        return scope.ev.by_status(state, _differs_from_0(result))
    return scope.ev.by_status(state, _cond(scope, state, text))


def _cond(scope: Scope, state: State, text: Text) -> Cond:
    """The condition that the value of an expression without assignments is not 0."""
    shown = masked(text)
    match = re.fullmatch(r'\s*!\s*([\w$]+)\s*', shown)
    if match:
        return negate(_cond(scope, state, text.part(*match.span(1))))
    match = re.fullmatch(_COMPARISON, shown)
    if match:
        left, right = (value(scope, state, text.part(*match.span(side))) for side in (1, 3))
        return conditionals.compared(left, _OF_TEST[match[2]], right)
    return _differs_from_0(value(scope, state, text))


def _differs_from_0(number: Text) -> Cond:
    return negate(Eq(number, Text('0'))) if number.holes else number.value != '0'


def assigned(text: Text) -> list[str]:
    """The names that an expression sets."""
    return [match[1] or match[2] for match in re.finditer(_SETS, text.value)]


def masked(text: Text) -> str:
    """The characters of an expression, with others for what is not known."""
    value = text.value
    for item in text.holes:
        value = f'{value[: item.start]}{"$" * (item.end - item.start)}{value[item.end :]}'
    return value


def value(scope: Scope, state: State, text: Text) -> Text:
    """The value of an expression without assignments."""
    operands = []
    for match in re.finditer(_NAME, masked(text)):
        ways = look_up(scope, state, match[0], match[0])
        operand = text_of(ways[0][1]) if len(ways) == 1 else hole('')
        operands.append((*match.span(), operand if operand.value else Text('0')))
    expression = text.replaced(operands)
    number = calculated(expression.known or '')
    if number:
        return Text(number)
    # Joined, since each `repr` of a name in a name would escape more.
    name = f'(({" ".join(expression.stripped().key())}))'
    return hole(name if all(item.name for item in expression.holes) else '', text.value)


def calculated(expression: str) -> str | None:
    """The value of a number or of an operation of two numbers."""
    match = re.fullmatch(_NUMBER, expression)
    if match:
        return match[1]
    match = re.fullmatch(_OPERATION, expression)
    return str(int(_OPERATORS[match[2]](int(match[1]), int(match[3])))) if match else None
