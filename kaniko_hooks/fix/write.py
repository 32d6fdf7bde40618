"""Write rewritten files: all of them or none, each at once and as it was.

A file is replaced by a complete one beside it, so whoever reads it, or kills
this process, finds the old text or the new one. Its mode stays, a byte order
mark, its owner where that is allowed; through a symlink the file that it names
is replaced. Other hard links to a replaced file keep the old text.

A file that has changed since it was read is left, so of two processes that fix
the same files one does it. Files are replaced in the order that is given.
"""

from __future__ import annotations

import contextlib
import os
import signal
import stat
import tempfile
from collections.abc import Iterator, Mapping

from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.repository import BOM, Unreadable, read_bytes, within

_BLOCKED = ('SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM')


class NotWritten(Exception):
    """A file cannot be written, so none is; the message names the file and says why."""


class _Ready(NamedTuple):
    path: str  # as named
    real: str
    old: bytes
    new: bytes
    temporary: str


def write_all(root: str, new: Mapping[str, str], old: Mapping[str, str]) -> None:
    """Replace each file's text in the order of `new`; paths are relative to the root.

    `old` has the texts that the new ones were made from, all without byte order mark.

    Raises NotWritten; then every file is as it was. Signals have to wait.
    """
    real_root = os.path.realpath(root)
    names: dict[str, str] = {}  # by the real path
    for path in new:
        real = os.path.realpath(os.path.join(root, path))
        if not within(real, real_root):
            raise NotWritten(f'{path}: is outside the repository')
        if names.setdefault(real, path) != path:
            raise NotWritten(f'{path}: is another name of {names[real]}')
    with _uninterrupted(), contextlib.ExitStack() as stack:
        _replace([_prepare(stack, real, path, new, old) for real, path in names.items()])


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    """Between any two steps a signal could leave some of the files written."""
    if not hasattr(signal, 'pthread_sigmask'):
        yield  # Windows has none
        return
    signals = [getattr(signal, name) for name in _BLOCKED]
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _prepare(
    stack: contextlib.ExitStack,
    real: str,
    path: str,
    new: Mapping[str, str],
    old: Mapping[str, str],
) -> _Ready:
    """Compare a file with what is expected, and write the new one beside it."""
    try:
        before = read_bytes(real)
        if before is None or before.removeprefix(BOM) != old[path].encode():
            raise NotWritten(f'{path}: has changed while it was read')
        if not os.stat(real).st_mode & 0o222 or not os.access(real, os.W_OK):
            raise NotWritten(f'{path}: is read-only')
        handle, temporary = tempfile.mkstemp('.tmp', '.kaniko-hooks-', os.path.dirname(real))
        os.close(handle)
        stack.callback(_remove, temporary)
        mark = BOM if before.startswith(BOM) else b''
        item = _Ready(path, real, before, mark + new[path].encode(), temporary)
        _fill(item)
        return item
    except Unreadable as error:
        raise NotWritten(f'{path}: {error}') from None
    except OSError as error:
        raise NotWritten(f'{path}: {_reason(error)}') from None


def _remove(temporary: str) -> None:
    # It is gone if it has taken its place.
    with contextlib.suppress(OSError):
        os.unlink(temporary)


def _fill(item: _Ready) -> None:
    """Write the new bytes, with the mode and, as far as that is allowed, the owner of the file."""
    like = os.stat(item.real)
    with open(item.temporary, 'wb') as file:
        file.write(item.new)
        file.flush()
        os.fsync(file.fileno())
    own = os.stat(item.temporary)
    if (own.st_uid, own.st_gid) != (like.st_uid, like.st_gid):
        with contextlib.suppress(PermissionError):  # only root may give files away
            os.chown(item.temporary, like.st_uid, like.st_gid)
    os.chmod(item.temporary, stat.S_IMODE(like.st_mode))


def _replace(ready: list[_Ready]) -> None:
    done: list[_Ready] = []
    try:
        for item in ready:
            os.replace(item.temporary, item.real)
            done.append(item)
    except BaseException as error:
        with contextlib.suppress(OSError):
            for item in done:
                _fill(item._replace(new=item.old))
                os.replace(item.temporary, item.real)
        if isinstance(error, OSError):
            raise NotWritten(f'{ready[len(done)].path}: {_reason(error)}') from None
        raise


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
