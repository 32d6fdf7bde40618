"""A resolved job -> the container it runs in, with every place it is made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from kaniko_hooks.ci.gitlab.extends import ancestors
from kaniko_hooks.ci.gitlab.jobs import SCRIPTS, Job
from kaniko_hooks.ci.gitlab.pipeline import Pipeline
from kaniko_hooks.ci.gitlab.reference import references_below
from kaniko_hooks.ci.gitlab.values import Table, get, place_of, string_of
from kaniko_hooks.ci.gitlab.variables import container_variables, own_entries, text_of
from kaniko_hooks.model import Container, Place, ScriptPart, Variable

SYSTEM = 'gitlab-ci'


def container_of(
    pipeline: Pipeline, job: Job, visible: bool, handed: Sequence[Mapping[str, Variable]] = ()
) -> Container | None:
    """The container of a job (a hidden one: as a template); None if it runs no commands.

    `before_script` and `script` share a shell, `after_script` has its own (R:
    common/build.go), and so has each step of `run:`.
    """
    if not (job.before_script or job.script or job.after_script or job.steps):
        return None
    variables = container_variables(pipeline.table, job.table, handed)
    parts = []
    if job.before_script or job.script:
        commands = (*(job.before_script or ()), *(job.script or ()))
        parts.append(ScriptPart(commands, variables))
    parts.extend(_step_parts(job, variables))
    if job.after_script:
        parts.append(ScriptPart(tuple(job.after_script), variables, always=True))
    return Container(
        SYSTEM,
        job.name,
        job_place(job),
        image_of(job),
        tuple(parts),
        job.hidden,
        tuple(dict.fromkeys(_places(pipeline, job))),
        visible,
    )


def job_place(job: Job) -> Place:
    """The key of a job, where it is defined last."""
    node = job.definitions[-1].key if job.definitions else job.table.node
    return Place(node.file, node.start)


def image_of(job: Job) -> Variable | None:
    """The name of a job's image, with its place."""
    entry = job.entries.get('image')
    if entry is None:
        return None
    value = get(entry.value, 'name') if isinstance(entry.value, Table) else entry.value
    name = string_of(value)
    if name is None:
        return None
    places = dict.fromkeys((place_of(value or entry.value), place_of(entry.key)))
    return Variable((name,), tuple(places), expand=True)


def _step_parts(job: Job, variables: Mapping[str, Variable]) -> Iterator[ScriptPart]:
    for step in job.steps:
        env = {
            name: Variable((text_of(entry),), (place_of(entry.key),), True)
            for name, entry in own_entries(step.env).items()
        }
        yield ScriptPart((step.command,), {**variables, **env})


def _places(pipeline: Pipeline, job: Job) -> Iterator[Place]:
    """The job, its ancestors, `default:` entries, and what it refers to."""
    for name in (job.name, *ancestors(pipeline.raw, job.name)):
        for definition in pipeline.definitions.get(name, ()):
            yield place_of(definition.key)
    for entry in job.entries.values():
        yield place_of(entry.key)
    table = get(pipeline.extended, job.name)
    for keyword in SCRIPTS:
        for source in (table, get(pipeline.extended, 'default'), pipeline.extended):
            value = get(source, keyword)
            if value is not None and keyword in job.entries:
                for reference in references_below(pipeline.extended, value):
                    yield place_of(reference)
                    target = get(pipeline.extended, *(reference.path or ('',)))
                    if target is not None:
                        yield place_of(target)
                break
