"""The generic reader: mappings with an image and commands, each its own container."""

from __future__ import annotations

from collections.abc import Iterator

from kaniko_hooks.ci import recognise
from kaniko_hooks.ci.common import Entries, Source
from kaniko_hooks.ci.steps.container import container
from kaniko_hooks.ci.steps.parameters import Scope, scope_of
from kaniko_hooks.ci_paths import System
from kaniko_hooks.document.nodes import (
    MappingNode,
    Node,
    ScalarNode,
    SequenceNode,
    fields,
    identity,
    text_of,
)
from kaniko_hooks.model import Container, Note, Place
from kaniko_hooks.named_tuple import NamedTuple

# Aliases can make a small file as large as you like, or without end.
_MAX_COLLECTIONS = 50_000
_MAX_DEPTH = 100

# Keys of templates, data and anchors: nothing there runs where it is written.
_PASSED_OVER = frozenset(
    'stepTemplate templateDefaults definitions variables metadata data stringData settings'
    ' values valuesObject'.split()
)


class _Visit(NamedTuple):
    """A node that is still to be walked."""

    node: Node
    path: str
    scope: Scope
    start: int  # where it stands, which for an alias is not where it is written
    role: str = ''  # 'list' of containers, or 'container'
    inside: frozenset[int] = frozenset()  # the collections around it, by identity


def read(source: Source) -> Iterator[Container]:
    """The containers of a document, each named by its node path."""
    document = source.document
    system = recognise.system_of(source.file.path, [document])
    if system is not None and _is_read_here(system):
        is_task = system.name == 'concourse' and 'run' in fields(document)
        role = 'container' if is_task else ''
        path, scope = source.prefix.rstrip('.'), scope_of(source.file, system)
        yield from _walk(_Visit(document, path, scope, document.start, role), source.notes)


def _is_read_here(system: System) -> bool:
    return system.reader.startswith('steps.reader:')


def _walk(root: _Visit, notes: list[Note]) -> Iterator[Container]:
    waiting = [root]
    for _ in range(_MAX_COLLECTIONS):
        if not waiting:
            return
        visit = waiting.pop()
        if len(visit.inside) > _MAX_DEPTH or identity(visit.node) in visit.inside:
            continue
        if isinstance(visit.node, SequenceNode):
            waiting.extend(reversed(list(_items(visit, visit.node))))
        elif isinstance(visit.node, MappingNode):
            entries = fields(visit.node)
            scope = _scope(visit, entries)
            if scope is None:
                continue
            if visit.role == 'container':
                name = visit.path or 'doc[0]'
                labelled = scope._replace(label=scope.label or visit.scope.label)
                own = labelled.with_template(name.rpartition('.')[2], entries)
                result = container(name, visit.node, *own)
                if result:
                    yield result._replace(place=Place(scope.file.path, visit.start))
            waiting.extend(reversed(list(_values(visit, entries, scope))))
    notes.append(Note(Place(root.scope.file.path, 0), 'too many nodes to look at all of them'))


def _scope(visit: _Visit, entries: Entries) -> Scope | None:
    """The scope of what is in a mapping; None if nothing that runs can be in it."""
    scope = visit.scope
    if 'apiVersion' in entries and 'kind' in entries:
        system = recognise.system_of_document(visit.node)
        if system is None or not _is_read_here(system):
            return None
        if system is not scope.system:
            scope = scope_of(scope.file, system, scope)
        scope = scope._replace(kind=text_of(entries['kind'].value))
    return scope.within(entries, not visit.inside)


def _items(visit: _Visit, node: SequenceNode) -> Iterator[_Visit]:
    role = 'container' if visit.role == 'list' else ''
    inside = visit.inside | {identity(node)}
    for index, item in enumerate(node.items):
        if not isinstance(item, ScalarNode):
            start = node.aliases.get(index, (item.start, item.start))[0]
            path = f'{visit.path}[{index}]'
            yield _Visit(item, path, visit.scope, start, role, inside)


def _values(visit: _Visit, entries: Entries, scope: Scope) -> Iterator[_Visit]:
    inside = visit.inside | {identity(visit.node)}
    for name, field in entries.items():
        if isinstance(field.value, ScalarNode) or name in _PASSED_OVER or name[:1] == '.':
            continue
        path = f'{visit.path}.{name}' if visit.path else name
        # A list of containers may also be a mapping by name.
        role = 'container' if visit.role == 'list' else _role(name, scope)
        yield _Visit(field.value, path, scope, field.key.start, role, inside)


def _role(name: str, scope: Scope) -> str:
    if name in scope.dialect.lists:
        return 'list'
    is_step_action = scope.kind == 'StepAction' and name == 'spec'
    return 'container' if is_step_action or name in scope.dialect.single else ''
