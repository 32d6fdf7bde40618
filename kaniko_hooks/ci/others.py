"""Every CI system but GitLab: which one a named file is for, and its containers."""

from __future__ import annotations

import importlib
from collections.abc import Sequence

from kaniko_hooks.ci import recognise
from kaniko_hooks.document.compose import InvalidYaml, composed
from kaniko_hooks.document.nodes import Node
from kaniko_hooks.model import Place, Problem, Reading
from kaniko_hooks.project import Repository, Unreadable

GITLAB = recognise.GITLAB
READERS = {
    recognise.GITHUB: 'github.workflow',
    recognise.FORGEJO: 'github.workflow',
    recognise.GITEA: 'github.workflow',
    recognise.CIRCLECI: 'circleci.config',
    recognise.CLOUD_BUILD: 'cloud_build',
}


class NotYaml(Exception):
    """A file that does not parse, and what is to be said about that."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__()
        self.problems = problems


def recognised(repository: Repository, path: str) -> tuple[str, list[Node]] | None:
    """The system of a file and its documents; None if it is no CI configuration.

    Raises NotYaml.
    """
    system = recognise.system_by_path(path)
    if system == GITLAB:
        return system, []
    try:
        text = repository.text(path) or ''
        documents = composed(text, path)
    except Unreadable as error:
        raise NotYaml(*_told(system, Problem(Place(path, 0), f'the file {error}'))) from None
    except InvalidYaml as error:
        problem = Problem(Place(path, error.offset), f'not valid YAML: {error.message}')
        raise NotYaml(*_told(system, problem)) from None
    system = system or recognise.system_of(path, documents)
    return None if system is None else (system, documents)


def _told(system: str | None, problem: Problem) -> Sequence[Problem]:
    """Templates of Helm and Jinja are no YAML: only a path that says CI makes it a problem."""
    return () if system is None else (problem,)


def read(repository: Repository, path: str, system: str, documents: list[Node]) -> Reading:
    """The containers of a file of this system."""
    reader = importlib.import_module(f'kaniko_hooks.ci.{READERS.get(system, "steps.reader")}')
    reading: Reading = reader.read(repository, path, documents)
    return reading
