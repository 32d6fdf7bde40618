"""The units of a script: steps that run one build, or a loop whose iterations run one each."""

from __future__ import annotations

from collections.abc import Sequence

from kaniko_hooks.fix import Refusal
from kaniko_hooks.fix.commands import Build
from kaniko_hooks.fix.images import images_of
from kaniko_hooks.fix.matrix import Loop, matrix_loop
from kaniko_hooks.fix.paths import Paths
from kaniko_hooks.fix.steps import Step, Steps
from kaniko_hooks.fix.target import Target, services_of
from kaniko_hooks.named_tuple import NamedTuple

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
    def builds(self) -> tuple[Build, ...]:
        return self.step.builds


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
