"""Repositories: the files that a command line names, and their text.

Nothing outside a repository is read, not through a symlink either. Paths in it are
relative to its root and written with '/'.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence

from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.prefilter import (
    Unreadable as Unreadable,
    git_root,
    may_matter,
    read_bytes as read_bytes,
    reason,
    repository_root,
)

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


class Target(NamedTuple):
    """The named files of one repository, relative to its root, sorted."""

    root: str
    files: tuple[str, ...]


class Repository:
    """Reads the files below `root`, each once; `edited` texts replace those of files."""

    def __init__(self, root: str, edited: Mapping[str, str] | None = None) -> None:
        self.root = os.path.realpath(root)
        self._texts: dict[str, str | Unreadable | None] = dict(edited or {})
        self._data: dict[str, bytes | None] = {}
        self._files: Sequence[str] | None = None
        self._mattering: dict[str, bool] = {}

    def edited(self, texts: Mapping[str, str]) -> Repository:
        """The same repository with other texts of some files."""
        other = Repository(self.root)
        other._texts = {**self._texts, **texts}
        other._data = self._data
        other._files = self._files
        return other

    def text(self, path: str) -> str | None:
        """The text of a file, without byte order mark; None if there is no such file.

        Line ends are kept. Raises Unreadable: not a regular file, outside the root, no
        permission, too large.
        """
        if path not in self._texts:
            try:
                data = self.data(path)
                self._texts[path] = None if data is None else decode(data)
            except Unreadable as error:
                self._texts[path] = error
        text = self._texts[path]
        if isinstance(text, Unreadable):
            raise Unreadable(str(text))
        return text

    def readable(self, path: str) -> str | None:
        """The text of a file, None where there is none that can be read."""
        try:
            return self.text(path)
        except Unreadable:
            return None

    def known_text(self, path: str) -> str:
        """The text of a file, '' where there is none that can be read."""
        return self.readable(path) or ''

    def exists(self, path: str) -> bool:
        """Test for a file at this path, readable or not."""
        try:
            return self.text(path) is not None
        except Unreadable:
            return True

    def is_folder(self, path: str) -> bool:
        """Test for a folder at this path."""
        return os.path.isdir(os.path.join(self.root, path))

    def data(self, path: str) -> bytes | None:
        """The bytes of a file; None if there is no such file. Raises Unreadable, as `text`."""
        if path in self._data:
            return self._data[path]
        try:
            real = os.path.realpath(os.path.join(self.root, path))
        except ValueError as error:  # NUL, or no bytes of this file system
            raise Unreadable(reason(error)) from None
        if not within(real, self.root):
            raise Unreadable('is outside the repository')
        self._data[path] = read_bytes(real)
        return self._data[path]

    def may_matter(self, path: str) -> bool:
        """False if the bytes of a file cannot matter; tested once for each path."""
        if path not in self._mattering:
            try:
                data = self.data(path)
            except Unreadable:
                data = None
            absolute = os.path.join(self.root, path)
            self._mattering[path] = data is None or may_matter(data, absolute)
            if not self._mattering[path]:
                del self._data[path]
        return self._mattering[path]

    def has_mark(self, path: str) -> bool:
        """Test for a byte order mark at the beginning of a file."""
        return (self.data(path) or b'').startswith(BOM)

    def is_exact(self, path: str) -> bool:
        """True unless bytes of the file were dropped to make it text."""
        data = self.data(path) or b''
        return decode(data).encode() == data.removeprefix(BOM)

    def files(self) -> Sequence[str]:
        """The files that git tracks, or would, in byte order; outside of git all files.

        Symlinked folders, `.git` and other repositories (submodules, work trees) are
        left out.
        """
        if self._files is None:
            names = _listed_by_git(self.root, '--cached', '--others', '--exclude-standard')
            if names is None:
                paths = sorted(_walked(self.root, nested=False), key=os.fsencode)
                names = [path[len(self.root) :].lstrip(os.sep) for path in paths]
            self._files = [name.replace(os.sep, '/') for name in names]
        return self._files


def within(real: str, root: str) -> bool:
    """True for the root itself and for real paths below it."""
    return real == root or real.startswith(root.rstrip(os.sep) + os.sep)


def decode(data: bytes) -> str:
    """The text of a file without its byte order mark.

    As GitLab does (`encoding_helper.rb`), bytes that are not UTF-8 are dropped. UTF-16
    and UTF-32 leave NULs, which YAML does not allow.
    """
    # The codec `utf-8-sig` does the same, but is a module to import.
    return data.decode('utf-8', 'ignore').removeprefix('\ufeff')


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
            if not is_folder:
                _check_readable(path)
            named = _files_of(path) if is_folder else (path,)
            files.setdefault(root, set()).update(_relative(name, root, folders) for name in named)
        except Unreadable as error:
            errors.append(f'{path}: {error}')
    return [Target(root, tuple(sorted(files[root]))) for root in sorted(files)], errors


def _check_readable(path: str) -> None:
    """Raises Unreadable: no such file, not a regular one, or no permission."""
    if not os.path.exists(path):
        raise Unreadable('no such file')
    if not os.path.isfile(path):
        raise Unreadable('is not a regular file')
    if not os.access(path, os.R_OK):
        raise Unreadable('permission denied')


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
    for path in _walked(folder, nested=True) if names is None else below:
        if os.path.islink(path) or not os.path.isfile(path):
            continue
        # `identify` has these names for both; it reads files for others.
        if os.path.splitext(path)[1].lower() not in ('.yaml', '.yml', '.sh'):
            from identify import identify

            try:
                tags = identify.tags_from_path(path)
            except (OSError, ValueError):
                continue  # it cannot be read, or is gone
            if tags.isdisjoint(('yaml', 'shell')):
                continue
        yield path


def _listed_by_git(folder: str, *options: str) -> list[str] | None:
    """The output of `git ls-files`, sorted; None if it is not git's folder, or git is not there."""
    import subprocess

    environ = {name: os.environ[name] for name in os.environ if name not in OF_ONE_REPOSITORY}
    try:
        output = subprocess.run(
            (*_LS_FILES, *options), cwd=folder, env=environ, capture_output=True, check=True
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    # A file with a conflict is there several times.
    return [os.fsdecode(name) for name in sorted(set(output.split(b'\0'))) if name]


def _walked(top: str, nested: bool) -> Iterator[str]:
    """All files below a folder; if `nested`, those of other repositories as well."""
    for where, folders, names in os.walk(top):
        if not nested and where != top and '.git' in (*folders, *names):
            folders.clear()
            continue
        folders[:] = [name for name in folders if name != '.git']
        yield from (os.path.join(where, name) for name in names)
