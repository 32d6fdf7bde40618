"""Builtins that set variables to what they read: `read`, `mapfile`, and `getopts`."""

from __future__ import annotations

from collections.abc import Sequence

from kaniko_hooks.model import Field
from kaniko_hooks.shell import output, scripts
from kaniko_hooks.shell.env import Flow, Scope, State
from kaniko_hooks.shell.fields import separators_of
from kaniko_hooks.shell.value import (
    ANY_WORDS,
    EMPTY,
    Array,
    fresh_name,
    is_one_word,
    may_build,
    number,
)
from kaniko_hooks.shell.variables import assign
from kaniko_hooks.text import Text, hole


def read(scope: Scope, state: State, fields: Sequence[Field]) -> Flow:
    """`read`, `mapfile`: names get a line of the input, or unknown values."""
    is_read = fields[0].text.known == 'read'
    operands = [field.text.known or '' for field in fields[1:]]
    options = ''.join(operand for operand in operands if operand[:1] == '-')
    is_array = not is_read or 'a' in options
    stdin = state.env.stdin or EMPTY
    names = [operand for operand in operands if operand.isidentifier()]
    names = names or ['REPLY' if is_read else 'MAPFILE']
    scope.ev.spend(len(stdin.value) // 20)
    scope.ev.spend(len(names) * (len(state.env.variables) + len(names)) // 20)
    if any(field.text.holes for field in fields):
        state = scripts.after_unknown_commands(scope, state)
    elif is_read and set(options) <= {*'-ra'}:
        after = _next_line(scope, state, names, options)
        if after:
            return Flow([after])
    state = state.with_env(state.env._replace(unread=None))
    content = output.with_inputs(scope, stdin)
    lines = [Field(line) for line in content.split('\n')] if may_build(content) else []
    for name in names:
        value = _any_value(name)
        if lines:
            scope.ev.inputs[value.hole_name] = content
        state = assign(state, name, Array((Field(value, True), *lines)) if is_array else value)
    return Flow([state.with_status(None)])


def _next_line(scope: Scope, state: State, names: Sequence[str], options: str) -> State | None:
    """The state after `read`; None if it is not certain what each name gets."""
    unread, separators = state.env.unread, separators_of(state)
    if unread is None or separators is None:
        return None
    line = unread.before('\n')
    if '\\' in line.value and 'r' not in options:
        return None
    if not all(is_one_word(scope.ev, item.name) for item in line.holes):
        return None
    rest = unread.part(len(line.value) + 1)
    after = state.with_env(state.env._replace(unread=rest))
    parts = _parts(line, separators, len(names))
    if 'a' in options:
        words = (part for part in line.split(separators) if part.value)
        items = Array(tuple(Field(word, bool(word.holes)) for word in words))
        after = assign(after, names[0], items)
    elif any(part.holes for part in parts[:-1]):
        # Only the last part may contain separators.
        return None
    else:
        for name, part in zip(names, parts):
            after = assign(after, name, part)
    return after.with_status(len(line.value) < len(unread.value))


def _any_value(name: str) -> Text:
    return hole(fresh_name(f'${name}'), f'${name}')


def getopts(scope: Scope, state: State, fields: Sequence[Field]) -> Flow:
    """`getopts letters name`: the next option, any one where it is not known which."""
    option = _next_option(state, fields)
    if option:
        return Flow([option])
    names = [field.text.known for field in fields[2:3]]
    for name in filter(None, (*names, 'OPTARG', 'OPTIND')):
        state = assign(state, name, _any_value(name))
    return Flow([state.with_status(None)])


def _next_option(state: State, fields: Sequence[Field]) -> State | None:
    """The state after one option; None if words are not known, or it has several letters."""
    counter = state.env.variables.get('OPTIND', Text('1'))
    index = number(counter.known) if isinstance(counter, Text) else None
    words = state.env.arguments.items if isinstance(state.env.arguments, Array) else ANY_WORDS.items
    if not index or len(fields) != 3 or any(word.splits for word in words[: index + 1]):
        return None
    letters, name = (field.text.known for field in fields[1:])
    word = words[index - 1].text.known if index <= len(words) else ''
    if word is None or len(word) > 2 and word[0] == '-' or not letters or not name:
        return None
    is_option = word[:1] == '-' and word not in ('-', '--')
    letter = word[1] if is_option and word[1] in letters else '?'
    if letter != '?' and f'{letter}:' in letters:
        if index == len(words):
            return None
        state = assign(state, 'OPTARG', words[index].text)
        index += 1
    state = assign(state, 'OPTIND', Text(str(index + (is_option or word == '--'))))
    return assign(state, name, Text(letter)).with_status(is_option)


def _parts(line: Text, separators: frozenset[str], count: int) -> list[Text]:
    """The parts of a line for so many variables: the last one gets the rest."""
    parts = []
    for left in range(count, 0, -1):
        line = line.stripped() if ' ' in separators else line
        first = line.before(separators) if left > 1 else line
        parts.append(first)
        line = line.part(len(first.value) + 1)
    return parts
