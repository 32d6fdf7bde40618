"""The pipelines of a repository, and the containers of their jobs.

Root pipelines first, then the child pipelines that they trigger, then named files
that are in none of them, since the pipelines that use those are elsewhere.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from kaniko_hooks.ci.gitlab.files import Files
from kaniko_hooks.ci.gitlab.include import Loader, Variables
from kaniko_hooks.ci.gitlab.jobs import Job, Pipeline, containers_of, jobs_of, reported_by
from kaniko_hooks.ci.gitlab.reuse import extended, resolved
from kaniko_hooks.ci.gitlab.values import (
    Entry,
    InvalidPipeline,
    Table,
    Value,
    get,
    is_false,
    node_of,
    plain,
)
from kaniko_hooks.ci.gitlab.variables import Settings, global_settings, job_settings
from kaniko_hooks.ci_paths import GITLAB, GITLAB_ROOT, system_at
from kaniko_hooks.model import Container, Place, Problem, Reading
from kaniko_hooks.repository import Repository, Unreadable

MAX_CHILDREN = 500

# The predefined variables of a push to the default branch that are the same everywhere.
_PUSH_TO_MAIN: Mapping[str, str] = {
    'CI': 'true',
    'GITLAB_CI': 'true',
    'CI_PIPELINE_SOURCE': 'push',
    'CI_COMMIT_BRANCH': 'main',
    'CI_COMMIT_REF_NAME': 'main',
    'CI_COMMIT_REF_SLUG': 'main',
    'CI_DEFAULT_BRANCH': 'main',
    'CI_COMMIT_REF_PROTECTED': 'true',
    'CI_SERVER_URL': 'https://gitlab.example.com',
    'CI_REGISTRY': 'registry.example.com',
    'CI_REGISTRY_IMAGE': 'registry.example.com/group/project',
    'CI_PROJECT_PATH': 'group/project',
    'CI_PROJECT_NAME': 'project',
    'CI_PROJECT_NAMESPACE': 'group',
    'CI_PROJECT_DIR': '/builds/group/project',
}


def read_pipeline(repository: str | os.PathLike[str], path: str = GITLAB_ROOT) -> Pipeline:
    """The pipeline of a repository as GitLab resolves it for a push to `main`.

    `repository` is its root folder, `path` the pipeline's root file in it. Includes
    that need the network are in `notes`. Raises InvalidPipeline for a configuration
    that the hooks call unreadable: YAML syntax, a missing file, a cycle, an unknown
    parent or reference. Keywords are not validated.
    """
    files = Files(Repository(os.fspath(repository)))
    try:
        if not files.repository.exists(path):
            raise InvalidPipeline('there is no such file', Place(path, 0))
        pipeline = pipeline_of(files, path, path, _PUSH_TO_MAIN)
        if pipeline.problem:
            raise pipeline.problem
        return pipeline
    except InvalidPipeline as error:
        error.line = files.repository.known_text(error.file).count('\n', 0, error.offset) + 1
        raise


def read(repository: Repository, named: Sequence[str], configs: Sequence[str]) -> Reading:
    """The containers of all root pipelines, and of the named files in none of them.

    `named` are files of GitLab CI, `configs` further root files, both relative to the
    repository root. Hidden jobs are templates among the containers.
    """
    reader = Pipelines(Files(repository), named, configs)
    pipelines = reader.result()
    notes = dict.fromkeys(note for pipeline in pipelines for note in pipeline.notes)
    containers: dict[tuple[str, Place], list[Container]] = {}
    for pipeline in pipelines:
        for container in containers_of(pipeline):
            same_job = containers.setdefault((container.name, container.place), [])
            # Several pipelines may have the same job.
            if all(container._replace(visible=other.visible) != other for other in same_job):
                same_job.append(container)
    distinct = tuple(container for same_job in containers.values() for container in same_job)
    of_pipelines = reader.files_read.union(*(pipeline.files for pipeline in pipelines))
    return Reading(distinct, tuple(notes), tuple(reader.problems), frozenset(of_pipelines))


def pipeline_of(
    files: Files, root: str, source: str | Table, variables: Variables = None
) -> Pipeline:
    """The pipeline of a root file, or of the `include` of a trigger job.

    See Loader for `variables`. Raises InvalidPipeline if there is nothing to read.
    """
    loader = Loader(files, variables)
    try:
        table = loader.root(source) if isinstance(source, str) else loader.merged(source)
        # What is missing may be in files that cannot be seen.
        problems = [] if loader.notes else loader.problems
        table = extended(table, problems)
        if any('!reference' in files.repository.known_text(path) for path in loader.files_read):
            table = resolved(table, problems)
        jobs = jobs_of(files, table, loader.definitions)
    except (InvalidPipeline, Unreadable, RecursionError) as error:
        # GitLab's only limit of references and includes in one another is Ruby's stack.
        reason = error if isinstance(error, Unreadable) else 'is nested too deeply'
        large = InvalidPipeline(f'the pipeline {reason}', Place(root, 0))
        invalid = error if isinstance(error, InvalidPipeline) else large
        invalid.files = tuple(loader.files_read)
        raise invalid from None
    visible = {name: job for name, job in jobs.items() if not job.hidden}
    return Pipeline(
        root,
        visible,
        {name: job for name, job in jobs.items() if job.hidden},
        tuple(loader.files_read),
        tuple(loader.notes),
        table,
        loader.definitions,
        loader.inputs,
        reported_by(files, visible.values()),
        problem=next(iter(loader.problems), None),
    )


class Pipelines:
    """All root pipelines with their child pipelines, and named files that are in none of them.

    `problems` are what could not be read, `files_read` the files that belong to a root or
    child pipeline, readable or not.
    """

    def __init__(self, files: Files, named: Sequence[str], configs: Sequence[str]) -> None:
        self.files = files
        self.pipelines: list[Pipeline] = []
        self.problems: dict[Problem, None] = {}
        self.files_read: set[str] = set()
        self.parents = 0  # the pipelines whose children are read
        self.forwarded: dict[str, list[Settings]] = {}  # by the identity of a child
        for root in dict.fromkeys((GITLAB_ROOT, *configs)):
            if files.repository.exists(root):
                self._read(root, root)
            elif root in configs:
                self.problems[Problem(Place(root, 0), 'there is no such file')] = None
        self._read_children()
        for path in dict.fromkeys(named):
            if path not in self.files_read:
                self._read(path, path, standalone=True)
        self._read_children()

    def _read(
        self, root: str, source: str | Table, child: str | None = None, standalone: bool = False
    ) -> None:
        """A pipeline from a root file, or from the `include` of a trigger job.

        A problem with a standalone file is one only if nothing of it can be read, its name
        is GitLab's and it is no template, as in the skeleton of a project.
        """
        try:
            pipeline = pipeline_of(self.files, root, source)
        except InvalidPipeline as error:
            # Not imported for GitLab's files alone.
            from kaniko_hooks.ci.recognise import is_template

            named = child is None and system_at(root) is GITLAB
            if not standalone or (
                named and not is_template(self.files.repository.known_text(root))
            ):
                self._add_problem(error, error.files)
            return
        if standalone:
            pipeline = pipeline._replace(problem=None, standalone=True)
        else:
            self.files_read.update(pipeline.files)
        if pipeline.problem:
            self._add_problem(pipeline.problem, pipeline.files)
        forwarded = self.forwarded[child] if child else ()
        self.pipelines.append(pipeline._replace(child=child, forwarded=forwarded))

    def _add_problem(self, error: InvalidPipeline, files: tuple[str, ...]) -> None:
        """A problem, unless the readable files of the pipeline do not mention Kaniko."""
        self.files_read.update(files)
        texts = [self.files.repository.known_text(file).lower() for file in files]
        # Of UTF-16 nothing but NULs can be seen.
        mentions = any('kaniko' in text or '\0' in text for text in texts)
        if mentions or (texts and not any(texts)):
            self.problems[Problem(error.place, error.message, files)] = None

    def _read_children(self) -> None:
        """The child pipelines of all pipelines, and their children."""
        while self.parents < len(self.pipelines):
            parent = self.pipelines[self.parents]
            self.parents += 1
            for job in (*parent.jobs.values(), *parent.hidden.values()):
                include = get(job.table, 'trigger', 'include')
                if include is not None:
                    self._read_child(parent, job, include)

    def _read_child(self, parent: Pipeline, job: Job, include: Value) -> None:
        child = repr(plain(include))  # the same for all jobs that trigger these files
        if child not in self.forwarded:
            if len(self.forwarded) == MAX_CHILDREN:
                message = f'more than {MAX_CHILDREN} child pipelines'
                self.problems[Problem(Place(parent.root, 0), message)] = None
                return
            self.forwarded[child] = []
            node = node_of(include)
            source = Table({'include': Entry(node, include)}, node)
            self._read(parent.root, source, child, parent.standalone)
        # By default a trigger job passes its variables on (docs: trigger:forward).
        keeps = is_false(get(job.table, 'trigger', 'forward', 'yaml_variables'))
        settings = {} if keeps else job_settings(global_settings(parent.table), job.table)
        self.forwarded[child].append(settings)

    def result(self) -> tuple[Pipeline, ...]:
        """All pipelines, without standalone files that another standalone file includes."""
        included: set[str] = set()
        for pipeline in self.pipelines:
            if pipeline.standalone and pipeline.root not in included:
                included |= {*pipeline.files} - {pipeline.root}
        return tuple(
            pipeline
            for pipeline in self.pipelines
            if not (pipeline.standalone and pipeline.root in included)
        )
