"""Write rewritten files: all of them or none, each at once and as it was.

A file is replaced by a complete one beside it, so whoever reads it, or kills
this process, finds the old text or the new one. Its mode stays, a byte order
mark, its owner where that is allowed; through a symlink the file that it names
is replaced. Other hard links to a replaced file keep the old text.

The complete file has a fixed name and is locked, so two processes do not write one
file at once, and what a killed process has left is used by the next one. Files are
replaced in the order that is given: where only some are, the jobs in the rest
still share their container, and the next run goes on from there. Two files with
followers of each other's jobs have no such order: a kill between their
replacements leaves a `needs` of a job that is gone, which GitLab refuses.
"""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import stat
from collections.abc import Iterator, Mapping

from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.repository import BOM, Unreadable, read_bytes, within

_SUFFIX = '.kaniko-hooks.tmp'
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

    `old` are the texts that the new ones were made from (all without byte order mark):
    a file that has changed since then is not overwritten.
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
        _replace([_prepare(stack, real, names[real], new, old) for real in names])


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
    """Lock a file, compare it with what is expected, and write the new one beside it."""
    folder, name = os.path.split(real)
    temporary = os.path.join(folder, f'.{name[:200]}{_SUFFIX}')
    try:
        _lock(stack, temporary)
        before = read_bytes(real)
        if before is None or before.removeprefix(BOM) != old[path].encode():
            raise NotWritten(f'{path}: has changed while it was read')
        if not os.stat(real).st_mode & 0o222 or not os.access(real, os.W_OK):
            raise NotWritten(f'{path}: is read-only')
        mark = BOM if before.startswith(BOM) else b''
        item = _Ready(path, real, before, mark + new[path].encode(), temporary)
        _fill(item)
        return item
    except Unreadable as error:
        raise NotWritten(f'{path}: {error}') from None
    except OSError as error:
        raise NotWritten(f'{path}: {_reason(error)}') from None


def _lock(stack: contextlib.ExitStack, temporary: str) -> None:
    """Open a temporary file that no other process has open, until the stack is left."""
    flags = os.O_RDWR | os.O_CREAT | getattr(os, 'O_NOFOLLOW', 0) | getattr(os, 'O_BINARY', 0)
    while True:
        handle = os.open(temporary, flags, 0o600)
        _wait(handle)
        # The process that had it may have put it in the place of the file.
        if _is_same(handle, temporary):
            stack.callback(_close, handle, temporary)
            return
        os.close(handle)


def _wait(handle: int) -> None:
    """Lock an open file, however long another process has it locked."""
    try:
        import fcntl
    except ImportError:  # Windows
        return
    with contextlib.suppress(OSError):  # not every file system has locks
        fcntl.flock(handle, fcntl.LOCK_EX)


def _is_same(handle: int, path: str) -> bool:
    try:
        return os.path.samestat(os.stat(path), os.fstat(handle))
    except FileNotFoundError:
        return False


def _close(handle: int, temporary: str) -> None:
    """Unlock a temporary file; if it is not in its place by now, it goes."""
    if _is_same(handle, temporary):
        with contextlib.suppress(OSError):
            os.unlink(temporary)
    os.close(handle)


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
    if error.errno == errno.ELOOP:
        return f'{os.path.basename(error.filename or "")} is a symlink'
    return (error.strerror or str(error)).lower()
