"""The table of CI systems, and where their files are. Strings only: read at every commit.

To add a system, add a row. If no reader understands its files yet, add a module
below `kaniko_hooks.ci` and name it in the row. A system whose files can be
anywhere also needs a test of their content (`kaniko_hooks.ci.recognise`).

Paths are written without `.yml` or `.yaml`: `*` stands for any characters of a name,
a last `**` for all files below a folder, a first `**` for any folder.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

YAML_ENDINGS = ('.yml', '.yaml')
GITLAB_ROOT = '.gitlab-ci.yml'  # the usual root pipeline


class System:
    """One CI system.

    - `reader`: the module that reads it, and the dialect of the generic reader.
    - `unit`: of what there should be one for each build.
    - `paths`: a file with such a path is the system's, whatever it contains.
    - `usual`: so are most files with such a path; their content decides.
    """

    def __init__(
        self,
        name: str,
        reader: str,
        unit: str,
        paths: tuple[str, ...] = (),
        usual: tuple[str, ...] = (),
    ) -> None:
        self.name = name
        self.reader = reader
        self.unit = unit
        self.paths = paths
        self.usual = usual


GITLAB = System('gitlab-ci', 'gitlab', 'job', ('**/*.gitlab-ci',), ('.gitlab/**',))
GITHUB = System(
    'github-actions', 'github.workflow', 'job', ('.github/workflows/*',), ('**/action',)
)
SYSTEMS = (
    GITLAB,
    GITHUB,
    System('forgejo-actions', 'github.workflow', 'job', ('.forgejo/workflows/*',)),
    System('gitea-actions', 'github.workflow', 'job', ('.gitea/workflows/*',)),
    System('circleci', 'circleci', 'job', ('.circleci/*',)),
    System('tekton', 'steps.reader:tekton', 'step', (), ('.tekton/**', '.lighthouse/**')),
    System('argo-workflows', 'steps.reader:argo', 'template'),
    System('shipwright', 'steps.reader:shipwright', 'step'),
    System('kubernetes', 'steps.reader:kubernetes', 'init container'),
    System('prow', 'steps.reader:prow', 'init container', ('.prow', '.prow/**')),
    System('cloud-build', 'steps.reader:cloud-build', 'step', ('*cloudbuild*',)),
    System('drone', 'steps.reader:drone', 'step', ('.drone',)),
    System('woodpecker', 'steps.reader:drone', 'step', ('.woodpecker', '.woodpecker/**')),
    # A fork of Woodpecker, with its format.
    System('crow', 'steps.reader:drone', 'step', ('.crow', '.crow/**')),
    System('vela', 'steps.reader:drone', 'step', ('.vela', '.vela/**')),
    System('bitbucket-pipelines', 'steps.reader:bitbucket', 'step', ('bitbucket-pipelines',)),
    System('codefresh', 'steps.reader:codefresh', 'step', ('codefresh', '.codefresh/**')),
    System('concourse', 'steps.reader:concourse', 'task'),
)
# The longest fixed part of each pattern.
_WORDS = {
    max(pattern.split('*'), key=len)
    for system in SYSTEMS
    for pattern in (*system.paths, *system.usual)
}


def system_named(name: str) -> System:
    """The row of a system."""
    return next(system for system in SYSTEMS if system.name == name)


def system_at(path: str) -> System | None:
    """The system whose file a path is, relative to the repository root."""
    if '{' in path:  # a template of a file's name
        return None
    return next((system for system in SYSTEMS if _is_one_of(system.paths, path)), None)


def system_below(path: str) -> System | None:
    """The system whose file a path would be, if one of its folders were the root."""
    system = None
    while system is None and '/' in path:
        path = path.partition('/')[2]
        system = system_at(path)
    return system


def may_be_ci(path: str) -> bool:
    """False for a path that no system uses, below any folder; True for a few others as well."""
    path = path.lower()
    return any(word in path for word in _WORDS)


def callers(root: str, named: Sequence[str]) -> list[str]:
    """The files that may run one of the named scripts or actions, relative to the root, sorted.

    GitLab's are not among them: its pipelines are read at every commit anyway.
    """
    if not any(map(_is_called, named)):
        return []
    patterns = [
        pattern
        for system in SYSTEMS
        if system is not GITLAB
        for pattern in (*system.paths, *system.usual)
        if not pattern.startswith('**')
    ]
    folders = {pattern.rpartition('/')[0] for pattern in patterns}
    return sorted(
        path for folder in folders for path in _files(root, folder) if _is_one_of(patterns, path)
    )


def _is_called(path: str) -> bool:
    name = os.path.basename(path).lower()
    return not name.endswith(YAML_ENDINGS) or name in ('action.yml', 'action.yaml')


def _files(root: str, folder: str) -> Iterator[str]:
    """The files of the root, or all below another folder; none through a symlink."""
    real = os.path.realpath(root)
    top = os.path.join(real, folder) if folder else real
    if os.path.realpath(top) == top:
        for where, folders, names in os.walk(top):
            if not folder:
                folders.clear()
            below = os.path.relpath(where, real).replace(os.sep, '/')
            yield from (name if below == '.' else f'{below}/{name}' for name in names)


def _is_one_of(patterns: Sequence[str], path: str) -> bool:
    path = path.lower()
    if not path.endswith(YAML_ENDINGS):
        return False
    stem = path.rpartition('.')[0]
    return any(_fits(pattern, stem) for pattern in patterns)


def _fits(pattern: str, stem: str) -> bool:
    folder, _, name = pattern.rpartition('/')
    below, _, base = stem.rpartition('/')
    if name == '**':
        return stem.startswith(f'{folder}/')
    if folder not in ('**', below):
        return False
    word = name.strip('*')
    if name.endswith('*'):
        return word in base
    return base.endswith(word) if name.startswith('*') else base == word
