"""A root file and all that it includes, merged into one table.

Each file is merged over the files that it includes, in order; the including file
is last (G: lib/gitlab/ci/config/external/).

A file with `rules` is included, for the pipelines in which they hold. If it overrides
a job, the job without it is not seen. Only for one pipeline are conditions evaluated.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping

from kaniko_hooks.ci.gitlab.files import Document, Files
from kaniko_hooks.ci.gitlab.values import (
    Entry,
    InvalidPipeline,
    Table,
    Value,
    get,
    items_of,
    merge_into,
    node_of,
    place_of,
    string_of,
)
from kaniko_hooks.ci.gitlab.variables import REFERENCE, expanded
from kaniko_hooks.ci_paths import YAML_ENDINGS
from kaniko_hooks.model import Note, Place

MAX_INCLUDES = 1_000  # 150 on gitlab.com, but an instance may allow more
_KINDS = ('local', 'project', 'remote', 'template', 'artifact', 'component')

# G: app/models/repository.rb, search_files_by_wildcard_path
_WILDCARDS = {'**/': '.*?/', '**': '.*?', '*': '[^/]*?'}

# More than three wildcards may take for ever on a long path.
_UNREADABLE = rf'{REFERENCE}|\$\[\[|\*{{3}}|(?:\*+[^*]+){{3}}\*'

# The variables of one pipeline, None for all pipelines.
Variables = Mapping[str, str] | None


class Loader:
    """Loads the files of one pipeline.

    With `variables`, the files that the pipeline with these variables includes;
    without, the files that some pipeline may include.

    - `files_read`: paths in the order in which they are read.
    - `notes`: on includes that cannot be seen; `problems`: those that GitLab refuses.
    - `inputs`: for each file, the places of the inputs that it is included with.
    - `definitions`: the entries of each top-level key, in the order in which they are
      merged.
    """

    def __init__(self, files: Files, variables: Variables = None) -> None:
        self.files = files
        self.variables = variables
        self.count = 0
        self.files_read: dict[str, None] = {}
        self.notes: dict[Note, None] = {}
        self.problems: list[InvalidPipeline] = []
        self.inputs: dict[str, list[Place]] = {}
        self.definitions: dict[str, list[Entry]] = {}

    def root(self, path: str) -> Table:
        """A root file with all that it includes. Raises InvalidPipeline."""
        self.files_read[path] = None
        return self.merged(self._interpolated(self.files.document(path), None), (path,))

    def merged(self, content: Table, chain: tuple[str, ...] = (), certain: bool = True) -> Table:
        """A file's content over the files that it includes. Raises InvalidPipeline.

        `chain` are the files that lead to it; `certain` is False if only some
        pipelines include it.
        """
        entries: dict[str, Entry] = {}
        for entry in items_of(get(content, 'include')):
            included = self._is_included(get(entry, 'rules'))
            for path in () if included is False else self._paths(entry, chain):
                merge_into(
                    entries, self._included(path, entry, chain, certain and included is True)
                )
        for name, definition in content.entries.items():
            definitions = self.definitions.setdefault(name, [])
            # A file that is included again defines nothing new, but it is merged later.
            definitions[:] = [old for old in definitions if old.key is not definition.key]
            definitions.append(definition)
        merge_into(entries, content)
        return Table(entries, content.node)

    def _is_included(self, rules: Value | None) -> bool | None:
        """Test for a file that a pipeline includes; None if some pipelines may."""
        if rules is None:
            return True
        if self.variables is None:
            return None
        for rule in items_of(rules):
            if self._holds(rule, self.variables):
                return string_of(get(rule, 'when')) != 'never'
        return False

    def _holds(self, rule: Value, variables: Mapping[str, str]) -> bool:
        condition, exists = get(rule, 'if'), get(rule, 'exists')
        if condition is not None:
            # Only programs that call `read_pipeline` ask.
            from kaniko_hooks.ci.gitlab.expression import holds

            if holds(string_of(condition) or '', variables) is False:
                return False
        values = items_of(get(exists, 'paths') or exists)
        patterns = [expanded(string_of(value) or '', variables) for value in values]
        # Here `**/` is also no folder. Not read: other wildcards of Ruby's File.fnmatch?.
        return exists is None or any(
            re.search(rf'{_UNREADABLE}|[?\[{{]', pattern)
            or self._matching(pattern)
            or self._matching(pattern.replace('**/', ''))
            for pattern in patterns
        )

    def _included(self, path: str, entry: Value, chain: tuple[str, ...], certain: bool) -> Table:
        """The content of a file; none, with a note, if it cannot be read."""
        place = place_of(entry)
        try:
            if path in chain:
                raise InvalidPipeline(f'`{path}` includes itself', place)
            document = self._document(path, place)
        except InvalidPipeline as error:
            if certain:
                self.problems.append(error)
            if path not in chain:
                self._add_note(place, f'`{path}` cannot be read')
            return Table({}, node_of(entry))
        inputs = get(entry, 'inputs')
        if inputs is not None:
            self.inputs.setdefault(path, []).append(place_of(inputs))
        content = self._interpolated(document, inputs)
        return self.merged(content, (*chain, path), certain)

    def _document(self, path: str, place: Place) -> Document:
        self.count += 1
        if self.count > MAX_INCLUDES:
            message = f'Maximum of {MAX_INCLUDES} nested includes are allowed!'
            raise InvalidPipeline(message, place)
        # Ruby's File.extname: a name that begins with its only dot has no extension.
        if not path.rpartition('/')[2][1:].lower().endswith(YAML_ENDINGS):
            raise InvalidPipeline(f'Included file `{path}` does not have YAML extension!', place)
        # Git has no `.` and `..` in a path.
        if posixpath.normpath(path) != path or not self.files.repository.exists(path):
            raise InvalidPipeline(f'Local file `{path}` does not exist!', place)
        self.files_read[path] = None
        return self.files.document(path)

    def _interpolated(self, document: Document, inputs: Value | None) -> Table:
        if document.header is None:
            return document.content
        # Few files have inputs.
        from kaniko_hooks.ci.gitlab.inputs import interpolated

        return interpolated(self.files, document, inputs, self.variables or {})

    def _paths(self, entry: Value, chain: tuple[str, ...]) -> list[str]:
        """The files of the repository that an entry names; adds a note if it names others."""
        text = string_of(entry)
        path = text or string_of(get(entry, 'local')) or ''
        if self.variables is not None:
            path = expanded(path, self.variables)
        if text is None:
            kinds = [kind for kind in _KINDS if get(entry, kind) is not None]
        else:
            is_url = re.match(r'\s*(?:https?|ssh|git)://', path, re.IGNORECASE)
            kinds = ['remote' if is_url else 'local']
        # A newer GitLab may have more kinds.
        kind = kinds[0] if len(kinds) == 1 else 'this form'
        if kind == 'local' and re.search(_UNREADABLE, path):
            kind = 'local with variables or many wildcards'
        if kind != 'local':
            self._add_note(place_of(entry), f'{kind} is not visible here')
            return []
        path = path.lstrip('/')
        if '*' not in path:
            return [path]
        # A wildcard does not include the files that lead to it.
        return [
            file
            for file in self._matching(path)
            if file not in chain and self.files.repository.exists(file)
        ]

    def _matching(self, pattern: str) -> list[str]:
        """The files of the repository that a pattern names."""
        tokens = re.split(r'(\*\*/|\*+)', pattern)
        regex = re.compile(''.join(_WILDCARDS.get(token, re.escape(token)) for token in tokens))
        return [file for file in self.files.repository.files() if regex.fullmatch(file)]

    def _add_note(self, place: Place, message: str) -> None:
        self.notes[Note(place, f'include: {message}')] = None
