"""The order of units: what is not shown to be independent keeps it."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from itertools import combinations, product

from kaniko_hooks.fix import Refusal
from kaniko_hooks.fix.images import Footprint, footprint_of, is_unknown, may_use, repository_of
from kaniko_hooks.fix.parts import Division
from kaniko_hooks.fix.steps import Step
from kaniko_hooks.fix.units import Unit

# Variables that are numbers, also in hexadecimal digits.
_NUMBERS = frozenset(
    'CI_COMMIT_SHA CI_COMMIT_SHORT_SHA CI_JOB_ID CI_PIPELINE_ID CI_PIPELINE_IID'.split()
)

_MAX_MARKS = 8  # of holes, two each: a search with many may take for ever


def needed(division: Division) -> list[list[int]]:
    """For each unit the earlier ones that must be done before it, without those they imply.

    Raises Refusal: the iterations of a loop depend on each other.
    """
    footprints: list[list[Footprint]] = []  # of the builds of each unit
    result: list[list[int]] = []
    for number, (unit, steps, _) in enumerate(division.parts):
        before = [step for step in steps if step.number < unit.step.number]
        builds = [build for step in (unit.step, *unit.others) for build in step.builds]
        own = [
            footprint_of(build, [*division.steps.before, *before], division.paths)
            for build in builds
        ]
        if unit.loop is not None:
            loop = unit.loop.command.name
            words = [build.env.variables.get(loop) for build in builds]
            _check_iterations(unit.step, words, own)
        changed = [_changed(division, part.unit, unit) for part in division.parts[:number]]
        earlier = [
            other
            for other in range(number)
            if number in division.owners.waiting
            or other in division.owners.gates
            or any(
                _must_follow(first, second, changed[other])
                for first, second in product(footprints[other], own)
            )
        ]
        implied = {further for other in earlier for further in result[other]}
        result.append([other for other in earlier if other not in implied])
        footprints.append(own)
    return result


def _check_iterations(step: Step, words: Sequence[object], own: Sequence[Footprint]) -> None:
    """Raises Refusal if builds of a loop, in the iterations of some words, may need each other."""
    for (word, first), (other, second) in combinations(zip(words, own), 2):
        if word != other and _must_follow(first, second, step.report.writes):
            raise Refusal('the builds of its loop may depend on each other')


def _changed(division: Division, first: Unit, second: Unit) -> set[str]:
    """The variables that may change from one unit to another."""
    last = max(step.number for step in (second.step, *second.others))
    between = [step for step in division.steps.main if first.step.number <= step.number < last]
    return {name for step in between for name in step.report.writes}


def _must_follow(first: Footprint, second: Footprint, changed: Collection[str]) -> bool:
    for name in (first.variables.keys() & second.variables.keys()).difference(changed):
        if _differ(first.variables[name], second.variables[name]):
            return False  # no run has both of them
    # Nothing waits for the test of an image but what leaves the job.
    if first.only_tests and not second.only_tests:
        return True
    if first != second._replace(images=first.images, variables=first.variables) and any(
        _may_replace(image, other) for image in first.images for other in second.images
    ):
        return True
    if first.target and not second.target and first.source == second.source:
        return True
    # What the first one uses may be an image that the second one replaces.
    return may_use(second, first.images) or may_use(first, second.images)


def _differ(value: str, other: str) -> bool:
    """Two spelled values are not the same, as far as one of them is known."""
    return value != other and any(
        '\0' not in second and not _may_be(first, second)
        for first, second in ((value, other), (other, value))
    )


def _may_replace(image: str, other: str) -> bool:
    """Two destinations may be the same, but for two different values that are not known."""
    names = repository_of(image), repository_of(other)
    tags = image[len(names[0]) :], other[len(names[1]) :]
    if names[0] == names[1]:
        return tags[0] == tags[1] or any(
            '\0' not in second and _may_be(first, second) for first, second in (tags, tags[::-1])
        )
    return tags[0] == tags[1] and all(map(is_unknown, names))


def _may_be(text: str, value: str) -> bool:
    """A spelled text may be a value of which all is known."""
    if '\0' not in text:
        return text == value
    if text.count('\0') > _MAX_MARKS:
        return True
    pieces = [re.escape(piece) for piece in text.split('\0')]
    pieces[1::2] = ['[0-9a-f]+' if name in _NUMBERS else '.*' for name in pieces[1::2]]
    return re.fullmatch(''.join(pieces), value, re.DOTALL) is not None
