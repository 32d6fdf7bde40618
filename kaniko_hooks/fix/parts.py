"""The steps of a script -> one part for each build, with the set-up that it needs."""
from __future__ import annotations

from collections.abc import Sequence

from kaniko_hooks.fix.refusal import Refusal
from kaniko_hooks.fix.refusal import shortened
from kaniko_hooks.fix.steps import BUILD
from kaniko_hooks.fix.steps import LOOP
from kaniko_hooks.fix.steps import OTHER
from kaniko_hooks.fix.steps import Step
from kaniko_hooks.named_tuple import NamedTuple


class Part(NamedTuple):
    """One build with what stands before it; the last one with what stands after it."""

    build: Step
    kept: tuple[Step, ...]  # in order, with the build

    @property
    def before(self) -> list[Step]:
        return list(self.kept[:self.kept.index(self.build)])


def parts(steps: Sequence[Step]) -> list[Part]:
    """A part for each build, in order; there is at least one."""
    found: list[Part] = []
    setup: list[Step] = []
    for step in steps:
        if step.kind == BUILD:
            found.append(Part(step, (*setup, step)))
        else:
            setup.append(step)
    found[-1] = found[-1]._replace(kept=(*found[-1].kept, *_trailing(steps)))
    return found


def _trailing(steps: Sequence[Step]) -> list[Step]:
    last = max(index for index, step in enumerate(steps) if step.kind == BUILD)
    return list(steps[last + 1:])


def check_others(steps: Sequence[Step], unsafe: bool) -> None:
    """Raises Refusal for commands that are neither builds nor set-up.

    Before the first build they may be repeated, if the user has asked for it.
    """
    built = False
    for step in steps:
        built |= step.kind in (BUILD, LOOP)
        if step.kind != OTHER:
            continue
        said = shortened(step.text)
        if built:
            raise Refusal(f'{said} stands between or after the builds and is more than set-up')
        if not unsafe:
            raise Refusal(
                f'{said} stands before the builds and is more than set-up; '
                'only with --unsafe it is repeated in every job',
            )
