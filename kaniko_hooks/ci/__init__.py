"""Which CI system reads each named file, and what its containers run."""
from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from collections.abc import Sequence
from functools import partial

from kaniko_hooks.ci import recognise
from kaniko_hooks.ci.gitlab.containers import read as gitlab_read
from kaniko_hooks.document.compose import InvalidYaml
from kaniko_hooks.document.compose import compose
from kaniko_hooks.document.nodes import Node
from kaniko_hooks.internal_error import internal_error
from kaniko_hooks.model import Place
from kaniko_hooks.model import Problem
from kaniko_hooks.model import Reading
from kaniko_hooks.prefilter import may_matter
from kaniko_hooks.project import Repository
from kaniko_hooks.project import Unreadable

_READERS = {
    recognise.GITHUB: 'github_actions',
    recognise.FORGEJO: 'github_actions',
    recognise.GITEA: 'github_actions',
    recognise.CIRCLECI: 'circleci',
    recognise.CLOUD_BUILD: 'cloud_build',
}


def read(
        repository: Repository, named: Sequence[str], configs: Sequence[str],
) -> tuple[Reading, list[str]]:
    """The containers of the pipelines that the named files belong to.

    `named` and `configs` (further GitLab root pipelines) are relative to the
    repository root. The second value has a line for each internal error.
    """
    crashes: list[str] = []
    problems: list[Problem] = []
    gitlab: list[str] = []
    others: list[tuple[str, str, list[Node]]] = []
    for path in (*named, *_callers(repository, named)):
        if not path.lower().endswith(('.yml', '.yaml')):
            continue
        if not may_matter(os.path.join(repository.root, path), True):
            continue
        try:
            found = _recognised(repository, path)
        except _NotYaml as error:
            problems.extend(error.problems)
            continue
        except Exception as error:
            crashes.append(internal_error(path, error))
            continue
        if found is not None and found[0] == recognise.GITLAB:
            gitlab.append(path)
        elif found is not None:
            others.append((path, *found))
    readings = [_guarded(
        lambda: gitlab_read(repository, gitlab, configs), '.gitlab-ci.yml', crashes,
    )]
    for path, system, documents in others:
        # What a GitLab pipeline includes is GitLab's, whatever else it looks like.
        if path not in readings[0].files:
            reader = importlib.import_module(f'kaniko_hooks.ci.{_READERS.get(system, "steps")}')
            readings.append(_guarded(
                partial(reader.read, repository, path, documents), path, crashes,
            ))
    return _joined(readings, problems), crashes


# Where configuration stands that may call a script or an action of the repository.
_CALLERS = (
    '.github/workflows', '.forgejo/workflows', '.gitea/workflows', '.circleci', '.woodpecker',
)


def _callers(repository: Repository, named: Sequence[str]) -> Sequence[str]:
    """Unnamed files that may run a named script or action; GitLab's are read anyway."""
    if all(path.lower().endswith(('.yml', '.yaml')) and not _is_action(path) for path in named):
        return ()
    return [
        path for folder in _CALLERS for path in repository.files_below(folder)
        if path not in named
    ]


def _is_action(path: str) -> bool:
    return path.rpartition('/')[2] in ('action.yml', 'action.yaml')


class _NotYaml(Exception):
    """A file that does not parse, and what is to be said about that."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__()
        self.problems = problems


def _recognised(repository: Repository, path: str) -> tuple[str, list[Node]] | None:
    """The system of a file and its documents; None if it is no CI configuration."""
    system = recognise.system_by_path(path)
    if system == recognise.GITLAB:
        return system, []
    try:
        text = repository.text(path) or ''
        documents = compose(text, path)
    except Unreadable as error:
        raise _NotYaml(*_told(system, Problem(Place(path, 0), f'the file {error}'))) from None
    except InvalidYaml as error:
        problem = Problem(Place(path, error.offset), f'not valid YAML: {error.message}')
        raise _NotYaml(*_told(system, problem)) from None
    system = system or recognise.system_of(path, documents)
    return None if system is None else (system, documents)


def _told(system: str | None, problem: Problem) -> Sequence[Problem]:
    """Templates of Helm and Jinja are no YAML: only a path that says CI makes it a problem."""
    return () if system is None else (problem,)


def _guarded(reads: Callable[[], Reading], where: str, crashes: list[str]) -> Reading:
    try:
        return reads()
    except Exception as error:
        crashes.append(internal_error(where, error))
        return Reading(())


def _joined(readings: Sequence[Reading], problems: Sequence[Problem]) -> Reading:
    return Reading(
        tuple(container for reading in readings for container in reading.containers),
        tuple(note for reading in readings for note in reading.notes),
        (*problems, *(problem for reading in readings for problem in reading.problems)),
        frozenset(file for reading in readings for file in reading.files),
    )
