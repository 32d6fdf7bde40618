"""YAML nodes to values, as Psych makes Ruby objects of them for GitLab.

Merge keys apply where they stand, and unknown tags are ignored (Psych 5,
lib/psych/visitors/to_ruby.rb).

Not here: ordered maps, sets, binary data, aliases of a `!reference`.
"""

from __future__ import annotations

import re

from kaniko_hooks.ci.gitlab.values import (
    Entry,
    InvalidPipeline,
    Items,
    Leaf,
    Reference,
    Table,
    Value,
    entries_of,
    items_of,
    place_of,
    ruby_text,
    string_of,
)
from kaniko_hooks.document.nodes import MappingNode, Node, ScalarNode, SequenceNode, identity
from kaniko_hooks.document.psych import typed

MAX_VALUES = 500_000  # G: interpolation/config.rb MAX_NODES
MAX_DEPTH = 100  # G: lib/gitlab/config/loader/yaml.rb MAX_YAML_DEPTH

_TAG = 'tag:yaml.org,2002:'


def converted(node: Node) -> Value:
    """The value of a document.

    Raises InvalidPipeline if the document contains itself, or is too large or too
    deep once its aliases are expanded.
    """
    return _Converter().value(node)


class _Converter:
    """Converts one document; a node that aliases share becomes one value."""

    def __init__(self) -> None:
        self.values: dict[int, Value] = {}  # by the identity of a collection's list
        self.open: set[int] = set()
        # Values and levels in each collection, with aliases expanded.
        self.sizes: dict[int, tuple[int, int]] = {}

    def value(self, node: Node) -> Value:
        if node.tag and re.match('!ruby/(?!sym)', node.tag):
            # Of a Ruby object, which a safe load refuses.
            raise InvalidPipeline(f'Tried to load unspecified class: {node.tag}', place_of(node))
        if isinstance(node, ScalarNode):
            return _scalar(node)
        number = identity(node)
        if number in self.open:
            raise InvalidPipeline('the value contains itself', place_of(node))
        if number not in self.values:
            self.open.add(number)
            value = self._mapping(node) if isinstance(node, MappingNode) else self._sequence(node)
            self._check_size(value)
            self.open.remove(number)
            self.values[number] = value
        return self.values[number]

    def _sequence(self, node: SequenceNode) -> Value:
        items = tuple(map(self.value, node.items))
        if node.tag != '!reference':
            return Items(items, node)
        path = tuple(name for name in map(string_of, items) if name is not None)
        return Reference(path if path and len(path) == len(items) else None, node)

    def _mapping(self, node: MappingNode) -> Value:
        if node.tag == '!reference':
            return Reference(None, node)
        entries: dict[str, Entry] = {}
        for key, value_node in node.pairs:
            key_value = self.value(key)
            name = string_of(key_value)
            value = self.value(value_node)
            if name == '<<' and key.tag != f'{_TAG}str':
                # Of a list, the first table wins.
                for source in reversed(items_of(value)):
                    entries.update(entries_of(source))
            else:
                if name is None:
                    # A collection may be very large once its aliases are expanded.
                    name = ruby_text(key_value) if isinstance(key_value, Leaf) else '?'
                entries[name] = Entry(key, value)
        return Table(entries, node)

    def _check_size(self, value: Value) -> None:
        """Raises InvalidPipeline for a value that is too large or too deep."""
        entries = value.entries.values() if isinstance(value, Table) else ()
        inner = value.items if isinstance(value, Items) else [entry.value for entry in entries]
        count, depth = 1, 1
        for item in inner:
            values, levels = self.sizes.get(id(item), (1, 0))
            count += values
            depth = max(depth, levels + 1)
        if count > MAX_VALUES or depth > MAX_DEPTH:
            raise InvalidPipeline('The parsed YAML is too big', place_of(value))
        self.sizes[id(value)] = count, depth


def _scalar(node: ScalarNode) -> Value:
    if node.tag is not None:
        if node.tag == '!reference':
            return Reference(None, node)
        if node.tag in (f'{_TAG}str', '!str') or node.tag.startswith('!ruby/sym'):
            return node
    elif node.style:
        return node
    try:
        value = typed(node.value)
        if node.tag == f'{_TAG}float':
            value = float(value or '')
    except (OverflowError, ValueError) as error:
        raise InvalidPipeline(str(error), place_of(node)) from None
    return node if value is node.value else Leaf(value, node)
