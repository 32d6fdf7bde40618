"""Configuration files, each read and parsed once: header and content, as GitLab's values.

The text is split at `---` before it is parsed, as GitLab does (G:
lib/gitlab/config/loader/multi_doc_yaml.rb, ci/config/yaml/result.rb). Values are the
objects that Psych makes: merge keys apply where they stand, and unknown tags are ignored
(Psych 5, lib/psych/visitors/to_ruby.rb).

Not here: ordered maps, sets, binary data, aliases of a `!reference`.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from itertools import islice

from kaniko_hooks.ci.gitlab.values import (
    Entry,
    InvalidPipeline,
    Items,
    Leaf,
    Reference,
    Table,
    Value,
    entries_of,
    is_null,
    items_of,
    place_of,
    ruby_text,
    string_of,
)
from kaniko_hooks.document.compose import InvalidYaml, compose
from kaniko_hooks.document.nodes import MappingNode, Node, ScalarNode, SequenceNode, identity
from kaniko_hooks.document.psych import typed
from kaniko_hooks.document.scalars import scalar_text
from kaniko_hooks.model import Place, Text
from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.repository import Repository, Unreadable

_MAX_DOCUMENTS = 3


class Document(NamedTuple):
    """One file."""

    header: Table | None  # the first document, if it has `spec`
    content: Table
    nodes: tuple[Node, ...]  # of all its documents


class Files:
    """The configuration files of one repository."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository
        self._documents: dict[str, Document | InvalidPipeline] = {}

    def edited(self, repository: Repository, paths: Collection[str]) -> Files:
        """The files of the same repository with other texts at some paths."""
        other = Files(repository)
        for path in self._documents.keys() - paths:
            other._documents[path] = self._documents[path]
        return other

    def document(self, path: str) -> Document:
        """The file at a path of the repository; a missing one is empty. Raises InvalidPipeline."""
        if path not in self._documents:
            try:
                self._documents[path] = self._read(path)
            except InvalidPipeline as error:
                self._documents[path] = error
        document = self._documents[path]
        if isinstance(document, InvalidPipeline):
            raise document
        return document

    def scalar_text(self, value: ScalarNode | Leaf) -> Text:
        """The text of a string, with the places of its characters."""
        if isinstance(value, ScalarNode):
            return scalar_text(self.repository.known_text(value.file), value)
        if value.text is not None:
            return value.text
        written, text = self.scalar_text(value.node), ruby_text(value)
        # A symbol stands behind its colon.
        return Text(text).at(written.place, max(written.value.find(text), 0))

    def _read(self, path: str) -> Document:
        try:
            text = self.repository.text(path) or ''
        except Unreadable as error:
            raise InvalidPipeline(f'the file {error}', Place(path, 0)) from None
        nodes = tuple(_parsed(text, path, start, end) for start, end in _split(text))
        values = [value for value in map(_converted, nodes) if not _is_empty(value)]
        header, content = None, values[0] if values else Table({}, nodes[0])
        if len(values) > 1 and isinstance(content, Table) and 'spec' in content.entries:
            header, content = content, values[-1]
        if not isinstance(content, Table):
            raise InvalidPipeline('Invalid configuration format', place_of(content))
        return Document(header, content, nodes)


def _split(text: str) -> list[tuple[int, int]]:
    """The start and end of each document."""
    dividers = islice(re.finditer(r'(?m)^---[ \t\r\n\f\v]+', text), _MAX_DOCUMENTS - 1)
    spans = [divider.span() for divider in dividers]
    starts, ends = [0, *(end for _, end in spans)], [*(start for start, _ in spans), len(text)]
    return list(zip(starts, ends))


def _parsed(text: str, path: str, start: int, end: int) -> Node:
    # Line breaks replace what is above, so that offsets stay those of the file.
    text = '\n' * start + text[start:end]
    try:
        # Other readers want all documents: without a border there is one at most.
        documents = compose(text, path, '---' in text or '...' in text)
    except InvalidYaml as error:
        raise InvalidPipeline(
            f'not valid YAML: {error.message}', Place(path, error.offset)
        ) from None
    return documents[0] if documents else compose('~', path)[0]


def _is_empty(value: Value) -> bool:
    if isinstance(value, Table):
        return not value.entries
    return is_null(value) or (isinstance(value, Items) and not value.items)


MAX_VALUES = 500_000  # G: interpolation/config.rb MAX_NODES
MAX_DEPTH = 100  # G: lib/gitlab/config/loader/yaml.rb MAX_YAML_DEPTH

_TAG = 'tag:yaml.org,2002:'


def _converted(node: Node) -> Value:
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
