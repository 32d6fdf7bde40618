"""From the paths of a command line to the files of each repository."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.prefilter import git_root, repository_root
from kaniko_hooks.project import Unreadable, is_file, within

# git sets these for a hook, and they would name its repository for every folder.
OF_ONE_REPOSITORY = (
    'GIT_COMMON_DIR',
    'GIT_DIR',
    'GIT_INDEX_FILE',
    'GIT_OBJECT_DIRECTORY',
    'GIT_PREFIX',
    'GIT_WORK_TREE',
)
# A repository's own settings can name a program to start.
_LS_FILES = (
    'git',
    '-c',
    'core.fsmonitor=false',
    '-c',
    'safe.bareRepository=explicit',
    'ls-files',
    '-z',
)


class Target(NamedTuple):
    """The named files of one repository, relative to its root, sorted."""

    root: str
    files: tuple[str, ...]


def targets(paths: Sequence[str]) -> tuple[list[Target], list[str]]:
    """The files to look at, by repository, and one line for each path that cannot be read.

    No paths: every tracked YAML and shell file of the repository around the
    working directory (outside git, every such file below it).
    """
    found: dict[str, set[str]] = {}
    errors = []
    folders: _Folders = {}
    for path in paths or (os.getcwd(),):
        if not paths:
            path = repository_root(os.path.join(path, 'x'))
        is_folder = os.path.isdir(path)
        inner = os.path.join(path, 'x') if is_folder else path
        root = repository_root(inner)
        try:
            _relative(inner, root, folders)
            listed = _listed(path) if is_folder else _named(path)
            found.setdefault(root, set()).update(_relative(each, root, folders) for each in listed)
        except Unreadable as error:
            errors.append(f'{path}: {error}')
    return [Target(root, tuple(sorted(files))) for root, files in sorted(found.items())], errors


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


def _named(path: str) -> list[str]:
    if not is_file(path):
        raise Unreadable('no such file')
    return [path]


def _listed(folder: str) -> Iterator[str]:
    """YAML and shell files that git tracks below a folder; without git, all of them."""
    tracked = _tracked(folder)
    for path in _walked(folder) if tracked is None else tracked:
        if not os.path.islink(path) and os.path.isfile(path) and _matters(path):
            yield path


def _matters(path: str) -> bool:
    """Whether pre-commit would take a regular file for YAML or a shell script."""
    # What `identify` says of these names; it reads files for others.
    if os.path.splitext(path)[1].lower() in ('.yaml', '.yml', '.sh'):
        return True
    from identify import identify

    return not identify.tags_from_path(path).isdisjoint(('yaml', 'shell'))


def _tracked(folder: str) -> list[str] | None:
    import subprocess

    environ = {name: os.environ[name] for name in os.environ if name not in OF_ONE_REPOSITORY}
    try:
        listed = subprocess.run(
            _LS_FILES, cwd=folder, env=environ, capture_output=True, check=True
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    return [os.path.join(folder, os.fsdecode(name)) for name in listed.split(b'\0') if name]


def _walked(folder: str) -> Iterator[str]:
    for where, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name != '.git']
        for name in names:
            yield os.path.join(where, name)
