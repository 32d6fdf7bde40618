"""The steps of a script -> one part for each build, with the set-up that it needs."""

from __future__ import annotations

from collections.abc import Sequence

from kaniko_hooks.fix.refusal import Refusal, Risky, shortened
from kaniko_hooks.fix.script.change import Functions
from kaniko_hooks.fix.script.prints import Owners
from kaniko_hooks.fix.script.steps import BUILD, LOOP, OTHER, Step
from kaniko_hooks.fix.script.superseded import without_superseded, without_uncalled
from kaniko_hooks.named_tuple import NamedTuple


class Part(NamedTuple):
    """One build with the set-up before it and what goes with it alone."""

    build: Step
    kept: tuple[Step, ...]  # in order, with the build

    @property
    def before(self) -> list[Step]:
        return list(self.kept[: self.kept.index(self.build)])


def parts(steps: Sequence[Step], owned: Owners, functions: Functions) -> list[Part]:
    """A part for each build, in order; there is at least one.

    Set-up is for all builds after it, but for what goes with one build alone.
    """
    builds = [index for index, step in enumerate(steps) if step.kind == BUILD]
    found = []
    for previous, index in zip((0, *builds), builds):
        kept = [
            at
            for at, step in enumerate(steps)
            if at == index
            or owned.get(at, index if at < index and step.kind != BUILD else None) == index
        ]
        early = sum(at < previous for at in kept)
        found.append(without_superseded([steps[at] for at in kept], early, functions))
    return [Part(steps[index], kept) for index, kept in zip(builds, without_uncalled(found))]


def check_others(steps: Sequence[Step], unsafe: bool) -> None:
    """Raises Refusal, or Risky, for commands that are neither builds nor set-up.

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
            raise Risky(
                f'{said} stands before the builds and is more than set-up; '
                'only with --unsafe it is repeated in every job'
            )
