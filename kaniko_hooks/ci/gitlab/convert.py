"""YAML nodes -> values, as Psych makes Ruby objects of them.

Merge keys are applied where they stand: what stands above `<<` is overwritten
(Psych, lib/psych/visitors/to_ruby.rb, revive_hash).
"""

from __future__ import annotations

from kaniko_hooks.ci.gitlab.errors import InvalidPipeline
from kaniko_hooks.ci.gitlab.values import (
    Entry,
    Items,
    Key,
    Leaf,
    NonString,
    Reference,
    Table,
    Value,
    place_of,
    ruby_text,
)
from kaniko_hooks.document.compose import children
from kaniko_hooks.document.nodes import MappingNode, Node, ScalarNode, SequenceNode
from kaniko_hooks.document.psych import Refused, is_ordered_map, read, refuse_class

MAX_VALUES = 500_000  # G: interpolation/config.rb MAX_NODES
MAX_DEPTH = 100  # G: lib/gitlab/config/loader/yaml.rb MAX_YAML_DEPTH

_REFERENCE = '!reference'
_MERGE = '<<'
_STRING_TAG = 'tag:yaml.org,2002:str'


def value_of(node: Node) -> Value:
    """The value of a document's root. Raises InvalidPipeline.

    It is refused if it contains itself, or is too large or too deep once its
    aliases are written out.
    """
    return _Converter().value(node)


class _Converter:
    """One document; what an alias names is converted once."""

    def __init__(self) -> None:
        self.done: dict[int, Value] = {}
        self.open: dict[int, dict[Key, Entry]] = {}  # what is in a mapping so far
        self.sizes: dict[int, tuple[int, int]] = {}  # values and levels, aliases written out

    def value(self, node: Node) -> Value:
        if isinstance(node, ScalarNode):
            return _scalar(node)
        # An alias inside what it names is another node with the same list.
        identity = id(node.pairs if isinstance(node, MappingNode) else node.items)
        if identity in self.open:
            raise InvalidPipeline('the value contains itself', place_of(node))
        if identity not in self.done:
            self.open[identity] = {}
            made = self._collection(node)
            del self.open[identity]
            self.done[identity] = made
            self.sizes[id(made)] = self._measured(made)
        return self.done[identity]

    def _collection(self, node: SequenceNode | MappingNode) -> Value:
        try:
            refuse_class(node.tag, isinstance(node, MappingNode))
        except Refused as error:
            raise InvalidPipeline(str(error), place_of(node)) from None
        if isinstance(node, MappingNode):
            if node.tag == _REFERENCE:
                return Reference(None, node)
            return self._mapping(node)
        items = tuple(
            self.value(_unless_lost(item) if index in node.aliases else item)
            for index, item in enumerate(node.items)
        )
        if is_ordered_map(node.tag):
            return self._ordered_map(node)
        if node.tag != _REFERENCE:
            return Items(items, node)
        path = tuple(
            item.value
            for item in items
            if isinstance(item, Leaf) and isinstance(item.value, str) and not item.skipped
        )
        return Reference(path if path and len(path) == len(items) else None, node)

    def _mapping(self, node: MappingNode) -> Table:
        entries = self.open[id(node.pairs)]
        for index, (key, value_node) in enumerate(node.pairs):
            alias = index in node.aliases
            name = self._key(key)
            is_merge = name == _MERGE and key.tag != _STRING_TAG
            if (
                is_merge
                and isinstance(value_node, MappingNode)
                and id(value_node.pairs) in self.open
            ):
                # A mapping around this one, or itself.
                entries.update(self.open[id(value_node.pairs)])
                continue
            value = self.value(_unless_lost(value_node) if alias else value_node)
            if is_merge:
                sources = _merged_sources(value, alias)
                if sources is not None:
                    for source in sources:
                        entries.update(source.entries)
                    continue
                if isinstance(value, Reference) and isinstance(value_node, SequenceNode):
                    raise InvalidPipeline('`<<` cannot merge a !reference', place_of(value))
            entries[name] = Entry(key, value)
        return Table(entries, node)

    def _ordered_map(self, node: SequenceNode) -> Table:
        entries: dict[Key, Entry] = {}
        for item in node.items:
            inner = list(children(item))
            if not inner:
                raise InvalidPipeline('an item of `!!omap` is no pair', place_of(item))
            entries[self._key(inner[0])] = Entry(inner[0], self.value(inner[-1]))
        return Table(entries, node)

    def _key(self, node: Node) -> Key:
        value = self.value(node)
        if isinstance(value, Leaf) and isinstance(value.value, str):
            return value.value
        return NonString(ruby_text(value))

    def _measured(self, made: Value) -> tuple[int, int]:
        inner = (
            made.items
            if isinstance(made, Items)
            else tuple(entry.value for entry in made.entries.values())
            if isinstance(made, Table)
            else ()
        )
        count = depth = 1
        for each in inner:
            size, levels = self.sizes.get(id(each), (1, 0))
            count += size
            depth = max(depth, levels + 1)
        if count > MAX_VALUES or depth > MAX_DEPTH:
            raise InvalidPipeline('The parsed YAML is too big', place_of(made))
        return count, depth


def _scalar(node: ScalarNode) -> Value:
    if node.tag == _REFERENCE:
        return Reference(None, node)
    try:
        value, skipped = read(node)
    except Refused as error:
        raise InvalidPipeline(str(error), place_of(node)) from None
    return Leaf(value, node, skipped)


def _unless_lost(node: Node) -> Node:
    """What an alias names: Psych forgets the anchor of a `!reference` list or scalar."""
    if node.tag == _REFERENCE and not isinstance(node, MappingNode):
        raise InvalidPipeline(f'Unknown alias: {node.anchor}', place_of(node))
    return node


def _merged_sources(value: Value, alias: bool) -> list[Table] | None:
    """The tables that `<<` merges, in order; None if it is a key like any other."""
    if isinstance(value, Table):
        return [value]
    if isinstance(value, Items) and not alias:
        tables = [item for item in reversed(value.items) if isinstance(item, Table)]
        return tables if len(tables) == len(value.items) else None
    return None
