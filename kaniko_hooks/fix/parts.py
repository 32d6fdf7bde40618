"""A script divided into the scripts of new jobs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from kaniko_hooks.fix import Refusal, shortened
from kaniko_hooks.fix.effects import may_stop
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
    steps, of_steps = owners.steps, owners.of_steps
    main = [step for step in steps.main if step.number not in owners.dropped]
    for step in main:
        # It would not keep other parts from running.
        if of_steps[step.number] is not None and step.may_end_script and not step.is_last:
            raise Refusal(f'{shortened(step.text)} may end the script before the builds after it')
    result = []
    work = 0
    for number, unit in enumerate(owners.units):
        is_last = number == len(owners.units) - 1
        end = max(step.number for step in main if of_steps[step.number] == number)
        kept = [
            step
            for step in main
            if of_steps[step.number] == number
            or of_steps[step.number] is None
            and (step.number < end or is_last)
        ]
        work += len(kept) ** 2
        if work > _MAX_WORK:
            raise Refusal(TOO_LONG)
        part = _pruned(owners, unit, kept)
        for step in part.steps:
            if steps.report_of_statement(step).may_fail and not step.is_last:
                is_cut = step.node is not step.statement and step is unit.step
                if is_cut or step is part.steps[-1]:
                    raise failure_ignored(step)
        result.append(part)
    return result


def shared_steps(steps: Steps, parts: Sequence[Part]) -> int:
    """The number of the first steps that all parts have."""
    return next(
        number
        for number, step in enumerate(steps.main)
        if step.most_builds or not all(step in part.steps for part in parts)
    )


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
    report, form = step.report, step.text.partition('=')[0]
    same = (number for number, other in enumerate(later) if other.text.partition('=')[0] == form)
    following = later[: next(same, -1) + 1]
    # Other programs may read the environment, `read` may leave the old value, and a test may look
    # whether there is one.
    return (
        bool(following and report.writes)
        and report.writes <= following[-1].sure_writes
        and report.changes <= {'variables', 'exported'}
        and not report.exits
        and not any(report.writes & other.report.reads for other in following)
        and not any(map(may_stop, (step, *following)))
        and all(
            use.kind == BUILTIN and use.name != 'read'
            for other in (step, *following)
            for use in other.programs
        )
    )


def _cut_detours(steps: Steps, kept: list[Step]) -> list[tuple[int, int]]:
    """Drop a `cd` that the next one takes back, or does not start from; cuts within the next."""
    cuts: list[tuple[int, int]] = []
    text = steps.source.source.value
    for number in range(len(kept) - 1, 0, -1):
        pair = kept[number - 1 : number + 1]
        targets = [*filter(None, map(_target, pair))]
        if len(targets) < 2 or _goes_back(kept[number + 1 :]):
            continue
        (first, second), (target, further) = pair, targets
        later = steps.later(second)
        start = second.node.end - len(further.value)
        name = target.known
        is_below = name is not None and '/' not in name and name not in ('.', '..', '-')
        if later and first.report.before.directories == later[0].report.before.directories:
            del kept[number - 1 : number + 1]
        elif is_absolute(further):
            del kept[number - 1]
        elif is_below and text.startswith('../', start) and not cuts:
            cuts.append((start, start + 3))
            del kept[number - 1]
    return cuts


def _target(step: Step) -> Text | None:
    """The folder of a step that is just `cd folder`."""
    command = step.only_command
    if not isinstance(command, Simple) or len(command.words) != 2 or command.redirections:
        return None
    targets = {use.texts[-1] if use.name == 'cd' else None for use in step.programs}
    return targets.pop() if len(targets) == 1 else None


def _goes_back(later: Sequence[Step]) -> bool:
    """The next change of the directory is `cd -`, or something else than a plain `cd`."""
    changing = (step for step in later if 'directories' in step.report.changes)
    target = next(map(_target, changing), Text(''))
    names_old = any('OLDPWD' in step.text or '~-' in step.text for step in later)
    return names_old or target is None or target.value == '-'
