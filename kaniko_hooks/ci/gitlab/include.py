"""A root file and all it includes -> one table.

Each file is merged over those it includes, in order, the including file last
(G: lib/gitlab/ci/config/external/processor.rb).
"""

from __future__ import annotations

import posixpath
from collections.abc import Sequence

from kaniko_hooks.ci.gitlab.errors import InvalidPipeline
from kaniko_hooks.ci.gitlab.files import Document, Files
from kaniko_hooks.ci.gitlab.values import Entry, Key, Table, entries_of, merge_into, plain
from kaniko_hooks.document.nodes import MappingNode, Node
from kaniko_hooks.model import Note, Place
from kaniko_hooks.named_tuple import NamedTuple

# Most pipelines have no include, and their check imports nothing of includes.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from kaniko_hooks.ci.gitlab.locations import Location

GITLAB_MAX_INCLUDES = 150  # an instance setting, so that only STRICT knows it
MAX_INCLUDES = 1_000
_MAX_CHAIN = 150


class Mode(NamedTuple):
    """How much is refused, and what is left out.

    - `strict`: all that GitLab refuses is.
    - `every_rule`: files are taken that a push to `main` leaves out, if another
      pipeline may take them.
    - `lenient`: what is missing may be elsewhere.
    """

    strict: bool = False
    every_rule: bool = False
    lenient: bool = False


class Definition(NamedTuple):
    """Where a top-level entry stands in one file."""

    file: str
    key: Node
    value: Node


class Configuration(NamedTuple):
    """A root file with its includes merged in."""

    table: Table
    definitions: dict[str, list[Definition]]  # in the order in which they are merged
    files: tuple[str, ...]  # that were read, in order
    notes: tuple[Note, ...]  # what cannot be seen
    left_out: bool  # a file is left out that another pipeline may take

    @property
    def visible(self) -> bool:
        return not self.notes


def configuration(files: Files, path: str, mode: Mode) -> Configuration:
    """The file at `path` with all it includes. Raises InvalidPipeline."""
    includes = _Includes(files, mode)
    try:
        table = includes.root(path)
    except InvalidPipeline as error:
        raise includes.told(error) from None
    return includes.configuration(table)


def child_configuration(files: Files, include: Table, mode: Mode) -> Configuration:
    """The pipeline whose root has nothing but this `include`. Raises InvalidPipeline."""
    includes = _Includes(files, mode)
    try:
        table = includes.merged(include, ())
    except InvalidPipeline as error:
        raise includes.told(error) from None
    return includes.configuration(table)


class _Includes:
    """What is known while one pipeline's files are read."""

    def __init__(self, files: Files, mode: Mode) -> None:
        self.files = files
        self.mode = mode
        self.count = 0
        self.read: dict[str, None] = {}
        self.notes: dict[Note, None] = {}
        self.definitions: dict[str, list[Definition]] = {}
        self.left_out = False

    def configuration(self, table: Table) -> Configuration:
        return Configuration(
            table, self.definitions, tuple(self.read), tuple(self.notes), self.left_out
        )

    def told(self, error: InvalidPipeline) -> InvalidPipeline:
        error.files = tuple(self.read)
        return self.files.told(error)

    def root(self, path: str) -> Table:
        self.read[path] = None
        document = self.files.document(path)
        if document is None or document.content is None:
            if self.mode.strict:
                raise InvalidPipeline(f'Please provide content of {path}', Place(path, 0))
            return Table({}, MappingNode([], {}, path, 0, 0, False, None, None))
        content = self._interpolated(document, document.content, None, Place(path, 0))
        return self.merged(content, ((path, ''),))

    def merged(self, content: Table, chain: tuple[tuple[str, str], ...]) -> Table:
        """A file's content over the files that it includes."""
        entries: dict[Key, Entry] = {}
        for location in self._locations(content):
            if location.verdict.taken or self.mode.every_rule:
                table = self._included(location, chain)
                if table is not None:
                    merge_into(entries, table)
            else:
                self.left_out = True
        for name, entry in entries_of(content):
            self._define(name, Definition(entry.value.node.file, entry.key, entry.value.node))
        if not entries:
            return content
        merge_into(entries, content)
        entries.pop('include', None)
        return Table(entries, content.node)

    def _locations(self, content: Table) -> Sequence[Location]:
        if 'include' not in content.entries:
            return ()
        from kaniko_hooks.ci.gitlab.locations import include_of, locations

        found, notes = locations(include_of(content), self.files, self.mode.strict)
        self.notes.update(dict.fromkeys(notes))
        return found

    def _define(self, name: str, definition: Definition) -> None:
        known = self.definitions.setdefault(name, [])
        # A file that is included again defines nothing new, but it is merged later.
        known[:] = [
            each
            for each in known
            if (each.file, each.key.start) != (definition.file, definition.key.start)
        ]
        known.append(definition)

    def _included(self, location: Location, chain: tuple[tuple[str, str], ...]) -> Table | None:
        inputs = repr(plain(location.inputs)) if location.inputs else ''
        step = (location.path, inputs)
        lenient = self.mode.lenient or not location.verdict.taken
        again = location.path in dict(chain) if location.wildcard else lenient and step in chain
        if again and not self.mode.strict:
            return None
        self._count(location, step in chain or len(chain) > _MAX_CHAIN)
        document = self._found(location, lenient)
        if document is not None and document.content is not None:
            content = self._interpolated(
                document, document.content, location.inputs, location.place
            )
            return self.merged(content, (*chain, step))
        if document is not None and self.mode.strict:
            raise InvalidPipeline(
                f'Included file `{location.path}` does not have valid YAML syntax!', location.place
            )
        return None

    def _found(self, location: Location, lenient: bool) -> Document | None:
        """The file at a location; None, with a note, where it may be elsewhere."""
        try:
            return self._document(location)
        except InvalidPipeline:
            if not lenient:
                raise
        self.notes[Note(location.place, f'include: `{location.path}` is not here')] = None
        return None

    def _count(self, location: Location, endless: bool) -> None:
        most = GITLAB_MAX_INCLUDES if self.mode.strict else MAX_INCLUDES
        if self.count >= most or (endless and self.mode.strict):
            raise InvalidPipeline(f'Maximum of {most} nested includes are allowed!', location.place)
        if endless:
            raise InvalidPipeline(f'`{location.path}` includes itself', location.place)
        self.count += 1

    def _document(self, location: Location) -> Document | None:
        from kaniko_hooks.ci.gitlab.locations import is_yaml

        path, place = location.path, location.place
        if not is_yaml(path):
            raise InvalidPipeline(f'Included file `{path}` does not have YAML extension!', place)
        # Git knows no `.` and `..` in a path.
        known = posixpath.normpath(path) == path and path.split('/')[0] not in ('..', '.git')
        if not known or not self.files.has(path):
            raise InvalidPipeline(f'Local file `{path}` does not exist!', place)
        self.read[path] = None
        return self.files.document(path)

    def _interpolated(
        self, document: Document, content: Table, given: Table | None, place: Place
    ) -> Table:
        strict = self.mode.strict
        if document.header is None:
            if strict and given is not None and given.entries:
                raise InvalidPipeline(
                    'Given inputs not defined in the `spec` section of the included '
                    'configuration file',
                    place,
                )
            return content
        from kaniko_hooks.ci.gitlab.inputs import checked_inputs
        from kaniko_hooks.ci.gitlab.interpolate import interpolated
        from kaniko_hooks.ci.gitlab.rules import PUSH_TO_MAIN

        variables = PUSH_TO_MAIN if strict else {}
        notes = len(self.notes)
        header = self._header(document.header)
        strict = strict and len(self.notes) == notes
        values = checked_inputs(header, given, strict)
        return interpolated(content, values, variables, strict)

    def _header(self, header: Table) -> Table:
        """A header with the inputs of the files that `spec:include` names."""
        spec = header.entries['spec'].value
        if not isinstance(spec, Table) or 'include' not in spec.entries:
            return header
        from kaniko_hooks.ci.gitlab.header import with_inputs

        found = []
        for location in self._locations(spec):
            self._count(location, False)
            document = self._found(location, self.mode.lenient)
            if document is not None and document.content is not None:
                found.append(document.content)
        return with_inputs(header, found, self.mode.strict)
