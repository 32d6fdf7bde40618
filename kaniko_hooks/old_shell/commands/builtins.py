"""Built-in commands that change what the script knows."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kaniko_hooks.old_shell import loops, paths
from kaniko_hooks.old_shell.commands import nested, simple
from kaniko_hooks.old_shell.conditions import arguments
from kaniko_hooks.old_shell.expansion import parameters
from kaniko_hooks.old_shell.machine import Machine
from kaniko_hooks.old_shell.state import ARGUMENTS, EVERYWHERE, Defined, Missing
from kaniko_hooks.old_shell.summary import (
    BREAK,
    CONTINUE,
    EXIT,
    FAIL,
    NOTHING,
    RETURN,
    Summary,
    either,
    leaves,
)
from kaniko_hooks.old_shell.syntax import tree
from kaniko_hooks.old_shell.syntax.source import Source
from kaniko_hooks.old_shell.values import (
    EMPTY,
    UNSET,
    Array,
    Choice,
    Field,
    Scalar,
    choice,
    item_of,
    number,
    plain,
)


def current(machine: Machine, name: str) -> Scalar | Array | None:
    """The value that `name+=…` appends to."""
    value = parameters.chosen(machine, parameters.look_up(machine, name))
    return EMPTY if isinstance(value, Missing) else value


def declares(machine: Machine, source: Source, name: str, node: tree.Simple) -> bool:
    """Run `export`, `local`, … ; False if the command is another one."""
    if name not in tree.DECLARATIONS:
        return False
    if name == 'export' and '-f' in map(simple.literal, node.words):
        for word in node.words[1:]:
            defined = machine.state.get('()' + simple.literal(word))
            if isinstance(defined, Defined):
                exported = defined._replace(process=EVERYWHERE)
                machine.state.set('()' + simple.literal(word), exported)
    if any(any(not isinstance(each, tree.Text) for each in word.pieces) for word in node.words):
        arguments.forget(machine)
    if name in ('local', 'declare', 'typeset') and machine.locals:
        names = [each.name for each in node.assignments]
        names += [simple.literal(word) for word in node.words[1:]]
        for each in names:
            _make_local(machine, each)
            if each not in [assignment.name for assignment in node.assignments]:
                machine.state.set(each, UNSET)
    refers = any(
        simple.literal(word)[:1] == '-' and 'n' in simple.literal(word) for word in node.words[1:]
    )
    for assignment in node.assignments:
        simple.assign(machine, source, assignment)
        if refers:
            _refer(machine, assignment.name)
    return True


def _refer(machine: Machine, name: str) -> None:
    """`local -n name=other`: it has the value that the other one has by now."""
    held = machine.state.get(name)
    other = plain(held) if isinstance(held, Scalar) else None
    value = parameters.look_up(machine, other) if other else None
    machine.state.set(name, None if isinstance(value, Missing) else value)


def _make_local(machine: Machine, name: str) -> None:
    """Remember the value from before the function, once."""
    frame = machine.locals[-1]
    if name not in frame:
        frame[name] = machine.state.get(name)


def _leave(way: tuple[str, int]) -> Callable[[Machine, Source, Sequence[Field]], Summary]:
    return lambda machine, source, argv: leaves(way)


def _exit(machine: Machine, source: Source, argv: Sequence[Field]) -> Summary:
    status = argv[1].text if len(argv) > 1 and argv[1].known else '0'
    return leaves(FAIL if (number(status) or 0) % 256 else EXIT)


def _break(machine: Machine, source: Source, argv: Sequence[Field]) -> Summary:
    count = number(argv[1].text) if len(argv) > 1 else 1
    most = max(machine.loops, 1)
    found = leaves((BREAK if argv[0].text == 'break' else CONTINUE, min(max(count or 1, 1), most)))
    # Without a loop in the same function shells differ: bash goes on, dash leaves the caller's.
    return found if machine.loops else either((found, NOTHING))


def _cd(machine: Machine, source: Source, argv: Sequence[Field]) -> Summary:
    rest = [field for field in argv[1:] if field.text not in ('-P', '-L', '--')]
    paths.enter(machine, rest[0] if rest else None)
    return NOTHING


def _popd(machine: Machine, source: Source, argv: Sequence[Field]) -> Summary:
    machine.state.set('.', machine.state.get('.old'))
    return NOTHING


def _named(machine: Machine, argv: Sequence[Field]) -> None:
    """Variables by names, some of which may not be known."""
    if not all(field.known for field in argv):
        arguments.forget(machine)


def _unset(machine: Machine, source: Source, argv: Sequence[Field]) -> Summary:
    _named(machine, argv)
    for field in argv[1:]:
        if field.text == '-f' or argv[1].text == '-f':
            machine.state.set('()' + field.text, Missing())
        else:
            machine.state.set(field.text, UNSET)
    return NOTHING


def _read(machine: Machine, source: Source, argv: Sequence[Field]) -> Summary:
    _named(machine, argv)
    for field in argv[1:]:
        if not field.text.startswith('-'):
            machine.state.set(field.text, None)
    return NOTHING


def _set(machine: Machine, source: Source, argv: Sequence[Field]) -> Summary:
    """`set -- words`; options alone change nothing here."""
    rest = list(argv[1:])
    while rest and rest[0].text[:1] in ('-', '+') and rest[0].text != '--' and rest[0].known:
        option = rest.pop(0).text
        if option[1:].endswith('o'):
            del rest[:1]
        if not rest:
            return NOTHING
    if rest and rest[0].text == '--':
        del rest[0]
    elif not rest:
        return NOTHING
    machine.state.set(ARGUMENTS, Array(tuple(item_of(field) for field in rest)))
    return NOTHING


def _shift(machine: Machine, source: Source, argv: Sequence[Field]) -> Summary:
    count = number(argv[1].text) if len(argv) > 1 else 1
    held = machine.state.get(ARGUMENTS)
    found: list[Array | None] = []
    for each in held.values if isinstance(held, Choice) else (held,):
        if not isinstance(each, Array) or count is None:
            found.append(None)
            continue
        found.append(Array(each.words[count:]))
        # A word that is not known is mostly one, as in `retry $TIMES command`.
        several = tuple(word for word in each.words[:count] if word.splits)
        if several:
            found.append(Array((*several, *each.words[count:])))
    machine.state.set(ARGUMENTS, choice(found))
    return NOTHING


def _eval(machine: Machine, source: Source, argv: Sequence[Field]) -> Summary:
    rest = argv[2:] if len(argv) > 1 and argv[1].text == '--' else argv[1:]
    return nested.text(machine, source, nested.joined(rest))


def _source(machine: Machine, source: Source, argv: Sequence[Field]) -> Summary:
    if len(argv) < 2:
        return NOTHING
    return nested.called(machine, source, argv[1:], True)


def _trap(machine: Machine, source: Source, argv: Sequence[Field]) -> Summary:
    if len(argv) > 2 and any(field.text in ('EXIT', '0', 'ERR') for field in argv[2:]):
        if argv[1].known:
            machine.traps.append((source, argv[1].bits))
    if len(argv) > 2 and argv[1].known:
        machine.handled.update(loops.assigned(machine, nested.parsed(argv[1].text).body))
    return NOTHING


def _alias(machine: Machine, source: Source, argv: Sequence[Field]) -> Summary:
    """`alias name=text`: dash and busybox replace it in scripts too."""
    for field in argv[1:]:
        name, equals, text = field.text.partition('=')
        if equals and field.known:
            machine.state.set(name + ' ', Scalar(item_of(field).fragments))
    return NOTHING


BUILTINS: dict[str, Callable[[Machine, Source, Sequence[Field]], Summary]] = {
    'exit': _exit,
    'return': _leave(RETURN),
    'break': _break,
    'continue': _break,
    'cd': _cd,
    'pushd': _cd,
    'popd': _popd,
    'unset': _unset,
    'read': _read,
    'getopts': _read,
    'mapfile': _read,
    'readarray': _read,
    'set': _set,
    'shift': _shift,
    'eval': _eval,
    '.': _source,
    'source': _source,
    'trap': _trap,
    'alias': _alias,
}
