"""Containers of the pipelines that the named files belong to, in any CI system."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import partial

from kaniko_hooks.ci_paths import GITLAB, callers, system_at
from kaniko_hooks.model import Problem, Reading
from kaniko_hooks.prefilter import may_matter
from kaniko_hooks.repository import Repository

_ROOT = '.gitlab-ci.yml'


def read(
    repository: Repository, named: Sequence[str], configs: Sequence[str]
) -> tuple[Reading, list[str]]:
    """The containers of the pipelines that the named files belong to.

    `named` and `configs` (further GitLab root pipelines) are relative to the
    repository root. The second value has a line for each internal error.
    """
    crashes: list[str] = []
    problems: list[Problem] = []
    gitlab, others = _sorted(repository, named, problems, crashes)
    readings = []
    if gitlab or configs or repository.exists(_ROOT):
        from kaniko_hooks.ci.gitlab.pipelines import read as gitlab_read

        readings.append(_guarded(lambda: gitlab_read(repository, gitlab, configs), _ROOT, crashes))
    # What a GitLab pipeline includes is GitLab's, whatever else it looks like.
    included = readings[0].files if readings else frozenset()
    readings += [_guarded(reads, path, crashes) for path, reads in others if path not in included]
    return _joined(readings, problems), crashes


def gitlab_files(repository: Repository, named: Sequence[str]) -> list[str]:
    """The named files of GitLab CI that may matter, and those that call a named script."""
    return _sorted(repository, named, [], [])[0]


def _sorted(
    repository: Repository, named: Sequence[str], problems: list[Problem], crashes: list[str]
) -> tuple[list[str], list[_Other]]:
    """The files that may matter: those of GitLab, and those of other systems."""
    candidates = [
        path
        for path in dict.fromkeys((*named, *callers(repository.root, named)))
        if path.lower().endswith(('.yml', '.yaml')) and _may_matter(repository, path)
    ]
    gitlab = [path for path in candidates if system_at(path) is GITLAB]
    if len(gitlab) == len(candidates):
        return gitlab, []
    return _recognise(repository, candidates, problems, crashes)


def _may_matter(repository: Repository, path: str) -> bool:
    absolute = os.path.join(repository.root, path)
    return repository.may_matter(path, lambda data: may_matter(data, absolute))


# A file's path, and what reads it.
_Other = tuple[str, Callable[[], Reading]]


def _recognise(
    repository: Repository, paths: Sequence[str], problems: list[Problem], crashes: list[str]
) -> tuple[list[str], list[_Other]]:
    """The files of GitLab, and those of other systems."""
    # Not imported for GitLab's files alone.
    from kaniko_hooks.ci.recognise import NotYaml, reader_of, recognise
    from kaniko_hooks.mentions import Mentions

    gitlab: list[str] = []
    others: list[_Other] = []
    for path in paths:
        try:
            system, documents = recognise(repository, path)
        except NotYaml as error:
            # A text report passes over a file that leads to no Kaniko; so do the others.
            if Mentions(repository).in_files([path]):
                problems += error.problems
        except Exception as error:
            crashes.append(_crash(path, error))
        else:
            if system is GITLAB:
                gitlab.append(path)
            elif system is not None:
                reads = reader_of(system)
                others.append((path, partial(reads, repository, path, documents, system)))
    return gitlab, others


def _crash(where: str, error: Exception) -> str:
    from kaniko_hooks.about import internal_error

    return internal_error(where, error)


def _guarded(reads: Callable[[], Reading], where: str, crashes: list[str]) -> Reading:
    try:
        return reads()
    except Exception as error:
        crashes.append(_crash(where, error))
        return Reading(())


def _joined(readings: Sequence[Reading], problems: Sequence[Problem]) -> Reading:
    return Reading(
        tuple(container for reading in readings for container in reading.containers),
        tuple(note for reading in readings for note in reading.notes),
        (*problems, *(problem for reading in readings for problem in reading.problems)),
        frozenset(file for reading in readings for file in reading.files),
    )
