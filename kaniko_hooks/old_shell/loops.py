"""Loops: once for each literal word, else any number of times."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kaniko_hooks.model import Reason, Word
from kaniko_hooks.old_shell import branching, interpret
from kaniko_hooks.old_shell.commands import simple
from kaniko_hooks.old_shell.conditions import arguments, subjects
from kaniko_hooks.old_shell.expansion import expand, parameters
from kaniko_hooks.old_shell.machine import Machine
from kaniko_hooks.old_shell.state import ARGUMENTS, Defined, Held
from kaniko_hooks.old_shell.summary import (
    EXIT,
    FAIL,
    GO,
    NOTHING,
    Summary,
    because,
    either,
    has_builds,
    iteration,
    repeated,
    sequence,
)
from kaniko_hooks.old_shell.syntax import tree
from kaniko_hooks.old_shell.syntax.source import Source
from kaniko_hooks.old_shell.values import Array, Scalar, is_open, known, word_of

# A `for` over more words is read as one over any number.
_WORDS = 5000
_LEAVES = frozenset(('break', 'exit', 'return'))
_SETTERS = frozenset(('read', 'unset', 'mapfile', 'readarray', 'getopts'))


def for_words(machine: Machine, source: Source, node: tree.For) -> Summary:
    before = simple.substitutions(machine, source, node.words or ())
    listed, sure = words(machine, source, node)
    if listed is None or node.select or machine.repeats <= 0:
        return sequence(before, any_number(machine, source, node, (), node.body, node.name))
    place = source.locate(node.start)
    reason = Reason('retry' if _retries(node.body) else 'loop', place, len(listed))
    total: Summary = NOTHING
    left: list[Summary] = []
    machine.repeating += 1
    machine.loops += 1
    for word in listed:
        if GO not in total:
            break
        mark = len(machine.state.journal)
        machine.state.set(node.name, None if word.splits else Scalar(word.fragments))
        if sure:
            arguments.settle(machine, node.name, machine.state.get(node.name))
        body = interpret.statements(machine, source, node.body)
        if any(way not in (GO, EXIT, FAIL) for way in body):
            arguments.unsettle(machine, mark)
        if len(listed) > 1:
            body = because(body, reason)
        going, ending = iteration(body)
        if ending:
            left.append(sequence(total, ending))
        total = sequence(total, going)
    machine.loops -= 1
    machine.repeating -= 1
    return sequence(before, either([total, *left]))


def words(machine: Machine, source: Source, node: tree.For) -> tuple[list[Word] | None, bool]:
    """The words of a `for`, None if their number is not known; whether it has no others."""
    if node.words is None:
        given = parameters.look_up(machine, ARGUMENTS)
        held = parameters.chosen(machine, given)
        if not isinstance(held, Array) or any(word.splits for word in held.words):
            return None, False
        return list(held.words), held is given
    variants = expand.variants(machine, source, node.words, _WORDS)
    found = max(variants, key=len)
    if any(is_open(field) for field in found):
        return None, False
    return [word_of(field) for field in found], len(variants) == 1


def conditional(machine: Machine, source: Source, node: tree.While) -> Summary:
    """`while` and `until`."""
    if branching.condition(machine, node.condition) is node.until:
        return interpret.statements(machine, source, node.condition)
    return any_number(machine, source, node, node.condition, node.body, '')


def any_number(
    machine: Machine,
    source: Source,
    node: tree.For | tree.While,
    condition: tuple[tree.Statement, ...],
    body: tuple[tree.Statement, ...],
    name: str,
) -> Summary:
    """Any number of iterations; what they set is not known while they run."""
    for each, texts in assigned(machine, (*condition, *body)).items():
        if None in texts:
            machine.state.set(each, None)
        else:
            machine.state.join([{}, *({each: known(text or '')} for text in texts)])
    if name:
        machine.state.set(name, None)
    mark = len(machine.state.journal)
    machine.loops += 1
    tested = interpret.statements(machine, source, condition) if condition else NOTHING
    after_test: dict[str, Held] = {}
    done = interpret.statements(machine, source, body) if GO in tested else NOTHING
    machine.loops -= 1
    changes = machine.state.taken_back(mark)
    machine.state.join([changes, after_test])
    kind = 'retry' if _retries(body) or has_builds(tested) else 'loop'
    reason = Reason(kind, source.locate(node.start))
    loop = repeated(sequence(tested, done), reason)
    return sequence(loop, tested) if tested is not NOTHING else loop


def _retries(body: Iterable[tree.Statement]) -> bool:
    """Whether the loop ends when a command succeeds: `build && break`."""
    for statement in body:
        for operator, pipeline in zip(statement.operators, statement.pipelines[1:]):
            if operator == '&&' and _is_leaving(pipeline.commands[0]):
                return True
        command = statement.pipelines[0].commands[0]
        if isinstance(command, tree.If) and len(command.arms) == 1:
            tail = command.arms[0].body[-1:]
            if tail and _is_leaving(tail[0].pipelines[0].commands[0]):
                return True
    return False


def _is_leaving(command: tree.Command) -> bool:
    if isinstance(command, tree.Group) and not command.subshell and command.body:
        last = command.body[-1].pipelines[0].commands[0]
        return isinstance(last, tree.Simple) and _leaves(last)
    return isinstance(command, tree.Simple) and _leaves(command)


def _leaves(command: tree.Simple) -> bool:
    if not command.words or simple.literal(command.words[0]) not in _LEAVES:
        return False
    return simple.literal(command.words[-1]) in (*_LEAVES, '0')


def assigned(machine: Machine, body: Iterable[object]) -> dict[str, set[str | None]]:
    """The names that commands, and functions that they call, set, but for those that they
    only add to; each with the texts that it is set to, None for what is not literal."""
    found: dict[str, set[str | None]] = {}
    called: set[str] = set()
    stack: list[object] = [tuple(body)]
    while stack:
        node = stack.pop()
        if isinstance(node, tree.Statement):
            node = node.pipelines
        if isinstance(node, tree.Assignment):
            if not _appends(node):
                found.setdefault(node.name, set()).add(_text(node))
        elif isinstance(node, tree.For):
            found[node.name] = {None}
        elif isinstance(node, tree.Arithmetic):
            found.update({each: {None} for each in node.names})
        elif isinstance(node, tree.Simple) and node.words:
            name = simple.literal(node.words[0])
            if name == 'shift' or name == 'set' and _replaces(node.words):
                found[ARGUMENTS] = {None}
            found.update({each: {None} for each in simple.counted(node)})
            defined = machine.state.get('()' + name)
            if isinstance(defined, Defined) and name not in called:
                called.add(name)
                stack.append(defined.node.body)
            if name in _SETTERS:
                names = filter(None, map(simple.literal, node.words[1:]))
                found.update({each: {None} for each in names})
        if isinstance(node, tuple):
            stack.extend(node)
    return found


def _text(node: tree.Assignment) -> str | None:
    if node.subscript is not None or node.array is not None:
        return None
    return subjects.literal(node.word) if node.word else ''


def _replaces(words: Sequence[tree.Word]) -> bool:
    """Whether `set` sets other arguments than `set -- "$@" more`; options alone set none."""
    literals = [simple.literal(word) or '' for word in words]
    place = 1
    while literals[place:] and literals[place][:1] in ('-', '+') and literals[place] != '--':
        place += 2 if literals[place].endswith('o') else 1
    if literals[place : place + 1] == ['--']:
        place += 1
    elif not literals[place:]:
        return False
    first = words[place : place + 1]
    piece = first[0].pieces[0] if first and first[0].pieces else None
    return not isinstance(piece, tree.Parameter) or piece.name != '@'


def _appends(node: tree.Assignment) -> bool:
    if node.append:
        return True
    words = (node.word,) if node.word else node.array or ()
    return any(
        isinstance(piece, tree.Parameter) and piece.name == node.name
        for word in words
        for piece in word.pieces
    )
