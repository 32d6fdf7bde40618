"""The order of units: what is not shown to be independent keeps it, by `needs:`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import combinations, product

from kaniko_hooks.ci.gitlab.jobs import Job, Pipeline
from kaniko_hooks.ci.gitlab.values import Table, get, is_false, items_of, string_of
from kaniko_hooks.document.nodes import MappingNode, SequenceNode, node_at
from kaniko_hooks.fix import Refusal
from kaniko_hooks.fix.effects import effects, repository_of, spelled
from kaniko_hooks.fix.footprints import Footprint, footprint_of, may_use
from kaniko_hooks.fix.owners import Owners
from kaniko_hooks.fix.parts import Part
from kaniko_hooks.fix.references import MAX_NEEDS
from kaniko_hooks.fix.steps import Step
from kaniko_hooks.fix.target import State, Target
from kaniko_hooks.named_tuple import NamedTuple

_BECAUSE = 'a build must wait for an earlier one, and '


def needed(owners: Owners, parts: Sequence[Part]) -> list[list[int]]:
    """For each unit the earlier ones that must be done before it, without those they imply.

    Raises Refusal: the iterations of a loop depend on each other.
    """
    footprints: list[list[Footprint]] = []  # of the builds of each unit
    result: list[list[int]] = []
    for number, (unit, steps, _) in enumerate(parts):
        before = [step for step in steps if step.number < unit.step.number]
        own = [
            footprint_of(build, step, [*owners.steps.before, *before], owners.paths)
            for step in (unit.step, *unit.others)
            for build in step.builds
        ]
        if unit.loop is not None:
            words = [build.env.variables.get(unit.loop.command.name) for build in unit.step.builds]
            for (word, first), (other, second) in combinations(zip(words, own), 2):
                if word != other and _must_follow(first, second):
                    raise Refusal('the builds of its loop may depend on each other')
        earlier = [
            other
            for other in range(number)
            if number in owners.waiting
            or other in owners.gates
            or any(_must_follow(first, second) for first, second in product(footprints[other], own))
        ]
        implied = {further for other in earlier for further in result[other]}
        result.append([other for other in earlier if other not in implied])
        copies = _named([step for step in steps if owners.of_steps.get(step.number) == number])
        footprints.append([item._replace(images=item.images | copies) for item in own])
    return result


def _named(steps: Sequence[Step]) -> frozenset[str]:
    """The spelled words that may be images, of programs that do more than change files."""
    words = (spelled(word) for step in steps for use in effects(step) for word in use.arguments)
    return frozenset(word.removeprefix('docker://') for word in words if '/' in word)


def _must_follow(first: Footprint, second: Footprint) -> bool:
    # Nothing waits for the test of an image but what leaves the job.
    if first.only_tests and not second.only_tests:
        return True
    if any(_may_replace(image, other) for image in first.images for other in second.images):
        return True
    if first.target and not second.target and first.source == second.source:
        return True
    # What the first one uses may be an image that the second one replaces.
    return may_use(second, first.images) or may_use(first, second.images)


def _may_replace(image: str, other: str) -> bool:
    """Two destinations may be the same, but for two different values that are not known."""
    names = repository_of(image), repository_of(other)
    tags = image[len(names[0]) :] or ':latest', other[len(names[1]) :] or ':latest'
    if names[0] == names[1]:
        return tags[0] == tags[1] or ('\0' in tags[0]) != ('\0' in tags[1])
    return tags[0] == tags[1] and all(re.fullmatch('\0[^\0]*\0', name) for name in names)


# `needs:`


class Source(NamedTuple):
    """An earlier job whose artifacts the job gets."""

    name: str
    optional: bool  # it may not be in the pipeline


def sources_of(state: State, target: Target, needed: Sequence[Sequence[int]]) -> tuple[Source, ...]:
    """The earlier jobs that parts of a chain need, which get artifacts of no other ones.

    Raises Refusal if the job's keywords allow no chain.
    """
    if not any(needed):
        return ()
    sources: dict[Source, None] = {}
    for pipeline in target.pipelines:
        job = pipeline.jobs[target.name]
        for name in ('always', 'on_failure'):
            if name in _whens(job):
                raise Refusal(f'{_BECAUSE}`when: {name}` would run it after a failure, too')
        if get(job.table, 'parallel') is not None:
            raise Refusal(f'{_BECAUSE}with `parallel` it would wait for all instances of it')
        if any(get(rule, 'needs') is not None for rule in items_of(get(job.table, 'rules'))):
            raise Refusal(f'{_BECAUSE}its `rules` have `needs`')
        if get(job.table, 'needs') is not None:
            _check_needs(target.body)
        else:
            sources.update(dict.fromkeys(_sources(state, pipeline, job)))
    if len(sources) + max(map(len, needed)) > MAX_NEEDS:
        raise Refusal(f'a job would need more than {MAX_NEEDS} others')
    return tuple(sources)


def _whens(job: Job) -> set[str | None]:
    """The values of `when`, of the job and of its rules."""
    rules = items_of(get(job.table, 'rules'))
    return {string_of(get(item, 'when')) for item in (job.table, *rules)}


def _check_needs(body: MappingNode) -> None:
    """Raises Refusal unless parts can have the job's own `needs` and more."""
    own = node_at(body, 'needs')
    if own is None:
        raise Refusal(f'{_BECAUSE}its `needs` are defined elsewhere')
    is_alias = any(body.pairs[index][1] is own for index in body.aliases)
    if not isinstance(own, SequenceNode) or is_alias or own.tag or own.anchor:
        raise Refusal(f'{_BECAUSE}its `needs` are not a plain list')


def chain_risks(target: Target, needed: Sequence[Sequence[int]]) -> Iterator[str]:
    """The risks of a chain that need --unsafe."""
    table = target.job.table
    values = [get(source, 'allow_failure') for source in (table, *items_of(get(table, 'rules')))]
    if any(needed) and any(value is not None and not is_false(value) for value in values):
        yield f'{_BECAUSE}with `allow_failure` it would run although that one has failed'


def _sources(state: State, pipeline: Pipeline, job: Job) -> Iterator[Source]:
    """The earlier jobs whose artifacts a job without `needs` gets, or that it depends on."""
    dependencies = get(job.table, 'dependencies')
    others: Sequence[Job] = state.sources(pipeline)
    is_open = bool(pipeline.notes)
    if dependencies is not None:
        # G: they must be among the `needs`, whether or not they have artifacts.
        names = {string_of(item) for item in items_of(dependencies)}
        others = [other for other in pipeline.jobs.values() if other.name in names]
        is_open = len(others) < len(names)
    order = _stages(pipeline.table)
    own = order.get(_stage(job.table), len(order))
    for other in others:
        if order.get(_stage(other.table), 0) < own:
            if not _whens(other).isdisjoint(('manual', 'on_failure')):
                raise Refusal(f'{_BECAUSE}with `needs` it would wait for {other.name}, too')
            limits = (get(other.table, keyword) for keyword in ('rules', 'only', 'except'))
            yield Source(other.name, any(limit is not None for limit in limits))
    if is_open:
        raise Refusal(f'{_BECAUSE}jobs that cannot be seen may have artifacts for it')


def _stages(table: Table) -> dict[str, int]:
    """The stages of a pipeline, in order."""
    names = [string_of(item) or '' for item in items_of(get(table, 'stages'))]
    inner = [name for name in names if name not in ('.pre', '.post')]
    every = ('.pre', *(inner or ('build', 'test', 'deploy')), '.post')
    return {name: index for index, name in enumerate(every)}


def _stage(table: Table) -> str:
    """The stage of a job."""
    return string_of(get(table, 'stage')) or 'test'
