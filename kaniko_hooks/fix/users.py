"""Other jobs that name a job: those that wait for it, extend it or refer to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kaniko_hooks.ci.gitlab.extends import ancestors
from kaniko_hooks.ci.gitlab.jobs import Job, Pipeline
from kaniko_hooks.document.nodes import ScalarNode
from kaniko_hooks.fix.edits import Edit
from kaniko_hooks.fix.references import (
    EXTENDS,
    FOLLOWS,
    MAX_NEEDS,
    OTHER,
    REFERENCES,
    Mention,
    follower_edits,
)
from kaniko_hooks.fix.refusal import Refusal, Shared
from kaniko_hooks.fix.state import Mentions, State
from kaniko_hooks.fix.target import Target, is_merged
from kaniko_hooks.lines import where
from kaniko_hooks.model import Place


def extenders_of(state: State, target: Target, mentions: Mentions) -> Iterator[tuple[str, Mention]]:
    """The mentions, each with its file, that can name the template instead of the job.

    Raises Refusal for mentions that can be neither kept nor replaced.
    """
    document = state.files.document(target.file)
    if is_merged(document.nodes, target.body):
        raise Shared(f'other jobs merge it as *{target.body.anchor}')
    for path, mention in ((path, mention) for path, some in mentions.items() for mention in some):
        # Another pipeline's needs and parents are its own jobs, whatever their names.
        if path not in target.files and mention.kind != OTHER:
            continue
        line = where(Place(path, mention.scalar.start), state.repository.known_text)[0]
        if mention.scalar.anchor:
            raise Refusal(f'{path}:{line} names it where an anchor is defined')
        if mention.kind == EXTENDS:
            if path != target.file or any(
                _inherits_script(pipeline, target.name) for pipeline in target.pipelines
            ):
                raise Shared(f'{path}:{line} extends it')
            yield path, mention
        elif mention.kind == REFERENCES:
            if path != target.file or not _refers_beside(mention):
                raise Shared(f'{path}:{line} refers to it')
            yield path, mention
        elif mention.kind != FOLLOWS:
            raise Refusal(f'{path}:{line} names it, and it becomes several jobs')
        elif mention.holder is not None and mention.holder.items[mention.position].anchor:
            raise Refusal(f'{path}:{line} names it where an anchor is defined')


def _inherits_script(pipeline: Pipeline, name: str) -> bool:
    """A job that extends this one runs its script."""
    script = pipeline.jobs[name].entries.get('script')
    jobs: list[Job] = [*pipeline.jobs.values(), *pipeline.hidden.values()]
    return any(
        job.entries.get('script') == script
        for job in jobs
        if job.name != name and name in ancestors(pipeline.table, job.name)
    )


def _refers_beside(mention: Mention) -> bool:
    """A reference to a keyword of the job that is not its script."""
    items = mention.holder.items if mention.holder else []
    return (
        mention.position == 0
        and len(items) > 1
        and isinstance(items[1], ScalarNode)
        and items[1].value != 'script'
    )


def followers_of(
    state: State, target: Target, mentions: Mentions, names: Sequence[str]
) -> Iterator[tuple[str, list[Edit]]]:
    """The edits of jobs that wait for this one, by file."""
    for path in target.files:
        some = [mention for mention in mentions.get(path, ()) if mention.kind == FOLLOWS]
        for mention in some:
            count = len(mention.holder.items) if mention.holder is not None else 0
            if count + len(names) - 1 > MAX_NEEDS:
                raise Refusal(f'a job would need more than {MAX_NEEDS} others')
        if some:
            yield path, list(follower_edits(state.files.text(path), some, names))
