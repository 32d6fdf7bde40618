"""A script divided into the scripts of new jobs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kaniko_hooks.fix import Refusal, shortened
from kaniko_hooks.fix.effects import removes_leftovers
from kaniko_hooks.fix.owners import Owners
from kaniko_hooks.fix.paths import Paths
from kaniko_hooks.fix.pruning import leaves_folder, pruned
from kaniko_hooks.fix.steps import Step, Steps, failure_ignored
from kaniko_hooks.fix.units import Unit
from kaniko_hooks.fix.varying import check_varying
from kaniko_hooks.named_tuple import NamedTuple

TOO_LONG = 'its set-up is too long to be repeated in every job'
_MAX_WORK = 150_000  # comparisons of steps


class Part(NamedTuple):
    """The steps of one new job, in order.

    - `cuts`: spans of the source that it leaves out besides whole steps.
    """

    unit: Unit
    steps: tuple[Step, ...]
    cuts: tuple[tuple[int, int], ...] = ()


class Division(NamedTuple):
    """A script divided into parts; all of these have its first `shared` steps."""

    steps: Steps
    paths: Paths
    owners: Owners
    parts: Sequence[Part]
    shared: int


def divided(steps: Steps, units: Sequence[Unit], paths: Paths) -> Division:
    """The parts of a script. Raises Refusal."""
    owners = Owners(steps, units, paths)
    _check_exits(steps, owners.of_steps)
    parts = _parts(steps, units, owners.of_steps, paths)
    _check_status(steps, parts)
    loops = [number for number, unit in enumerate(units) if unit.loop is not None]
    check_varying(steps, owners.of_steps, loops, paths)
    shared = next(number for number, step in enumerate(steps.main) if not _is_shared(step, parts))
    return Division(steps, paths, owners, parts, shared)


def _is_shared(step: Step, parts: Sequence[Part]) -> bool:
    """All parts have a step as it is, and none of them leaves the folder that it goes to."""
    if step.most_builds or not all(step in part.steps for part in parts):
        return False
    if 'directories' not in step.report.changes:
        return True
    return not any(
        leaves_folder(later) and not any(later.first <= start < later.end for start, _ in part.cuts)
        for part in parts
        for later in part.steps
        if step.number < later.number < part.unit.step.number
    )


def _check_exits(steps: Steps, owners: Mapping[int, int | None]) -> None:
    """A part that ends the script without a failure would not keep others from running."""
    for step in steps.main:
        if owners[step.number] is None or step.is_last:
            continue
        if step.may_end_script:
            raise Refusal(f'{shortened(step.text)} may end the script before the builds after it')


def _check_status(steps: Steps, parts: Sequence[Part]) -> None:
    for part in parts:
        last = part.steps[-1]
        for step in part.steps:
            if not steps.report_of_statement(step).may_fail or step.is_last:
                continue
            is_cut = step.node is not step.statement
            if step is last or (is_cut and step is part.unit.step):
                raise failure_ignored(step)


# What each part keeps


def _parts(
    steps: Steps, units: Sequence[Unit], owners: Mapping[int, int | None], paths: Paths
) -> list[Part]:
    first = units[0].step.number
    others = [step for unit in units for step in unit.others]
    main = [
        step
        for step in steps.main
        if step not in others
        and not (step.number > first and owners[step.number] is None and removes_leftovers(step))
    ]
    result = []
    work = 0
    for number, unit in enumerate(units):
        is_last = number == len(units) - 1
        end = max(step.number for step in main if owners[step.number] == number)
        kept = [
            step
            for step in main
            if owners[step.number] == number
            or owners[step.number] is None
            and (step.number < end or is_last)
        ]
        work += len(kept) ** 2
        if work > _MAX_WORK:
            raise Refusal(TOO_LONG)
        needed, cuts = pruned(steps, kept, owners, paths)
        result.append(Part(unit, tuple(needed), tuple(cuts)))
    return result
