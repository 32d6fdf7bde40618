"""A repository's GitLab pipelines -> what the hooks check: containers, notes, problems."""

from __future__ import annotations

from collections.abc import Sequence

from kaniko_hooks.ci.gitlab.files import Files
from kaniko_hooks.ci.gitlab.job_container import container_of
from kaniko_hooks.ci.gitlab.repository import Found, pipelines
from kaniko_hooks.model import Container, Note, Reading
from kaniko_hooks.project import Repository


def read(repository: Repository, named: Sequence[str], configs: Sequence[str]) -> Reading:
    """The containers of all root pipelines, and of the named files in none of them.

    `named` are files of GitLab's, `configs` further root files, both relative
    to the repository root. Hidden jobs are templates among the containers.
    """
    found = pipelines(Files(repository), named, configs)
    notes: dict[Note, None] = {}
    containers: dict[object, Container] = {}
    for each in found.found:
        notes.update(dict.fromkeys(each.pipeline.notes))
        for container in _containers(each):
            containers.setdefault(_identity(container), container)
    return Reading(tuple(containers.values()), tuple(notes), found.problems, found.files)


def _containers(found: Found) -> list[Container]:
    pipeline = found.pipeline
    made = (
        container_of(pipeline, job, found.visible, found.handed)
        for job in (*pipeline.jobs.values(), *pipeline.hidden.values())
    )
    return [container for container in made if container is not None]


def _identity(container: Container) -> object:
    """The same for a job that two pipelines have alike."""
    return (
        container.name,
        container.place,
        container.image,
        tuple(
            (
                part.always,
                tuple((each.file, each.offset, each.text) for each in part.commands),
                frozenset(part.variables.items()),
            )
            for part in container.parts
        ),
    )
