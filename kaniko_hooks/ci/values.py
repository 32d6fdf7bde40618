"""Reads what most CI systems write alike: commands, variables, shells, folders."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence

from kaniko_hooks.document.fields import Field, fields
from kaniko_hooks.document.nodes import Node, ScalarNode, items_of, text_of
from kaniko_hooks.document.position import command
from kaniko_hooks.model import ARGUMENTS, ARGV, Command, Place, ScriptPart, Variable
from kaniko_hooks.named_tuple import NamedTuple

MAX_NESTING = 10
MAX_COMMANDS = 2_000

SHELLS = frozenset(('sh', 'bash', 'ash', 'dash', 'ksh', 'mksh', 'zsh', 'busybox'))
_SHEBANG = re.compile(r'\s*#!\s*(.*)')
# Expressions of any system that are still in a text: put in later, whatever they are.
_UNKNOWN = re.compile(r'\$?\{\{(?:(?!\}\}).)*\}\}|<<\s*[\w.-]+\s*>>|\$\([^()]*\)', re.DOTALL)
_NULL = frozenset(('', '~', 'null', 'Null', 'NULL'))

Variables = Mapping[str, Variable]


class File(NamedTuple):
    """A file that is being read."""

    path: str
    text: str

    def command(self, node: ScalarNode) -> Command:
        """A scalar of this file as a command."""
        return command(self.text, node)


def is_null(node: Node | None) -> bool:
    """Whether there is no value: none at all, or YAML's null."""
    return node is None or (isinstance(node, ScalarNode) and not node.style and node.value in _NULL)


def commands(file: File, node: Node | None) -> tuple[Command, ...]:
    """The commands of a scalar, or of a list (of lists) of scalars; other items are left out."""
    return tuple(file.command(scalar) for scalar in scalars(node) if not is_null(scalar))


def scalars(node: Node | None, depth: int = 0) -> list[ScalarNode]:
    """The scalars of a list in order, lists in it flattened."""
    if isinstance(node, ScalarNode):
        return [node]
    found: list[ScalarNode] = []
    for item in items_of(node) if depth < MAX_NESTING else ():
        found.extend(scalars(item, depth + 1))
        if len(found) > MAX_COMMANDS:
            break
    return found


def named_values(node: Node | None) -> Iterator[tuple[str, Node | None, int]]:
    """Name, value and place of each variable, in any of the usual notations.

    `NAME: value`, `- NAME: value`, `- name: NAME` with `value:` and `- NAME=value`;
    the value is None where it comes from elsewhere (`valueFrom`).
    """
    for name, field in fields(node).items():
        yield name, field.value, field.key.start
    for item in items_of(node):
        if isinstance(item, ScalarNode):
            name, equals, value = item.value.partition('=')
            yield name, item._replace(value=value) if equals else None, item.start
            continue
        found = fields(item)
        if 'name' in found:
            name = text_of(found['name'].value) or ''
            yield name, found['value'].value if 'value' in found else None, found['name'].key.start
        elif 'value' not in found:
            for name, field in found.items():
                yield name, field.value, field.key.start


def variable(texts: Sequence[str], *places: Place) -> Variable:
    """A variable with these alternatives; what a system would still put in is not known.

    The shell's reader knows `$name` in values only, so that is what it is given.
    """
    if any(_UNKNOWN.fullmatch(text) for text in texts):
        return Variable((), places)
    if not any(_UNKNOWN.search(text) for text in texts):
        return Variable(tuple(texts), places)
    return Variable(tuple(map(_with_names, texts)), places, expand=True)


def _with_names(text: str) -> str:
    """A text with a name for each unknown piece that no variable has: `${github_sha}`."""
    found, at = [], 0
    for match in _UNKNOWN.finditer(text):
        name = re.sub(r'\W+', '_', match[0]).strip('_')
        name = name if name.isidentifier() else f'_{name}'
        found += [text[at : match.start()].replace('$', '$$'), f'${{{name}}}']
        at = match.end()
    return ''.join((*found, text[at:].replace('$', '$$')))


def keyed(
    words: tuple[Command, ...], field: Field | None, is_argv: bool = False
) -> tuple[Command, ...]:
    """Arguments for an image's entrypoint: the build they make stands at their key."""
    if not words or field is None or is_argv:
        return words
    start = field.key.start
    return (Command(words[0].text, words[0].file, start, lambda offset: start), *words[1:])


def shell_of(interpreter: str) -> str:
    """The shell in an interpreter's command line, or its first word: 'bash', 'python'."""
    names = [posixpath.basename(word) for word in interpreter.split()]
    found = [name for name in names if name in SHELLS and name != 'busybox']
    if found:
        return found[-1]
    return next((name for name in names if name != 'env'), '')


def shebang(text: str) -> str | None:
    """The interpreter that a script's first line asks for; None if it has no such line."""
    match = _SHEBANG.match(text)
    return shell_of(match[1]) if match else None


def folder_in(directory: str | None, relative: str | None) -> str | None:
    """A folder of the repository below another one; None if that is not known.

    Folders are relative to the repository root, '' is the root itself.
    """
    if not relative or directory is None:
        return directory
    path = posixpath.normpath(posixpath.join(directory, relative))
    if path.startswith(('/', '..')) or '$' in path or '{{' in path or '<<' in path:
        return None
    return '' if path == '.' else path


def in_repository(folder: str | None, checkout: str) -> str | None:
    """A folder of the workspace as one of the repository, which stands in `checkout` there.

    None where it is outside.
    """
    if not checkout or folder is None:
        return folder
    inside = f'{folder}/'.startswith(f'{checkout}/')
    return folder[len(checkout) :].lstrip('/') if inside else None


def prefixes(documents: Sequence[Node]) -> list[str]:
    """What the node paths of each document begin with: nothing, or 'doc[0].' where several are."""
    several = sum(not isinstance(document, ScalarNode) for document in documents) > 1
    return [f'doc[{index}].' if several else '' for index in range(len(documents))]


def argv_part(
    first: tuple[Command, ...],
    words: tuple[Command, ...],
    key: Field | None,
    environment: Variables,
    directory: str | None,
) -> ScriptPart | None:
    """A container's `command` and `args` (at `key`); None if neither says anything.

    Arguments alone go to the image's entrypoint.
    """
    words = first + keyed(words, key, bool(first))
    form = ARGV if first else ARGUMENTS
    return ScriptPart(words, environment, form, directory=directory) if words else None
