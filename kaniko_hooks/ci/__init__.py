"""Containers of the pipelines that the named files belong to, in any CI system."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from kaniko_hooks.ci_paths import GITLAB, GITLAB_ROOT, YAML_ENDINGS, callers, system_at
from kaniko_hooks.mentions import Mentions
from kaniko_hooks.model import Place, Problem, Reading
from kaniko_hooks.repository import Repository, Unreadable


def read(
    repository: Repository, named: Sequence[str], configs: Sequence[str]
) -> tuple[Reading, list[str]]:
    """The containers of the pipelines that the named files belong to.

    `named` and `configs` (further GitLab root pipelines) are relative to the
    repository root. The second value has a line for each internal error.
    """
    readings: list[Reading] = []
    crashes: list[str] = []

    def add(path: str, reads: Callable[[], Reading]) -> None:
        try:
            readings.append(reads())
        except (RecursionError, Unreadable) as error:
            reason = error if isinstance(error, Unreadable) else 'is nested too deeply'
            problem = Problem(Place(path, 0), f'the file {reason}')
            readings.append(Reading((), problems=(problem,)))
        except Exception as error:
            from kaniko_hooks.about import internal_error

            crashes.append(internal_error(path, error))

    gitlab, others = _classified(repository, named)
    if gitlab or configs or repository.exists(GITLAB_ROOT):
        from kaniko_hooks.ci.gitlab.pipelines import read as gitlab_read

        add(GITLAB_ROOT, partial(gitlab_read, repository, gitlab, configs))
    # What a GitLab pipeline includes is GitLab's, whatever else it looks like.
    included = readings[0].files if readings else frozenset()
    for path, reads in others:
        if path not in included:
            add(path, reads)
    return _joined(readings), crashes


def gitlab_files(repository: Repository, named: Sequence[str]) -> list[str]:
    """The named files of GitLab CI that may matter, and those that call a named script."""
    return _classified(repository, named)[0]


# A file's path, and what reads it.
_Other = tuple[str, Callable[[], Reading]]


def _classified(repository: Repository, named: Sequence[str]) -> tuple[list[str], list[_Other]]:
    """The files that may matter: those of GitLab, and those of other systems."""
    mentions = Mentions(repository)
    candidates = [
        path
        for path in dict.fromkeys((*named, *callers(repository.root, named)))
        if path.lower().endswith(YAML_ENDINGS)
        and repository.may_matter(path)
        and mentions.in_files([path])
    ]
    if all(system_at(path) is GITLAB for path in candidates):
        return candidates, []
    # Not imported for GitLab's files alone.
    from kaniko_hooks.ci.recognise import recognise

    gitlab: list[str] = []
    others: list[_Other] = []
    for path in candidates:
        try:
            system, reads = recognise(repository, path)
        except Exception as error:
            system, reads = None, partial(_failed, error)
        if system is GITLAB:
            gitlab.append(path)
        else:
            others.append((path, reads))
    return gitlab, others


def _failed(error: Exception) -> Reading:
    raise error


def _joined(readings: Sequence[Reading]) -> Reading:
    return Reading(
        tuple(container for reading in readings for container in reading.containers),
        tuple(note for reading in readings for note in reading.notes),
        tuple(problem for reading in readings for problem in reading.problems),
        frozenset(file for reading in readings for file in reading.files),
    )
