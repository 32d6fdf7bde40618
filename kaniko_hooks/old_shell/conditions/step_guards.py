"""Which guards of a container's parts can hold together: the worlds that they tell apart.

A world says what some subjects are. Subjects that it says nothing of leave a
guard open, which is never wrong: an open part may run or not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kaniko_hooks.model import AND, NOT, Comparison, Group, Guard

# A subject's value; None is one that no guard asks for.
World = dict[str, str | None]


def told_apart(guards: Sequence[Guard]) -> list[Guard]:
    """The guards of consecutive parts, what a step may change under a new name each time.

    Neighbouring guards look at the same value: nothing stands between them.
    """
    found: list[Guard] = []
    names: dict[str, str] = {}
    for index, guard in enumerate(guards):
        names = {
            test.subject: names.get(test.subject, f'{test.subject} at {index}')
            for test in _tests(guard)
            if not test.fixed
        }
        found.append(_renamed(guard, names))
    return found


def worlds(guards: Sequence[Guard], most: int) -> list[World]:
    """What is looked at more than once in the guards, in every way that they tell apart.

    The value of a prefix is the prefix itself. Subjects that would make more
    than `most` worlds are left out.
    """
    values: dict[str, dict[str, None]] = {}
    asking: dict[str, int] = {}
    for guard in guards:
        for test in _tests(guard):
            values.setdefault(test.subject, {})[test.value] = None
            asking[test.subject] = asking.get(test.subject, 0) + 1
    found: list[World] = [{}]
    for subject, known in values.items():
        if asking[subject] > 1 and len(found) * (len(known) + 1) <= most:
            found = [{**world, subject: value} for world in found for value in (*known, None)]
    return found


def holds(guard: Guard, world: World) -> bool | None:
    """Whether a guard holds; None if it may or may not."""
    if isinstance(guard, Comparison):
        if guard.subject not in world:
            return None
        value = world[guard.subject]
        if value is None:
            return False
        return value.startswith(guard.value) if guard.prefix else value == guard.value
    if not isinstance(guard, Group):
        return guard
    found = [holds(part, world) for part in guard.parts]
    if guard.kind == NOT:
        return None if found[0] is None else not found[0]
    decisive = guard.kind != AND
    if decisive in found:
        return decisive
    return None if None in found else not decisive


def _tests(guard: Guard) -> Iterator[Comparison]:
    if isinstance(guard, Comparison):
        yield guard
    elif isinstance(guard, Group):
        for part in guard.parts:
            yield from _tests(part)


def _renamed(guard: Guard, names: dict[str, str]) -> Guard:
    if not names:
        return guard
    if isinstance(guard, Comparison):
        return guard._replace(subject=names.get(guard.subject, guard.subject))
    if not isinstance(guard, Group):
        return guard
    return guard._replace(parts=tuple(_renamed(part, names) for part in guard.parts))
