"""A script divided into the scripts of new jobs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from kaniko_hooks.fix import Refusal, shortened
from kaniko_hooks.fix.effects import may_stop, removes_leftovers
from kaniko_hooks.fix.owners import Owners
from kaniko_hooks.fix.paths import is_absolute
from kaniko_hooks.fix.steps import Step, Steps, failure_ignored
from kaniko_hooks.fix.units import Unit
from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.shell.programs import BUILTIN
from kaniko_hooks.shell.tree import Function, Simple
from kaniko_hooks.text import Text

TOO_LONG = 'its set-up is too long to be repeated in every job'
_MAX_WORK = 150_000  # comparisons of steps


class Part(NamedTuple):
    """The steps of one new job, in order.

    - `cuts`: spans of the source that it leaves out besides whole steps.
    """

    unit: Unit
    steps: tuple[Step, ...]
    cuts: tuple[tuple[int, int], ...] = ()


def parts_of(owners: Owners) -> list[Part]:
    """A part for each unit. Raises Refusal."""
    steps = owners.steps
    for step in steps.main:
        # It would not keep other parts from running.
        if owners.of_steps[step.number] is not None and step.may_end_script and not step.is_last:
            raise Refusal(f'{shortened(step.text)} may end the script before the builds after it')
    first = owners.units[0].step.number
    others = [step for unit in owners.units for step in unit.others]
    main = [
        step
        for step in steps.main
        if step not in others
        and not (
            step.number > first and owners.of_steps[step.number] is None and removes_leftovers(step)
        )
    ]
    result = []
    work = 0
    for number, unit in enumerate(owners.units):
        is_last = number == len(owners.units) - 1
        end = max(step.number for step in main if owners.of_steps[step.number] == number)
        kept = [
            step
            for step in main
            if owners.of_steps[step.number] == number
            or owners.of_steps[step.number] is None
            and (step.number < end or is_last)
        ]
        work += len(kept) ** 2
        if work > _MAX_WORK:
            raise Refusal(TOO_LONG)
        result.append(_pruned(owners, unit, kept))
    for part in result:
        _check_status(steps, part)
    return result


def shared_steps(steps: Steps, parts: Sequence[Part]) -> int:
    """The number of the first steps that all parts have."""
    return next(
        number
        for number, step in enumerate(steps.main)
        if step.most_builds or not all(step in part.steps for part in parts)
    )


def _check_status(steps: Steps, part: Part) -> None:
    for step in part.steps:
        if steps.report_of_statement(step).may_fail and not step.is_last:
            is_cut = step.node is not step.statement and step is part.unit.step
            if is_cut or step is part.steps[-1]:
                raise failure_ignored(step)


# Set-up that a part does not need: functions, old values, detours of the directory


def _pruned(owners: Owners, unit: Unit, kept: Sequence[Step]) -> Part:
    """The steps that a part needs of those that it could have, and what goes within them."""
    result: list[Step] = []
    for step in reversed(list(_without_functions(kept))):
        if owners.of_steps[step.number] is not None or not _is_set_anew(step, result):
            result.insert(0, step)
    cuts = _cut_detours(owners.steps, result)
    return Part(unit, tuple(result), tuple(cuts))


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


def _cut_detours(steps: Steps, kept: list[Step]) -> list[tuple[int, int]]:
    """Drop a `cd` that the next one takes back, or does not start from; cuts within the next."""
    cuts: list[tuple[int, int]] = []
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
    return cuts


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
