"""Write rewritten files: all of them or none, each at once and as it was.

A file is replaced by a complete one beside it, so whoever reads it, or kills
this process, finds the old text or the new one. Its mode stays, a byte order
mark, its owner where that is allowed; through a symlink the file that it names
is replaced. Other hard links to a replaced file keep the old text.

The complete file has a fixed name, so the next process removes what a killed one has
left; only one at a time writes in a repository. Files are replaced in the order that is
given: where only some are, the jobs in the rest still share their container, and the next
run goes on from there. If two files have jobs of a fix and followers of each other's, a
kill between their replacements may leave a `needs` of a job that is gone, which GitLab
refuses.
"""

from __future__ import annotations

import contextlib
import os
import signal
import stat
from collections.abc import Iterator, Mapping

from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.prefilter import reason
from kaniko_hooks.repository import BOM, Repository, Unreadable, read_bytes, within

_SUFFIX = '.kaniko-hooks.tmp'


class NotWritten(Exception):
    """A file cannot be written, so none is; the message names the file and says why."""


class _File(NamedTuple):
    path: str  # as named
    real: str
    old: bytes
    new: bytes

    @property
    def temporary(self) -> str:
        folder, name = os.path.split(self.real)
        return os.path.join(folder, f'.{name[:200]}{_SUFFIX}')


def write_all(repository: Repository, new: Mapping[str, str]) -> None:
    """Replace each file's text in the order of `new`; paths are relative to the root.

    A file that has changed since the repository read it is not overwritten.
    Raises NotWritten; then every file is as it was. Signals have to wait.
    """
    root = repository.root
    names: dict[str, str] = {}  # by the real path
    for path in new:
        real = os.path.realpath(os.path.join(root, path))
        if not within(real, root):
            raise NotWritten(f'{path}: is outside the repository')
        if names.setdefault(real, path) != path:
            raise NotWritten(f'{path}: is another name of {names[real]}')
    with _locked(root), _uninterrupted(), contextlib.ExitStack() as stack:
        files = []
        for real, path in names.items():
            with _named(path):
                files.append(_checked(path, real, repository.known_text(path), new[path]))
                stack.callback(_remove, files[-1].temporary)
                _fill(files[-1], files[-1].new)
        _replace(files)


@contextlib.contextmanager
def _locked(folder: str) -> Iterator[None]:
    """Another process that writes files below the folder has to wait."""
    try:
        import fcntl
    except ImportError:  # Windows
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # not every file system has locks
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    """Between any two steps a signal could leave some of the files written."""
    if not hasattr(signal, 'pthread_sigmask'):
        yield  # Windows has none
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextlib.contextmanager
def _named(path: str) -> Iterator[None]:
    """Errors of the system become NotWritten with the path of the file."""
    try:
        yield
    except Unreadable as error:
        raise NotWritten(f'{path}: {error}') from None
    except OSError as error:
        raise NotWritten(f'{path}: {reason(error)}') from None


def _checked(path: str, real: str, old: str, new: str) -> _File:
    """A file that has the old text and may be written."""
    before = read_bytes(real)
    if before is None or before.removeprefix(BOM) != old.encode():
        raise NotWritten(f'{path}: has changed while it was read')
    if not os.stat(real).st_mode & 0o222 or not os.access(real, os.W_OK):
        raise NotWritten(f'{path}: is read-only')
    mark = BOM if before.startswith(BOM) else b''
    return _File(path, real, before, mark + new.encode())


def _fill(item: _File, data: bytes) -> None:
    """Write the temporary file, with the mode and, as far as that is allowed, the owner."""
    like = os.stat(item.real)
    _remove(item.temporary)
    with open(item.temporary, 'xb') as file:  # follows no link
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    own = os.stat(item.temporary)
    if (own.st_uid, own.st_gid) != (like.st_uid, like.st_gid):
        with contextlib.suppress(PermissionError):  # only root may give files away
            os.chown(item.temporary, like.st_uid, like.st_gid)
    os.chmod(item.temporary, stat.S_IMODE(like.st_mode))


def _remove(temporary: str) -> None:
    with contextlib.suppress(OSError):
        os.unlink(temporary)


def _replace(files: list[_File]) -> None:
    done: list[_File] = []
    try:
        for item in files:
            with _named(item.path):
                os.replace(item.temporary, item.real)
            done.append(item)
    except BaseException:
        with contextlib.suppress(OSError):
            for item in done:
                _fill(item, item.old)
                os.replace(item.temporary, item.real)
        raise
