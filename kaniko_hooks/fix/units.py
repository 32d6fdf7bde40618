"""The units of a script: steps that run one build, or a loop whose iterations run one each.

Units that build one image for several destinations are put together into one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from kaniko_hooks import kaniko
from kaniko_hooks.fix import Refusal
from kaniko_hooks.fix.commands import BuildCall
from kaniko_hooks.fix.images import footprint_of, images_of, last_word, may_use, repository_of
from kaniko_hooks.fix.matrix import Loop, matrix_loop
from kaniko_hooks.fix.paths import Paths
from kaniko_hooks.fix.safety import may_stop
from kaniko_hooks.fix.steps import Step, Steps
from kaniko_hooks.fix.target import Target, services_of
from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.shell.tree import Simple

_MAX_UNITS = 200
_OWN_HOSTS = frozenset(('localhost', '127.0.0.1', '0.0.0.0', '[::1]'))


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
        return self.step if self.loop is None else self.loop.first

    @property
    def builds(self) -> tuple[BuildCall, ...]:
        return self.main.builds

    @property
    def same(self) -> tuple[Step, ...]:
        """The steps that do the same build as `main` for other destinations."""
        return self.others if self.loop is None else self.loop.others


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
        loop = matrix_loop(target, steps, step, paths) if step.most_builds > 1 else None
        if loop is not None:
            loop = _with_one_build(loop, steps, paths)
        units.append(Unit(step, loop, images_of(step.builds)))
    if any(step.most_builds for step in steps.after):
        raise Refusal('a build runs in its after_script')
    if not units or len(units) == 1 and units[0].loop is None:
        raise Refusal('its builds cannot be separated')
    if len(units) > _MAX_UNITS:
        raise Refusal(f'it would become {len(units)} jobs; at most {_MAX_UNITS} are allowed')
    _check_hosts(target, units)
    return units


def _check_hosts(target: Target, units: Sequence[Unit]) -> None:
    hosts = services_of(target) | _OWN_HOSTS
    for image in (image for unit in units for image in unit.images):
        host = image.partition('/')[0]
        host = host if host[:1] == '[' else host.partition(':')[0]
        if host in hosts:
            raise Refusal(
                f'{host} is a registry inside the job, and each new job would have its own'
            )


# One image, several destinations


def _with_one_build(loop: Loop, steps: Steps, paths: Paths) -> Loop:
    """The loop with the builds of its body put together. Raises Refusal."""
    units = [Unit(step, None, images_of(step.builds)) for step in loop.body if step.most_builds]
    unit, *more = merged(units, steps._replace(main=loop.body), paths)
    if more or unit.step.most_builds > 1:
        raise Refusal(f'the loop over ${loop.command.name} has more than one build')
    return loop._replace(others=unit.others)


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


def _can_merge(first: Unit, second: Unit, steps: Steps) -> bool:
    if first.loop or second.loop or not first.images.isdisjoint(second.images):
        return False
    names = [
        {last_word(image) or repository_of(image) for image in unit.images}
        for unit in (first, second)
    ]
    if not first.images or names[0].isdisjoint(names[1]) and not _is_mirrored(first, second):
        return False
    prefix = _prefix(steps, first.step)
    if prefix is None or prefix != _prefix(steps, second.step):
        return False
    between = [step for step in steps.later(first.step) if step.number < second.step.number]
    if any(step.report.reads_status or step.report.exits or may_stop(step) for step in between):
        return False
    if len(first.builds) > 1 and any(step.report.writes for step in between):
        return False
    return len(first.builds) == len(second.builds) and all(
        kaniko.other_words(old.argv) == kaniko.other_words(new.argv)
        and old.env._replace(stdin=None) == new.env._replace(stdin=None)
        and not old.values('no-push')
        for old, new in zip(first.builds, second.builds)
    )


def _is_mirrored(first: Unit, second: Unit) -> bool:
    """The images are in different registries, and one of them has no name of its own there."""
    hosts = [
        {
            repository_of(image).partition('/')[0]
            for image in unit.images
            if re.search('[/\0]', image)
        }
        for unit in (first, second)
    ]
    is_nameless = not all(any(map(last_word, unit.images)) for unit in (first, second))
    return is_nameless and all(hosts) and hosts[0].isdisjoint(hosts[1])


def _may_use(unit: Unit, images: frozenset[str], steps: Steps, paths: Paths) -> bool:
    """A unit may use an image as it was before."""
    before = steps.earlier(unit.step)
    return any(may_use(footprint_of(build, before, paths), images) for build in unit.builds)


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
