"""Whether a commit's files can matter at all, told from their bytes alone.

This runs at every commit, so it imports nothing but os; anything that it
cannot settle at once is left to the real reading.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_MOST = 16 * 1024 * 1024  # no more is read of any file
_KEPT = 1024 * 1024  # a larger one is read once more, if need be
# Options of both hooks that change nothing where there is nothing to find.
_HARMLESS = ('--strict', '--allow-cleanup')
_CI_FOLDERS = (
    '.github/',
    '.forgejo/',
    '.gitea/',
    '.circleci/',
    '.gitlab/',
    '.woodpecker/',
    '.tekton/',
    '.buildkite/',
    '.lighthouse/',
)
# What may run a file that stands behind it, and what stands between words.
_SHELLS = frozenset((b'sh', b'bash', b'ash', b'dash', b'ksh', b'mksh', b'zsh', b'source'))
_MARKS = b'"\'`()[]{},;&|<>='
_APART = bytes.maketrans(_MARKS, b' ' * len(_MARKS))
_CI_WORDS = (
    'gitlab-ci',
    'cloudbuild',
    'drone',
    'woodpecker',
    'vela',
    'bitbucket-pipelines',
    'codefresh',
    'prow',
    'action.y',
)


def nothing_matters(
    argv: Sequence[str], seen: dict[str, bytes], harmless: Sequence[str] = ()
) -> bool:
    """True if a hook called with these arguments certainly has nothing to say.

    Arguments other than paths and harmless ones are for the real reading, and
    so are no paths, directories, and whatever cannot be read. `seen` gets the
    bytes of the files that were read, by absolute path. `harmless` are options
    of the hook that change nothing where there is nothing to find.
    """
    paths, configs, others = _parted(argv, (*_HARMLESS, *harmless))
    if not paths or others:
        return False
    try:
        folders = {os.path.dirname(path) for path in paths}
        roots = {repository_root(os.path.join(folder, 'x')) for folder in folders}
        return not any(_file_may_matter(path, True, seen) for path in paths) and not any(
            _root_matters(root, paths, configs, seen) for root in roots
        )
    except OSError:
        return False


def _parted(argv: Sequence[str], harmless: Sequence[str]) -> tuple[list[str], list[str], list[str]]:
    """Paths, further root pipelines, and arguments that are for the real reading."""
    paths: list[str] = []
    configs: list[str] = []
    others: list[str] = []
    arguments = iter(argv)
    for argument in arguments:
        name, equals, value = argument.partition('=')
        if name == '--gitlab-config':
            value = value if equals else next(arguments, '-')
            (others if value.startswith('-') else configs).append(value)
        elif argument not in harmless:
            (others if argument.startswith('-') else paths).append(argument)
    return paths, configs, others


def _root_matters(
    root: str, named: Sequence[str], configs: Sequence[str], seen: dict[str, bytes]
) -> bool:
    """Whether a pipeline of the repository may have to do with the named files."""
    pipeline = os.path.join(root, '.gitlab-ci.yml')
    if os.path.lexists(pipeline) and _file_may_matter(pipeline, False, seen):
        return True
    if any(_file_may_matter(os.path.join(root, path), False, seen) for path in configs):
        return True
    if all(path.endswith(('.yml', '.yaml')) and 'action.' not in path for path in named):
        return False
    from kaniko_hooks.callers import callers

    return any(_speaks(os.path.join(root, path), seen) for path in callers(root, named))


def repository_root(path: str) -> str:
    """The nearest folder above a path that has `.git`.

    Where none has, the working directory, or the path's own folder if it is not below that.
    """
    own = os.path.dirname(os.path.abspath(path))
    root = git_root(own)
    if root is None:
        here = os.getcwd()
        return here if f'{own}/'.startswith(f'{here}/') else own
    return root


def git_root(folder: str) -> str | None:
    """The nearest one of an absolute folder and those above it that has `.git`."""
    while not os.path.lexists(os.path.join(folder, '.git')):
        above = os.path.dirname(folder)
        if above == folder:
            return None
        folder = above
    return folder


def speaks_of_kaniko(data: bytes) -> bool:
    """Whether a file's bytes can name a build."""
    return b'kaniko' in data or b'executor' in data


def may_matter(data: bytes, path: str, named: bool) -> bool:
    """Whether a file's bytes can matter, as a named file or as a root pipeline."""
    if speaks_of_kaniko(data):
        return True
    if named and not _is_ci(path):
        return False
    return (
        b'include' in data
        or b'trigger' in data
        or b'uses' in data
        or _may_run_script(data, repository_root(path))
    )


def _file_may_matter(path: str, named: bool, seen: dict[str, bytes]) -> bool:
    data = _bytes(path, seen)
    return data is None or may_matter(data, path, named)


def _speaks(path: str, seen: dict[str, bytes]) -> bool:
    data = _bytes(path, seen)
    return data is None or speaks_of_kaniko(data)


def _bytes(path: str, seen: dict[str, bytes]) -> bytes | None:
    """What is in a file; None if that is not to be settled here. Raises OSError."""
    path = os.path.abspath(path)
    if path in seen:
        return seen[path]
    # A folder or a pipe raises OSError or is no regular file.
    if not os.path.isfile(path):
        return None
    size = os.path.getsize(path)
    if size > _MOST:
        return None
    with open(path, 'rb') as file:
        data = file.read(size + 1)
    if len(data) > size:
        return None  # it grows, or does not tell its size
    if size <= _KEPT:
        seen[path] = data
    return data


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
        path
        for path in (
            os.path.join(folder, word) for word in words | paths if word.partition(b'/')[0] in names
        )
        if os.path.isdir(path)
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
