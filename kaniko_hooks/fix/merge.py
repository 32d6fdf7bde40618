"""Builds of one image that differ only in destinations are one build with several of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kaniko_hooks.fix.images import last_word, repository_of
from kaniko_hooks.fix.parts import Unit
from kaniko_hooks.fix.paths import Paths
from kaniko_hooks.fix.steps import Step, Steps
from kaniko_hooks.model import Field
from kaniko_hooks.shell.reports import BuildEvent
from kaniko_hooks.shell.tree import Simple

_NAMES = ('-d', '--destination')


def merged(units: Sequence[Unit], steps: Steps, paths: Paths) -> list[Unit]:
    """The units with those put together that build the same image for several destinations."""
    result: list[Unit] = []
    for unit in units:
        for number, first in enumerate(result):
            if _can_merge(first, unit, steps, paths):
                result[number] = _with(first, unit)
                break
        else:
            result.append(unit)
    return result


def _with(first: Unit, second: Unit) -> Unit:
    return first._replace(
        images=first.images | second.images,
        others=(*first.others, second.step),
        more=tuple(
            (*more, *(event.build.argv[number].text for number in _destinations(event.build.argv)))
            for more, event in zip(first.more or ((),) * len(first.events), second.events)
        ),
    )


def _can_merge(first: Unit, second: Unit, steps: Steps, paths: Paths) -> bool:
    if first.loop or second.loop or not first.images.isdisjoint(second.images):
        return False
    names = [
        {last_word(image) or repository_of(image) for image in u.images} for u in (first, second)
    ]
    if not first.images or names[0] != names[1] or len(first.events) != len(second.events):
        return False
    prefix = _prefix(steps, first.step)
    if prefix is None or prefix != _prefix(steps, second.step):
        return False
    between = steps.main[steps.main.index(first.step) + 1 : steps.main.index(second.step)]
    if any(step.report.reads_status or step.report.exits for step in between):
        return False
    return all(_same(old, new, paths) for old, new in zip(first.events, second.events))


def _same(first: BuildEvent, second: BuildEvent, paths: Paths) -> bool:
    return (
        _rest(first.build.argv) == _rest(second.build.argv)
        and first.env._replace(stdin=None) == second.env._replace(stdin=None)
        and not any(flag.name == 'no-push' for flag in paths.flags(first))
    )


def _prefix(steps: Steps, step: Step) -> str | None:
    """The text before the executor in a plain command; None for another one."""
    command = step.only_command
    argv = step.builds[0].build.argv
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
    """The spans in the source of the destinations of a plain command, with the blanks before."""
    argv = step.builds[0].build.argv
    for number in _destinations(argv):
        yield argv[number - 1].end, argv[number].end
