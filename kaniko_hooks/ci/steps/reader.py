"""The generic reader: mappings with an image and commands, each its own container."""

from __future__ import annotations

from collections.abc import Iterator

from kaniko_hooks.ci import recognise
from kaniko_hooks.ci.common import Entries, Source
from kaniko_hooks.ci.steps.container import container
from kaniko_hooks.ci.steps.parameters import Scope, scope_of
from kaniko_hooks.ci_paths import System
from kaniko_hooks.document.nodes import Node, ScalarNode, SequenceNode, fields, identity
from kaniko_hooks.model import Container, Note, Place

# Aliases can make a small file as large as you like, or without end.
_MAX_COLLECTIONS = 50_000
_MAX_DEPTH = 100

# Keys of templates, data and anchors: nothing there runs where it is written.
_PASSED_OVER = frozenset(
    'stepTemplate templateDefaults definitions variables metadata data stringData settings'
    ' values valuesObject'.split()
)


def read(source: Source) -> Iterator[Container]:
    """The containers of a document, each named by its node path."""
    document = source.document
    system = recognise.system_of(document.file, [document])
    if system is not None and _is_read_here(system):
        reader, path = _Reader(), source.prefix.rstrip('.')
        # A task of Concourse is one container.
        start, scope = document.start, scope_of(source, system)
        yield from reader.containers(document, path, scope, 'container', start)
        if reader.left < 0:
            message = 'too many nodes to look at all of them'
            source.notes.append(Note(Place(document.file, 0), message))


def _is_read_here(system: System) -> bool:
    return system.reader.startswith('steps.reader:')


class _Reader:
    """Walks a document; `left` are the collections that it may still look at."""

    def __init__(self) -> None:
        self.left = _MAX_COLLECTIONS

    def containers(
        self,
        node: Node,
        path: str,
        scope: Scope,
        role: str,
        start: int,
        inside: frozenset[int] = frozenset(),
    ) -> Iterator[Container]:
        """The containers in a node.

        - `role`: 'list' of containers, or 'container'.
        - `start`: where it stands, which for an alias is not where it is written.
        - `inside`: the collections around it, by identity.
        """
        if isinstance(node, ScalarNode):
            return
        self.left -= 1
        if self.left < 0 or len(inside) > _MAX_DEPTH or identity(node) in inside:
            return
        inside |= {identity(node)}
        if isinstance(node, SequenceNode):
            role = 'container' if role == 'list' else ''
            for index, item in enumerate(node.items):
                start = node.aliases.get(index, (item.start,))[0]
                yield from self.containers(item, f'{path}[{index}]', scope, role, start, inside)
            return
        entries = fields(node)
        inner = _scope(node, entries, scope, len(inside) == 1)
        if inner is None:
            return
        if role == 'container':
            name = path or 'doc[0]'
            labelled = inner._replace(label=inner.label or scope.label)
            result = container(name, node, entries, labelled)
            if result:
                yield result._replace(place=Place(node.file, start))
        for name, field in entries.items():
            if name not in _PASSED_OVER and name[:1] != '.':
                below = f'{path}.{name}' if path else name
                # A list of containers may also be a mapping by name.
                is_container = role == 'list' or name in inner.dialect.single
                is_list = name in inner.dialect.lists
                of_value = 'container' if is_container else 'list' if is_list else ''
                yield from self.containers(
                    field.value, below, inner, of_value, field.key.start, inside
                )


def _scope(node: Node, entries: Entries, scope: Scope, is_root: bool) -> Scope | None:
    """The scope of what is in a mapping; None if nothing that runs can be in it."""
    if 'apiVersion' in entries and 'kind' in entries:
        system = recognise.system_of_document(node)
        if system is None or not _is_read_here(system):
            return None
        if system is not scope.system:
            scope = scope_of(scope.source, system, scope)
    return scope.within(entries, is_root)
