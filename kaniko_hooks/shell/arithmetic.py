"""Arithmetic expressions: `$((…))` and `((…))` (POSIX XCU 2.6.4).

Calculated are an operation of two known numbers and the increment of one, for
scripts that count their builds: a loop that counts has an unknown length anyway.
The same expression of the same values is the same value.
"""

from __future__ import annotations

import operator
import re

from kaniko_hooks.shell.env import State, fresh_name
from kaniko_hooks.shell.tree import Arithmetic, Substitution
from kaniko_hooks.shell.value import text_of
from kaniko_hooks.shell.variables import assign, look_up
from kaniko_hooks.text import Text, hole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from kaniko_hooks.shell.flow import Scope

_SETS = (
    r'([A-Za-z_]\w*)(?:\[[^\]]*\])?\s*(?:(?:[-+*/%&|^]|<<|>>)?=(?!=)|\+\+|--)'
    r'|(?:\+\+|--)\s*([A-Za-z_]\w*)'
)
_NAME = r'[A-Za-z_]\w*'
_OPERATION = r'\s*(-?\d{1,9})\s*([-+*<>]|[=!<>]=)\s*(-?\d{1,9})\s*'
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
_INCREMENT = r'\s*(?:([A-Za-z_]\w*)\s*(?:\+\+|\+=\s*(\d{1,9}))|\+\+\s*([A-Za-z_]\w*))\s*'


def evaluate(scope: Scope, state: State, node: Arithmetic) -> list[tuple[State, Text]]:
    """The value of an expression, in the state after its assignments."""
    shown = scope.source.value[node.start : node.end]
    substitutions = [piece for piece in node.pieces if isinstance(piece, Substitution)]
    states = [state]
    for piece in substitutions:
        states = [
            after for before in states for after, _ in scope.ev.substitution(scope, before, piece)
        ]
    names = assigned(node.text)
    if scope.ev.reports is not None:
        for name in re.findall(_NAME, node.text):
            scope.ev.reports.read(state, name)
    result = []
    for way in states:
        value = hole(fresh_name(shown), shown)
        if not names and not substitutions:
            value = _value(scope, way, node.text, shown)
        increment = re.fullmatch(_INCREMENT, node.text)
        for name in names:
            after = hole(fresh_name(shown), shown)
            if increment:
                after = _value(scope, way, f'{name} + {increment[2] or 1}', shown)
            way = assign(way, name, after)
        result.append((way, value))
    return result


def assigned(text: str) -> list[str]:
    """The names that an expression sets."""
    return [match[1] or match[2] for match in re.finditer(_SETS, text)]


def _value(scope: Scope, state: State, text: str, shown: str) -> Text:
    if text.strip().isdecimal():
        return Text(text.strip())
    operands: dict[str, Text] = {}
    for name in re.findall(_NAME, text):
        ways = look_up(scope, state, name, f'${name}')
        operands[name] = text_of(ways[0][1])
        if len(ways) > 1 or any(not item.name for item in operands[name].holes):
            return hole('', shown)
    numbers = re.sub(rf'\$?({_NAME})', lambda match: operands[match[1]].known or '?', text)
    match = re.fullmatch(_OPERATION, numbers)
    if match:
        return Text(str(int(_OPERATORS[match[2]](int(match[1]), int(match[3])))))
    return hole(f'(({text.strip()})) {operands}', shown)
