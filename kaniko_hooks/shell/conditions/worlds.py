"""Guards that exclude each other.

`if [ "$A" = x ]` and, further down, `if [ "$A" = y ]` never both hold. For each
value that a guard names (a world) the statements are put together that run in it.
"""
from __future__ import annotations

from collections.abc import Sequence

from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.shell.conditions import guards
from kaniko_hooks.shell.conditions import subjects
from kaniko_hooks.shell.conditions.guards import Condition
from kaniko_hooks.shell.conditions.subjects import Subject
from kaniko_hooks.shell.summary import either
from kaniko_hooks.shell.summary import NOTHING
from kaniko_hooks.shell.summary import sequence
from kaniko_hooks.shell.summary import Summary
from kaniko_hooks.shell.syntax import tree

_MEMBERS = 16


class Guarded(NamedTuple):
    """A statement whose arms depend on one subject."""

    subject: Subject
    conditions: tuple[Condition, ...]  # one for each arm; the first that holds is taken

    @property
    def literals(self) -> list[str]:
        return [each for condition in self.conditions for each in condition.literals]


class Group(NamedTuple):
    """Statements in order, guarded by the same subject or not at all."""

    subject: Subject
    literals: list[str]
    members: list[tuple[Guarded | None, Sequence[Summary]]]


def is_full(group: Group) -> bool:
    return len(group.members) >= _MEMBERS or len(group.literals) >= 4 * _MEMBERS


def closed(total: Summary, group: Group | None) -> Summary:
    """What came before, then the group in the worst of its worlds."""
    if group is None:
        return total
    worlds: list[str | None] = [*dict.fromkeys(group.literals), None]
    found: list[Summary] = []
    for world in worlds:
        here = NOTHING
        for guarded, arms in group.members:
            taken = [arms[index] for index in _taken(guarded, world)]
            here = sequence(here, either(taken))
        found.append(here)
    return sequence(total, either(found))


def _taken(guarded: Guarded | None, world: str | None) -> list[int]:
    """The arms that may run; None is a world with any other, not empty, value."""
    if guarded is None:
        return [0]
    found: list[int] = []
    for index, condition in enumerate(guarded.conditions):
        if (world in condition.literals) != condition.negated:
            found.append(index)
            if condition.sure:
                return found
    return [*found, len(guarded.conditions)]


def read(node: tree.Statement, wanted: Subject | None) -> Guarded | None:
    """The guard of a statement, that of the wanted subject if it has several."""
    first = node.pipelines[0]
    command = first.commands[0]
    if node.background:
        return None
    if node.operators:
        return _of_list(node, wanted)
    if first.negated or len(first.commands) != 1:
        return None
    if isinstance(command, tree.Case):
        return _of_case(command)
    if not isinstance(command, tree.If) or command.redirections:
        return None
    found = [guards.together(guards.of_list(arm.condition)) for arm in command.arms]
    subjects = {subject: None for each in found for subject in each}
    if not subjects:
        return None
    subject = wanted if wanted in subjects else next(iter(subjects))
    assert subject is not None
    return Guarded(subject, tuple(each.get(subject, guards.ANY) for each in found))


def _of_list(node: tree.Statement, wanted: Subject | None) -> Guarded | None:
    """`[ … ] && command && …`, perhaps with `|| true` at the end; `[ … ] || command`."""
    operators = node.operators
    last = node.pipelines[-1].commands[0]
    if operators[-1] == '||' and isinstance(last, tree.Simple) and len(last.words) == 1:
        if subjects.literal(last.words[0]) in ('true', ':'):
            operators = operators[:-1]
    if len(set(operators)) != 1 or not guards.is_test(node.pipelines[0]):
        return None
    found = guards.of_pipeline(node.pipelines[0])
    if operators[0] == '||':
        found = guards.negated(found)
    else:
        for pipeline in node.pipelines[1:-1]:
            if not guards.is_test(pipeline):
                break
            found = [*found, *guards.also(guards.of_pipeline(pipeline))]
    conditions = guards.together(found)
    if not conditions:
        return None
    subject = wanted if wanted in conditions else next(iter(conditions))
    assert subject is not None
    return Guarded(subject, (conditions[subject],))


def _of_case(command: tree.Case) -> Guarded | None:
    subject = subjects.variable(command.word)
    if subject is None or command.redirections:
        return None
    conditions: list[Condition] = []
    for arm in command.arms:
        literals = [subjects.literal(pattern) for pattern in arm.patterns]
        if arm.falls or None in literals:
            return None
        texts = tuple(each for each in literals if each is not None)
        if '*' in texts:
            conditions.append(Condition((), True))
        elif any(each in text for text in texts for each in '*?['):
            return _of_pattern(command, subject, '|'.join(texts)) if not conditions else None
        else:
            conditions.append(Condition(texts, False))
    return Guarded(subject, tuple(conditions))


def _of_pattern(command: tree.Case, variable: Subject, pattern: str) -> Guarded:
    """A `case` with a pattern in its first arm: it matches, as `[[ … == pattern ]]` does, or not."""
    subject = Subject('${' + variable.name + '} = ' + pattern, variable.variables)
    others = [
        Condition((), True, any(subjects.literal(each) == '*' for each in arm.patterns))
        for arm in command.arms[1:]
    ]
    return Guarded(subject, (Condition(('',), False), *others))
