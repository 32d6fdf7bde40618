"""Parts that CI systems write alike: commands, variables, holes, shells, folders."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from kaniko_hooks.ci_paths import System
from kaniko_hooks.document.nodes import Field, Node, ScalarNode, fields, items_of, text_of
from kaniko_hooks.document.scalars import scalar_text
from kaniko_hooks.model import ARGUMENTS, ARGV, Note, Place, Script, Setting, Text
from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.repository import Repository, Unreadable
from kaniko_hooks.text import hole

MAX_COMMANDS = 2_000
_MAX_LENGTH = 200_000  # of what is put into a text, which may double again and again

_SHELLS = frozenset(('sh', 'bash', 'ash', 'dash', 'ksh', 'mksh', 'zsh'))
_NULL = frozenset(('', '~', 'null', 'Null', 'NULL'))

Settings = Mapping[str, Setting]
Entries = Mapping[str, Field]  # of a mapping
# Puts known values and holes into a text.
Filler = Callable[[Text], Text]


class Source(NamedTuple):
    """A document to read.

    - `prefix`: of the node paths in it, 'doc[0].' in a file with several.
    - `notes`: gets what cannot be seen.
    """

    repository: Repository
    system: System
    document: Node
    prefix: str
    notes: list[Note]

    def scalar(self, node: ScalarNode) -> Text:
        """The text of a scalar in a file of the repository, with its places."""
        return scalar_text(self.repository.known_text(node.file), node)


def place_of(node: Node) -> Place:
    """The place where a node begins."""
    return Place(node.file, node.start)


def is_null(node: Node) -> bool:
    """True for YAML's null."""
    return isinstance(node, ScalarNode) and not node.style and node.value in _NULL


def value_in(entries: Entries, *names: str) -> Node | None:
    """The value of the first of the fields that is there."""
    return next((entries[name].value for name in names if name in entries), None)


def commands(source: Source, node: Node | None, value: Filler | None) -> tuple[Text, ...]:
    """The texts of a scalar, or of a list (of lists) of scalars; other items are left out.

    Raises Unreadable.
    """
    texts: list[Text] = []
    waiting = [node]
    for _ in range(MAX_COMMANDS):
        if not waiting:
            return tuple(map(value, texts) if value else texts)
        item = waiting.pop()
        if isinstance(item, ScalarNode) and not is_null(item):
            texts.append(source.scalar(item))
        waiting += reversed(items_of(item))
    raise Unreadable('has a list that is too long')


def image_of(node: Node | None, value: Filler) -> Setting | None:
    """The image that a scalar names."""
    if not isinstance(node, ScalarNode):
        return None
    return Setting((value(Text(node.value)),), (place_of(node),))


def filled(text: Text, pattern: str, value: Callable[[re.Match[str]], Text | str]) -> Text:
    """The text with the matches of a pattern replaced by their values; holes are left alone."""
    replacements: list[tuple[int, int, Text]] = []
    for match in re.finditer(pattern, text.value, re.DOTALL):
        if not text.part(*match.span()).holes:
            new = value(match)
            replacements.append((*match.span(), Text(new) if isinstance(new, str) else new))
    return _replaced(text, replacements)


def _replaced(text: Text, replacements: Sequence[tuple[int, int, Text]]) -> Text:
    if sum(len(new.value) for _, _, new in replacements) > _MAX_LENGTH:
        raise Unreadable('has values that are too long')
    return text.replaced(replacements)


def resolved(text: Text, settings: Settings) -> Text:
    """The text with the holes filled that have one value."""
    return _replaced(
        text,
        [
            (gap.start, gap.end, settings[gap.name].values[0])
            for gap in text.holes
            if gap.name in settings and len(settings[gap.name].values) == 1
        ],
    )


def environment(node: Node | None, value: Filler) -> Settings:
    """The variables of a mapping or list."""
    return {
        name: Setting(() if text is None else (value(text),), (place,))
        for name, text, place in named_values(node)
    }


def assigned(repository: Repository, text: str) -> set[str]:
    """The variables that a script may set for later ones: `X=…` and `X<<…` anywhere in it.

    Also in the files of the repository that it names: what they print may set variables.
    """
    words = re.findall(r'[\w./-]+', re.sub(r'\$\{?\w+\}?/', '', text))[:MAX_COMMANDS]
    paths = {posixpath.normpath(word) for word in words if '.' in word or '/' in word}
    texts = (text, *map(repository.known_text, paths))
    return {name for text in texts for name in re.findall(r'\b(\w+)(?:=|<<)', text)}


def with_unknown(settings: Settings, names: Iterable[str]) -> Settings:
    """The settings, where those with these names may have another value, too."""
    changed = {
        name: settings[name]._replace(values=(*settings[name].values, hole(f'new ${name}')))
        for name in names
        if name in settings
    }
    return {**settings, **changed}


def named_values(node: Node | None) -> Iterator[tuple[str, Text | None, Place]]:
    """Name, value and place of each variable, in any of the usual notations.

    `NAME: value`, `- NAME: value`, `- name: NAME` with `value:` and `- NAME=value`;
    the value is None where it comes from elsewhere (`valueFrom`).
    """
    for name, field in fields(node).items():
        yield name, _value(field.value), place_of(field.key)
    for item in items_of(node):
        entries = fields(item)
        if isinstance(item, ScalarNode):
            name, equals, value = item.value.partition('=')
            yield name, Text(value) if equals else None, place_of(item)
        elif 'name' in entries:
            name = text_of(entries['name'].value)
            yield name, _value(value_in(entries, 'value')), place_of(entries['name'].key)
        elif entries and 'value' not in entries:
            yield from named_values(item)


def _value(node: Node | None) -> Text | None:
    return Text('' if is_null(node) else node.value) if isinstance(node, ScalarNode) else None


def defaults(prefix: str, declared: Node | None, expression: str) -> dict[str, Text]:
    """'inputs.x' -> its default, of declared inputs; none that has an expression.

    People who start the pipeline choose from several values if there are some.
    """
    values: dict[str, Text] = {}
    for name, field in fields(declared).items():
        entries = fields(field.value)
        default = value_in(entries, 'default')
        is_boolean = text_of(value_in(entries, 'type')) == 'boolean'
        has_choice = is_boolean or 'options' in entries or 'enum' in entries
        if isinstance(default, ScalarNode) and expression not in default.value and not has_choice:
            values[f'{prefix}.{name}'] = Text(default.value)
    return values


def matrix_cells(matrix: Node | None) -> dict[str, list[Node]]:
    """The values of each name of a matrix, those of `include` among them."""
    cells: dict[str, list[Node]] = {}
    for name, field in fields(matrix).items():
        for item in items_of(field.value)[:MAX_COMMANDS] if name != 'exclude' else ():
            row = fields(item) if name == 'include' else {name: Field(field.key, item)}
            for key, cell in row.items():
                cells.setdefault(key, []).append(cell.value)
    return cells


def argv(
    first: tuple[Text, ...],
    words: tuple[Text, ...],
    key: Field | None,
    variables: Settings,
    directory: str | None = '',
) -> Script | None:
    """A container's `command` and `args` (at `key`); None if it has neither.

    Arguments alone go to the image's entrypoint: the build that they make stands at their key.
    """
    if words and key is not None and not first:
        place = place_of(key.key)
        words = (words[0].at(lambda offset: place, 0), *words[1:])
    form = ARGV if first else ARGUMENTS
    all_words = first + words
    return Script(all_words, variables, form, directory=directory) if all_words else None


def shell_of(interpreter: str) -> str:
    """The shell in an interpreter's command line, or its first word: 'bash', 'python'."""
    names = [posixpath.basename(word) for word in interpreter.split()]
    shells = [name for name in names if name in _SHELLS]
    others = [name for name in names if name != 'env']
    return shells[-1] if shells else others[0] if others else ''


def folder_in(directory: str | None, folder: Text | None) -> str | None:
    """A folder of the repository, named relative to another one; None if it is not known.

    Folders are relative to the repository root, '' is the root itself.
    """
    if folder is None or not folder.value:
        return directory
    if directory is None or folder.holes or '$' in folder.value:
        return None
    path = posixpath.normpath(posixpath.join(directory, folder.value))
    return None if path.startswith(('/', '~', '..')) else '' if path == '.' else path
