"""Syntax tree -> summary: lists, pipelines and compound commands."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from kaniko_hooks.model import Reason
from kaniko_hooks.old_shell import branching, loops
from kaniko_hooks.old_shell.commands import nested, outputs, simple
from kaniko_hooks.old_shell.conditions import arguments, worlds
from kaniko_hooks.old_shell.machine import DEPTH, Machine, Stdin
from kaniko_hooks.old_shell.state import Defined
from kaniko_hooks.old_shell.summary import (
    GO,
    NOTHING,
    Summary,
    because,
    either,
    has_builds,
    process,
    renamed,
    sequence,
)
from kaniko_hooks.old_shell.syntax import tree
from kaniko_hooks.old_shell.syntax.source import Source

# Commands that do not fail in a script that is meant to go on.
_SURE = frozenset(
    (
        'cd',
        'export',
        'mkdir',
        'echo',
        'printf',
        'set',
        'true',
        ':',
        'local',
        'readonly',
        'declare',
        'chmod',
        'cp',
        'cat',
        'eval',
        'unset',
        'shift',
    )
)


def statements(machine: Machine, source: Source, body: Iterable[tree.Statement]) -> Summary:
    """A list, in order. Guards that exclude each other are not both taken."""
    total = NOTHING
    group: worlds.Group | None = None
    for index, node in enumerate(body):
        mark, unseen = len(machine.state.journal), machine.unseen
        guarded = worlds.read(node)
        if guarded is not None and arguments.decide(machine, node):
            guarded = None
        if guarded is None:
            arms = [branching.Arm(statement(machine, source, node), {})]
        else:
            arms = branching.guarded_arms(machine, source, node)
        found = branching.joined(arms)
        if group is not None and has_builds(found) and not worlds.joins(group, guarded):
            total, group = worlds.closed(total, group), None
        if group is None and (guarded is None or not has_builds(found)):
            total = sequence(total, found)
        else:
            group = group or []
            if found is not NOTHING:
                group.append((guarded, [each.found for each in arms]))
            altered = machine.state.altered(mark)
            worlds.changed(group, altered, machine.unseen != unseen, index)
            if found is not NOTHING and guarded is not None:
                worlds.leaves(group, [each.texts for each in arms])
            if worlds.is_over(group):
                total, group = worlds.closed(total, group), None
        if GO not in found:
            break
    return worlds.closed(total, group)


def statement(machine: Machine, source: Source, node: tree.Statement) -> Summary:
    if not node.background:
        return _and_or(machine, source, node)
    return apart(machine, lambda: _and_or(machine, source, node))


def apart(machine: Machine, run: Callable[[], Summary]) -> Summary:
    """In a process of its own: what it sets is lost, how it ends does not matter."""
    mark = len(machine.state.journal)
    outer, machine.traps = machine.traps, []
    found = ended(machine, run())
    machine.traps = outer
    machine.state.left(mark)
    return process(found)


def ended(machine: Machine, found: Summary) -> Summary:
    """A shell's run, and then the handlers of its end."""
    if machine.traps:
        # It may end before it sets what it has at its end.
        arguments.forget(machine)
    # What a handler of the end sets as one is not run any more.
    for source, bits in tuple(machine.traps):
        after = nested.text(machine, source, bits)
        if after is not NOTHING:
            found = sequence(renamed(found, dict.fromkeys(found, GO)), after)
    return found


def _and_or(machine: Machine, source: Source, node: tree.Statement) -> Summary:
    """Both sides of `&&` and `||` may run, the second after the first."""
    state = machine.state
    total = last = pipeline(machine, source, node.pipelines[0])
    conditional = -1
    first = len(state.journal)
    status = branching.status(machine, node.pipelines[0])
    for index, operator in enumerate(node.operators):
        if GO not in total:
            break
        if status is (operator == '||'):
            continue
        certain = status is not None
        if certain:
            status = branching.status(machine, node.pipelines[index + 1])
        mark = len(state.journal)
        found = pipeline(machine, source, node.pipelines[index + 1])
        if operator == '||':
            if found is not NOTHING and has_builds(total):
                place = source.locate(node.pipelines[index + 1].start)
                found = because(found, Reason('retry', place, 1))
            changes = state.taken_back(mark)
            state.join([{}, changes] if GO in found else [{}])
        elif (
            conditional < 0
            and not _is_sure(node.pipelines[index])
            and not (
                # Each build that is traced succeeds.
                machine.trace is not None and has_builds(last)
            )
        ):
            conditional = mark
        last = found
        if found is not NOTHING:
            after = sequence(total, found)
            total = after if certain else either((total, after))
        if not certain and GO not in found:
            # Only the other status goes on: `build && exit || exit 1` always exits.
            status = operator == '||'
    if conditional >= 0:
        state.join([state.taken_back(conditional), {}])
    elif node.operators:
        arguments.unsettle(machine, first)
    return total


def _is_sure(node: tree.Pipeline) -> bool:
    command = node.commands[0]
    if len(node.commands) > 1 or node.negated or not isinstance(command, tree.Simple):
        return False
    return not command.words or simple.literal(command.words[0]) in _SURE


def pipeline(machine: Machine, source: Source, node: tree.Pipeline) -> Summary:
    """All commands of a pipeline run, each in a process of its own."""
    if len(node.commands) == 1:
        return command(machine, source, node.commands[0], None)
    total = NOTHING
    stdin: Stdin = None
    for each in node.commands:
        done = apart(machine, partial(command, machine, source, each, stdin))
        total = sequence(total, done)
        stdin = None if each is node.commands[-1] else outputs.printed(machine, source, each, stdin)
    return total


def command(machine: Machine, source: Source, node: tree.Command, stdin: Stdin) -> Summary:
    if machine.depth >= DEPTH:
        return NOTHING
    if isinstance(node, tree.Simple):
        return simple.run(machine, source, node, stdin)
    if isinstance(node, tree.Function):
        machine.state.set('()' + node.name, Defined(node, source, machine.process))
        return NOTHING
    machine.depth += 1
    outer = machine.stdin
    total = simple.redirected(machine, source, node.redirections)
    if stdin is not None or node.redirections:
        machine.stdin = outputs.stdin(machine, source, node.redirections, stdin or outer)
        outputs.write(machine, source, node, machine.stdin)
    total = sequence(total, _compound(machine, source, node))
    machine.stdin = outer
    machine.depth -= 1
    return total


def _compound(machine: Machine, source: Source, node: tree.Command) -> Summary:
    if isinstance(node, tree.Group):
        if node.subshell:
            return apart(machine, lambda: statements(machine, source, node.body))
        return statements(machine, source, node.body)
    if isinstance(node, tree.If):
        return branching.joined(branching.if_arms(machine, source, node))
    if isinstance(node, tree.Case):
        return branching.joined(branching.case_arms(machine, source, node))
    if isinstance(node, tree.For):
        return loops.for_words(machine, source, node)
    if isinstance(node, tree.While):
        return loops.conditional(machine, source, node)
    assert isinstance(node, tree.Test)
    return simple.substitutions(machine, source, node.words)
