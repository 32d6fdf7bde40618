"""A script divided into the scripts of new jobs."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence

from kaniko_hooks.fix import Refusal, shortened
from kaniko_hooks.fix.effects import effects, is_sure, may_stop, removes_leftovers
from kaniko_hooks.fix.owners import Owners
from kaniko_hooks.fix.paths import Paths, is_absolute, is_inside, may_be_named
from kaniko_hooks.fix.steps import BuildCall, Step, Steps, failure_ignored, scripts_of
from kaniko_hooks.fix.units import Unit
from kaniko_hooks.fix.varying import check_varying
from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.shell.programs import BUILTIN, OTHER, PURE
from kaniko_hooks.shell.tree import DECLARATIONS, Function, Simple, literal, walk
from kaniko_hooks.text import Text

TOO_LONG = 'its set-up is too long to be repeated in every job'
_MAX_WORK = 150_000  # comparisons of steps
# Exports of some names, and of any.
_EXPORTS = r'(?:export|declare|typeset|readonly)\s[^;&|\n]*'
_EXPORTS_ANY = r'set\s(?:(?!set\s)[^;&|\n])*-\w*a|allexport|\$\{!'
# Variables that lead a build to files, besides its flags.
_CREDENTIALS = frozenset(
    'AWS_CONFIG_FILE AWS_SHARED_CREDENTIALS_FILE DOCKER_CONFIG GOOGLE_APPLICATION_CREDENTIALS HOME'
    ' SSL_CERT_DIR SSL_CERT_FILE'.split()
)

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
    shared = next(number for number, step in enumerate(steps.main) if not _is_shared(step, parts))
    return Division(steps, paths, owners, parts, shared)


def _is_shared(step: Step, parts: Sequence[Part]) -> bool:
    """All parts have a step as it is, and none of them leaves the folder that it goes to."""
    if step.most_builds or not all(step in part.steps for part in parts):
        return False
    if 'directories' not in step.report.changes:
        return True
    return not any(
        _leaves_folder(later)
        and not any(later.first <= start < later.end for start, _ in part.cuts)
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
        needed, cuts = _pruned(steps, kept, owners, paths)
        result.append(Part(unit, tuple(needed), tuple(cuts)))
    return result


# Set-up that a part does not need: functions, old values and files, detours of the directory


def _pruned(
    steps: Steps, kept: Sequence[Step], owners: Mapping[int, int | None], paths: Paths
) -> tuple[list[Step], Cuts]:
    """The steps that a part needs of those that it could have, and what goes within them.

    `owners` are the units that steps go with, by their numbers.
    """
    result: list[Step] = []
    for step in reversed(list(_without_functions(kept))):
        if owners[step.number] is not None or not (
            _only_assigns(step, paths)
            and _is_unread(steps, step, result)
            or _is_made_anew(step, result, owners, paths)
            or _is_for_others(steps, step, result, paths)
        ):
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


def _only_assigns(step: Step, paths: Paths) -> bool:
    report = step.report
    return (
        bool(report.writes)
        and not report.files
        and not report.exits
        and report.changes <= {'variables', 'exported'}
        and not effects(step)
        and 'readonly' not in _attributes(step)
        and not (isinstance(step.only_command, Simple) and _may_fail(step, paths))
    )


def _may_fail(step: Step, paths: Paths) -> bool:
    """A step may fail for what it reads, and end the script."""
    return may_stop(step) or not all(is_sure(use, paths) for use in step.programs)


def _is_unread(steps: Steps, step: Step, later: Sequence[Step]) -> bool:
    """Nothing reads the variables that a step sets, or they are set anew before that."""
    names = step.report.writes
    attributes = _attributes(step) & DECLARATIONS
    readers = [other for other in later if attributes and _looks_up(steps, other, names)]
    is_read_by_any = any(steps.is_environment(name) for name in names)
    for other in later:
        if names & other.report.reads or other in readers:
            return False
        if all(use.name != 'read' for use in other.programs):
            names = names - other.sure_writes
        if not names:
            # What is exported stays so with another value.
            own = _attributes(other)
            return not readers or own >= attributes or 'unset' in own
        # Programs look up such a variable by themselves, and others by its name in a word.
        if is_read_by_any and other.programs:
            return False
        if any(re.search(rf'\b{name}\b', other.text) for name in names):
            return False
    runs_more = any(use.name in ('.', 'source', 'eval') for use in step.programs)
    return not (step.is_last or runs_more or _may_be_exported(steps, names))


def _attributes(step: Step) -> set[str | None]:
    """The builtins of a step that give variables attributes, or remove these."""
    commands = (node for node in walk(step.node) if isinstance(node, Simple) and node.words)
    return {literal(command.words[0]) for command in commands} & (DECLARATIONS | {'unset'})


def _looks_up(steps: Steps, step: Step, names: set[str]) -> bool:
    """A program of a step may read a variable of the environment."""
    words = {field.text.value.rpartition('=')[2] for build in step.builds for field in build.argv}
    return (
        bool(step.builds)
        and any(name in words or steps.is_environment(name) for name in names)
        or any(
            use.kind not in (BUILTIN, PURE) or use.name in ('awk', 'env', 'printenv')
            for use in step.programs
        )
    )


def _may_be_exported(steps: Steps, names: set[str]) -> bool:
    """Programs may read a variable from their environment, or the shell may use it itself."""
    name = rf'\b(?:{"|".join(map(re.escape, names))})\b'
    return any(map(steps.is_environment, names)) or any(
        re.search(_EXPORTS_ANY, step.text)
        or re.search(_EXPORTS + name, step.text)
        or any(use.name == 'trap' and re.search(name, ' '.join(use.words)) for use in step.programs)
        or (names & step.report.writes or 'exported' in step.report.changes)
        and scripts_of(step)
        for step in (*steps.before, *steps.main)
    )


def _is_made_anew(
    step: Step, later: Sequence[Step], owners: Mapping[int, int | None], paths: Paths
) -> bool:
    """The step only makes files and folders that are made again before anything uses them."""
    own = set() if _may_fail(step, paths) else paths.made(step)
    for other in later if own else ():
        again = paths.made(other)
        if owners[other.number] is not None or paths.names(other, own):
            return False
        if own <= again:
            return True
        if not again and not _only_assigns(other, paths):
            return False
        if any(is_inside(path, folder) for path in again for folder in own):
            return False
    return False


def _is_for_others(steps: Steps, step: Step, later: Sequence[Step], paths: Paths) -> bool:
    """The step only works on files in the contexts of other builds."""
    own = set() if _may_fail(step, paths) else paths.touched(step)
    builds = [build for other in later for build in other.builds]
    if not own or not builds or _leads_to(steps, builds[0], own, paths):
        return False
    others = [build for other in steps.main for build in other.builds if other not in later]
    return all(any(paths.in_context(build, [path]) for build in others) for path in own) and not (
        any(paths.exposed(build, own) for build in builds)
        or any(_may_find(other, own, paths) for other in (*later, *steps.after))
    )


def _leads_to(steps: Steps, build: BuildCall, files: Collection[str], paths: Paths) -> bool:
    """A variable of the environment may lead a build to one of the files."""
    settings = steps.script.variables
    names = _CREDENTIALS & {*build.env.variables, *settings}
    values = (build.variable(name, settings) for name in names)
    targets = [target for value in values for target in paths.keys(value, build.env)]
    return any('\0' in target or may_be_named(file, target) for file in files for target in targets)


def _may_find(step: Step, files: Collection[str], paths: Paths) -> bool:
    return (
        paths.names(step, files)
        or not scripts_of(step).isdisjoint(files)
        or any(is_inside(path, file) for path in paths.written(step) for file in files)
        or any(use.kind == OTHER or use.name == 'git' for use in step.programs)
    )


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


def _leaves_folder(step: Step) -> bool:
    """The step may go to a folder that is not below the working directory."""
    target = _target(step)
    return 'directories' in step.report.changes and (
        target is None or is_absolute(target) or re.match(r'\.\.|-\Z', target.value) is not None
    )
