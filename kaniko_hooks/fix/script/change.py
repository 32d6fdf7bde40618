"""What commands leave behind in the shell that runs them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from kaniko_hooks.fix.script.pieces import (
    bodies,
    commands_of,
    literal,
    parameters,
    substitutions,
    words_of,
)
from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.old_shell.syntax.tree import (
    Command,
    For,
    Function,
    Group,
    Parameter,
    Pipeline,
    Simple,
    Text,
)

# Their output is another one each time.
_VOLATILE = frozenset(('date', 'hostname', 'mktemp', 'uuidgen'))
_VOLATILE_NAMES = frozenset(('RANDOM', 'SECONDS', 'SRANDOM', 'EPOCHSECONDS', '$', 'BASHPID'))
_ASSIGNING = frozenset(('declare', 'export', 'readonly', 'typeset', 'unset'))

Functions = Mapping[str, Function]


class Change(NamedTuple):
    """What a piece leaves behind."""

    assigned: frozenset[str]
    volatile: bool  # another run of it gives another value
    moves: bool  # it changes the working directory


def assigned_in_words(command: Command) -> set[str]:
    """The variables that `${name:=word}` sets."""
    return {
        parameter.name
        for word in words_of(command)
        for parameter in parameters(word)
        if parameter.operator in ('=', ':=')
    }


def change(pipelines: tuple[Pipeline, ...], functions: Functions) -> Change:
    """What commands leave behind in the shell; called functions count too."""
    assigned: set[str] = set()
    volatile = moves = False
    waiting = [command for each in pipelines for command in each.commands]
    called: set[str] = set()
    while waiting:
        command = waiting.pop()
        volatile |= _is_volatile(command)
        assigned |= assigned_in_words(command)
        if isinstance(command, Group) and command.subshell:
            continue
        waiting += [each for body in bodies(command) for each in commands_of(body)]
        if isinstance(command, For):
            assigned.add(command.name)
        if isinstance(command, Simple):
            name = literal(command.words[0]) if command.words else None
            if name is None and not command.words or name in _ASSIGNING:
                assigned.update(each.name for each in command.assignments)
            assigned.update(printed_to(command))
            moves |= name in ('cd', 'pushd', 'popd') and not is_absolute(command)
            if name in functions and name not in called:
                called.add(name or '')
                waiting.append(functions[name or ''].body)
    return Change(frozenset(assigned), volatile, moves)


def printed_to(command: Simple) -> list[str]:
    """The variable that `printf -v name` sets."""
    words = [literal(word) or '' for word in command.words[:3]]
    return words[2:] if words[:2] == ['printf', '-v'] else []


def _is_volatile(command: Command) -> bool:
    return any(
        isinstance(each, Simple)
        and bool(each.words)
        and literal(each.words[0]) in _VOLATILE
        or any(
            parameter.name in _VOLATILE_NAMES
            for word in words_of(each)
            for parameter in parameters(word)
        )
        for each in [command, *_substituted_in(command)]
    )


def _substituted_in(command: Command) -> Iterator[Command]:
    for word in words_of(command):
        for substitution in substitutions(word):
            yield from commands_of(substitution.body)


def is_absolute(command: Simple) -> bool:
    """Whether `cd` goes to the same folder from everywhere."""
    if len(command.words) != 2:
        return False
    first = command.words[1].pieces[:1]
    return bool(first) and (
        isinstance(first[0], Parameter)
        and first[0].name == 'CI_PROJECT_DIR'
        or isinstance(first[0], Text)
        and first[0].value.startswith('/')
    )
