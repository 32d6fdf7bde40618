"""Whether a commit's files can matter at all, told from their bytes alone.

This runs at every commit, so it imports nothing but os; anything that it
cannot settle at once is left to the real reading.
"""
from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from collections.abc import Sequence

_MOST = 16 * 1024 * 1024  # no more is read of any file
# Options that change nothing where there is nothing to find.
_HARMLESS = frozenset(('--strict', '--allow-cleanup', '--unsafe', '--diff'))
_CI_FOLDERS = (
    '.github/', '.forgejo/', '.gitea/', '.circleci/', '.gitlab/', '.woodpecker/', '.tekton/',
    '.buildkite/', '.lighthouse/',
)
# What may run a file that stands behind it, and what stands between words.
_SHELLS = frozenset((b'sh', b'bash', b'ash', b'dash', b'ksh', b'mksh', b'zsh', b'source'))
_MARKS = b'"\'`()[]{},;&|<>='
_APART = bytes.maketrans(_MARKS, b' ' * len(_MARKS))
_CI_WORDS = ('gitlab-ci', 'cloudbuild', 'drone', 'woodpecker', 'vela', 'bitbucket-pipelines',
             'codefresh', 'prow', 'action.y')


def nothing_matters(argv: Sequence[str]) -> bool:
    """True if a hook called with these arguments certainly has nothing to say.

    Arguments other than paths and harmless flags are for the real reading, and
    so are no paths, directories, and whatever cannot be read.
    """
    paths = [argument for argument in argv if argument not in _HARMLESS]
    if not paths or any(path.startswith('-') for path in paths):
        return False
    try:
        folders = {os.path.dirname(path) for path in paths}
        roots = {repository_root(os.path.join(folder, 'x')) for folder in folders}
        return not any(may_matter(path, True) for path in paths) and not any(
            _root_matters(root, paths) for root in roots
        )
    except OSError:
        return False


def _root_matters(root: str, named: Sequence[str]) -> bool:
    """Whether a pipeline of the repository may have to do with the named files."""
    pipeline = os.path.join(root, '.gitlab-ci.yml')
    if os.path.lexists(pipeline) and may_matter(pipeline, False):
        return True
    if all(path.endswith(('.yml', '.yaml')) and 'action.' not in path for path in named):
        return False
    from kaniko_hooks.callers import callers
    return any(_speaks(os.path.join(root, path)) for path in callers(root, named))


def repository_root(path: str) -> str:
    """The nearest folder above a path that has `.git`.

    Where none has, the working directory, or the path's own folder if it is not below that.
    """
    folder = own = os.path.dirname(os.path.abspath(path))
    while not os.path.lexists(os.path.join(folder, '.git')):
        above = os.path.dirname(folder)
        if above == folder:
            here = os.getcwd()
            return here if f'{own}/'.startswith(f'{here}/') else own
        folder = above
    return folder


def speaks_of_kaniko(data: bytes) -> bool:
    """Whether a file's bytes can name a build."""
    return b'kaniko' in data or b'executor' in data


def may_matter(path: str, named: bool) -> bool:
    """Whether a file's bytes can matter, as a named file or as a root pipeline.

    Raises OSError.
    """
    data = _bytes(path)
    if data is None or speaks_of_kaniko(data):
        return True
    if named and not _is_ci(path):
        return False
    return (
        b'include' in data or b'trigger' in data or b'uses' in data or
        _may_run_script(data, repository_root(path))
    )


def _speaks(path: str) -> bool:
    data = _bytes(path)
    return data is None or speaks_of_kaniko(data)


def _bytes(path: str) -> bytes | None:
    """What is in a file; None if that is not to be settled here. Raises OSError."""
    # A folder or a pipe raises OSError or is no regular file.
    if not os.path.isfile(path):
        return None
    with open(path, 'rb') as file:
        data = file.read(_MOST + 1)
    return None if len(data) > _MOST else data


def _is_ci(path: str) -> bool:
    path = os.path.abspath(path).replace(os.sep, '/')
    name = path.rpartition('/')[2].lower()
    return any(f'/{folder}' in path for folder in _CI_FOLDERS) or any(
        word in name for word in _CI_WORDS
    )


def _may_run_script(data: bytes, root: str) -> bool:
    """Whether a word of the text may be a script of the repository."""
    if any(hint in data for hint in (b'.sh', b'./', b'sh ')):
        return True
    text = data.translate(_APART)
    words = set(text.split())
    if b' . ' in text or not _SHELLS.isdisjoint(words):
        return True
    folder = os.fsencode(root)
    names = set(os.listdir(folder))
    paths = {_below_root(word) for word in words if b'/' in word}
    # `cd` and the like may lead there.
    folders = [
        path for path in (os.path.join(folder, word) for word in words | paths if
                          word.partition(b'/')[0] in names) if os.path.isdir(path)
    ]
    return any(_has_file(each, paths) for each in (folder, *folders))


def _below_root(word: bytes) -> bytes:
    # $CI_PROJECT_DIR/ci/build and the like
    return word.partition(b'/')[2] if word.startswith(b'$') else word.lstrip(b'/')


def _has_file(folder: bytes, paths: Iterable[bytes]) -> bool:
    """Whether one of the paths is a file below the folder, or may be for all that is known."""
    names = set(os.listdir(folder))
    for path in paths:
        if path.partition(b'/')[0] in names:
            fixed, variable, _ = os.path.join(folder, path).partition(b'$')
            if os.path.isdir(os.path.dirname(fixed)) if variable else os.path.isfile(fixed):
                return True
    return False
