"""A root file -> its pipeline: include, `extends`, `!reference`, jobs, in this order.

Rule: G: lib/gitlab/ci/config.rb, build_config.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from kaniko_hooks.ci.gitlab.errors import InvalidPipeline
from kaniko_hooks.ci.gitlab.extends import extended
from kaniko_hooks.ci.gitlab.files import Files
from kaniko_hooks.ci.gitlab.include import Configuration, Definition, Mode, configuration
from kaniko_hooks.ci.gitlab.jobs import Job, defaults, is_template, job_entries, job_of
from kaniko_hooks.ci.gitlab.reference import resolved
from kaniko_hooks.ci.gitlab.values import Table
from kaniko_hooks.model import Note
from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.project import Repository


class Pipeline(NamedTuple):
    """One pipeline, resolved.

    - `jobs`: those that GitLab may run, by name; `hidden`: templates.
    - `files`: the files of the repository it is made of, the root first.
    - `notes`: includes that cannot be seen from here; with any of them, unknown
      parents and references are tolerated.
    - `raw`, `extended`, `table`: its top level after includes, after `extends`,
      and after `!reference`.
    """

    jobs: Mapping[str, Job]
    hidden: Mapping[str, Job]
    files: tuple[str, ...]
    notes: tuple[Note, ...]
    raw: Table
    extended: Table
    table: Table
    definitions: Mapping[str, list[Definition]]

    @property
    def visible(self) -> bool:
        """Whether all of its configuration stands in this repository."""
        return not self.notes


def read_pipeline(repository: str | os.PathLike[str], path: str = '.gitlab-ci.yml') -> Pipeline:
    """The pipeline of a repository as GitLab resolves it for a push to `main`.

    `repository` is its root folder, `path` the pipeline's root file in it.
    Includes that need the network are in `notes`. Raises InvalidPipeline for what
    cannot be read: YAML, includes, inputs, `extends`, `!reference`. Keywords are
    not checked.
    """
    files = Files(Repository(os.fspath(repository)))
    mode = Mode(strict=True)
    return pipeline_of(files, configuration(files, path, mode), mode)


def pipeline_of(files: Files, found: Configuration, mode: Mode) -> Pipeline:
    """The pipeline of a configuration. Raises InvalidPipeline."""
    try:
        return _pipeline_of(files, found, mode)
    except InvalidPipeline as error:
        error.files = found.files
        raise files.told(error) from None


def _pipeline_of(files: Files, found: Configuration, mode: Mode) -> Pipeline:
    lenient = mode.lenient or not found.visible
    with_parents = extended(found.table, lenient)
    table = resolved(with_parents, lenient)
    default = defaults(table)
    jobs: dict[str, Job] = {}
    hidden: dict[str, Job] = {}
    for name, entry in job_entries(table):
        if isinstance(entry.value, Table) and (
            not name.startswith('.') or is_template(entry.value)
        ):
            job = job_of(files, table, name, entry.value, default, found.definitions.get(name, ()))
            (hidden if job.hidden else jobs)[name] = job
    return Pipeline(
        jobs, hidden, found.files, found.notes, found.table, with_parents, table, found.definitions
    )
