"""Other jobs that name a job: those that wait for it, extend it or refer to it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence

from kaniko_hooks.ci.gitlab.values import InvalidPipeline
from kaniko_hooks.document.nodes import (
    MappingNode,
    Node,
    ScalarNode,
    SequenceNode,
    identity,
    node_at,
)
from kaniko_hooks.fix import Refusal, Shared
from kaniko_hooks.fix.edits import Edit, like, line_end, line_start, newline_of
from kaniko_hooks.fix.target import State, Target, is_merged
from kaniko_hooks.lines import where
from kaniko_hooks.model import Place
from kaniko_hooks.named_tuple import NamedTuple

_FOLLOWS = 'follows'  # an item of needs or dependencies
_EXTENDS = 'extends'
_REFERENCES = 'references'
_OTHER = 'other'
MAX_NEEDS = 50  # G: ci_needs_size_limit

# Below these keys the same text means something else: a stage, a tag, an image, a command.
_NOT_JOBS = frozenset(
    """
    after_script artifacts before_script cache changes exists image paths resource_group script
    services stage stages tags variables
    """.split()
)
# Commands that look up the jobs of a pipeline.
_API = re.compile(r'/jobs\b|CI_API_V4_URL|\bglab\b')
_FOLLOWING = ('needs', 'dependencies')
_MEANING = frozenset((*_FOLLOWING, 'extends'))
LONGEST_LINE = 80


class Mention(NamedTuple):
    """A scalar that names the job; `holder.items[position]` is the item of needs or of a
    reference that it is in."""

    name: str
    kind: str
    scalar: ScalarNode
    holder: SequenceNode | None = None
    position: int = 0
    key: Node | None = None  # of the holder

    @property
    def item(self) -> Node | None:
        return self.holder.items[self.position] if self.holder else None


Mentions = Mapping[str, list[Mention]]  # path -> where the file names a job


class _Visit(NamedTuple):
    node: Node
    path: tuple[str, ...]  # the keys of mappings above, and '' for a list's item
    holder: SequenceNode | None = None  # the list of needs or dependencies above
    position: int = 0
    key: Node | None = None  # of that list, or the last one above


def mentions_of(state: State, names: Collection[str]) -> dict[str, Mentions]:
    """For each of the jobs' names, where the files that GitLab reads name it."""
    result: dict[str, dict[str, list[Mention]]] = {name: {} for name in names}
    for path in dict.fromkeys(file for pipeline in state.pipelines for file in pipeline.files):
        try:
            document = state.files.document(path)
        except InvalidPipeline:
            continue  # that it cannot be read is a finding of its own
        for root in document.nodes:
            for mention in _mentions(root, names):
                result[mention.name].setdefault(path, []).append(mention)
    return dict(result)


def _mentions(root: Node, names: Collection[str]) -> Iterator[Mention]:
    """Every scalar of a document that names one of the jobs, once for each meaning it has."""
    longest_first = '|'.join(map(re.escape, sorted(names, key=len, reverse=True)))
    in_url = re.compile(rf'(?<![\w.-])({longest_first})(?![\w.-])')
    compared = re.compile(rf'[."\']name[^\w=]*==+[^\w=]*({longest_first})(?![\w.-])')
    quoted = re.compile(rf'["\']({longest_first})\\?["\']')
    # G: the names of the jobs that `parallel` makes.
    instance = re.compile(rf'({longest_first})(?: \d+/\d+|: \[.*\])')
    for visit, node in _scalars(root):
        text = node.value
        if text in names:
            yield from _mention(visit, node)
        elif visit.holder is not None and (match := instance.fullmatch(text)):
            yield Mention(match[1], _OTHER, node)
        else:
            pattern = quoted if _API.search(text) else compared
            if 'job=' in text or '://' in text and 'script' not in visit.path:
                pattern = in_url
            yield from (Mention(name, _OTHER, node) for name in pattern.findall(text))


def _scalars(root: Node) -> Iterator[tuple[_Visit, ScalarNode]]:
    """The scalars of a document; through an alias once more if they mean something else there."""
    waiting = [_Visit(root, ())]
    seen: set[tuple[int, str, bool, bool]] = set()
    while waiting:
        visit = waiting.pop()
        node = visit.node
        if isinstance(node, ScalarNode):
            yield visit, node
            continue
        means = visit.path[-1] if visit.path and visit.path[-1] in _MEANING else ''
        inside = bool(_NOT_JOBS & set(visit.path))
        mark = (identity(node), means, visit.holder is not None, inside)
        if mark not in seen:
            seen.add(mark)
            waiting.extend(_below(visit, node))


def _below(visit: _Visit, node: SequenceNode | MappingNode) -> Iterator[_Visit]:
    if isinstance(node, MappingNode):
        for key, value in reversed(node.pairs):
            path = (*visit.path, key.value if isinstance(key, ScalarNode) else '')
            yield visit._replace(node=value, path=path, key=visit.key if visit.holder else key)
        return
    starts = visit.holder is None and visit.path[-1:] and visit.path[-1] in _FOLLOWING
    is_reference = node.tag == '!reference'
    for index in reversed(range(len(node.items))):
        path = (*visit.path, '!reference' if is_reference else '')
        child = visit._replace(node=node.items[index], path=path)
        yield child._replace(holder=node, position=index) if starts or is_reference else child


def _mention(visit: _Visit, node: ScalarNode) -> Iterator[Mention]:
    if '!reference' in visit.path:
        yield Mention(node.value, _REFERENCES, node, visit.holder, visit.position)
    elif _is_needed_job(visit, node):
        yield Mention(node.value, _FOLLOWS, node, visit.holder, visit.position, visit.key)
    elif 'extends' in visit.path[1:3]:
        yield Mention(node.value, _EXTENDS, node)
    elif not (
        _NOT_JOBS & set(visit.path) or visit.path[1:] in (('environment',), ('environment', 'name'))
    ):
        yield Mention(node.value, _OTHER, node)


def _is_needed_job(visit: _Visit, node: ScalarNode) -> bool:
    if visit.holder is None:
        return False
    item = visit.holder.items[visit.position]
    if visit.position in visit.holder.aliases or not item.start <= node.start <= item.end:
        return False
    if not isinstance(item, MappingNode):
        return visit.path[-1] == '' and visit.path[-2] in _FOLLOWING
    elsewhere = node_at(item, 'pipeline') or node_at(item, 'project')
    return visit.path[-1] == 'job' and visit.path[-3] in _FOLLOWING and elsewhere is None


# Other jobs that depend on it


def check_mentions(state: State, target: Target, mentions: Mentions) -> None:
    """Raises Refusal for mentions that cannot be replaced: all but those of `needs`."""
    document = state.files.document(target.file)
    if is_merged(document.nodes, target.body):
        raise Shared(f'other jobs merge it as *{target.body.anchor}')
    for path, mention in ((path, mention) for path, some in mentions.items() for mention in some):
        # Another pipeline's needs and parents are its own jobs, whatever their names.
        if path not in target.files and mention.kind != _OTHER:
            continue
        at = f'{path}:{line_of(state, path, mention)}'
        if mention.scalar.anchor or mention.item and mention.item.anchor:
            raise Refusal(f'{at} names it where an anchor is defined')
        if mention.kind == _OTHER:
            raise Refusal(f'{at} names it, and it becomes several jobs')
        if mention.kind == _EXTENDS:
            raise Shared(f'{at} extends it')
        if mention.kind == _REFERENCES:
            raise Shared(f'{at} refers to it')


def line_of(state: State, path: str, mention: Mention) -> int:
    return where(Place(path, mention.scalar.start), state.repository.known_text)[0]


def followers_of(
    state: State, target: Target, mentions: Mentions, parts: Sequence[str]
) -> Iterator[tuple[str, list[Edit]]]:
    """The edits of jobs that wait for this one, by file: they wait for every part."""
    for path in target.files:
        text = state.repository.known_text(path)
        edits: dict[int, list[Edit]] = {}
        for mention in mentions.get(path, ()):
            holder, name = mention.holder, mention.scalar
            assert holder is not None  # all but an item of a list has been refused
            if len(holder.items) + len(parts) - 1 > MAX_NEEDS:
                raise Refusal(f'a job would need more than {MAX_NEEDS} others')
            first = Edit(name.start, name.end, like(parts[0], name.style))
            edits[name.start] = [first, _repeated(text, mention, holder, parts[1:])]
        if edits:
            yield path, [edit for own in edits.values() for edit in own]


def _repeated(text: str, mention: Mention, holder: SequenceNode, parts: Sequence[str]) -> Edit:
    node, name = holder.items[mention.position], mention.scalar
    start, at, before = node.start, node.end, ', '
    if not holder.flow:
        # The dash may stand on a line of its own.
        start = line_start(text, max(text.rfind('-', 0, node.start), 0))
        at, before = line_end(text, node.end), newline_of(text)
    head, tail = text[start : name.start], text[name.end : node.end]
    return Edit(at, at, ''.join(f'{before}{head}{like(part, name.style)}{tail}' for part in parts))


def block_list_edits(text: str, root: Node, names: Collection[str]) -> Iterator[Edit]:
    """The edits that write lists with one of the names as block lists where a line is too long."""
    done: set[int] = set()
    for mention in _mentions(root, names):
        holder, key = mention.holder, mention.key
        if holder is None or key is None or holder.start in done:
            continue
        done.add(holder.start)
        start, end = line_start(text, key.start), line_end(text, holder.end)
        indent = text[start : key.start]
        inner = text[holder.start : holder.end]
        is_line = holder.flow and not indent.strip() and not re.search('[\r\n]', inner)
        if is_line and end - start > LONGEST_LINE and not holder.anchor and not holder.aliases:
            new = newline_of(text)
            lines = [f'{indent}  - {text[item.start : item.end].rstrip()}' for item in holder.items]
            yield Edit(key.end + 1, holder.start, '')
            yield Edit(holder.start, end, text[holder.end : end] + new + new.join(lines))
