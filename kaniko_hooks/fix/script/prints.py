"""Which build goes with a command that only prints: it announces one, or says it is done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kaniko_hooks.fix.script.change import Functions
from kaniko_hooks.fix.script.outputs import uses_file, written_by
from kaniko_hooks.fix.script.setup import prints_only
from kaniko_hooks.fix.script.steps import BUILD, SETUP, Step

# The index of a step -> the index of the build whose part alone has it.
Owners = Mapping[int, int]


def owners(steps: Sequence[Step], functions: Functions) -> Owners:
    """The build that each print goes with; one that is for all builds is left out.

    Prints between builds announce the next one where the first build is
    announced, too; else they tell about the one before. Where there are more
    than announce the first build, and the last one is told about, too, the first
    of them tell about the one before. What follows the last build is its own.
    """
    builds = [index for index, step in enumerate(steps) if step.kind == BUILD]
    prints = {
        index
        for index, step in enumerate(steps)
        if step.kind == SETUP
        and step.piece is not None
        and prints_only(step.piece.pipelines, functions)
    }
    leading = _above(prints, builds[0])
    found = dict.fromkeys(range(builds[-1] + 1, len(steps)), builds[-1])
    for before, after in zip(builds, builds[1:]):
        if before == builds[0]:
            announcing = leading[: len(_above(prints, after))]
            found.update((index, before) for index in announcing)
        for index in prints.intersection(range(before + 1, after)):
            near = prints.issuperset(range(before + 1, index))
            told = min(len(_above(prints, after)) - len(leading), len(steps) - builds[-1] - 1)
            tells = (
                not leading
                or index - before <= told
                or _in_chain(steps[before], steps[index], steps[after])
                or any(
                    uses_file(steps[index].text, each)
                    for each in written_by(steps[before], functions)
                )
            )
            found[index] = before if near and tells else after
    return found


def _above(prints: set[int], build: int) -> list[int]:
    """The prints directly above a build, nearest first."""
    found = []
    while build - 1 in prints:
        build -= 1
        found.append(build)
    return found


def _in_chain(before: Step, step: Step, after: Step) -> bool:
    """Whether a print is in the `&&` chain of the build before it, and ends it."""
    wholes = [each.piece.whole if each.piece is not None else None for each in (before, after)]
    return step.piece is not None and step.piece.whole is wholes[0] is not wholes[1]
