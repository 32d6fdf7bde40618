"""`trigger: include:` -> child pipelines, and the variables they are handed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from kaniko_hooks.ci.gitlab.jobs import Job
from kaniko_hooks.ci.gitlab.pipeline import Pipeline
from kaniko_hooks.ci.gitlab.values import Entry, Leaf, Table, entry_of, get, is_null, plain
from kaniko_hooks.ci.gitlab.variables import container_variables
from kaniko_hooks.model import Variable
from kaniko_hooks.named_tuple import NamedTuple


class Child(NamedTuple):
    """A child pipeline as one trigger job asks for it."""

    identity: str  # the same for every job that asks for the same files and inputs
    include: Table  # a table with nothing but `include`
    handed: Mapping[str, Variable]  # over all variables of the child


def children(pipeline: Pipeline) -> Iterator[Child]:
    """The child pipelines of a pipeline's jobs, in order."""
    for job in (*pipeline.jobs.values(), *pipeline.hidden.values()):
        entry = entry_of(get(job.table, 'trigger'), 'include')
        if entry is not None and not is_null(entry.value):
            yield Child(
                repr(plain(entry.value)),
                Table({'include': Entry(entry.key, entry.value)}, entry.value.node),
                _handed(pipeline, job),
            )


def _handed(pipeline: Pipeline, job: Job) -> Mapping[str, Variable]:
    """The trigger job's YAML variables (docs: ci/yaml, trigger:forward, on by default)."""
    forward = get(job.table, 'trigger', 'forward', 'yaml_variables')
    if isinstance(forward, Leaf) and forward.value is False:
        return {}
    return container_variables(pipeline.table, job.table)
