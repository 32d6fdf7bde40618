"""A configuration file's text -> header and content, each file read once.

The text is cut at `---` before it is parsed, as GitLab does (G:
lib/gitlab/config/loader/multi_doc_yaml.rb, ci/config/yaml/result.rb).
"""

from __future__ import annotations

import re

from kaniko_hooks.ci.gitlab.convert import value_of
from kaniko_hooks.ci.gitlab.errors import InvalidPipeline
from kaniko_hooks.ci.gitlab.values import Items, Table, Value, is_null, place_of
from kaniko_hooks.document.compose import InvalidYaml, composed
from kaniko_hooks.document.nodes import Node
from kaniko_hooks.model import Place
from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.project import Repository, Unreadable

_DIVIDER = r'^---[ \t\r\n\f\v]+'
_MAX_PIECES = 3


class Document(NamedTuple):
    """One file: what stands above and below `---`, and all its nodes."""

    header: Table | None  # with `spec`
    content: Table | None  # None if there is nothing in the file
    nodes: tuple[Node, ...]


class Files:
    """Reads and parses the files of one repository, each once."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository
        self._documents: dict[str, Document | InvalidPipeline | None] = {}
        self._listings: dict[str, list[str]] = {}

    def document(self, path: str) -> Document | None:
        """The file at a path of the repository; None if there is none.

        Raises InvalidPipeline where GitLab could not read it either.
        """
        if path not in self._documents:
            try:
                self._documents[path] = self._read(path)
            except InvalidPipeline as error:
                self._documents[path] = self.told(error)
        found = self._documents[path]
        if isinstance(found, InvalidPipeline):
            raise found
        return found

    def has(self, path: str) -> bool:
        """Whether there is such a file, readable or not."""
        try:
            return self.repository.text(path) is not None
        except Unreadable:
            return True

    def listing(self, folder: str = '') -> list[str]:
        """The files below a folder of the repository, in byte order."""
        if folder not in self._listings:
            self._listings[folder] = list(self.repository.files_below(folder))
        return self._listings[folder]

    def told(self, error: InvalidPipeline) -> InvalidPipeline:
        """The error with the line that its place is on."""
        text = self.text(error.file)
        error.line = text.count('\n', 0, error.offset) + 1
        return error

    def text(self, path: str) -> str:
        """The text of a file, nothing if it cannot be read."""
        try:
            return self.repository.text(path) or ''
        except Unreadable:
            return ''

    def _read(self, path: str) -> Document | None:
        try:
            text = self.repository.text(path)
        except Unreadable as error:
            raise InvalidPipeline(f'`{path}` {error}', Place(path, 0)) from None
        if text is None:
            return None
        pieces = [_parsed(text, path, start, end) for start, end in _cut(text)]
        nodes = tuple(node for node, _ in pieces)
        filled = [value for _, value in pieces if not _is_empty(value)]
        first = filled[0] if filled else None
        has_header = len(filled) > 1 and isinstance(first, Table) and 'spec' in first.entries
        content = filled[-1] if has_header else first
        if content is not None and not isinstance(content, Table):
            raise InvalidPipeline('Invalid configuration format', place_of(content))
        header = first if has_header and isinstance(first, Table) else None
        return Document(header, content, nodes)


def _cut(text: str) -> list[tuple[int, int]]:
    """The start and end of each piece, at most three of them."""
    pieces: list[tuple[int, int]] = []
    start = 0
    for match in re.finditer(_DIVIDER, text, re.MULTILINE) if '---' in text else ():
        if len(pieces) == _MAX_PIECES - 1:
            break
        pieces.append((start, match.start()))
        start = match.end()
    return [*pieces, (start, len(text))]


def _parsed(text: str, path: str, start: int, end: int) -> tuple[Node, Value]:
    # Line breaks stand in for what is above, so that offsets stay those of the file.
    try:
        documents = composed('\n' * start + text[start:end], path, first=True)
    except InvalidYaml as error:
        raise InvalidPipeline(
            f'not valid YAML: {error.message}', Place(path, error.offset)
        ) from None
    if not documents:
        documents = composed('~', path)
    return documents[0], value_of(documents[0])


def _is_empty(value: Value) -> bool:
    if isinstance(value, Table):
        return not value.entries
    return is_null(value) or (isinstance(value, Items) and not value.items)
