"""Branches: `if`, `case`, guarded lists, and conditions that always or never hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from kaniko_hooks.model import Reason
from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.old_shell import interpret, loops
from kaniko_hooks.old_shell.commands import simple
from kaniko_hooks.old_shell.conditions import arguments
from kaniko_hooks.old_shell.machine import Machine
from kaniko_hooks.old_shell.state import Held
from kaniko_hooks.old_shell.summary import (
    EXIT,
    FAIL,
    GO,
    NOTHING,
    Summary,
    because,
    either,
    has_builds,
    sequence,
)
from kaniko_hooks.old_shell.syntax import tree
from kaniko_hooks.old_shell.syntax.source import Source
from kaniko_hooks.old_shell.values import Scalar, plain


class Arm(NamedTuple):
    """What a branch runs, and the texts that it surely leaves in the variables that it sets."""

    found: Summary
    texts: Mapping[str, str]


def joined(arms: Iterable[Arm]) -> Summary:
    """One of several branches."""
    return either(each.found for each in arms)


def guarded_arms(machine: Machine, source: Source, node: tree.Statement) -> list[Arm]:
    """A guarded statement's arms, and what it is if none of them is taken."""
    command = node.pipelines[0].commands[0]
    machine.depth += 1
    if len(node.pipelines) > 1:
        rest = tree.Statement(
            node.pipelines[1:], node.operators[1:], node.background, node.start, node.end
        )
        arms = branches(
            machine, [lambda: interpret.statement(machine, source, rest), lambda: NOTHING]
        )
    elif isinstance(command, tree.If):
        arms = if_arms(machine, source, command)
    else:
        assert isinstance(command, tree.Case)
        arms = case_arms(machine, source, command)
    machine.depth -= 1
    return arms


def if_arms(machine: Machine, source: Source, node: tree.If) -> list[Arm]:
    """One for each arm and for `else`, with the conditions before it.

    An arm that is ruled out has no way to leave it.
    """
    prefix = NOTHING
    prefixes: list[Summary] = []
    bodies: list[Sequence[tree.Statement] | None] = []
    certain = False
    failed = False  # a build in a condition
    retries: list[bool] = []
    for arm in node.arms:
        holds = None if certain else condition(machine, arm.condition)
        if not certain and GO in prefix:
            tested = interpret.statements(machine, source, arm.condition)
            prefix = sequence(prefix, tested)
            negated = any(each.pipelines[-1].negated for each in arm.condition[-1:])
            retries.append(failed or negated and has_builds(tested))
            failed |= not negated and has_builds(tested)
        bodies.append(None if certain or holds is False else arm.body)
        prefixes.append(prefix)
        certain |= holds is True
    bodies.append(None if certain else node.otherwise)
    found = branches(machine, [_listed(machine, source, body) for body in bodies])
    for arm, body in zip(node.arms, bodies):
        if body is None:
            machine.state.not_set(loops.assigned(machine, arm.body))
    for index, (body, retry) in enumerate(zip(bodies, [*retries, failed])):
        if body and retry:
            reason = Reason('retry', source.locate(body[0].start), 1)
            found[index] = Arm(because(found[index].found, reason), found[index].texts)
    return [
        Arm(sequence(before, each.found), each.texts)
        for before, each in zip([*prefixes, prefix], found)
    ]


def condition(machine: Machine, body: Sequence[tree.Statement]) -> bool | None:
    """Whether a condition always holds or never, None if that is not told."""
    if not body or body[-1].operators or body[-1].background:
        return arguments.condition(machine, body)
    return status(machine, body[-1].pipelines[0])


def status(machine: Machine, node: tree.Pipeline) -> bool | None:
    """What `true`, `:` and `false` always give, and tests of what is known."""
    command = node.commands[-1]
    if not isinstance(command, tree.Simple) or not command.words or command.redirections:
        return arguments.status(machine, node)
    name = simple.literal(command.words[0]) or arguments.text(machine, command.words[0])
    if name not in ('true', ':', 'false') or '()' + name in machine.state.values:
        return arguments.status(machine, node)
    return (name != 'false') != node.negated


def case_arms(machine: Machine, source: Source, node: tree.Case) -> list[Arm]:
    """One for each arm and for no arm."""
    patterns = [word for arm in node.arms for word in arm.patterns]
    subject = simple.substitutions(machine, source, [node.word, *patterns])
    bodies: list[tuple[tree.Statement, ...] | None] = []
    possible = arguments.arms(machine, node)
    for index, arm in enumerate(node.arms):
        body = arm.body
        while node.arms[index].falls and index + 1 < len(node.arms) and len(body) < 200:
            index += 1
            body += node.arms[index].body
        bodies.append(body if possible[len(bodies)] else None)
    bodies.append(() if possible[-1] else None)
    runs = [_listed(machine, source, body) for body in bodies]
    found = branches(machine, runs)
    for each, chosen in zip(node.arms, possible):
        if not chosen:
            machine.state.not_set(loops.assigned(machine, each.body))
    return [Arm(sequence(subject, each.found), each.texts) for each in found]


def _listed(
    machine: Machine, source: Source, body: Sequence[tree.Statement] | None
) -> Callable[[], Summary]:
    return lambda: {} if body is None else interpret.statements(machine, source, body)


def one_of(machine: Machine, runs: Sequence[Callable[[], Summary]]) -> Summary:
    """One of several branches, each from the same state."""
    return joined(branches(machine, runs))


def branches(machine: Machine, runs: Sequence[Callable[[], Summary]]) -> list[Arm]:
    """Each from the same state; after them the state of those that go on is joined."""
    state = machine.state
    found: list[Arm] = []
    changes: list[dict[str, Held]] = []
    for run in runs:
        mark = len(state.journal)
        each = run()
        changed = state.taken_back(mark)
        found.append(Arm(each, _texts(changed)))
        if any(way not in (EXIT, FAIL) for way in each):
            changes.append(changed)
    state.join(changes)
    return found


def _texts(changed: Mapping[str, Held]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, held in changed.items():
        text = plain(held) if isinstance(held, Scalar) and name.isidentifier() else None
        if text is not None:
            found[name] = text
    return found
