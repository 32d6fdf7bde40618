"""From bytes and paths alone: can the files of a commit matter?

This runs at every commit, so it imports no more than `os`. A file matters if it
has the words `kaniko` or `executor`, or if it is CI configuration, which may name a
file that has them.
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


class Unreadable(Exception):
    """A file cannot be read as text; the message goes on from the file's name."""


def nothing_matters(argv: Sequence[str], harmless: Sequence[str] = ()) -> bool:
    """True if a hook called with these arguments certainly has nothing to report.

    Other options than harmless ones, no paths, directories, and files that cannot
    be read are left to the real reading. `harmless` are further options of the hook.
    """
    paths = [argument for argument in argv if argument not in (*_HARMLESS, *harmless)]
    if not paths or any(path.startswith('-') for path in paths):
        return False
    try:
        folders = {os.path.dirname(path) for path in paths}
        roots = {repository_root(os.path.join(folder, 'x')) for folder in folders}
        return not (
            any(map(_file_matters, paths))
            or any(os.path.lexists(os.path.join(root, GITLAB_ROOT)) for root in roots)
            or any(callers(root, paths) for root in roots)
        )
    except OSError:
        return False


def _file_matters(path: str) -> bool:
    try:
        data = read_bytes(path)
    except Unreadable:
        return True
    return data is None or may_matter(data, os.path.abspath(path))


def may_matter(data: bytes, path: str) -> bool:
    """False if the bytes of a file cannot matter; `path` is absolute."""
    return any(word in data for word in KANIKO) or may_be_ci(path.replace(os.sep, '/'))


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
    if isinstance(error, ValueError):
        return 'has a name that no file can have'
    return (error.strerror or str(error)).lower()
