"""The order of units, and `needs:` for parts that an earlier one must precede.

What is not shown to be independent keeps its order.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from itertools import combinations, product

from kaniko_hooks.ci.gitlab.jobs import Job, Pipeline
from kaniko_hooks.ci.gitlab.values import Table, flat_items, get, is_false, items_of, string_of
from kaniko_hooks.document.nodes import SequenceNode, node_at
from kaniko_hooks.fix import Refusal
from kaniko_hooks.fix.edits import like
from kaniko_hooks.fix.images import Footprint, footprint_of, may_use, repository_of
from kaniko_hooks.fix.layout import Layout, line_end, line_start
from kaniko_hooks.fix.parts import Division
from kaniko_hooks.fix.references import MAX_NEEDS
from kaniko_hooks.fix.state import State
from kaniko_hooks.fix.steps import Step
from kaniko_hooks.fix.target import Target
from kaniko_hooks.fix.units import Unit
from kaniko_hooks.named_tuple import NamedTuple

_BECAUSE = 'a build must wait for an earlier one, and '
# Variables that are numbers, also in hexadecimal digits.
_NUMBERS = frozenset(
    'CI_COMMIT_SHA CI_COMMIT_SHORT_SHA CI_JOB_ID CI_PIPELINE_ID CI_PIPELINE_IID'.split()
)
_STAGES = ['build', 'test', 'deploy']


class Source(NamedTuple):
    """An earlier job whose artifacts the job gets."""

    name: str
    optional: bool  # it may not be in the pipeline


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
    for name in (first.found.keys() & second.found.keys()).difference(changed):
        if _differ(first.found[name], second.found[name]):
            return False  # no run has both of them
    # Nothing waits for the test of an image but what leaves the job.
    if first.only_tests and not second.only_tests:
        return True
    if first != second._replace(images=first.images, found=first.found) and any(
        _may_be_same(image, other) for image in first.images for other in second.images
    ):
        return True
    if first.target and not second.target and first.source == second.source:
        return True
    # What the first one uses may be an image that the second one replaces.
    return may_use(second, first.images) or may_use(first, second.images)


def _differ(value: str, other: str) -> bool:
    """Two spelled values are not the same, as far as one of them is known."""
    return value != other and any(
        '\0' not in known and not _may_be(text, known)
        for text, known in ((value, other), (other, value))
    )


def _may_be_same(image: str, other: str) -> bool:
    """Two destinations may be the same, but for two different values that are not known."""
    names = repository_of(image), repository_of(other)
    tags = image[len(names[0]) :], other[len(names[1]) :]
    if names[0] == names[1]:
        return tags[0] == tags[1] or any(
            '\0' not in known and _may_be(tag, known) for tag, known in (tags, tags[::-1])
        )
    return tags[0] == tags[1] and all(re.fullmatch('\0[^\0]*\0', name) for name in names)


def _may_be(text: str, known: str) -> bool:
    """A spelled text may be one that is known."""
    pieces = [re.escape(piece) for piece in text.split('\0')]
    pieces[1::2] = ['[0-9a-f]+' if name in _NUMBERS else '.*' for name in pieces[1::2]]
    return re.fullmatch(''.join(pieces), known, re.DOTALL) is not None


# The keyword


def sources_of(state: State, target: Target, needed: Sequence[Sequence[int]]) -> tuple[Source, ...]:
    """The earlier jobs that parts of a chain need, which get artifacts of no other ones.

    Raises Refusal if the job's keywords allow no chain.
    """
    if not any(needed):
        return ()
    sources: dict[Source, None] = {}
    for pipeline in target.pipelines:
        job = pipeline.jobs[target.name]
        when = string_of(get(job.table, 'when'))
        rules = flat_items(get(job.table, 'rules'))
        whens = {when, *(string_of(get(rule, 'when')) for rule in rules)}
        for name in sorted({'always', 'on_failure'} & {item or '' for item in whens}):
            raise Refusal(f'{_BECAUSE}`when: {name}` would run it after a failure, too')
        if get(job.table, 'parallel') is not None:
            raise Refusal(f'{_BECAUSE}with `parallel` it would wait for all instances of it')
        if any(get(rule, 'needs') is not None for rule in rules):
            raise Refusal(f'{_BECAUSE}its `rules` have `needs`')
        if get(job.table, 'needs') is not None:
            if node_at(target.body, 'needs') is None:
                raise Refusal(f'{_BECAUSE}its `needs` are defined elsewhere')
            continue
        sources.update(dict.fromkeys(_sources(state, pipeline, job)))
    if len(sources) + max(map(len, needed)) > MAX_NEEDS:
        raise Refusal(f'a job would need more than {MAX_NEEDS} others')
    return tuple(sources)


def chain_risks(target: Target, needed: Sequence[Sequence[int]]) -> Iterator[str]:
    """The risks of a chain that need --unsafe."""
    table = target.job.table
    values = [get(source, 'allow_failure') for source in (table, *flat_items(get(table, 'rules')))]
    if any(needed) and any(value is not None and not is_false(value) for value in values):
        yield f'{_BECAUSE}with `allow_failure` it would run although that one has failed'


def _sources(state: State, pipeline: Pipeline, job: Job) -> list[Source]:
    """The earlier jobs whose artifacts a job without `needs` gets."""
    dependencies = get(job.table, 'dependencies')
    names = None if dependencies is None else {string_of(item) for item in items_of(dependencies)}
    order = stages(pipeline.table)
    own = order.get(stage(job.table), len(order))
    sources = []
    for other in state.sources(pipeline):
        earlier = order.get(stage(other.table), 0) < own
        if earlier and (names is None or other.name in names):
            _check_waits(other)
            limits = (get(other.table, keyword) for keyword in ('rules', 'only', 'except'))
            sources.append(Source(other.name, any(limit is not None for limit in limits)))
    if names is None and pipeline.notes:
        raise Refusal(f'{_BECAUSE}jobs that cannot be seen may have artifacts for it')
    return sources


def _check_waits(source: Job) -> None:
    """Raises Refusal for a job that later stages do not wait for, since `needs` would wait."""
    table = source.table
    for item in (table, *flat_items(get(table, 'rules'))):
        when = string_of(get(item, 'when'))
        allows = get(item, 'allow_failure')
        # G: a manual job blocks by `allow_failure: false`, which is the default in `rules`.
        blocks = is_false(allows) if item is table else allows is None or is_false(allows)
        if when == 'on_failure' or when == 'manual' and not blocks:
            raise Refusal(f'{_BECAUSE}with `needs` it would wait for {source.name}, too')


def stages(table: Table) -> dict[str, int]:
    """The stages of a pipeline, in order."""
    names = [string_of(item) or '' for item in items_of(get(table, 'stages'))] or _STAGES
    inner = [name for name in names if name not in ('.pre', '.post')]
    return {name: index for index, name in enumerate(('.pre', *inner, '.post'))}


def stage(table: Table) -> str:
    """The stage of a job."""
    return string_of(get(table, 'stage')) or 'test'


def needs_lines(text: str, place: Layout, sources: Sequence[Source], names: Sequence[str]) -> str:
    """The lines of a part's `needs:` for earlier parts, '' without any. Raises Refusal."""
    if not names:
        return ''
    written = [like(name, place.key.style) for name in names]
    own = node_at(place.body, 'needs')
    if own is None:
        lines = [f'{place.indent}needs:']
        inner = ' ' * len(place.dash)
        for source in sources:
            name = like(source.name, '')
            job = f'job: {name}' if source.optional else name
            lines.append(f'{place.indent}{place.gap}{place.dash}{job}')
            if source.optional:
                lines.append(f'{place.indent}{place.gap}{inner}optional: true')
        lines += [f'{place.indent}{place.gap}{place.dash}{name}' for name in written]
        return ''.join(f'{line}{place.newline}' for line in lines)
    key = next(key for key, value in place.body.pairs if value is own)
    index = next(index for index, pair in enumerate(place.body.pairs) if pair[1] is own)
    if not isinstance(own, SequenceNode) or index in place.body.aliases or own.tag or own.anchor:
        raise Refusal(f'{_BECAUSE}its `needs` are not a plain list')
    start, end = line_start(text, key.start), line_end(text, own.end)
    if own.flow:
        lead = ', ' if own.items else ''
        inner_text = f'{text[start : own.end - 1]}{lead}{", ".join(written)}'
        return f'{inner_text}{text[own.end - 1 : end]}{place.newline}'
    dash = text[line_start(text, own.start) : own.start] + place.dash
    lines = [text[start:end], *(f'{dash}{name}' for name in written)]
    return ''.join(f'{line}{place.newline}' for line in lines)
