"""A job that a finding is about: where it stands, and in which pipelines."""

from __future__ import annotations

from collections.abc import Iterator

from kaniko_hooks.bridge import with_parts
from kaniko_hooks.ci.gitlab.files import Files
from kaniko_hooks.ci.gitlab.jobs import SYSTEM, Job, Pipeline, containers_of
from kaniko_hooks.ci.gitlab.values import Entry, node_of
from kaniko_hooks.document.nodes import MappingNode, Node, ScalarNode, SequenceNode
from kaniko_hooks.fix.refusal import Refusal
from kaniko_hooks.model import Container
from kaniko_hooks.named_tuple import NamedTuple


class Subject(NamedTuple):
    """The job to rewrite.

    - `found`: the pipelines that have it; `job`: it in the first of them.
    - `files`: the files of those pipelines.
    """

    name: str
    container: Container
    file: str
    text: str
    key: ScalarNode
    body: MappingNode
    job: Job
    found: tuple[Pipeline, ...]
    files: tuple[str, ...]


def subject(files: Files, pipelines: tuple[Pipeline, ...], container: Container) -> Subject:
    """The job of a container, as it now is: its place may have moved. Raises Refusal."""
    if container.system != SYSTEM:
        raise Refusal('only jobs of GitLab CI can be rewritten')
    found = tuple(each for each in pipelines if _has(each, container))
    if not found:
        raise Refusal('its pipeline cannot be read')
    job = _job(found[0], container.name)
    if job.hidden:
        raise Refusal('it is a template, and the jobs that use it may be elsewhere')
    key, body = _definition(job)
    document = files.document(key.file)
    if document is not None and _count(document.nodes, container.name) > 1:
        raise Refusal(f'{key.file} has it twice, and GitLab takes the last one')
    fresh = next(map(with_parts, containers_of(found[0], [job])), with_parts(container))
    return Subject(
        container.name,
        fresh,
        key.file,
        files.text(key.file),
        key,
        body,
        job,
        found,
        tuple(dict.fromkeys(file for each in found for file in each.files)),
    )


def _has(found: Pipeline, container: Container) -> bool:
    job = found.jobs.get(container.name) or found.hidden.get(container.name)
    return job is not None and any(
        each.key.file == container.place.file for each in job.definitions
    )


def _job(found: Pipeline, name: str) -> Job:
    return found.jobs.get(name) or found.hidden[name]


def _definition(job: Job) -> tuple[ScalarNode, MappingNode]:
    places: dict[tuple[str, int], Entry] = {
        (each.key.file, each.key.start): each for each in job.definitions
    }
    if len({file for file, _ in places}) > 1:
        names = ' and '.join(sorted({file for file, _ in places}))
        raise Refusal(f'it is put together from {names}')
    definition = next(iter(places.values()))
    key, body = definition.key, node_of(definition.value)
    if not isinstance(key, ScalarNode) or '$[[' in key.value or key.value != job.name:
        raise Refusal('its name is made from inputs')
    if not isinstance(body, MappingNode) or body.start < key.end or body.file != key.file:
        raise Refusal('it is an alias of another job')
    return key, body


def _count(roots: tuple[Node, ...], name: str) -> int:
    return sum(
        isinstance(key, ScalarNode) and key.value == name
        for root in roots
        if isinstance(root, MappingNode)
        for key, _ in root.pairs
    )


def is_merged(roots: tuple[Node, ...], body: MappingNode) -> bool:
    """Whether an alias in the file stands for the job as a whole."""
    return body.anchor is not None and any(
        isinstance(target, MappingNode) and target.pairs is body.pairs for target in _aliased(roots)
    )


def _aliased(roots: tuple[Node, ...]) -> Iterator[Node]:
    stack: list[Node] = list(roots)
    seen: set[int] = set()
    while stack:
        node = stack.pop()
        if isinstance(node, ScalarNode):
            continue
        mark = id(node.pairs if isinstance(node, MappingNode) else node.items)
        if mark in seen:
            continue
        seen.add(mark)
        for index in node.aliases:
            yield node.pairs[index][1] if isinstance(node, MappingNode) else node.items[index]
        stack += _children(node)


def _children(node: MappingNode | SequenceNode) -> list[Node]:
    if isinstance(node, SequenceNode):
        return node.items
    return [each for pair in node.pairs for each in pair]


def defines_anchor(node: Node) -> str | None:
    """The first anchor that is defined in a node."""
    return next((each.anchor for each in _below(node) if each.anchor), None)


def _below(node: Node) -> Iterator[Node]:
    stack = [node]
    while stack:
        each = stack.pop()
        yield each
        if isinstance(each, SequenceNode):
            stack += [item for index, item in enumerate(each.items) if index not in each.aliases]
