"""The nodes of a YAML document, each with its span in the file's text.

An alias is the very node it names; where it stands is kept beside it, in
`aliases` of the collection that holds it. A document may therefore contain
itself, and may be much larger when walked than when written: whoever walks it
guards both.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kaniko_hooks.named_tuple import NamedTuple

Span = tuple[int, int]  # start and end offset, in code points


class ScalarNode(NamedTuple):
    value: str
    file: str
    start: int  # at the tag or anchor, where there is one
    end: int  # as libyaml has it: a block scalar's includes trailing blank lines
    style: str  # '' plain, "'", '"', '|' or '>'
    tag: str | None  # as resolved from the handle; None where none is written
    anchor: str | None


class SequenceNode(NamedTuple):
    items: list[Node]
    aliases: dict[int, Span]  # index of an item that is an alias -> its span
    file: str
    start: int
    end: int  # after the last character of the last item, or of the bracket
    flow: bool
    tag: str | None
    anchor: str | None


class MappingNode(NamedTuple):
    pairs: list[tuple[Node, Node]]  # as written: merge and duplicate keys are kept
    aliases: dict[int, Span]  # index of a pair whose value is an alias -> its span
    file: str
    start: int
    end: int  # after the last character of the last pair, or of the brace
    flow: bool
    tag: str | None
    anchor: str | None


Node = ScalarNode | SequenceNode | MappingNode


def identity(node: Node) -> int:
    """The same number for a collection and for an alias inside of it, which is another tuple."""
    return id(node[0])


def node_at(node: Node | None, name: str) -> Node | None:
    """The value under a key of a mapping itself, the last one where the key is repeated."""
    pairs = node.pairs if isinstance(node, MappingNode) else ()
    values = [value for key, value in pairs if text_of(key) == name]
    return values[-1] if values else None


def text_of(node: Node | None) -> str:
    """The text of a scalar, '' for anything else."""
    return node.value if isinstance(node, ScalarNode) else ''


def items_of(node: Node | None) -> list[Node]:
    """The items of a sequence, none for anything else."""
    return node.items if isinstance(node, SequenceNode) else []


def walk(roots: Iterable[Node]) -> Iterator[Node]:
    """All nodes in their order; a collection once, though aliases name it again."""
    visited: set[int] = set()
    waiting = list(roots)[::-1]
    while waiting:
        node = waiting.pop()
        if not isinstance(node, ScalarNode):
            if identity(node) in visited:
                continue
            visited.add(identity(node))
            if isinstance(node, SequenceNode):
                waiting += reversed(node.items)
            else:
                waiting += reversed([item for pair in node.pairs for item in pair])
        yield node


def aliased(node: Node) -> Iterator[Node]:
    """The nodes that aliases directly in a collection name."""
    if isinstance(node, MappingNode):
        yield from (node.pairs[index][1] for index in node.aliases)
    elif isinstance(node, SequenceNode):
        yield from (node.items[index] for index in node.aliases)


class Field(NamedTuple):
    key: ScalarNode
    value: Node


def fields(node: Node | None) -> dict[str, Field]:
    """The fields of a mapping, its merge keys as go-yaml applies them, own keys first.

    Most CI systems besides GitLab are written in Go: a mapping's own key wins over a
    merged one, wherever `<<` stands, an earlier source over a later one, and the last
    of repeated keys. A mapping that is merged into itself, or many times, is read once.
    Other nodes have none.
    """
    merged: dict[str, Field] = {}
    visited: set[int] = set()
    waiting: list[Node] = [node] if isinstance(node, MappingNode) else []
    while waiting:
        source = waiting.pop()
        if isinstance(source, ScalarNode) or identity(source) in visited:
            continue
        visited.add(identity(source))
        if isinstance(source, SequenceNode):
            waiting += reversed(source.items)
            continue
        own: dict[str, Field] = {}
        sources: list[Node] = []
        for key, value in source.pairs:
            if isinstance(key, ScalarNode) and key.value == '<<' and not key.style:
                sources.append(value)
            elif isinstance(key, ScalarNode):
                own[key.value] = Field(key, value)
        for name, field in own.items():
            merged.setdefault(name, field)
        waiting += reversed(sources)
    return merged


def value_of(node: Node | None, *path: str) -> Node | None:
    """The value under the keys of `path`, through merge keys."""
    for name in path:
        field = fields(node).get(name)
        if field is None:
            return None
        node = field.value
    return node
