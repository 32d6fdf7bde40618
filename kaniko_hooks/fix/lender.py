"""The place of a job's script: in the job, or in a template that no other job uses."""

from __future__ import annotations

from kaniko_hooks.ci.gitlab.values import entry_of, node_of
from kaniko_hooks.document.nodes import MappingNode, Node, ScalarNode
from kaniko_hooks.fix.layout import Layout, layout, surroundings
from kaniko_hooks.fix.refusal import Refusal, Shared
from kaniko_hooks.fix.state import State
from kaniko_hooks.fix.target import Target, is_merged
from kaniko_hooks.lines import where
from kaniko_hooks.model import Place
from kaniko_hooks.named_tuple import NamedTuple


class Script(NamedTuple):
    """The layout of a script, in the job or in the template `lender`."""

    place: Layout
    lender: str | None = None


def script_of(state: State, target: Target) -> Script:
    """The layout of what has a job's script. Raises Refusal."""
    job = target.job
    entry = entry_of(job.table, 'script')
    is_own = entry is not None and any(
        (key.file, key.start) == (entry.key.file, entry.key.start) for key, _ in target.body.pairs
    )
    name = state.lender(target.pipelines[0], entry.key) if entry and not is_own else None
    if name is None:
        return Script(layout(target.text, target.key, target.body))
    definition = next(
        definition
        for definition in target.pipelines[0].hidden[name].definitions
        if entry is not None and _has(node_of(definition.value), entry.key)
    )
    file, body = definition.key.file, node_of(definition.value)
    if file != target.file:
        raise Shared(f'its script is in {name} in {file}')
    assert isinstance(definition.key, ScalarNode) and isinstance(body, MappingNode)
    return Script(layout(target.text, definition.key, body), name)


def _has(body: Node, key: Node) -> bool:
    return isinstance(body, MappingNode) and any(
        (own.file, own.start) == (key.file, key.start) for own, _ in body.pairs
    )


def own_place(state: State, job: Target, script: Script) -> Layout:
    """The job with the script, as if it stood there. Raises Refusal where that is shared."""
    place, name = script
    if name is None:
        return place
    for path, some in state.mentions([name])[name].items():
        for mention in some:
            if path != job.file or not job.body.start <= mention.scalar.start < job.body.end:
                line = where(Place(path, mention.scalar.start), state.repository.known_text)[0]
                raise Shared(f'its script is in {name}, which {path}:{line} uses, too')
    document = state.files.document(job.file)
    if document is not None and is_merged(document.nodes, place.body):
        raise Shared(f'its script is in {name}, which is merged as *{place.body.anchor}')
    if len(place.body.pairs) == 1:
        raise Refusal(f'{name}, which has its script, would have nothing else')
    start, end, indent = surroundings(job.text, job.key, job.body)
    if indent != place.indent:
        raise Refusal(f'its script is in {name}, which is indented differently')
    return place._replace(key=job.key, body=job.body, start=start, end=end)
