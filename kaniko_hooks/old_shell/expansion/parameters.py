"""The value of one expansion: `$name`, `${name…}`, `$(…)`, `$((…))`."""

from __future__ import annotations

import re
from collections.abc import Mapping

from kaniko_hooks.model import Fragment, Variable, Word
from kaniko_hooks.old_shell.expansion import arrays, expand, patterns, substitution
from kaniko_hooks.old_shell.machine import Machine
from kaniko_hooks.old_shell.state import ARGUMENTS, Defined, Held, Missing, Written
from kaniko_hooks.old_shell.syntax import tree
from kaniko_hooks.old_shell.syntax.source import Source
from kaniko_hooks.old_shell.values import (
    EMPTY,
    UNSET,
    Array,
    Choice,
    Scalar,
    Value,
    known,
    merged,
    number,
    plain,
    unknown,
)

_REFERENCE = re.compile(r'\$(?:\$|([A-Za-z_]\w*)|\{([A-Za-z_]\w*)\})')
# Variables that a CI system sets, or may set, for itself.
_PREDEFINED = re.compile(
    r'(?:CI|GITLAB|GITHUB|RUNNER|CIRCLE|DRONE|BITBUCKET|BUILD|TRIGGER)(?:_|$)|HOME$|PATH$'
    r'|PWD$|OLDPWD$|USER$|HOSTNAME$|RANDOM$|SECONDS$|UID$|IFS$|LINENO$|CHAT_'
)


def ci_fragments(
    text: str, variables: Mapping[str, Variable], within: tuple[str, ...]
) -> list[Fragment]:
    """A text of the CI configuration with the references in it replaced."""
    found: list[Fragment] = []
    at = 0
    for match in _REFERENCE.finditer(text):
        found.append(Fragment(text[at : match.start()], True))
        at = match.end()
        name = match.group(1) or match.group(2)
        variable = variables.get(name) if name else None
        if not name:
            found.append(Fragment('$', True))
        elif variable is None or len(variable.values) != 1 or name in within or len(within) > 8:
            found.append(Fragment(match.group(), False))
        elif variable.expand:
            found.extend(ci_fragments(variable.values[0], variables, (*within, name)))
        else:
            found.append(Fragment(variable.values[0], True))
    found.append(Fragment(text[at:], True))
    return found


def value_of(machine: Machine, source: Source, piece: tree.Piece) -> Scalar | Array:
    """What a piece of a word stands for, as written where that is not known."""
    written = unknown(source.text[piece.start : piece.end])
    if isinstance(piece, tree.Substitution):
        return substitution.value(machine, source, piece) or written
    if not isinstance(piece, tree.Parameter):
        return written
    operator = piece.operator
    subscript, bracket, rest = operator.partition(']')
    if bracket:
        operator = rest
    if operator[:1] in ('#', '!') and bracket == '' and piece.operand is None:
        return _prefixed(machine, piece, operator, written)
    if bracket and subscript[:1] in ('#', '!'):
        listed = chosen(machine, look_up(machine, piece.name))
        return arrays.indices(listed, piece.name, subscript) or written
    value = chosen(machine, look_up(machine, piece.name))
    if subscript in ('[@', '[*') or piece.name in ('@', '*'):
        if value is None or isinstance(value, Missing) and bracket:
            return written
        if isinstance(value, Missing) or value is UNSET:
            return Array(())
        value = value if isinstance(value, Array) else Array((Word(value.fragments),))
        if subscript == '[*' and piece.quoted or piece.name == '*' and piece.quoted:
            return arrays.joined(value)
        return arrays.each(machine, source, piece, operator, value) or written
    if bracket:
        value = arrays.item(value, subscript[1:])
    elif isinstance(value, Array):
        value = Scalar(value.words[0].fragments) if value.words else EMPTY
    if operator:
        return _operated(machine, source, piece, operator, value) or written
    if isinstance(value, Missing):
        return EMPTY if piece.name.isdigit() else written
    return written if value is None else value


def look_up(machine: Machine, name: str) -> Value | Missing:
    """A variable of the script, else of the CI system; Missing if neither sets it."""
    held: Held = machine.state.get(name)
    position = number(name)
    if position:
        return _positional(machine.state.get(ARGUMENTS), position - 1)
    if name in ('@', '*', '#'):
        held = machine.state.get(ARGUMENTS)
    if name == '#':
        if not isinstance(held, Array) or any(word.splits for word in held.words):
            return None
        return known(str(len(held.words)))
    assert not isinstance(held, (Defined, Written))
    if not isinstance(held, Missing):
        return held
    variable = machine.variables.get(name)
    if variable is not None:
        machine.used_variables.add(name)
        if len(variable.values) != 1:
            return None
        if not variable.expand:
            return known(variable.values[0])
        found = ci_fragments(variable.values[0], machine.variables, (name,))
        machine.used_variables.update(
            each
            for match in _REFERENCE.finditer(variable.values[0])
            for each in match.groups()
            if each in machine.variables
        )
        return Scalar(tuple(merged(found)))
    return None if _PREDEFINED.match(name) or name in ('?', '$', '-', '!') else held


def _positional(held: Held, index: int) -> Value | Missing:
    if isinstance(held, Choice):
        found: list[Scalar | Array] = []
        for each in held.values:
            item = _positional(each, index)
            if not isinstance(item, (Scalar, Missing)):
                return None
            found.append(EMPTY if isinstance(item, Missing) else item)
        return Choice(tuple(found))
    if not isinstance(held, Array):
        return held if isinstance(held, Missing) else None
    if any(word.splits for word in held.words[: index + 1]):
        return None
    words = held.words[index : index + 1]
    return Scalar(words[0].fragments) if words else Missing()


def chosen(machine: Machine, value: Value | Missing) -> Scalar | Array | Missing | None:
    """The alternative that the variant at hand looks at."""
    if isinstance(value, Choice):
        machine.widest = max(machine.widest, len(value.values))
        return value.values[min(machine.variant, len(value.values) - 1)]
    return value


def _prefixed(
    machine: Machine, piece: tree.Parameter, operator: str, written: Scalar
) -> Scalar | Array:
    """`${#name}` and `${!name}`."""
    value = chosen(machine, look_up(machine, piece.name))
    text = plain(value) if isinstance(value, Scalar) else None
    if text is None:
        return written
    if operator == '#':
        return known(str(len(text)))
    items = text[-3:] in ('[@]', '[*]')
    named = chosen(machine, look_up(machine, text[:-3] if items else text)) if text else None
    if items:
        return named if isinstance(named, Array) else Array((Word(written.fragments, True),))
    return named if isinstance(named, Scalar) else written


def _operated(
    machine: Machine,
    source: Source,
    piece: tree.Parameter,
    operator: str,
    value: Scalar | Missing | None,
) -> Scalar | None:
    operand = piece.operand or tree.Word((), piece.end, piece.end)
    kind = operator[-1]
    if operator in (':-', '-', ':=', '=', ':+', '+', ':?', '?'):
        unset = isinstance(value, Missing)
        blank = isinstance(value, Scalar) and not value.fragments
        empty = blank and (operator[0] == ':' or value is UNSET)
        if kind == '?':
            return value if isinstance(value, Scalar) else None
        if kind == '+':
            return _alternative(machine, source, operand, value, empty)
        if not unset and not empty:
            return value if isinstance(value, Scalar) else None
        default = expand.scalar(machine, source, operand)
        if kind == '=':
            machine.state.set(piece.name, default)
        return default
    text = plain(value) if isinstance(value, Scalar) else None
    argument = plain(expand.scalar(machine, source, operand))
    if text is None or argument is None:
        return patterns.without_folder(value, operator, argument)
    changed = patterns.changed(text, operator, argument)
    return None if changed is None else known(changed)


def _alternative(
    machine: Machine,
    source: Source,
    operand: tree.Word,
    value: Scalar | Missing | None,
    empty: bool,
) -> Scalar:
    """`${name:+word}`: whether a variable that is not seen here is set is not known."""
    if empty:
        return EMPTY
    if not isinstance(value, Scalar):
        machine.widest = max(machine.widest, 2)
        if machine.variant:
            return EMPTY
    return expand.scalar(machine, source, operand)
