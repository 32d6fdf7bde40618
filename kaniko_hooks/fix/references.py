"""Mentions of a job in configuration files, and the edits of what waits for it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from kaniko_hooks.document.nodes import MappingNode, Node, ScalarNode, SequenceNode, get
from kaniko_hooks.fix.edits import Edit, apply, like
from kaniko_hooks.fix.layout import line_end, line_start, newline_of
from kaniko_hooks.named_tuple import NamedTuple

FOLLOWS = 'follows'  # an item of needs or dependencies
EXTENDS = 'extends'
REFERENCES = 'references'
OTHER = 'other'
MAX_NEEDS = 50  # G: ci_needs_size_limit

# Below these keys the same text means something else: a stage, a tag, an image, a command.
_NOT_JOBS = frozenset(
    """
    after_script artifacts before_script cache changes exists image paths resource_group script
    services stage stages tags variables
    """.split()
)
_FOLLOWING = ('needs', 'dependencies')
_MEANING = frozenset((*_FOLLOWING, 'extends'))
_LONGEST_LINE = 80


class Mention(NamedTuple):
    """A scalar that names the job; `holder.items[position]` is the list item that it is in."""

    name: str
    kind: str
    scalar: ScalarNode
    holder: SequenceNode | None = None
    position: int = 0
    key: ScalarNode | None = None  # of the holder


class _Visit(NamedTuple):
    node: Node
    path: tuple[str, ...]  # the keys of mappings above, and '' for a list's item
    holder: SequenceNode | None = None  # the list of needs or dependencies above
    position: int = 0
    item: MappingNode | None = None  # the item of that list, if it is a mapping
    key: ScalarNode | None = None  # of that list


def mentions(root: Node, names: Collection[str]) -> Iterator[Mention]:
    """Every scalar of a document that names one of the jobs, once for each meaning it has."""
    longest_first = '|'.join(map(re.escape, sorted(names, key=len, reverse=True)))
    in_url = re.compile(rf'(?<![\w.-])(?:{longest_first})(?![\w.-])')
    waiting = [_Visit(root, ())]
    seen: set[tuple[int, str, bool, bool]] = set()
    while waiting:
        visit = waiting.pop()
        node = visit.node
        if isinstance(node, ScalarNode):
            if node.value in names:
                yield from _mention(visit, node)
            elif '://' in node.value or 'job=' in node.value:
                for match in in_url.finditer(node.value):
                    if 'script' not in visit.path or 'job=' in node.value:
                        yield Mention(match.group(), OTHER, node)
            continue
        # An alias is the same node below another key: what it means there counts.
        means = visit.path[-1] if visit.path and visit.path[-1] in _MEANING else ''
        inside = bool(_NOT_JOBS & set(visit.path))
        mark = (_identity(node), means, visit.holder is not None, inside)
        if mark not in seen:
            seen.add(mark)
            waiting.extend(_below(visit, node))


def _identity(node: SequenceNode | MappingNode) -> int:
    return id(node.pairs if isinstance(node, MappingNode) else node.items)


def _below(visit: _Visit, node: SequenceNode | MappingNode) -> Iterator[_Visit]:
    if isinstance(node, MappingNode):
        item = node if visit.holder is not None and visit.item is None else visit.item
        for key, value in reversed(node.pairs):
            name = key.value if isinstance(key, ScalarNode) else ''
            own_key = visit.key if visit.holder is not None else key
            yield visit._replace(
                node=value,
                path=(*visit.path, name),
                item=item,
                key=own_key if isinstance(own_key, ScalarNode) else None,
            )
        return
    starts = visit.holder is None and visit.path[-1:] and visit.path[-1] in _FOLLOWING
    for index in reversed(range(len(node.items))):
        path = (*visit.path, '!reference' if node.tag == '!reference' else '')
        child = visit._replace(node=node.items[index], path=path)
        holds = starts or node.tag == '!reference'
        yield child._replace(holder=node, position=index) if holds else child


def _mention(visit: _Visit, node: ScalarNode) -> Iterator[Mention]:
    if '!reference' in visit.path:
        yield Mention(node.value, REFERENCES, node, visit.holder, visit.position)
    elif _is_needed_job(visit, node):
        yield Mention(node.value, FOLLOWS, node, visit.holder, visit.position, visit.key)
    elif 'extends' in visit.path[1:3]:
        yield Mention(node.value, EXTENDS, node)
    elif not (_NOT_JOBS & set(visit.path) or _is_in_hidden_list(visit) or _is_environment(visit)):
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


def _is_environment(visit: _Visit) -> bool:
    return visit.path[1:] in (('environment',), ('environment', 'name'))


def _is_in_hidden_list(visit: _Visit) -> bool:
    """An item of a hidden list: its meaning shows where its anchor is used."""
    return len(visit.path) == 2 and visit.path[0].startswith('.') and visit.path[1] == ''


# Followers


def follower_edits(
    text: str, own_mentions: Sequence[Mention], parts: Sequence[str]
) -> Iterator[Edit]:
    """The edits of one file: each item that names the job is repeated for every part."""
    done: set[int] = set()
    for mention in own_mentions:
        holder, name = mention.holder, mention.scalar
        if name.start in done or holder is None:
            continue
        done.add(name.start)
        yield Edit(name.start, name.end, like(parts[0], name.style))
        yield _repeated(text, mention, holder, parts[1:])


def _repeated(text: str, mention: Mention, holder: SequenceNode, parts: Sequence[str]) -> Edit:
    node, name = holder.items[mention.position], mention.scalar
    end = _end(text, node.end, name)
    start = node.start
    before = ', '
    if not holder.flow:
        # The dash may stand on a line of its own.
        start = line_start(text, max(text.rfind('-', 0, node.start), 0))
        before = newline_of(text, start)
    copies = [_copy(text, start, end, name, part) for part in parts]
    at = end if holder.flow else line_end(text, end)
    return Edit(at, at, ''.join(before + copy for copy in copies))


def _end(text: str, end: int, name: ScalarNode) -> int:
    return max(name.end, end - len(text[:end]) + len(text[:end].rstrip()))


def _copy(text: str, start: int, end: int, name: ScalarNode, part: str) -> str:
    edit = Edit(name.start - start, name.end - start, like(part, name.style))
    return apply(text[start:end], [edit])


def block_list_edits(text: str, root: Node, names: Collection[str]) -> Iterator[Edit]:
    """The edits that write lists with one of the names as block lists where a line is too long."""
    done: set[int] = set()
    for mention in mentions(root, names):
        holder, key = mention.holder, mention.key
        if mention.kind != FOLLOWS or holder is None or key is None or holder.start in done:
            continue
        done.add(holder.start)
        start, end = line_start(text, key.start), line_end(text, holder.end)
        indent = text[start : key.start]
        inner = text[holder.start : holder.end]
        is_line = holder.flow and not indent.strip() and not re.search('[\r\n]', inner)
        if is_line and end - start > _LONGEST_LINE and not holder.anchor and not holder.aliases:
            new = newline_of(text, start)
            lines = [f'{indent}  - {text[item.start : item.end].rstrip()}' for item in holder.items]
            yield Edit(key.end + 1, holder.start, '')
            yield Edit(holder.start, end, text[holder.end : end] + new + new.join(lines))
