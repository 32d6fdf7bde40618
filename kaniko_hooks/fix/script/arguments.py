"""What a build's argv says about its image, its Dockerfile and its output files."""
from __future__ import annotations

import re
from collections.abc import Sequence

from kaniko_hooks.model import Word

UNKNOWN = '\0'

_SHORT = {'-d': '--destination', '-f': '--dockerfile', '-c': '--context'}
# Kaniko: files that a build leaves beside its image.
OUTPUTS = frozenset((
    '--digest-file', '--image-name-with-digest-file', '--image-name-tag-with-digest-file',
    '--oci-layout-path', '--tar-path', '--tarPath', '--image-fs-extract-dir',
))
_BRACED = re.compile(r'\$\{([A-Za-z_]\w*)\}')
_PROJECT = re.compile(r'\$CI_PROJECT_DIR(?:/|\Z)')


def values(argv: Sequence[Word], *names: str) -> list[Word]:
    """The values of flags, in order: `--name value`, `--name=value`, `-n value`, `-nvalue`."""
    return [word for name, word in _flags(argv) if name in names]


def others(argv: Sequence[Word], *names: str) -> list[Word]:
    """The words that are neither one of these flags nor its value."""
    taken = {id(word) for name, word in _flags(argv) if name in names}
    return [
        word for word in argv
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


def dockerfiles(argv: Sequence[Word]) -> list[str]:
    """Where the Dockerfile may be, relative to the repository root, best first."""
    contexts = values(argv, '--context')
    context = _folder(spelled(contexts[-1])) if contexts else ''
    files = values(argv, '--dockerfile')
    name = _folder(spelled(files[-1])) if files else 'Dockerfile'
    inside = f'{context}/{name}' if context else name
    return [path for path in ((name, inside) if files else (inside,)) if '$' not in path]


def _folder(text: str) -> str:
    text = _PROJECT.sub('', text[6:] if text.startswith('dir://') else text, count=1)
    while text.startswith('./'):
        text = text[2:]
    return '' if text == '.' else text.rstrip('/')
