"""Set-up that a part does not need: functions, old values and detours of the directory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from kaniko_hooks.fix.matrix import is_environment
from kaniko_hooks.fix.safety import base_name, kind_of, outward
from kaniko_hooks.fix.steps import Step, Steps
from kaniko_hooks.shell.programs import BUILTIN, PURE
from kaniko_hooks.shell.tree import DECLARATIONS, Function, Literal, Simple, literal, walk

Cuts = list[tuple[int, int]]  # spans of the source


def pruned(
    steps: Steps, kept: Sequence[Step], owners: Mapping[int, int | None]
) -> tuple[list[Step], Cuts]:
    """The steps that a part needs of those that it could have, and what goes within them.

    `owners` are the units that steps go with, by their numbers.
    """
    kept = list(_without_functions(kept))
    kept = list(_without_old_values(steps, kept, owners))
    return _without_detours(steps, kept)


def _without_functions(kept: Sequence[Step]) -> Iterator[Step]:
    """The steps without functions that nothing calls."""
    used = {name for step in kept for name in step.report.calls}
    used |= {field.text.value for step in kept for use in step.programs for field in use.fields[1:]}
    for step in kept:
        command = step.only_command
        if not isinstance(command, Function) or command.name in used:
            yield step


def _without_old_values(
    steps: Steps, kept: Sequence[Step], owners: Mapping[int, int | None]
) -> Iterator[Step]:
    """The steps without assignments to variables that are set anew before anything reads them."""
    for index, step in enumerate(kept):
        if owners[step.number] is None and _only_assigns(step):
            if _is_set_anew(steps, step, kept[index + 1 :], owners):
                continue
        yield step


def _only_assigns(step: Step) -> bool:
    report = step.report
    return (
        bool(report.writes)
        and not report.files
        and not report.exits
        and report.changes <= {'variables'}
        and not outward(step)
    )


def _is_set_anew(
    steps: Steps, step: Step, later: Sequence[Step], owners: Mapping[int, int | None]
) -> bool:
    names = step.report.writes
    attributes = _attributes(step) & DECLARATIONS
    readers = [other for other in later if attributes and _looks_up(steps, other, names)]
    for other in later:
        if owners[other.number] is not None or names & other.report.reads or other in readers:
            return False
        if names <= other.sure_writes:
            own = _attributes(other)
            return not readers or own >= attributes or 'unset' in own
    return False


def _attributes(step: Step) -> set[str | None]:
    """The builtins of a step that give variables attributes, or remove these."""
    commands = (node for node in walk(step.node) if isinstance(node, Simple) and node.words)
    return {literal(command.words[0]) for command in commands} & (DECLARATIONS | {'unset'})


def _looks_up(steps: Steps, step: Step, names: set[str]) -> bool:
    """A program of a step may read a variable of the environment."""
    words = {
        field.text.value.rpartition('=')[2] for event in step.builds for field in event.build.argv
    }
    return (
        bool(step.builds)
        and any(name in words or is_environment(name, steps) for name in names)
        or any(
            kind_of(use) not in (BUILTIN, PURE) or base_name(use) in ('awk', 'env', 'printenv')
            for use in step.programs
        )
    )


def _without_detours(steps: Steps, kept: list[Step]) -> tuple[list[Step], Cuts]:
    """The steps without a `cd` that the next one takes back."""
    cuts: Cuts = []
    if any(_target(step) == '-' for step in kept):
        return kept, cuts
    index = 0
    while index + 1 < len(kept):
        first, second = kept[index], kept[index + 1]
        target, further = _target(first), _target(second)
        if target is None or further is None:
            index += 1
            continue
        after = _before_next(steps, second)
        if after is not None and first.report.before.directories == after:
            del kept[index : index + 2]
        elif _is_folder(target) and further[:3] == '../' and not cuts:
            command = second.only_command
            assert isinstance(command, Simple)
            start = command.words[1].start
            cuts.append((start, start + 3))
            del kept[index]
        else:
            index += 1
            continue
        index = max(index - 1, 0)
    return kept, cuts


def _target(step: Step) -> str | None:
    """The unquoted word of a step that is just `cd word`."""
    command = step.only_command
    if not isinstance(command, Simple) or len(command.words) != 2:
        return None
    pieces = [piece for word in command.words for piece in word.pieces]
    if [use.kind for use in step.programs] != [BUILTIN] or base_name(step.programs[0]) != 'cd':
        return None
    plain = len(pieces) == 2 and all(isinstance(piece, Literal) for piece in pieces)
    last = pieces[-1]
    if plain and isinstance(last, Literal) and not last.quoted and not command.redirections:
        return last.value
    return step.programs[0].fields[-1].text.value if plain else None


def _is_folder(path: str) -> bool:
    return '/' not in path and path not in ('.', '..')


def _before_next(steps: Steps, step: Step) -> object:
    """The working directory that a step leaves, None if no later step knows it."""
    later = steps.main[steps.main.index(step) + 1 :]
    return later[0].report.before.directories if later else None
