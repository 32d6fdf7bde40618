"""YAML nodes to values, as Psych makes Ruby objects of them for GitLab.

Merge keys apply where they stand, and unknown tags are ignored (Psych 5,
lib/psych/visitors/to_ruby.rb).

Not here: ordered maps, sets, binary data, aliases of a `!reference`.
"""

from __future__ import annotations

from collections.abc import Iterable

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
    converter = _Converter()
    value = converter.value(node)
    if converter.has_aliases:
        _check_sizes(converter.values.values())
    return value


class _Converter:
    """Converts one document; a node that aliases share becomes one value."""

    def __init__(self) -> None:
        self.values: dict[int, Value] = {}  # by the identity of a collection's list
        self.open: set[int] = set()
        self.has_aliases = False

    def value(self, node: Node) -> Value:
        if isinstance(node, ScalarNode):
            return _scalar(node)
        number = identity(node)
        if number in self.open:
            raise InvalidPipeline('the value contains itself', place_of(node))
        if number not in self.values:
            self.open.add(number)
            self.has_aliases |= bool(node.aliases)
            _check_tag(node)
            value = self._mapping(node) if isinstance(node, MappingNode) else self._sequence(node)
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


def _check_sizes(collections: Iterable[Value]) -> None:
    """Raises InvalidPipeline for a value that is too large or too deep; inner values are first."""
    sizes: dict[int, tuple[int, int]] = {}  # values and levels, with aliases expanded
    for value in collections:
        inner = (
            value.items
            if isinstance(value, Items)
            else [entry.value for _, entry in entries_of(value)]
        )
        measured = [sizes[id(item)] for item in inner if id(item) in sizes]
        count = 1 + len(inner) + sum(values for values, _ in measured)
        depth = 1 + max((levels for _, levels in measured), default=0)
        if count > MAX_VALUES or depth > MAX_DEPTH:
            raise InvalidPipeline('The parsed YAML is too big', place_of(value))
        sizes[id(value)] = count, depth


def _check_tag(node: Node) -> None:
    """Raises InvalidPipeline for a tag of a Ruby object, which a safe load refuses."""
    tag = node.tag or ''
    if tag.startswith('!ruby/') and not tag.startswith('!ruby/sym'):
        raise InvalidPipeline(f'Tried to load unspecified class: {tag}', place_of(node))


def _scalar(node: ScalarNode) -> Value:
    if node.tag is not None:
        _check_tag(node)
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
