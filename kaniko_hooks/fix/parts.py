"""A script divided into the scripts of new jobs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from kaniko_hooks.fix import Refusal, shortened
from kaniko_hooks.fix.effects import may_stop, removes_leftovers
from kaniko_hooks.fix.owners import Owners
from kaniko_hooks.fix.paths import Paths, is_absolute
from kaniko_hooks.fix.steps import Step, Steps, failure_ignored
from kaniko_hooks.fix.units import Unit
from kaniko_hooks.fix.varying import check_varying
from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.shell.programs import BUILTIN
from kaniko_hooks.shell.tree import Function, Simple
from kaniko_hooks.text import Text

TOO_LONG = 'its set-up is too long to be repeated in every job'
_MAX_WORK = 150_000  # comparisons of steps

Cuts = list[tuple[int, int]]  # spans of the source


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
    shared = next(
        number
        for number, step in enumerate(steps.main)
        if step.most_builds or not all(step in part.steps for part in parts)
    )
    return Division(steps, paths, owners, parts, shared)


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
        needed, cuts = _pruned(steps, kept, owners, paths)
        result.append(Part(unit, tuple(needed), tuple(cuts)))
    return result


# Set-up that a part does not need: functions, old values, detours of the directory


def _pruned(
    steps: Steps, kept: Sequence[Step], owners: Mapping[int, int | None], paths: Paths
) -> tuple[list[Step], Cuts]:
    """The steps that a part needs of those that it could have, and what goes within them.

    `owners` are the units that steps go with, by their numbers.
    """
    result: list[Step] = []
    for step in reversed(list(_without_functions(kept))):
        if owners[step.number] is not None or not _is_set_anew(step, result):
            result.insert(0, step)
    return _without_detours(steps, result)


def _without_functions(kept: Sequence[Step]) -> Iterator[Step]:
    """The steps without functions that nothing calls."""
    used = {name for step in kept for name in step.report.calls}
    words = [word for step in kept for use in step.programs for word in use.words]
    used |= {name for word in words for name in re.split(r'[\s;&|()]', word)}
    for step in kept:
        command = step.only_command
        if not isinstance(command, Function) or command.name in used:
            yield step


def _is_set_anew(step: Step, later: Sequence[Step]) -> bool:
    """The step only sets variables, which a command of the same form sets again before any use."""
    report = step.report
    if not report.changes <= {'variables', 'exported'} or report.files or report.exits:
        return False
    form = step.text.partition('=')[0]
    for other in (step, *later):
        # Other programs may read the environment, `read` may leave the old value, and a test
        # may look whether there is one.
        if may_stop(other) or not all(
            use.kind == BUILTIN and use.name != 'read' for use in other.programs
        ):
            return False
        if other is not step and report.writes & other.report.reads:
            return False
        if other is not step and other.text.partition('=')[0] == form:
            return bool(report.writes) and report.writes <= other.sure_writes
    return False


def _without_detours(steps: Steps, kept: list[Step]) -> tuple[list[Step], Cuts]:
    """The steps without a `cd` that the next one takes back, or that it does not start from."""
    cuts: Cuts = []
    text = steps.source.source.value
    index = 0
    while index + 1 < len(kept):
        first, second = kept[index], kept[index + 1]
        target, further = _target(first), _target(second)
        if target is None or further is None or _goes_back(kept[index + 2 :]):
            index += 1
            continue
        later = steps.later(second)
        start = second.node.end - len(further.value)
        name = target.known
        is_below = name is not None and '/' not in name and name not in ('.', '..', '-')
        if later and first.report.before.directories == later[0].report.before.directories:
            del kept[index : index + 2]
        elif is_absolute(further):
            del kept[index]
        elif is_below and text.startswith('../', start) and not cuts:
            cuts.append((start, start + 3))
            del kept[index]
        else:
            index += 1
            continue
        index = max(index - 1, 0)
    return kept, cuts


def _target(step: Step) -> Text | None:
    """The folder of a step that is just `cd folder`."""
    command = step.only_command
    if not isinstance(command, Simple) or len(command.words) != 2 or command.redirections:
        return None
    targets = {use.texts[-1] for use in step.programs}
    if {use.name for use in step.programs} != {'cd'} or len(targets) > 1:
        return None
    return targets.pop()


def _goes_back(later: Sequence[Step]) -> bool:
    """The next change of the directory is `cd -`, or something else than a plain `cd`."""
    changing = (step for step in later if 'directories' in step.report.changes)
    target = next(map(_target, changing), Text(''))
    names_old = any('OLDPWD' in step.text or '~-' in step.text for step in later)
    return names_old or target is None or target.value == '-'
