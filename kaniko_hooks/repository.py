"""Repositories: the files that a command line names, and their text.

Nothing outside a repository is read, not through a symlink either. Paths in it are
relative to its root and written with '/'.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence

from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.prefilter import git_root, repository_root

MAX_BYTES = 16 * 1024 * 1024
BOM = b'\xef\xbb\xbf'
# git sets these for its hooks, and they would name its repository for every folder.
OF_ONE_REPOSITORY = (
    'GIT_COMMON_DIR',
    'GIT_DIR',
    'GIT_INDEX_FILE',
    'GIT_OBJECT_DIRECTORY',
    'GIT_PREFIX',
    'GIT_WORK_TREE',
)
# A repository's own settings can name a program to start.
_LS_FILES = 'git -c core.fsmonitor=false -c safe.bareRepository=explicit ls-files -z'.split()


class Unreadable(Exception):
    """A file cannot be read as text; the message goes on from the file's name."""


class Target(NamedTuple):
    """The named files of one repository, relative to its root, sorted."""

    root: str
    files: tuple[str, ...]


class Repository:
    """Reads the files below `root`, each once; `edited` texts replace those of files.

    `cache` has bytes that were read before, by absolute path; `text` takes them out.
    `on_read` is called for each file that has been looked at: before its text is used, or
    when its bytes show that it does not matter.
    """

    def __init__(
        self,
        root: str,
        edited: Mapping[str, str] | None = None,
        cache: dict[str, bytes] | None = None,
        on_read: Callable[[], object] = lambda: None,
    ) -> None:
        self.root = os.path.realpath(root)
        self._cache = {} if cache is None else cache
        self._on_read = on_read
        self._texts: dict[str, str | Unreadable | None] = dict(edited or {})
        self._with_bom: set[str] = set()
        self._inexact: set[str] = set()
        self._files: Sequence[str] | None = None
        self._mattering: dict[str, bool] = {}

    def edited(self, texts: Mapping[str, str]) -> Repository:
        """The same repository with other texts of some files."""
        other = Repository(self.root, None, self._cache)
        other._texts = {**self._texts, **texts}
        other._with_bom = self._with_bom
        other._inexact = self._inexact
        other._files = self._files
        return other

    def text(self, path: str) -> str | None:
        """The text of a file, without byte order mark; None if there is no such file.

        Line ends are kept. Raises Unreadable: not a regular file, outside the root, no
        permission, too large.
        """
        if path not in self._texts:
            try:
                self._texts[path] = self._read(path)
            except Unreadable as error:
                self._texts[path] = error
        text = self._texts[path]
        if isinstance(text, Unreadable):
            raise Unreadable(str(text))
        return text

    def known_text(self, path: str) -> str:
        """The text of a file, '' where it cannot be read."""
        try:
            return self.text(path) or ''
        except Unreadable:
            return ''

    def data(self, path: str) -> bytes | None:
        """The bytes of a file; None if there is no such file. Raises Unreadable, as `text`."""
        where = os.path.join(self.root, path)
        if where in self._cache:
            return self._cache[where]
        try:
            real = os.path.realpath(where)
        except ValueError as error:  # NUL, or no bytes of this file system
            raise Unreadable(_reason(error)) from None
        if not within(real, self.root):
            raise Unreadable('is outside the repository')
        data = read_bytes(real)
        if data is not None:
            self._cache[where] = data
        return data

    def _read(self, path: str) -> str | None:
        self._on_read()
        data = self.data(path)
        if data is None:
            return None
        self._cache.pop(os.path.join(self.root, path), None)
        text = decode(data)
        if data.startswith(BOM):
            self._with_bom.add(path)
        if len(data) != len(text) and data.removeprefix(BOM) != text.encode():
            self._inexact.add(path)
        return text

    def may_matter(self, path: str, test: Callable[[bytes], bool]) -> bool:
        """Tests a file's bytes, caches those that pass; a file that cannot be read passes.

        There is one test: a second call for a path has the answer of the first.
        """
        if path not in self._mattering:
            self._mattering[path] = self._passes(path, test)
        return self._mattering[path]

    def _passes(self, path: str, test: Callable[[bytes], bool]) -> bool:
        where = os.path.join(self.root, path)
        try:
            data = self._cache.pop(where, None) or read_bytes(where)
        except Unreadable:
            return True
        if data is None:
            return True
        if test(data):
            self._cache[where] = data
            return True
        self._on_read()
        return False

    def has_file(self, path: str) -> bool:
        """Test for a file or a symlink with exactly this path."""
        folder, _, name = path.rpartition('/')
        where = os.path.join(self.root, folder)
        try:
            if not within(os.path.realpath(where), self.root) or name not in os.listdir(where):
                return False
        except (OSError, ValueError):
            return False
        where = os.path.join(where, name)
        return os.path.isfile(where) or os.path.islink(where)

    def has_mark(self, path: str) -> bool:
        """Test for a byte order mark at the beginning of a file."""
        self.known_text(path)
        return path in self._with_bom

    def is_exact(self, path: str) -> bool:
        """True unless bytes of the file were dropped to make it text."""
        self.known_text(path)
        return path not in self._inexact

    def files(self) -> Sequence[str]:
        """The files that git tracks, or would; outside of git all files, symlinks left out."""
        if self._files is None:
            names = _listed_by_git(self.root, '--cached', '--others', '--exclude-standard')
            self._files = list(self.files_below()) if names is None else names
        return self._files

    def files_below(self, folder: str = '') -> Iterator[str]:
        """Every regular file below a folder of the repository, in byte order.

        Symlinked folders, `.git` and other repositories (submodules, work trees) are
        left out.
        """
        top = os.path.join(self.root, folder)
        if not within(os.path.realpath(top), self.root):
            return
        paths: list[str] = []
        for where, folders, names in os.walk(top):
            if where != top and '.git' in (*folders, *names):
                folders.clear()
                continue
            folders[:] = [name for name in folders if name != '.git']
            below = os.path.relpath(where, self.root).replace(os.sep, '/')
            paths += (name if below == '.' else f'{below}/{name}' for name in names)
        yield from sorted(paths, key=os.fsencode)


def within(real: str, root: str) -> bool:
    """True for the root itself and for real paths below it."""
    return real == root or real.startswith(root.rstrip(os.sep) + os.sep)


def read_bytes(path: str) -> bytes | None:
    """The bytes of a regular file; None if there is none. Raises Unreadable."""
    data = _first_bytes(path, MAX_BYTES + 1)
    if data is not None and len(data) > MAX_BYTES:
        raise Unreadable(f'is larger than {MAX_BYTES // 1024 // 1024} MiB')
    return data


def decode(data: bytes) -> str:
    """The text of a file without its byte order mark.

    As GitLab does (`encoding_helper.rb`), bytes that are not UTF-8 are dropped. UTF-16
    and UTF-32 leave NULs, which YAML does not allow.
    """
    # The codec `utf-8-sig` does the same, but is a module to import.
    return data.decode('utf-8', 'ignore').removeprefix('\ufeff')


def _first_bytes(path: str, size: int) -> bytes | None:
    """The first bytes of a regular file; None if there is none. Raises Unreadable."""
    # A pipe would block for ever; O_NONBLOCK opens it without waiting.
    flags = os.O_RDONLY | getattr(os, 'O_NONBLOCK', 0) | getattr(os, 'O_BINARY', 0)
    try:
        handle = os.open(path, flags)
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
        while len(data) < size and (more := os.read(handle, min(size - len(data), 65536))):
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


def targets(paths: Sequence[str]) -> tuple[list[Target], list[str]]:
    """The named files by repository, and one line for each path that cannot be read.

    A folder means the YAML and shell files below it that git tracks (outside git: all of
    them), no paths mean the repository around the working directory.
    """
    files: dict[str, set[str]] = {}
    errors: list[str] = []
    folders: _Folders = {}
    for path in paths or (repository_root(os.path.join(os.getcwd(), 'x')),):
        is_folder = os.path.isdir(path)
        inner = os.path.join(path, 'x') if is_folder else path
        root = repository_root(inner)
        try:
            _relative(inner, root, folders)
            if not is_folder and _first_bytes(path, 1) is None:
                raise Unreadable('no such file')
            named = _files_of(path) if is_folder else (path,)
            files.setdefault(root, set()).update(_relative(name, root, folders) for name in named)
        except Unreadable as error:
            errors.append(f'{path}: {error}')
    return [Target(root, tuple(sorted(files[root]))) for root in sorted(files)], errors


# A folder and a repository's root -> the folder as the repository names it, ending with '/'.
_Folders = dict[tuple[str, str], str]


def _relative(path: str, root: str, folders: _Folders) -> str:
    """A path as the repository names it, whichever links lead to the working directory.

    Raises Unreadable: a link leads out of the repository.
    """
    folder, name = os.path.split(path)
    if (folder, root) not in folders:
        real = os.path.realpath(folder)
        below = os.path.relpath(real, os.path.realpath(root)).replace(os.sep, '/')
        _refuse_outside(real, root)
        # One repository may hold a link to another one.
        _refuse_outside(real, git_root(os.path.dirname(root)) or real)
        folders[folder, root] = '' if below == '.' else f'{below}/'
    if os.path.islink(path):
        _refuse_outside(os.path.realpath(path), root)
    return folders[folder, root] + name


def _refuse_outside(real: str, root: str) -> None:
    if not within(real, os.path.realpath(root)):
        raise Unreadable('is outside the repository')


def _files_of(folder: str) -> Iterator[str]:
    """Regular files below a folder that pre-commit treats as YAML or shell scripts."""
    names = _listed_by_git(folder)
    below = (os.path.join(folder, name) for name in names or ())
    for path in _walked(folder) if names is None else below:
        if os.path.islink(path) or not os.path.isfile(path):
            continue
        # `identify` says so of these names; it reads files for others.
        if os.path.splitext(path)[1].lower() not in ('.yaml', '.yml', '.sh'):
            from identify import identify

            if identify.tags_from_path(path).isdisjoint(('yaml', 'shell')):
                continue
        yield path


def _listed_by_git(folder: str, *options: str) -> list[str] | None:
    """The output of `git ls-files`; None if it is not git's folder, or git is not there."""
    import subprocess

    environ = {name: os.environ[name] for name in os.environ if name not in OF_ONE_REPOSITORY}
    try:
        output = subprocess.run(
            (*_LS_FILES, *options), cwd=folder, env=environ, capture_output=True, check=True
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    return [os.fsdecode(name) for name in output.split(b'\0') if name]


def _walked(folder: str) -> Iterator[str]:
    for where, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name != '.git']
        yield from (os.path.join(where, name) for name in names)
