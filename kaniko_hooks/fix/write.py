"""Write rewritten files: all of them or none, each at once and as it was.

A file is replaced by a complete one beside it, so whoever reads it, or kills
this process, sees the old text or the new one. Its mode stays, a byte order
mark, its owner where that is allowed; through a symlink the file that it names
is replaced. Other hard links to a replaced file keep the old text. Where this
process is killed with a signal that cannot be caught, the complete file may
stay: its name ends with `.kaniko-hooks.tmp`, and nothing reads it.
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

_SUFFIX = '.kaniko-hooks.tmp'


class NotWritten(Exception):
    """A file cannot be written, so none is; the message names the file and says why."""


class _Ready(NamedTuple):
    path: str  # as named
    real: str
    old: bytes
    temporary: str


def write_all(root: str, new: Mapping[str, str], old: Mapping[str, str]) -> None:
    """Replace each file's text; paths are relative to the repository's root.

    `old` are the texts that the new ones were made from (both without byte
    order mark): a file that has changed since then is not overwritten.
    Raises NotWritten; then every file is as it was. Ctrl-C has to wait.
    """
    with _uninterrupted():
        _write_all(root, new, old)


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    """Between any two steps a signal could leave some of the files written."""
    if not hasattr(signal, 'pthread_sigmask'):
        yield  # Windows has none
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM))
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _write_all(root: str, new: Mapping[str, str], old: Mapping[str, str]) -> None:
    ready: list[_Ready] = []
    try:
        for path in sorted(new):
            each = _prepare(os.path.realpath(root), path, new[path], old[path])
            twin = next((other.path for other in ready if other.real == each.real), None)
            ready.append(each)
            if twin is not None:
                raise NotWritten(f'{path}: is another name of {twin}')
        _replace(ready)
    finally:
        for each in ready:
            _remove(each.temporary)


def _prepare(root: str, path: str, text: str, expected: str) -> _Ready:
    real = os.path.realpath(os.path.join(root, path))
    if not within(real, root):
        raise NotWritten(f'{path}: is outside the repository')
    try:
        before = read_bytes(real)
        if before is None or before.removeprefix(BOM) != expected.encode():
            raise NotWritten(f'{path}: has changed while it was read')
        like = os.stat(real)
        if not like.st_mode & 0o222 or not os.access(real, os.W_OK):
            raise NotWritten(f'{path}: is read-only')
        bom = BOM if before.startswith(BOM) else b''
        return _Ready(path, real, before, _temporary(real, bom + text.encode(), like))
    except Unreadable as error:
        raise NotWritten(f'{path}: {error}') from None
    except OSError as error:
        raise NotWritten(f'{path}: {_said(error)}') from None


def _temporary(real: str, data: bytes, like: os.stat_result) -> str:
    handle, temporary = tempfile.mkstemp(
        prefix=f'.{os.path.basename(real)[:64]}.', suffix=_SUFFIX, dir=os.path.dirname(real)
    )
    try:
        with os.fdopen(handle, 'wb') as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        _keep_owner(temporary, like)
        os.chmod(temporary, stat.S_IMODE(like.st_mode))
    except BaseException:
        _remove(temporary)
        raise
    return temporary


def _keep_owner(temporary: str, like: os.stat_result) -> None:
    """As far as that is allowed: only root may give files away."""
    made = os.stat(temporary)
    if (made.st_uid, made.st_gid) != (like.st_uid, like.st_gid):
        try:
            os.chown(temporary, like.st_uid, like.st_gid)
        except PermissionError:
            pass


def _replace(ready: list[_Ready]) -> None:
    done: list[_Ready] = []
    try:
        for each in ready:
            os.replace(each.temporary, each.real)
            done.append(each)
    except OSError as error:
        _undo(done)
        raise NotWritten(f'{ready[len(done)].path}: {_said(error)}') from None
    except BaseException:
        _undo(done)
        raise


def _undo(done: list[_Ready]) -> None:
    for each in done:
        os.replace(_temporary(each.real, each.old, os.stat(each.real)), each.real)


def _remove(temporary: str) -> None:
    try:
        os.unlink(temporary)
    except OSError:
        pass


def _said(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
