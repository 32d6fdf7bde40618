"""The units of a script: steps that run one build, and loops that become `parallel: matrix`.

Units that build one image for several destinations are put together into one. Each word's
iteration of a loop becomes an instance of a job, so iterations must not depend on each
other, and the loop's variable becomes one of the job.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from kaniko_hooks import kaniko
from kaniko_hooks.ci.gitlab.jobs import SCRIPTS
from kaniko_hooks.ci.gitlab.values import get
from kaniko_hooks.fix import Refusal, shortened
from kaniko_hooks.fix.effects import act_on, effects, images_of, last_word, may_stop
from kaniko_hooks.fix.footprints import footprint_of, may_use
from kaniko_hooks.fix.paths import Paths, is_absolute, may_be_named, value_in
from kaniko_hooks.fix.programs import WRITES_NOTHING
from kaniko_hooks.fix.steps import BuildCall, Step, Steps, failure_ignored, steps_in
from kaniko_hooks.fix.target import Target, services_of, text_of
from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.shell.tree import For, Literal, Parameter, Simple, Statement, walk

_MAX_UNITS = 200
_OWN_HOSTS = frozenset(('localhost', '127.0.0.1', '0.0.0.0', '['))  # of an address of IPv6
MAX_NAME = 255  # GitLab: a job's name
_MAX_WORDS = 200  # GitLab: instances of one job


class Unit(NamedTuple):
    """A step that runs one build, or a loop whose iterations run one each.

    - `images`: spelled destinations.
    - `others`: steps that do the same build for other destinations.
    """

    step: Step
    loop: Loop | None
    images: frozenset[str]
    others: tuple[Step, ...] = ()

    @property
    def main(self) -> Step:
        """The step that builds: itself, or one in the body of its loop."""
        steps = self.loop.body if self.loop else (self.step,)
        return next(step for step in steps if step.most_builds)

    @property
    def builds(self) -> tuple[BuildCall, ...]:
        return self.main.builds


def units_of(target: Target, steps: Steps, paths: Paths) -> list[Unit]:
    """The units of a script. Raises Refusal."""
    if any(step.most_builds for step in steps.before):
        raise Refusal('a build runs in its before_script')
    units = []
    for step in steps.main:
        if not step.most_builds:
            continue
        if step.statement.background:
            raise Refusal('a build runs in the background')
        if any(use.name == 'trap' for use in effects(step)):
            raise Refusal('a build runs in a `trap`')
        loop = _matrix_loop(target, steps, step, paths) if step.most_builds > 1 else None
        units.append(Unit(step, loop, images_of(step.builds)))
    if any(step.most_builds for step in steps.after):
        raise Refusal('a build runs in its after_script')
    if len(units) > _MAX_UNITS:
        raise Refusal(f'it would become {len(units)} jobs; at most {_MAX_UNITS} are allowed')
    images = (image for unit in units for image in unit.images)
    hosts = {image.partition('/')[0].partition(':')[0] for image in images}
    for host in sorted(hosts & (services_of(target) | _OWN_HOSTS)):
        raise Refusal(f'{host} is a registry inside the job, and each new job would have its own')
    return units


# One image, several destinations


def merged(units: Sequence[Unit], steps: Steps, paths: Paths) -> list[Unit]:
    """The units with those put together that build the same image for several destinations."""
    result: list[Unit] = []
    for unit in units:
        for number, first in enumerate(result):
            if _can_merge(first, unit, steps) and not any(
                other.images & unit.images or _may_use(other, unit.images, steps, paths)
                for other in units
                if first.step.number < other.step.number < unit.step.number
            ):
                images = first.images | unit.images
                result[number] = first._replace(images=images, others=(*first.others, unit.step))
                break
        else:
            result.append(unit)
    return result


def _may_use(unit: Unit, images: frozenset[str], steps: Steps, paths: Paths) -> bool:
    """A unit may use an image as it was before."""
    before = steps.earlier(unit.step)
    return any(
        may_use(footprint_of(build, unit.step, before, paths), images) for build in unit.builds
    )


def _can_merge(first: Unit, second: Unit, steps: Steps) -> bool:
    words, others = (
        [kaniko.other_words(build.argv) for build in unit.builds] for unit in (first, second)
    )
    if words != others or not first.images or first.images & second.images:
        return False
    names = [{*map(last_word, unit.images)} for unit in (first, second)]
    # Of unknown names any two may be the same.
    if names[0].isdisjoint(names[1]) and all(names[0] | names[1]):
        return False
    prefix = _prefix(steps, first.step)
    if prefix is None or prefix != _prefix(steps, second.step):
        return False
    has_several = len(first.builds) > 1  # with alternatives of variables
    for step in steps.later(first.step):
        report, is_between = step.report, step.number < second.step.number
        stops = report.reads_status or report.exits or may_stop(step)
        if is_between and (stops or has_several and report.writes):
            return False
    return all(
        old.env._replace(stdin=None) == new.env._replace(stdin=None) and not old.values('no-push')
        for old, new in zip(first.builds, second.builds)
    )


def _prefix(steps: Steps, step: Step) -> str | None:
    """The text before the executor in a plain command; None for another one."""
    command = step.only_command
    if not isinstance(command, Simple) or command.redirections:
        return None
    for build in step.builds:
        spans = [(word.start, word.end) for word in command.words[-len(build.argv) :]]
        if spans != [(field.start, field.end) for field in build.argv]:
            return None
    return steps.source.source.value[step.first : step.builds[0].argv[0].start]


# Loops


class Loop(NamedTuple):
    """A loop that can become a matrix.

    - `body`: the steps of its body.
    - `risks`: what needs --unsafe.
    """

    command: For
    words: tuple[str, ...]
    body: tuple[Step, ...]
    risks: tuple[str, ...] = ()


def _matrix_loop(target: Target, steps: Steps, step: Step, paths: Paths) -> Loop:
    """The loop of a step that runs several builds. Raises Refusal."""
    command = step.only_command
    if not isinstance(command, For) or command.redirections:
        raise Refusal(f'{shortened(step.text)} alone runs more than one build')
    name = command.name
    words = _words(steps, step, command)
    if max(len(f'{target.name}: [{word}]') for word in words) > MAX_NAME:
        raise Refusal('the names of the new jobs would be too long')
    body = tuple(steps_in(steps.source, command.body, command.start))
    if sum(step.most_builds for step in body) > 1:
        raise Refusal(f'the loop `for {name}` has more than one build')
    if get(target.job.table, 'parallel') is not None:
        raise Refusal('it has a `parallel` already')
    _check_variable(target, steps, step, name)
    _check_body(steps, step, body, name)
    _check_variables(step, body, name)
    _check_files(step, body, paths, name)
    outside = _from_settings(steps, step, command)
    risk = f'the loop is over ${outside}, and a pipeline may be started with another value of it'
    return Loop(command, words, body, (risk,) if outside else ())


def _words(steps: Steps, step: Step, command: For) -> tuple[str, ...]:
    name = command.name
    node = step.statement.pipelines[0] if isinstance(step.node, Statement) else step.node
    report = steps.source.report(node)
    sets = report.words if report else set()
    # Not every shell expands braces.
    has_braces = any(
        isinstance(part, Literal) and '{' in part.value and not part.quoted
        for part in walk(command.words)
    )
    if len(sets) != 1 or any(text.holes for words in sets for text in words) or has_braces:
        raise Refusal(f'the loop `for {name}` is not over literal words')
    words = tuple(text.value for text in next(iter(sets)))
    if len(set(words)) < len(words):
        raise Refusal(f'the loop `for {name}` has a word twice')
    if len(words) > _MAX_WORDS:
        raise Refusal(f'the loop `for {name}` has more than {_MAX_WORDS} words')
    return words


def _from_settings(steps: Steps, step: Step, command: For) -> str | None:
    """The variable of the pipeline that the words of a loop come from."""
    origins = {name: name for name in steps.script.variables}
    for other in steps.earlier(step):
        sources = [origins[name] for name in sorted(other.report.reads) if origins.get(name)]
        origins.update(dict.fromkeys(other.report.writes, sources[0] if sources else ''))
    names = [node.name for node in walk(command.words) if isinstance(node, Parameter)]
    return next((origins[name] for name in names if origins.get(name)), None)


def _check_variable(target: Target, steps: Steps, step: Step, name: str) -> None:
    if steps.is_environment(name):
        raise Refusal(f'the loop variable {name} is a variable of the pipeline')
    beside = text_of(target.job, without=SCRIPTS)
    is_used = re.search(rf'\$\{{?{name}(?!\w)', beside) is not None
    for other in (*steps.before, *steps.main, *steps.after):
        command = other.only_command
        is_loop = isinstance(command, For) and command.name == name and other.most_builds > 1
        is_used |= not is_loop and name in other.report.reads | other.report.writes
    if is_used:
        raise Refusal(f'the loop variable {name} is used outside the loop')
    # Other processes than the shell look for it, and only a matrix exports it.
    lookups = [use.env for use in step.programs if use.name in ('env', 'envsubst', 'printenv')]
    lookups += [build.env for build in step.builds if name in build.arguments_by_name]
    if any(name not in env.exported for env in lookups):
        raise Refusal(f'the loop variable {name} is not exported, and a program looks for it')


def _check_body(steps: Steps, step: Step, body: Sequence[Step], name: str) -> None:
    for inner in body:
        text = shortened(inner.text)
        leaves = any(kind in ('break', 'continue') for kind, _ in inner.report.exits)
        if leaves or inner.may_end_script:
            raise Refusal(f'{text} leaves an iteration of the loop `for {name}`')
        if inner.is_last and steps.report_of_statement(inner).may_fail:
            raise failure_ignored(inner)
        if inner.statement.background:
            raise Refusal(f'{text} runs in the background')
        for use in () if inner.most_builds else effects(inner):
            value = value_in(use.env, name)
            own = [build for build in step.builds if value_in(build.env, name) == value]
            if not act_on([use], images_of(own)):
                raise Refusal(f'{text} runs between the builds and is not plain set-up')


def _check_variables(step: Step, body: Sequence[Step], name: str) -> None:
    """Iterations may not find variables or directories that others have left."""
    changed = {item for inner in body for item in inner.report.writes}
    certain = {name}
    for inner in body:
        for item in sorted(inner.report.reads & changed - certain):
            raise Refusal(f'the loop `for {name}` carries ${item} from one iteration to the next')
        certain |= inner.sure_writes
    # A `cd` to a folder that is the same in whatever iteration is as good as none.
    first = body[0].programs
    is_set = all(use.name == 'cd' and is_absolute(use.texts[-1]) for use in first) and first
    if 'directories' in step.report.changes and not (step.is_last and is_set):
        raise Refusal(f'the loop `for {name}` changes the directory for the iterations that follow')


def _check_files(step: Step, body: Sequence[Step], paths: Paths, name: str) -> None:
    """A command may not find a file that another iteration has changed."""
    changes = paths.changes(step, name)
    written: set[str] = set()
    for inner in body:
        if not inner.builds and all(use.name in (*WRITES_NOTHING, 'cd') for use in inner.programs):
            continue
        for path, value in {(path, value_in(env, name)) for path, env in paths.named(inner)}:
            for file, runs in changes.items():
                is_own = runs == {value} or file in written and value in runs
                if not is_own and may_be_named(file, path):
                    text = shortened(inner.text)
                    raise Refusal(f'{text} may find what another iteration changes')
        if not inner.builds:
            written |= paths.written(inner)
