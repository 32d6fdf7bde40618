"""`needs:` for parts that an earlier one must precede."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kaniko_hooks.ci.gitlab.jobs import Job, Pipeline
from kaniko_hooks.ci.gitlab.values import Table, flat_items, get, is_false, items_of, string_of
from kaniko_hooks.document.nodes import SequenceNode, node_at
from kaniko_hooks.fix import Refusal
from kaniko_hooks.fix.edits import like
from kaniko_hooks.fix.layout import Layout, line_end, line_start
from kaniko_hooks.fix.references import MAX_NEEDS
from kaniko_hooks.fix.state import State
from kaniko_hooks.fix.target import Target
from kaniko_hooks.named_tuple import NamedTuple

_BECAUSE = 'a build must wait for an earlier one, and '
_STAGES = ['build', 'test', 'deploy']


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
    order = _stages(pipeline.table)
    own = order.get(_stage(job.table), len(order))
    sources = []
    for other in state.sources(pipeline):
        earlier = order.get(_stage(other.table), 0) < own
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


def _stages(table: Table) -> dict[str, int]:
    """The stages of a pipeline, in order."""
    names = [string_of(item) or '' for item in items_of(get(table, 'stages'))] or _STAGES
    inner = [name for name in names if name not in ('.pre', '.post')]
    return {name: index for index, name in enumerate(('.pre', *inner, '.post'))}


def _stage(table: Table) -> str:
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
