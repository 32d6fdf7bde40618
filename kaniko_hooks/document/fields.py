"""A mapping's values by key, with merge keys as go-yaml applies them.

Most CI systems besides GitLab are written in Go: there a mapping's own key
wins over a merged one, wherever `<<` stands, and an earlier source over a later.
"""

from __future__ import annotations

from kaniko_hooks.document.nodes import MappingNode, Node, ScalarNode, SequenceNode
from kaniko_hooks.named_tuple import NamedTuple


class Field(NamedTuple):
    key: ScalarNode
    value: Node


def fields(node: Node | None) -> dict[str, Field]:
    """The fields of a mapping, own keys first; none for any other node.

    Of a repeated key the last one counts. A mapping merged into itself, or
    many times over, is read once.
    """
    found: dict[str, Field] = {}
    seen: set[int] = set()
    waiting: list[Node] = [node] if isinstance(node, MappingNode) else []
    while waiting:
        source = waiting.pop()
        if isinstance(source, SequenceNode) and id(source.items) not in seen:
            seen.add(id(source.items))
            waiting.extend(reversed(source.items))
        elif isinstance(source, MappingNode) and id(source.pairs) not in seen:
            seen.add(id(source.pairs))
            own, merged = _split(source)
            for name, field in own.items():
                found.setdefault(name, field)
            waiting.extend(reversed(merged))
    return found


def _split(node: MappingNode) -> tuple[dict[str, Field], list[Node]]:
    own: dict[str, Field] = {}
    merged: list[Node] = []
    for key, value in node.pairs:
        if not isinstance(key, ScalarNode):
            continue
        if key.value == '<<' and not key.style:
            merged.append(value)
        else:
            own[key.value] = Field(key, value)
    return own, merged


def value_of(node: Node | None, *path: str) -> Node | None:
    """The value under the keys of `path`, through merge keys."""
    for name in path:
        field = fields(node).get(name)
        if field is None:
            return None
        node = field.value
    return node
