"""Whether a commit's files can matter at all, told from their bytes alone.

This runs at every commit, so it imports nothing but os; anything that it
cannot settle at once is left to the real reading.
"""
from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_MOST = 16 * 1024 * 1024  # no more is read of any file
# Options that change nothing where there is nothing to find.
_HARMLESS = frozenset(('--strict', '--allow-cleanup', '--unsafe', '--diff'))
_CI_FOLDERS = (
    '.github/', '.forgejo/', '.gitea/', '.circleci/', '.gitlab/', '.woodpecker/', '.tekton/',
    '.buildkite/', '.lighthouse/',
)
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
        pipelines = [os.path.join(root, '.gitlab-ci.yml') for root in roots]
        return not any(may_matter(path, True) for path in paths) and not any(
            may_matter(path, False) for path in pipelines if os.path.lexists(path)
        )
    except OSError:
        return False


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
    # A folder or a pipe raises OSError or is no regular file: not for here.
    if not os.path.isfile(path):
        return True
    with open(path, 'rb') as file:
        data = file.read(_MOST + 1)
    if len(data) > _MOST or speaks_of_kaniko(data):
        return True
    if named and not _is_ci(path):
        return False
    return (
        b'include' in data or b'trigger' in data or b'uses' in data or
        _may_run_script(data, repository_root(path))
    )


def _is_ci(path: str) -> bool:
    path = os.path.abspath(path).replace(os.sep, '/')
    name = path.rpartition('/')[2].lower()
    return any(f'/{folder}' in path for folder in _CI_FOLDERS) or any(
        word in name for word in _CI_WORDS
    )


def _may_run_script(data: bytes, root: str) -> bool:
    """Whether a word of the text may be a script of the repository."""
    if any(hint in data for hint in (b'.sh', b'./', b'source ', b'sh ', b' . ')):
        return True
    folder = os.fsencode(root)
    return any(
        os.path.isfile(os.path.join(folder, _below_root(word)))
        for word in set(data.split()) if b'/' in word
    )


def _below_root(word: bytes) -> bytes:
    word = word.strip(b'"\'()[]{},;&|')
    # $CI_PROJECT_DIR/ci/build and the like
    return word.partition(b'/')[2] if word.startswith(b'$') else word.lstrip(b'/')
