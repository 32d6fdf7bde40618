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
    node_at,
    text_of,
)
from kaniko_hooks.fix import Refusal, Shared
from kaniko_hooks.fix.edits import Edit, like, line_end, line_start, newline_of
from kaniko_hooks.fix.target import State, Target, is_merged
from kaniko_hooks.lines import where
from kaniko_hooks.model import Place
from kaniko_hooks.named_tuple import NamedTuple

_FOLLOWS = 'follows'  # an item of needs or dependencies
_EXTENDS = 'extends'
_REFERENCES = 'refers to'
_OTHER = 'other'
MAX_NEEDS = 50  # G: ci_needs_size_limit

# Below these keys the same text means something else: a stage, a tag, an image, a command.
_NOT_JOBS = frozenset(
    """
    after_script artifacts before_script cache changes environment exists image paths
    resource_group script services stage stages tags variables
    """.split()
)
# A text that looks up the jobs of a pipeline.
_LOOKS_UP = r'/jobs\b|CI_API_V4_URL|\bglab\b|job=|[."\']name\b'
_FOLLOWING = ('needs', 'dependencies')
LONGEST_LINE = 80
# A list in brackets that is a line, and an item of it.
_LIST = r'(?m)^( *)(needs|dependencies):[ \t]*\[(.*)\]([ \t]*(?:#.*?)?)(?=\r?$)'
_ITEM = r'[ \t]*(?:\{[^{}]*\}|"[^"]*"|\'[^\']*\'|[^][{}#"\',\s][^][{}#"\',]*)'


class Mention(NamedTuple):
    """A scalar that names the job; `holder.items[position]` is the item of needs that it is in."""

    name: str
    kind: str
    scalar: ScalarNode
    holder: SequenceNode | None = None
    position: int = 0


Mentions = Mapping[str, list[Mention]]  # path -> where the file names a job


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
    """Every scalar of a document that names one of the jobs."""
    longest_first = '|'.join(map(re.escape, sorted(names, key=len, reverse=True)))
    # G: the names of the jobs that `parallel` makes.
    job = re.compile(rf'({longest_first})(?: \d+/\d+|: \[.*\])?')
    quoted = re.compile(rf'["\']({longest_first})\\?["\']')
    as_word = re.compile(rf'(?<![\w.-])({longest_first})(?![\w.-])')
    looks_up = re.compile(_LOOKS_UP)
    needed: set[int] = set()  # where scalars start
    for path, node in _written(root):
        if isinstance(node, SequenceNode) and path and path[-1] in _FOLLOWING and not node.tag:
            for mention in _needed(node, names):
                needed.add(mention.scalar.start)
                yield mention
        if not isinstance(node, ScalarNode) or node.start in needed:
            continue
        if match := job.fullmatch(node.value):
            kind = _kind(path)
            if kind is not None:
                yield Mention(match[1], kind, node)
        elif looks_up.search(node.value):
            pattern = as_word if 'job=' in node.value else quoted
            yield from (Mention(name, _OTHER, node) for name in pattern.findall(node.value))


def _written(root: Node) -> Iterator[tuple[tuple[str, ...], Node]]:
    """The nodes of a document, each with the keys above it, and '' for an item of a list.

    A collection is visited where it is written, a scalar also where an alias names it.
    """
    waiting: list[tuple[tuple[str, ...], Node]] = [((), root)]
    while waiting:
        path, node = waiting.pop()
        yield path, node
        if isinstance(node, ScalarNode):
            continue
        if isinstance(node, MappingNode):
            below = [(text_of(key), value) for key, value in node.pairs]
        else:
            below = [(node.tag or '', item) for item in node.items]
        waiting += [
            ((*path, key), child)
            for index, (key, child) in reversed([*enumerate(below)])
            if isinstance(child, ScalarNode) or index not in node.aliases
        ]


def _needed(holder: SequenceNode, names: Collection[str]) -> Iterator[Mention]:
    """The jobs that a list of needs or dependencies names."""
    for index, item in enumerate(holder.items):
        is_elsewhere = node_at(item, 'pipeline') or node_at(item, 'project')
        scalar = None if is_elsewhere else node_at(item, 'job') or item
        if (
            isinstance(scalar, ScalarNode)
            and scalar.value in names
            and index not in holder.aliases
            and item.start <= scalar.start <= item.end
        ):
            yield Mention(scalar.value, _FOLLOWS, scalar, holder, index)


def _kind(path: Sequence[str]) -> str | None:
    """The meaning of a name below these keys; None if it is not the job's."""
    if '!reference' in path:
        return _REFERENCES
    if 'extends' in path[1:3]:
        return _EXTENDS
    return None if _NOT_JOBS.intersection(path) and path[-1] != 'on_stop' else _OTHER


# Other jobs that depend on it


def check_mentions(state: State, target: Target, mentions: Mentions) -> None:
    """Raises Refusal for mentions that cannot be replaced: all but those of `needs`."""
    if is_merged(state, target.body):
        raise Shared(f'other jobs merge it as *{target.body.anchor}')
    for path, mention in ((path, mention) for path, some in mentions.items() for mention in some):
        # Another pipeline's needs and parents are its own jobs, whatever their names.
        if path not in target.files and mention.kind != _OTHER:
            continue
        at = f'{path}:{line_of(state, path, mention)}'
        if mention.kind == _OTHER:
            raise Refusal(f'{at} names it, and it becomes several jobs')
        if mention.kind != _FOLLOWS:
            raise Shared(f'{at} {mention.kind} it')


def line_of(state: State, path: str, mention: Mention) -> int:
    return where(Place(path, mention.scalar.start), state.repository.known_text)[0]


def followers_of(
    state: State, target: Target, mentions: Mentions, parts: Sequence[str]
) -> Iterator[tuple[str, list[Edit]]]:
    """The edits of jobs that wait for this one, by file: they wait for every part."""
    for path in target.files:
        text = state.repository.known_text(path)
        edits: list[Edit] = []
        for mention in mentions.get(path, ()):
            holder, name = mention.holder, mention.scalar
            assert holder is not None  # all but an item of a list has been refused
            if len(holder.items) + len(parts) - 1 > MAX_NEEDS:
                raise Refusal(f'a job would need more than {MAX_NEEDS} others')
            edits.append(Edit(name.start, name.end, like(parts[0], name.style)))
            edits.append(_repeated(text, mention, holder, parts[1:]))
        if edits:
            yield path, edits


def _repeated(text: str, mention: Mention, holder: SequenceNode, parts: Sequence[str]) -> Edit:
    node, name = holder.items[mention.position], mention.scalar
    start, at, before = node.start, node.end, ', '
    if not holder.flow:
        # The dash may stand on a line of its own.
        start = line_start(text, max(text.rfind('-', 0, node.start), 0))
        at, before = line_end(text, node.end), newline_of(text)
    head, tail = text[start : name.start], text[name.end : node.end]
    return Edit(at, at, ''.join(f'{before}{head}{like(part, name.style)}{tail}' for part in parts))


def with_block_lists(text: str, names: Collection[str]) -> str:
    """The text with lists of needs that have one of the names as block lists in long lines."""

    def written(match: re.Match[str]) -> str:
        indent, key, items, rest = match.groups()
        pieces = {piece.strip() for piece in re.split(r'[{},"\']|job:', items)}
        needed = re.findall(_ITEM, items)
        if len(match[0]) <= LONGEST_LINE or pieces.isdisjoint(names) or ','.join(needed) != items:
            return match[0]
        new = newline_of(text)
        return new.join(
            (f'{indent}{key}:{rest}', *(f'{indent}  - {item.strip()}' for item in needed))
        )

    return re.sub(_LIST, written, text)
