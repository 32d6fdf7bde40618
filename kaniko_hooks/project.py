"""The repository: its root, which files it has, and reading their text safely.

Nothing outside the root is ever read as part of it, not through a symlink
either. Paths are relative to the root and written with '/'.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Mapping

MAX_BYTES = 16 * 1024 * 1024
_MORE = 65536
BOM = b'\xef\xbb\xbf'


class Unreadable(Exception):
    """A file that is there cannot be read as text; the message says why."""


class Repository:
    """Reads files below `root`, each once; `edited` texts stand in for what is on the disk.

    `seen` are bytes that were read already, by absolute path; what is used is taken out.
    """

    def __init__(
        self,
        root: str,
        edited: Mapping[str, str] | None = None,
        seen: dict[str, bytes] | None = None,
    ) -> None:
        self.root = os.path.realpath(root)
        self._texts: dict[str, str | None] = dict(edited or {})
        self._unreadable: dict[str, str] = {}
        self._seen = {} if seen is None else seen
        self._marked: set[str] = set()  # files with a byte order mark

    def edited(self, texts: Mapping[str, str]) -> Repository:
        """The same with other texts; what was read is not read again."""
        other = Repository(self.root, seen=self._seen)
        other._texts = {**self._texts, **texts}
        other._unreadable = self._unreadable
        other._marked = self._marked
        return other

    def text(self, path: str) -> str | None:
        """The text of a file, without byte order mark; None if there is no such file.

        Raises Unreadable: not a regular file, outside the root, no permission,
        not UTF-8, too large. Line ends are kept.
        """
        if path in self._unreadable:
            raise Unreadable(self._unreadable[path])
        if path not in self._texts:
            try:
                self._texts[path] = self._read(path)
            except Unreadable as error:
                self._unreadable[path] = str(error)
                raise
        return self._texts[path]

    def known_text(self, path: str) -> str:
        """The text of a file for showing places in it: '' where it cannot be read."""
        try:
            return self.text(path) or ''
        except Unreadable:
            return ''

    def _read(self, path: str) -> str | None:
        try:
            real = os.path.realpath(os.path.join(self.root, path))
        except ValueError as error:  # NUL, or no bytes of this file system
            raise Unreadable(_reason(error)) from None
        if not within(real, self.root):
            raise Unreadable('is outside the repository')
        data = self._seen.pop(os.path.join(self.root, path), None)
        if data is None:
            data = read_bytes(real)
        if data is None:
            return None
        if data.startswith(BOM):
            self._marked.add(path)
        return decode(data)

    def may_matter(self, path: str, test: Callable[[bytes], bool]) -> bool:
        """Whether a file's bytes pass a test, or cannot be read; `text` reads no others again."""
        where = os.path.join(self.root, path)
        try:
            data = self._seen.pop(where) if where in self._seen else read_bytes(where)
        except Unreadable:
            return True
        if data is None or not test(data):
            return data is None
        self._seen[where] = data
        return True

    def has_file(self, path: str) -> bool:
        """Whether there is a file or a symlink whose path is written just so."""
        folder, _, name = path.rpartition('/')
        where = os.path.join(self.root, folder)
        try:
            if not within(os.path.realpath(where), self.root) or name not in os.listdir(where):
                return False
        except (OSError, ValueError):
            return False
        found = os.path.join(where, name)
        return os.path.isfile(found) or os.path.islink(found)

    def has_mark(self, path: str) -> bool:
        """Whether a file that can be read begins with a byte order mark on the disk."""
        self.known_text(path)
        return path in self._marked

    def files_below(self, folder: str = '') -> Iterator[str]:
        """Every regular file below a folder of the repository, in byte order.

        Symlinked folders, `.git` and other repositories (submodules, work trees) are
        left out.
        """
        top = os.path.join(self.root, folder)
        if not within(os.path.realpath(top), self.root):
            return
        found: list[str] = []
        for where, folders, names in os.walk(top):
            if where != top and '.git' in (*folders, *names):
                folders.clear()
                continue
            folders[:] = [name for name in folders if name != '.git']
            below = os.path.relpath(where, self.root).replace(os.sep, '/')
            found.extend(name if below == '.' else f'{below}/{name}' for name in names)
        yield from sorted(found, key=os.fsencode)


def within(real: str, root: str) -> bool:
    """Whether a real path is the root or below it."""
    return real == root or real.startswith(root.rstrip(os.sep) + os.sep)


def is_file(path: str) -> bool:
    """Whether there is a file that can be read, told by its first byte. Raises Unreadable."""
    return _read(path, 1) is not None


def read_bytes(path: str) -> bytes | None:
    """The bytes of a regular file; None if there is none. Raises Unreadable."""
    data = _read(path, MAX_BYTES + 1)
    if data is not None and len(data) > MAX_BYTES:
        raise Unreadable(f'is larger than {MAX_BYTES // 1024 // 1024} MiB')
    return data


def _read(path: str, size: int) -> bytes | None:
    """The first bytes of a regular file; None if there is none. Raises Unreadable."""
    try:
        # A pipe would block for ever; O_NONBLOCK opens it without waiting.
        handle = os.open(
            path, os.O_RDONLY | getattr(os, 'O_NONBLOCK', 0) | getattr(os, 'O_BINARY', 0)
        )
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        raise Unreadable(_reason(error)) from None
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise Unreadable('is not a regular file')
        # Room for as much as is ever read would have to be made for each small file.
        data = os.read(handle, min(size, status.st_size + 1))
        while len(data) < size and (more := os.read(handle, min(size - len(data), _MORE))):
            data += more
        return data
    except OSError as error:
        raise Unreadable(_reason(error)) from None
    finally:
        os.close(handle)


def _reason(error: OSError | ValueError) -> str:
    if isinstance(error, ValueError):
        return 'has a name that no file can have'
    return (error.strerror or str(error)).lower()


def decode(data: bytes) -> str:
    """UTF-8 text without its byte order mark. Raises Unreadable."""
    try:
        # The codec `utf-8-sig` does the same, but is a module to import.
        return data.decode().removeprefix('\ufeff')
    except UnicodeDecodeError as error:
        if data[:2] in (b'\xff\xfe', b'\xfe\xff'):
            raise Unreadable('is UTF-16, not UTF-8') from None
        raise Unreadable(f'is not UTF-8 (byte {error.start})') from None
