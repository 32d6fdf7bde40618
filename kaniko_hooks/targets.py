"""From the paths of a command line to the files of each repository."""
from __future__ import annotations

import os
from collections.abc import Iterator
from collections.abc import Sequence

from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.prefilter import repository_root
from kaniko_hooks.project import Unreadable
from kaniko_hooks.project import read_bytes


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
    for path in paths or (os.getcwd(),):
        if not paths:
            path = repository_root(os.path.join(path, 'x'))
        if os.path.isdir(path):
            root = repository_root(os.path.join(path, 'x'))
            found.setdefault(root, set()).update(_listed(root, path))
            continue
        try:
            if read_bytes(path) is None:
                raise Unreadable('no such file')
        except Unreadable as error:
            errors.append(f'{path}: {error}')
            continue
        root = repository_root(path)
        found.setdefault(root, set()).add(_relative(path, root))
    return [Target(root, tuple(sorted(files))) for root, files in sorted(found.items())], errors


def _relative(path: str, root: str) -> str:
    """A path as the repository names it, whichever links lead to the working directory."""
    folder, name = os.path.split(os.path.abspath(path))
    real = os.path.join(os.path.realpath(folder), name)
    return os.path.relpath(real, os.path.realpath(root)).replace(os.sep, '/')


def _listed(root: str, folder: str) -> Iterator[str]:
    """YAML and shell files that git tracks below a folder; without git, all of them."""
    from identify import identify
    tracked = _tracked(folder)
    for path in _walked(folder) if tracked is None else tracked:
        if not os.path.islink(path) and os.path.isfile(path):
            tags = identify.tags_from_path(path)
            if 'yaml' in tags or 'shell' in tags:
                yield _relative(path, root)


def _tracked(folder: str) -> list[str] | None:
    import subprocess
    try:
        listed = subprocess.run(
            ('git', 'ls-files', '-z'), cwd=folder, capture_output=True, check=True,
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    return [os.path.join(folder, os.fsdecode(name)) for name in listed.split(b'\0') if name]


def _walked(folder: str) -> Iterator[str]:
    for where, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name != '.git']
        for name in names:
            yield os.path.join(where, name)
