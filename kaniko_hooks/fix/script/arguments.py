"""What a build's argv says about its image, its Dockerfile and its output files."""

from __future__ import annotations

import re
from collections.abc import Sequence
from posixpath import join, normpath

from kaniko_hooks.model import Word

UNKNOWN = '\0'

_SHORT = {'-d': '--destination', '-f': '--dockerfile', '-c': '--context'}
# Kaniko: files that a build leaves beside its image.
OUTPUTS = frozenset(
    (
        '--digest-file',
        '--image-name-with-digest-file',
        '--image-name-tag-with-digest-file',
        '--oci-layout-path',
        '--tar-path',
        '--tarPath',
        '--image-fs-extract-dir',
    )
)
_BRACED = re.compile(r'\$\{([A-Za-z_]\w*)\}')
_PROJECT = re.compile(r'\A\$CI_PROJECT_DIR(?:/|\Z)')


def values(argv: Sequence[Word], *names: str) -> list[Word]:
    """The values of flags, in order: `--name value`, `--name=value`, `-n value`, `-nvalue`."""
    return [word for name, word in _flags(argv) if name in names]


def others(argv: Sequence[Word], *names: str) -> list[Word]:
    """The words that are neither one of these flags nor its value."""
    taken = {id(word) for name, word in _flags(argv) if name in names}
    return [
        word
        for word in argv
        if id(word) not in taken and not word.text.startswith(tuple(f'{name}=' for name in names))
    ]


def _flags(argv: Sequence[Word]) -> list[tuple[str, Word]]:
    found = []
    for index, word in enumerate(argv):
        text = word.text
        glued: Word | None
        if text[:2] in _SHORT and not text.startswith('--'):
            name, glued = _SHORT[text[:2]], after(word, 3 if text[2:3] == '=' else 2)
        elif text.startswith('--'):
            name, equals, _ = text.partition('=')
            glued = after(word, len(name) + 1) if equals else None
        else:
            continue
        if glued is not None and glued.text:
            found.append((name, glued))
        elif index + 1 < len(argv):
            found.append((name, argv[index + 1]))
    return found


def after(word: Word, count: int) -> Word:
    """The word without its first `count` characters, as written."""
    left, kept = count, []
    for fragment in word.fragments:
        if left >= len(fragment.text):
            left -= len(fragment.text)
        else:
            kept.append(fragment._replace(text=fragment.text[left:]))
            left = 0
    return Word(tuple(kept), word.splits)


def masked(word: Word) -> str:
    """The word's value with NUL for each piece that is not known."""
    return ''.join(piece.text if piece.known else UNKNOWN for piece in word.fragments)


def spelled(word: Word) -> str:
    """The word's value with unknown variables as `$NAME`, however they are written."""
    return plain_variables(word.text)


def plain_variables(text: str) -> str:
    return _BRACED.sub(r'$\1', text)


def image_of(reference: str) -> str:
    """An image's name without tag and digest."""
    name = reference.split('@')[0]
    head, slash, tail = name.rpartition('/')
    return f'{head}{slash}{tail.split(":")[0]}'


def outputs(argv: Sequence[Word]) -> list[str]:
    """The files that a build writes besides its image, as written."""
    return [spelled(word) for word in values(argv, *OUTPUTS)]


def dockerfiles(argv: Sequence[Word], directory: str) -> list[str]:
    """Where the Dockerfile may be, relative to the repository root, best first.

    K: the path as it is given, from the `directory` that the build runs in, or
    else from its context.
    """
    contexts, files, inner = (
        values(argv, name)[-1:] for name in ('--context', '--dockerfile', '--context-sub-path')
    )
    context = spelled(contexts[0]) if contexts else '.'
    if inner and '://' in context:
        context = f'{context}/{spelled(inner[0])}'
    name = spelled(files[0]) if files else 'Dockerfile'
    paths = (_path(directory, name), _path(_path(directory, context), name))
    return [path for path in paths if '$' not in path and not path.startswith(('/', '..'))]


def _path(directory: str, path: str) -> str:
    """A path of the repository, seen from a directory of it."""
    path = path[6:] if path.startswith('dir://') else path
    inside = _PROJECT.sub('./', path, count=1)
    return normpath(inside if inside != path else join(directory, path))
