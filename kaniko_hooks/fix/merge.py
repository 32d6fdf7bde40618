"""Units that build one image for several destinations, put together into one unit."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from kaniko_hooks.fix.images import last_word, repository_of
from kaniko_hooks.fix.order import may_use, use_of
from kaniko_hooks.fix.paths import Paths
from kaniko_hooks.fix.safety import may_stop
from kaniko_hooks.fix.steps import Step, Steps
from kaniko_hooks.fix.units import Unit
from kaniko_hooks.model import Field
from kaniko_hooks.shell.tree import Simple
from kaniko_hooks.text import Text

_NAMES = ('-d', '--destination')


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
    between = steps.main[steps.main.index(first.step) + 1 : steps.main.index(second.step)]
    if any(step.report.reads_status or step.report.exits or may_stop(step) for step in between):
        return False
    old, new = first.builds[0], second.builds[0]
    return (
        _rest(old.argv) == _rest(new.argv)
        and old.env._replace(stdin=None) == new.env._replace(stdin=None)
        and not old.values('no-push')
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
    before = [*steps.before, *(step for step in steps.main if step.number < unit.step.number)]
    return any(may_use(use_of(build, before, paths), images) for build in unit.builds)


def _prefix(steps: Steps, step: Step) -> str | None:
    """The text before the executor in a plain command; None for another one."""
    command = step.only_command
    argv = step.builds[0].argv
    if not isinstance(command, Simple) or command.redirections or len(step.builds) != 1:
        return None
    spans = [(word.start, word.end) for word in command.words[-len(argv) :]]
    if spans != [(field.start, field.end) for field in argv]:
        return None
    return steps.source.source.value[step.first : argv[0].start]


def _rest(argv: Sequence[Field]) -> list[object]:
    """The words that are about something else than destinations."""
    left = set(_destinations(argv))
    return [field.text for number, field in enumerate(argv) if number not in left]


def _destinations(argv: Sequence[Field]) -> Iterator[int]:
    """The indexes of the words of all destinations."""
    is_value = False
    for number, field in enumerate(argv):
        text = field.text.value
        if is_value or text in _NAMES or text.startswith('--destination=') or text[:2] == '-d':
            yield number
        is_value = not is_value and text in _NAMES


def destination_spans(step: Step) -> Iterator[tuple[int, int]]:
    """The spans in the source of the words of a plain command's destinations."""
    argv = step.builds[0].argv
    for number in _destinations(argv):
        yield argv[number].start, argv[number].end


def further_words(unit: Unit) -> Iterator[Text]:
    """The words of the other steps of a unit that are about destinations."""
    for step in unit.others:
        argv = step.builds[0].argv
        for number in _destinations(argv):
            yield argv[number].text
