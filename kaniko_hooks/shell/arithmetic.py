"""Arithmetic expressions: `$((…))`, `((…))`, `let` (POSIX XCU 2.6.4).

Calculated are a sum of two known numbers and the assignment of one, for scripts
that count their builds: a loop that counts has an unknown length anyway. The
same expression of the same values is the same value.
"""

from __future__ import annotations

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
# `x = y + 1`, `x += 2`, `x++`.
_ASSIGNMENT = rf'\s*{_NAME}\s*(?:=([^=]+)|([-+])(?:\2|=(\s*\$?\w+))\s*)'
_SUM = r'\s*(-?(?:0|[1-9]\d{0,8}))\s*(?:([-+])\s*(0|[1-9]\d{0,8})\s*)?'
_NEGATION = r'\s*!\s*([\w$]+)\s*'
# A comparison of two numbers, and what `test` calls it.
_COMPARISON = '([^<>=!&|^(?,]+)([<>]=?|[=!]=)([^<>=!&|^(?,]+)'
_OF_TEST = {'<': '-lt', '>': '-gt', '<=': '-le', '>=': '-ge', '==': '-eq', '!=': '-ne'}


def evaluate(scope: Scope, state: State, text: Text) -> tuple[State, Text]:
    """The value of an expression, in the state after its assignments; unknown if it has some."""
    names = _assigned(text)
    if not names:
        return state, _value(scope, state, text)
    shown = text.value
    for report in scope.ev.active:
        for name in re.findall(_NAME, shown):
            report.read(state, name)
    after: Text | None = None
    match = re.fullmatch(_ASSIGNMENT, shown)
    if match and len(names) == 1:
        before = Text(f'{names[0]} {match[2]}' if match[2] else '')
        span = match.span(1 if match[1] else 3)
        operand = text.part(*span) if span[0] > 0 else Text('1')
        after = _value(scope, state, concat((before, operand)))
    for name in names:
        state = assign(state, name, after or hole(fresh_name(shown), shown))
    return state, hole('', shown)


def tested(scope: Scope, state: State, text: Text) -> list[State]:
    """The states after an expression, each with its status: success if the value is not 0."""
    if _assigned(text):
        return scope.ev.by_status(evaluate(scope, state, text)[0], None)
    shown = _masked(text)
    negation, comparison = re.fullmatch(_NEGATION, shown), re.fullmatch(_COMPARISON, shown)
    if negation:
        cond: Cond = Eq(_value(scope, state, text.part(*negation.span(1))), Text('0'))
    elif comparison:
        left, right = (_value(scope, state, text.part(*comparison.span(at))) for at in (1, 3))
        cond = conditionals.compared(left, _OF_TEST[comparison[2]], right)
    else:
        cond = negate(Eq(_value(scope, state, text), Text('0')))
    return scope.ev.by_status(state, cond)


def _assigned(text: Text) -> list[str]:
    """The names that an expression sets."""
    return [match[1] or match[2] for match in re.finditer(_SETS, text.value)]


def _masked(text: Text) -> str:
    """The characters of an expression, with others for what is not known."""
    value = text.value
    for item in text.holes:
        value = f'{value[: item.start]}{"$" * (item.end - item.start)}{value[item.end :]}'
    return value


def _value(scope: Scope, state: State, text: Text) -> Text:
    """The value of an expression without assignments."""
    operands = []
    for match in re.finditer(_NAME, _masked(text)):
        ways = look_up(scope, state, match[0], match[0])
        operand = text_of(ways[0][1]) if len(ways) == 1 else hole('')
        operands.append((*match.span(), operand if operand.value else Text('0')))
    expression = text.replaced(operands)
    numbers = re.fullmatch(_SUM, expression.known or '')
    if numbers:
        return Text(str(int(numbers[1]) + int(f'{numbers[2] or ""}{numbers[3] or 0}')))
    # Joined, since each `repr` of a name in a name would escape more.
    name = f'(({" ".join(expression.stripped().key())}))'
    return hole(name if all(item.name for item in expression.holes) else '', text.value)
