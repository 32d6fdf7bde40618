"""Guards that exclude each other.

`if [ "$A" = x ]` and, further down, `if [ "$A" = y ]` never both hold. A world says
what some subjects are, of those that guards name; in each the statements are put
together that may run in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod

from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.old_shell.conditions import guards, subjects
from kaniko_hooks.old_shell.conditions.guards import Condition
from kaniko_hooks.old_shell.conditions.subjects import Subject
from kaniko_hooks.old_shell.summary import NOTHING, Summary, either, sequence
from kaniko_hooks.old_shell.syntax import tree

# A subject's value; None is one that no guard names.
World = dict[Subject, 'str | None']

# Members of a group, and worlds that they may tell apart.
_MEMBERS = 16
_WORLDS = 65


class Guarded(NamedTuple):
    """A statement whose arms depend on some subjects."""

    arms: tuple[dict[Subject, Condition], ...]  # all have to hold; the first such arm is taken
    left: tuple[dict[Subject, Condition], ...] = ()  # what holds after each arm, and after none


# Statements in order, guarded or not, with a summary for each arm and for none of them.
Group = list[tuple[Guarded | None, Sequence[Summary]]]


def changed(group: Group, names: set[str], outside: bool, index: int) -> None:
    """What is no longer as it was when it was tested, or set, is another subject further down.

    `index`: of the statement that changes it, in its list.
    """

    def now(subject: Subject) -> Subject:
        if subject.variables.isdisjoint(names) and not (outside and subject.outside):
            return subject
        return Subject(f'{subject.name} until {index}', frozenset(), gone=True)

    def renamed(conditions: Mapping[Subject, Condition]) -> dict[Subject, Condition]:
        return {now(subject): condition for subject, condition in conditions.items()}

    for place, (guarded, arms) in enumerate(group):
        if guarded is not None:
            tests = list(map(renamed, guarded.arms))
            if place == len(group) - 1:
                # The condition of an arm may have changed what those after it test.
                tests[1:] = [_lasting(each) for each in tests[1:]]
            group[place] = Guarded(tuple(tests), tuple(map(renamed, guarded.left))), arms


def _lasting(conditions: Mapping[Subject, Condition]) -> dict[Subject, Condition]:
    return {subject: each for subject, each in conditions.items() if not subject.gone}


def leaves(group: Group, texts: Sequence[Mapping[str, str]]) -> None:
    """Note what variables are after each arm of the last statement: `built=yes` in one of them
    tells `[ "$built" ]` further down in which world it is."""
    guarded, arms = group[-1]
    assert guarded is not None
    left = tuple(
        dict(told for name, text in each.items() for told in guards.of_text(name, text))
        for each in texts
    )
    group[-1] = guarded._replace(left=left), arms


def is_over(group: Group) -> bool:
    """Whether nothing further down can be told apart by what the group knows."""
    known = {
        subject
        for guarded, _ in group
        if guarded is not None
        for each in (*guarded.arms, *guarded.left)
        for subject in each
    }
    return all(subject.gone for subject in known) or len(group) >= _MEMBERS


def closed(total: Summary, group: Group | None) -> Summary:
    """What came before, then the group in the worst of its worlds."""
    if group is None:
        return total
    found: list[Summary] = []
    for world in _worlds(group):
        here = NOTHING
        for guarded, arms in group:
            taken = [arms[index] for index in _taken(guarded, world)]
            here = sequence(here, either(taken))
        found.append(here)
    return sequence(total, either(found))


def joins(group: Group, guarded: Guarded | None) -> bool:
    """Whether a statement is for this group: it asks for the same, or there is room for more."""
    literals = {subject: known for subject, known in _asked(group)[0].items() if not subject.gone}
    wanted = {subject for each in guarded.arms for subject in each} if guarded else set()
    # Few statements ask for more than two values.
    most = 3 * prod(len(known) + 1 for known in literals.values())
    return not wanted or not wanted.isdisjoint(literals) or most <= _WORLDS


def _asked(group: Group) -> tuple[dict[Subject, dict[str, None]], dict[Subject, int]]:
    """The values of each subject that the members name, and how many of them do."""
    literals: dict[Subject, dict[str, None]] = {}
    asking: dict[Subject, int] = {}
    for guarded, _ in group:
        arms = guarded.arms if guarded else ()
        for each in arms:
            for subject, condition in each.items():
                literals.setdefault(subject, {}).update(dict.fromkeys(condition.literals))
        for subject in {subject for each in arms for subject in each}:
            asking[subject] = asking.get(subject, 0) + 1
    for guarded, _ in group:
        left = guarded.left if guarded else ()
        for subject in {subject for each in left for subject in each if subject in literals}:
            asking[subject] += 1
            for each in left:
                if subject in each:
                    literals[subject].update(dict.fromkeys(each[subject].literals))
    return literals, asking


def _worlds(group: Group) -> list[World]:
    """What several of the members ask for, in every way that they tell apart."""
    literals, asking = _asked(group)
    found: list[World] = [{}]
    for subject, known in sorted(literals.items(), key=lambda each: each[0].gone):
        if asking[subject] > 1 and len(found) * (len(known) + 1) <= _WORLDS:
            found = [{**world, subject: value} for world in found for value in (*known, None)]
    return found


def _taken(guarded: Guarded | None, world: World) -> list[int]:
    """The arms that may run; a subject that is None has any other, not empty, value."""
    if guarded is None:
        return [0]
    found = _tested(guarded, world)
    return [index for index in found if not guarded.left or _holds(guarded.left[index], world)]


def _tested(guarded: Guarded, world: World) -> list[int]:
    found: list[int] = []
    for index, conditions in enumerate(guarded.arms):
        if _holds(conditions, world):
            found.append(index)
            sure = all(each.sure and subject in world for subject, each in conditions.items())
            if conditions and sure:
                return found
    return [*found, len(guarded.arms)]


def _holds(conditions: Mapping[Subject, Condition], world: World) -> bool:
    return all(
        (world[subject] in each.literals) != each.negated
        for subject, each in conditions.items()
        if subject in world
    )


def read(node: tree.Statement) -> Guarded | None:
    """The guard of a statement."""
    first = node.pipelines[0]
    command = first.commands[0]
    if node.background:
        return None
    if node.operators:
        return _of_list(node)
    if first.negated or len(first.commands) != 1:
        return None
    if isinstance(command, tree.Case):
        return _of_case(command)
    if not isinstance(command, tree.If) or command.redirections:
        return None
    found = tuple(guards.together(guards.of_list(arm.condition)) for arm in command.arms)
    return Guarded(found) if any(found) else None


def _of_list(node: tree.Statement) -> Guarded | None:
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
    return Guarded((conditions,)) if conditions else None


def _of_case(command: tree.Case) -> Guarded | None:
    subject = subjects.value(command.word)
    if subject is None or command.redirections:
        return None
    arms: list[dict[Subject, Condition]] = []
    for arm in command.arms:
        literals = [subjects.literal(pattern) for pattern in arm.patterns]
        if arm.falls or None in literals:
            return None
        texts = tuple(each for each in literals if each is not None)
        if '*' in texts:
            arms.append({subject: Condition((), True)})
        elif any(each in text for text in texts for each in '*?['):
            # It matches or not, as in `[[ … == pattern ]]`.
            name = '${' + subject.name + '} = ' + '|'.join(texts)
            arms.append({Subject(name, subject.variables): Condition(('',), False)})
        else:
            arms.append({subject: Condition(texts, False)})
    return Guarded(tuple(arms))
