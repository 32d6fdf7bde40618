"""From bytes and paths alone: can the files of a commit matter?

This runs at every commit, so it imports no more than `os`. A file matters if it
has the words `kaniko` or `executor`, or if it is CI configuration that may reach
a file that has them. What cannot be settled at once is left to the real reading.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_MAX_BYTES = 16 * 1024 * 1024  # no more is read of any file
_MAX_KEPT = 1024 * 1024  # a larger one is read once more, if need be
# Options of both hooks that change nothing where there is nothing to find.
_HARMLESS = ('--strict', '--allow-cleanup')
# CI configuration with one of these may read another file.
# With NULs, as in UTF-16, it is unreadable.
_HINTS = (b'include', b'trigger', b'\0')
_SHELLS = frozenset((b'sh', b'bash', b'ash', b'dash', b'ksh', b'mksh', b'zsh', b'source'))
_SEPARATORS = b'"\'`()[]{},;&|<>=\\'
_TO_BLANKS = bytes.maketrans(_SEPARATORS, b' ' * len(_SEPARATORS))


def nothing_matters(
    argv: Sequence[str], seen: dict[str, bytes], harmless: Sequence[str] = ()
) -> bool:
    """True if a hook called with these arguments certainly has nothing to report.

    Other options than harmless ones, no paths, directories, and files that cannot
    be read are left to the real reading. `seen` gets the bytes of the files that
    were read, by absolute path. `harmless` are further options of the hook.
    """
    paths, configs, others = _parse(argv, (*_HARMLESS, *harmless))
    if not paths or others:
        return False
    try:
        folders = {os.path.dirname(path) for path in paths}
        roots = {repository_root(os.path.join(folder, 'x')) for folder in folders}
        return not any(_file_matters(path, True, seen) for path in paths) and not any(
            _pipeline_matters(root, paths, configs, seen) for root in roots
        )
    except OSError:
        return False


def may_matter(data: bytes, path: str, named: bool) -> bool:
    """False if a file's bytes cannot matter, as a named file or as a root pipeline."""
    if mentions_kaniko(data):
        return True
    if named:
        from kaniko_hooks.ci_paths import may_be_ci

        if not may_be_ci(os.path.abspath(path).replace(os.sep, '/')):
            return False
    if any(hint in data for hint in _HINTS):
        return True
    return may_run_file(data, lambda: os.listdir(os.fsencode(repository_root(path))))


def mentions_kaniko(data: bytes) -> bool:
    """True if a text has one of the words without which nothing is a build."""
    return b'kaniko' in data or b'executor' in data


def repository_root(path: str) -> str:
    """The nearest folder above a path that has `.git`.

    Where none has, the working directory, or the path's own folder if it is not below that.
    """
    own = os.path.dirname(os.path.abspath(path))
    root = git_root(own)
    if root is None:
        here = os.getcwd()
        return here if f'{own}/'.startswith(f'{here}/') else own
    return root


def git_root(folder: str) -> str | None:
    """The nearest one of an absolute folder and those above it that has `.git`."""
    while not os.path.lexists(os.path.join(folder, '.git')):
        above = os.path.dirname(folder)
        if above == folder:
            return None
        folder = above
    return folder


def _parse(argv: Sequence[str], harmless: Sequence[str]) -> tuple[list[str], list[str], list[str]]:
    """Paths, further root pipelines, and arguments that are for the real reading."""
    paths: list[str] = []
    configs: list[str] = []
    others: list[str] = []
    arguments = iter(argv)
    for argument in arguments:
        name, equals, value = argument.partition('=')
        if name == '--gitlab-config':
            value = value if equals else next(arguments, '-')
            (others if value.startswith('-') else configs).append(value)
        elif argument not in harmless:
            (others if argument.startswith('-') else paths).append(argument)
    return paths, configs, others


def _pipeline_matters(
    root: str, named: Sequence[str], configs: Sequence[str], seen: dict[str, bytes]
) -> bool:
    """True if a pipeline of the repository may involve the named files."""
    pipeline = os.path.join(root, '.gitlab-ci.yml')
    if os.path.lexists(pipeline) and _file_matters(pipeline, False, seen):
        return True
    if any(_file_matters(os.path.join(root, path), False, seen) for path in configs):
        return True
    if all(path.endswith(('.yml', '.yaml')) and 'action.' not in path for path in named):
        return False
    from kaniko_hooks.ci_paths import callers

    return any(_file_matters(os.path.join(root, path), True, seen) for path in callers(root, named))


def _file_matters(path: str, named: bool, seen: dict[str, bytes]) -> bool:
    data = _bytes(path, seen)
    return data is None or may_matter(data, path, named)


def _bytes(path: str, seen: dict[str, bytes]) -> bytes | None:
    """The bytes of a file; None if that is not to be settled here. Raises OSError."""
    path = os.path.abspath(path)
    if path in seen:
        return seen[path]
    # A folder or a pipe raises OSError or is no regular file.
    if not os.path.isfile(path):
        return None
    size = os.path.getsize(path)
    if size > _MAX_BYTES:
        return None
    with open(path, 'rb') as file:
        data = file.read(size + 1)
    if len(data) > size:
        return None  # it grows, or does not report its size
    if size <= _MAX_KEPT:
        seen[path] = data
    return data


def may_run_file(data: bytes, top_names: Callable[[], Sequence[bytes]]) -> bool:
    """True if a word of the text is a shell, or a path that may be one of the repository.

    `top_names` lists the names in the repository's root.
    """
    if b'./' in data or b'.sh' in data:
        return True
    text = data.replace(b':-', b' ').translate(_TO_BLANKS)
    words = set(text.split())
    if b' . ' in text or not _SHELLS.isdisjoint(word.rpartition(b'/')[2] for word in words):
        return True
    # An image with a tag and a URL are no paths. A folder may be in a variable, or follow `cd`.
    paths = [word for word in words if b'/' in word and b':' not in word]
    parts = words.union(*(path.split(b'/') for path in paths))
    return bool(paths) and not parts.isdisjoint(top_names())
