"""Where CI files name a job: as something it must wait for, or in any other way."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from kaniko_hooks.document.nodes import MappingNode, Node, ScalarNode, SequenceNode, get
from kaniko_hooks.named_tuple import NamedTuple

FOLLOWS = 'follows'  # an item of needs or dependencies
EXTENDS = 'extends'
REFERENCES = 'references'
OTHER = 'other'

# Below these keys the same text means something else: a stage, a tag, an image, a command.
_NOT_JOBS = frozenset(
    (
        'after_script',
        'artifacts',
        'before_script',
        'cache',
        'image',
        'resource_group',
        'script',
        'services',
        'stage',
        'stages',
        'tags',
    )
)
_FOLLOWING = ('needs', 'dependencies')
_MEANING = frozenset((*_FOLLOWING, 'extends'))


class Mention(NamedTuple):
    """A scalar that names the job; `holder.items[position]` is the list item it stands for."""

    name: str
    kind: str
    scalar: ScalarNode
    holder: SequenceNode | None = None
    position: int = 0


class _Visit(NamedTuple):
    node: Node
    path: tuple[str, ...]  # the keys of mappings above, and '' for a list's item
    holder: SequenceNode | None  # the list of needs or dependencies above
    position: int
    item: MappingNode | None  # the item of that list, if it is a mapping


def mentions(root: Node, names: Collection[str]) -> Iterator[Mention]:
    """Every scalar of a document that names one of the jobs, once for each meaning it has."""
    longest_first = '|'.join(map(re.escape, sorted(names, key=len, reverse=True)))
    in_url = re.compile(rf'(?<![\w.-])(?:{longest_first})(?![\w.-])')
    stack = [_Visit(root, (), None, 0, None)]
    seen: set[tuple[int, str, bool, bool, str]] = set()
    while stack:
        visit = stack.pop()
        node = visit.node
        if isinstance(node, ScalarNode):
            if node.value in names:
                yield from _mention(visit, node)
            elif '://' in node.value or 'job=' in node.value:
                for match in in_url.finditer(node.value):
                    yield Mention(match.group(), OTHER, node)
            continue
        # An alias is the same node below another key: what it means there counts.
        means = visit.path[-1] if visit.path and visit.path[-1] in _MEANING else ''
        mark = (
            _identity(node),
            means,
            visit.holder is not None,
            bool(_NOT_JOBS & set(visit.path)),
            _with_variables(visit),
        )
        if mark in seen:
            continue
        seen.add(mark)
        stack.extend(_below(visit, node))


def _identity(node: SequenceNode | MappingNode) -> int:
    return id(node.pairs if isinstance(node, MappingNode) else node.items)


def _below(visit: _Visit, node: SequenceNode | MappingNode) -> Iterator[_Visit]:
    if isinstance(node, MappingNode):
        item = node if visit.holder is not None and visit.item is None else visit.item
        for key, value in reversed(node.pairs):
            name = key.value if isinstance(key, ScalarNode) else ''
            yield _Visit(value, (*visit.path, name), visit.holder, visit.position, item)
        return
    starts = visit.holder is None and visit.path[-1:] and visit.path[-1] in _FOLLOWING
    for index in reversed(range(len(node.items))):
        child = node.items[index]
        path = (*visit.path, '!reference' if node.tag == '!reference' else '')
        yield _Visit(
            child,
            path,
            node if starts else visit.holder,
            index if starts else visit.position,
            visit.item,
        )


def _mention(visit: _Visit, node: ScalarNode) -> Iterator[Mention]:
    if '!reference' in visit.path:
        yield Mention(node.value, REFERENCES, node)
    elif _is_needed_job(visit, node):
        yield Mention(node.value, FOLLOWS, node, visit.holder, visit.position)
    elif 'extends' in visit.path[1:3]:
        yield Mention(node.value, EXTENDS, node)
    elif not (
        _NOT_JOBS & set(visit.path)
        or _bare_hidden(visit)
        or _names_environment(visit)
        or _with_variables(visit) == node.value
    ):
        yield Mention(node.value, OTHER, node)


def _is_needed_job(visit: _Visit, node: ScalarNode) -> bool:
    if visit.holder is None:
        return False
    item = visit.holder.items[visit.position]
    if visit.position in visit.holder.aliases or not item.start <= node.start <= item.end:
        return False
    if visit.item is None:
        return visit.path[-1] == '' and visit.path[-2] in _FOLLOWING
    elsewhere = get(visit.item, 'pipeline') or get(visit.item, 'project')
    return visit.path[-1] == 'job' and visit.path[-3] in _FOLLOWING and elsewhere is None


def _names_environment(visit: _Visit) -> bool:
    return visit.path[1:] in (('environment',), ('environment', 'name'))


def _with_variables(visit: _Visit) -> str:
    """The job whose own variables these are: its name is there what it builds, say."""
    return visit.path[0] if visit.path[1:2] == ('variables',) else ''


def _bare_hidden(visit: _Visit) -> bool:
    """An item of a hidden list: what it means is said where its anchor is used."""
    return len(visit.path) == 2 and visit.path[0].startswith('.') and visit.path[1] == ''
