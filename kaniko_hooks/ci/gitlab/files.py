"""Configuration files, each read and parsed once: header and content.

The text is split at `---` before it is parsed, as GitLab does (G:
lib/gitlab/config/loader/multi_doc_yaml.rb, ci/config/yaml/result.rb).
"""

from __future__ import annotations

import re
from collections.abc import Collection
from itertools import islice

from kaniko_hooks.ci.gitlab.values import (
    InvalidPipeline,
    Items,
    Leaf,
    Table,
    Value,
    is_null,
    place_of,
    ruby_text,
)
from kaniko_hooks.ci.gitlab.yaml import converted
from kaniko_hooks.document.compose import InvalidYaml, compose
from kaniko_hooks.document.nodes import Node, ScalarNode
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
        values = [value for value in map(converted, nodes) if not _is_empty(value)]
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
