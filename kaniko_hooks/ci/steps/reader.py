"""The generic reader: mappings with an image and commands, each its own container.

What differs between the systems is in one table: under which keys their
containers stand.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kaniko_hooks.ci import recognise
from kaniko_hooks.ci.steps.container import container
from kaniko_hooks.ci.steps.scope import Scope
from kaniko_hooks.ci.values import File, prefixes
from kaniko_hooks.document.fields import Field, fields
from kaniko_hooks.document.nodes import MappingNode, Node, ScalarNode, SequenceNode, text_of
from kaniko_hooks.model import Container, Note, Place, Reading
from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.project import Repository

# Aliases can make a small file as large as you like, or without end.
MAX_COLLECTIONS = 50_000
MAX_DEPTH = 100


class Dialect(NamedTuple):
    """Where the containers of a system stand.

    `lists`: keys of lists, or of mappings by name, of containers; `single`:
    keys of one container; `folder`: where it starts in the repository.
    """

    lists: tuple[str, ...] = ()
    single: tuple[str, ...] = ()
    folder: str | None = ''


_POD = ('containers', 'initContainers', 'ephemeralContainers')

DIALECTS = {
    recognise.TEKTON: Dialect(('steps', 'sidecars')),
    recognise.KUBERNETES: Dialect(_POD, folder=None),
    recognise.PROW: Dialect(_POD),
    recognise.ARGO: Dialect((*_POD, 'sidecars'), ('container', 'script'), folder=None),
    recognise.SHIPWRIGHT: Dialect(('steps', 'buildSteps'), folder=None),
    recognise.DRONE: Dialect(('steps', 'pipeline', 'services')),  # 'pipeline': up to Drone 0.8
    recognise.WOODPECKER: Dialect(('steps', 'pipeline', 'services', 'clone')),
    recognise.VELA: Dialect(('steps', 'services')),
    recognise.BITBUCKET: Dialect((), ('step',)),
    recognise.CONCOURSE: Dialect((), ('config',), folder=None),
    recognise.CODEFRESH: Dialect(('steps',), ('exec',)),  # 'exec': of hooks
}

# What holds templates, data or anchors, but nothing that runs where it stands.
_PASSED_OVER = frozenset(
    (
        'stepTemplate',
        'templateDefaults',
        'definitions',
        'variables',
        'metadata',
        'data',
        'stringData',
        'settings',
        'values',
        'valuesObject',
    )
)


class _Visit(NamedTuple):
    """A node that is still to be walked."""

    node: Node
    path: str
    scope: Scope
    start: int  # where it stands, which for an alias is not where it is written
    role: str = ''  # 'list' of containers, or 'container'
    inside: frozenset[int] = frozenset()  # the collections around it, by identity


def read(repository: Repository, path: str, documents: Sequence[Node]) -> Reading:
    """The containers of a file, each named by its node path."""
    file = File(path, repository.text(path) or '')
    containers: list[Container] = []
    notes: list[Note] = []
    for prefix, document in zip(prefixes(documents), documents):
        system = recognise.system_of(path, [document])
        if system in DIALECTS:
            role = 'container' if _is_concourse_task(system, document) else ''
            scope = Scope(system, directory=DIALECTS[system].folder)
            visit = _Visit(document, prefix.rstrip('.'), scope, document.start, role)
            containers.extend(_walk(file, visit, notes))
    return Reading(tuple(containers), tuple(notes))


def _is_concourse_task(system: str, document: Node) -> bool:
    return system == recognise.CONCOURSE and 'run' in fields(document)


def _walk(file: File, root: _Visit, notes: list[Note]) -> Iterator[Container]:
    waiting = [root]
    for _ in range(MAX_COLLECTIONS):
        if not waiting:
            return
        visit = waiting.pop()
        if len(visit.inside) > MAX_DEPTH or _identity(visit.node) in visit.inside:
            continue
        if isinstance(visit.node, SequenceNode):
            waiting.extend(reversed(list(_items(visit, visit.node))))
        elif isinstance(visit.node, MappingNode):
            found = fields(visit.node)
            scope = _scope(file, visit, found)
            if scope is None:
                continue
            if visit.role == 'container':
                place = Place(file.path, visit.start)
                name = visit.path or 'doc[0]'
                one = container(
                    file,
                    name,
                    place,
                    visit.node,
                    *scope.with_defaults(file, name.rpartition('.')[2], found),
                )
                if one:
                    yield one
            waiting.extend(reversed(list(_values(visit, found, scope))))
    notes.append(Note(Place(file.path, 0), 'too many nodes to look at all of them'))


def _identity(node: Node) -> int:
    if isinstance(node, MappingNode):
        return id(node.pairs)
    return id(node.items) if isinstance(node, SequenceNode) else 0


def _scope(file: File, visit: _Visit, found: dict[str, Field]) -> Scope | None:
    """What is known inside a mapping; None if nothing that runs can be in it."""
    scope = visit.scope
    if 'apiVersion' in found and 'kind' in found:
        system = recognise.system_of_document(visit.node)
        if system is None or system not in DIALECTS:
            return None
        if system != scope.system:
            # Parameters of a trigger are put into the resources that it holds.
            scope = Scope(system, directory=DIALECTS[system].folder, parameters=scope.parameters)
        scope = scope._replace(kind=text_of(found['kind'].value) or '')
    return scope.within(file, found, not visit.inside)


def _items(visit: _Visit, node: SequenceNode) -> Iterator[_Visit]:
    role = 'container' if visit.role == 'list' else ''
    inside = visit.inside | {_identity(node)}
    for index, item in enumerate(node.items):
        if isinstance(item, ScalarNode):
            continue
        start = node.aliases.get(index, (item.start, item.start))[0]
        path = f'{visit.path}[{index}]'
        yield _Visit(item, path, visit.scope, start, role, inside)


def _values(visit: _Visit, found: dict[str, Field], scope: Scope) -> Iterator[_Visit]:
    inside = visit.inside | {_identity(visit.node)}
    for name, field in found.items():
        if isinstance(field.value, ScalarNode) or name in _PASSED_OVER or name[:1] == '.':
            continue
        path = f'{visit.path}.{name}' if visit.path else name
        # A list of containers may also be a mapping by name.
        role = 'container' if visit.role == 'list' else _role(name, scope)
        yield _Visit(field.value, path, scope, field.key.start, role, inside)


def _role(name: str, scope: Scope) -> str:
    dialect = DIALECTS[scope.system]
    if name in dialect.lists:
        return 'list'
    if name in dialect.single or scope.kind == 'StepAction' and name == 'spec':
        return 'container'
    return ''
