"""From bytes and paths alone: can the files of a commit matter?

This runs at every commit, so it imports no more than `os`. A file matters if it
has the words `kaniko` or `executor`, or if it is CI configuration that may reach
a file that has them. What cannot be settled at once is left to the real reading.
"""

from __future__ import annotations

import os
import stat

from kaniko_hooks.ci_paths import GITLAB_ROOT, callers, may_be_ci

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

# What has to be mentioned for a build.
KANIKO = (b'kaniko', b'executor')
MAX_BYTES = 16 * 1024 * 1024  # of a file that is read
# Options of both hooks that change nothing where there is nothing to find.
_HARMLESS = ('--strict', '--allow-cleanup')
# CI configuration with one of these may read another file.
# With NULs, as in UTF-16, it is unreadable.
_HINTS = (b'include', b'trigger', b'\0')
_SHELLS = (b'sh', b'bash', b'ash', b'dash', b'ksh', b'mksh', b'zsh', b'source')
_SEPARATORS = b'"\'`()[]{},;&|<>=\\'
_TO_BLANKS = bytes.maketrans(_SEPARATORS, b' ' * len(_SEPARATORS))


class Unreadable(Exception):
    """A file cannot be read as text; the message goes on from the file's name."""


def nothing_matters(argv: Sequence[str], harmless: Sequence[str] = ()) -> bool:
    """True if a hook called with these arguments certainly has nothing to report.

    Other options than harmless ones, no paths, directories, and files that cannot
    be read are left to the real reading. `harmless` are further options of the hook.
    """
    paths: list[str] = []
    configs: list[str] = []
    arguments = iter(argv)
    for argument in arguments:
        name, equals, value = argument.partition('=')
        if name == '--gitlab-config':
            configs.append(value if equals else next(arguments, ''))
        elif not argument.startswith('-'):
            paths.append(argument)
        elif argument not in (*_HARMLESS, *harmless):
            return False
    try:
        folders = {os.path.dirname(path) for path in paths}
        roots = {repository_root(os.path.join(folder, 'x')) for folder in folders}
        return not (
            not paths
            or any(map(_file_matters, paths))
            or any(_pipeline_matters(root, paths, configs) for root in roots)
        )
    except OSError:
        return False


def _pipeline_matters(root: str, named: Sequence[str], configs: Sequence[str]) -> bool:
    """True if a pipeline of the repository may involve the named files."""
    pipeline = os.path.join(root, GITLAB_ROOT)
    return (
        (os.path.lexists(pipeline) and _file_matters(pipeline))
        or any(_file_matters(os.path.join(root, path), is_ci=True) for path in configs)
        or any(_file_matters(os.path.join(root, path)) for path in callers(root, named))
    )


def _file_matters(path: str, is_ci: bool = False) -> bool:
    try:
        data = read_bytes(path)
    except Unreadable:
        return True
    return data is None or may_matter(data, os.path.abspath(path), is_ci)


def may_matter(data: bytes, path: str, is_ci: bool = False) -> bool:
    """False if the bytes of a file cannot matter; `path` is absolute.

    `is_ci`: it is CI configuration, whatever its path.
    """
    if any(word in data for word in KANIKO):
        return True
    if not is_ci and not may_be_ci(path.replace(os.sep, '/')):
        return False
    return any(hint in data for hint in _HINTS) or _may_run_file(data, path)


def _may_run_file(data: bytes, path: str) -> bool:
    """True if a word of the text is a shell, or a path that may be one of the repository."""
    if b'./' in data or b'.sh' in data:
        return True
    text = data.replace(b':-', b' ').translate(_TO_BLANKS)
    words = set(text.split())
    if b' . ' in text or any(word.rpartition(b'/')[2] in _SHELLS for word in words):
        return True
    # An image with a tag and a URL are no paths. A folder may be in a variable, or follow `cd`.
    paths = [word for word in words if b'/' in word and b':' not in word]
    if not paths:
        return False
    parts = words.union(*(word.split(b'/') for word in paths))
    return not parts.isdisjoint(os.listdir(os.fsencode(repository_root(path))))


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


def read_bytes(path: str) -> bytes | None:
    """The bytes of a regular file; None if there is none. Raises Unreadable."""
    try:
        status = os.stat(path)
        if not stat.S_ISREG(status.st_mode):  # a pipe would block for ever
            raise Unreadable('is not a regular file')
        if status.st_size > MAX_BYTES:
            raise Unreadable(f'is larger than {MAX_BYTES // 1024 // 1024} MiB')
        with open(path, 'rb', buffering=0) as file:
            return file.read()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        raise Unreadable(reason(error)) from None


def reason(error: OSError | ValueError) -> str:
    """The reason for an error in lower case, without a path."""
    message = error.strerror if isinstance(error, OSError) else None
    return (message or str(error)).lower()
