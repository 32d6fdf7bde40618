"""`needs:` for the parts of a job that an earlier part must precede."""

from __future__ import annotations

from collections.abc import Sequence

from kaniko_hooks.ci.gitlab.jobs import Job, Pipeline
from kaniko_hooks.ci.gitlab.values import Table, get, is_null, items_of, string_of
from kaniko_hooks.document.nodes import SequenceNode, get as node_at
from kaniko_hooks.fix.keywords import effective
from kaniko_hooks.fix.layout import Layout, line_end, line_start
from kaniko_hooks.fix.refusal import Refusal
from kaniko_hooks.fix.subject import Subject
from kaniko_hooks.fix.yaml_words import like

_SAID = 'a build uses the image of an earlier one, and '
_STAGES = ('.pre', 'build', 'test', 'deploy', '.post')
MAX_NEEDS = 50  # G: ci_needs_size_limit


def needs_lines(
    subject: Subject, place: Layout, names: Sequence[str], needed: Sequence[Sequence[int]]
) -> list[str]:
    """The lines of each part's `needs:`, '' where it needs no other part. Raises Refusal."""
    if not any(needed):
        return ['' for _ in names]
    _check(subject)
    return [
        _lines(subject.text, place, [names[index] for index in each]) if each else ''
        for each in needed
    ]


def _check(subject: Subject) -> None:
    """A job with `needs` downloads the artifacts of those jobs only."""
    for found in subject.found:
        job = found.jobs[subject.name]
        if any(not is_null(get(rule, 'needs')) for rule in items_of(get(job.table, 'rules'))):
            raise Refusal(_SAID + 'its `rules` have `needs`')
        if not is_null(get(job.table, 'needs')):
            if node_at(subject.body, 'needs') is None:
                raise Refusal(_SAID + 'its `needs` stand elsewhere')
            continue
        dependencies = get(job.table, 'dependencies')
        if is_null(dependencies):
            _check_artifacts(found, job)
        elif items_of(dependencies):
            raise Refusal(_SAID + 'its `dependencies` would have to be in its `needs`')


def _check_artifacts(found: Pipeline, job: Job) -> None:
    if found.notes:
        raise Refusal(_SAID + 'jobs that cannot be seen may have artifacts for it')
    order = stages(found.table)
    own = order.get(stage(job.table), len(order))
    for other in found.jobs.values():
        if order.get(stage(other.table), 0) < own and not is_null(
            effective(found, other.table, 'artifacts')
        ):
            raise Refusal(
                f'{_SAID}waiting for it with `needs` would lose the artifacts of {other.name}'
            )


def stages(table: Table) -> dict[str, int]:
    """The stages of a pipeline, in order."""
    named = [string_of(item) or '' for item in items_of(get(table, 'stages'))]
    listed = ['.pre', *(name for name in named if name not in ('.pre', '.post')), '.post']
    return {name: index for index, name in enumerate(listed if named else _STAGES)}


def stage(table: Table) -> str:
    return string_of(get(table, 'stage')) or 'test'


def _lines(text: str, place: Layout, names: Sequence[str]) -> str:
    written = [like(name, place.key.style) for name in names]
    own = node_at(place.body, 'needs')
    if own is None:
        items = [f'{place.indent}{place.gap}{place.dash}{name}' for name in written]
        return ''.join(f'{line}{place.newline}' for line in [f'{place.indent}needs:', *items])
    key = next(key for key, value in place.body.pairs if value is own)
    index = next(index for index, pair in enumerate(place.body.pairs) if pair[1] is own)
    if not isinstance(own, SequenceNode) or index in place.body.aliases or own.tag or own.anchor:
        raise Refusal(_SAID + 'its `needs` are no plain list')
    start, end = line_start(text, key.start), line_end(text, own.end)
    if own.flow:
        lead = ', ' if own.items else ''
        inner = f'{text[start : own.end - 1]}{lead}{", ".join(written)}'
        return f'{inner}{text[own.end - 1 : end]}{place.newline}'
    dash = text[line_start(text, own.start) : own.start] + place.dash
    return ''.join(
        f'{line}{place.newline}'
        for line in [text[start:end], *(f'{dash}{name}' for name in written)]
    )
