"""Configuration that may run a script or an action of the repository, found by its path.

GitLab's is not among it: its pipelines are read at every commit anyway.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_FOLDERS = (
    '.github/workflows',
    '.forgejo/workflows',
    '.gitea/workflows',
    '.circleci',
    '.woodpecker',
    '.vela',
    '.codefresh',
    '.tekton',
    '.lighthouse',
    '.prow',
)
# Of files at the root: each word is a part of the name.
_NAMES = (
    'cloudbuild',
    '.drone.',
    '.woodpecker.',
    '.vela.',
    'bitbucket-pipelines.',
    'codefresh.',
    '.prow.',
)
_YAML = ('.yml', '.yaml')


def callers(root: str, named: Sequence[str]) -> list[str]:
    """The files that may run one of the named ones, relative to the repository's root, sorted.

    Named files of any other kind than scripts and actions are run by none.
    """
    return sorted(_found(root)) if any(map(_is_called, named)) else []


def _is_called(path: str) -> bool:
    name = os.path.basename(path).lower()
    return not name.endswith(_YAML) or name in ('action.yml', 'action.yaml')


def _found(root: str) -> Iterator[str]:
    real = os.path.realpath(root)
    # Nothing is found in a folder that cannot be listed.
    _, _, names = next(os.walk(root), (root, [], []))
    for name in names:
        if name.lower().endswith(_YAML) and any(word in name.lower() for word in _NAMES):
            yield name
    for folder in _FOLDERS:
        # A symlink may lead out of the repository.
        if os.path.realpath(os.path.join(root, folder)) != os.path.join(real, folder):
            continue
        for where, _, files in os.walk(os.path.join(real, folder)):
            below = os.path.relpath(where, real).replace(os.sep, '/')
            yield from (f'{below}/{name}' for name in files if name.lower().endswith(_YAML))
