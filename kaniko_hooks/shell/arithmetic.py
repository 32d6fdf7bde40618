"""Arithmetic expressions: `$((…))` and `((…))` (POSIX XCU 2.6.4).

Values are not calculated: a loop that counts has an unknown length anyway. The
same expression of the same values is the same value.
"""

from __future__ import annotations

import re

from kaniko_hooks.shell.env import State
from kaniko_hooks.shell.tree import Arithmetic, Substitution
from kaniko_hooks.shell.value import text_of
from kaniko_hooks.shell.variables import assign, look_up
from kaniko_hooks.text import Text, hole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from kaniko_hooks.shell.evaluator import Evaluator
    from kaniko_hooks.shell.flow import Scope

_SETS = (
    r'([A-Za-z_]\w*)(?:\[[^\]]*\])?\s*(?:(?:[-+*/%&|^]|<<|>>)?=(?!=)|\+\+|--)'
    r'|(?:\+\+|--)\s*([A-Za-z_]\w*)'
)
_NAME = r'[A-Za-z_]\w*'


def evaluate(
    ev: Evaluator, scope: Scope, state: State, node: Arithmetic
) -> list[tuple[State, Text]]:
    """The value of an expression, in the state after its assignments."""
    shown = scope.source.value[node.start : node.end]
    substitutions = [piece for piece in node.pieces if isinstance(piece, Substitution)]
    states = [state]
    for piece in substitutions:
        states = [after for before in states for after, _ in ev.substitution(scope, before, piece)]
    names = assigned(node.text)
    result = []
    for way in states:
        value = hole(ev.fresh_name(shown), shown)
        if not names and not substitutions:
            value = _value(ev, scope, way, node.text, shown)
        for name in names:
            way = assign(way, name, hole(ev.fresh_name(shown), shown))
        result.append((way, value))
    return result


def assigned(text: str) -> list[str]:
    """The names that an expression sets."""
    return [match[1] or match[2] for match in re.finditer(_SETS, text)]


def _value(ev: Evaluator, scope: Scope, state: State, text: str, shown: str) -> Text:
    if text.strip().isdecimal():
        return Text(text.strip())
    operands: list[object] = []
    for name in re.findall(_NAME, text):
        ways = look_up(ev, scope, state, name, f'${name}')
        value = text_of(ways[0][1])
        if len(ways) > 1 or any(not item.name for item in value.holes):
            return hole('', shown)
        operands.append(value)
    return hole(f'(({text.strip()})) {operands}', shown)
