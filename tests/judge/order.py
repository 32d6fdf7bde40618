"""The jobs that a job waits for, its condition, and the artifacts that it gets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tests.judge.pipeline import Instance, flat


def waits_for(job: Instance, everything: Sequence[Instance]) -> Iterator[Instance]:
    """The instances that have to end before a job may start."""
    if job.needs is None:
        return (other for other in everything if other.stage < job.stage)
    needed = {need.job for need in job.needs}
    return (other for other in everything if other.job in needed)


def ancestors(job: Instance, everything: Sequence[Instance]) -> list[Instance]:
    """All instances that have certainly ended when a job starts, in the pipeline's order."""
    names: set[str] = set()
    rest = list(waits_for(job, everything))
    while rest:
        parent = rest.pop()
        if parent.name not in names:
            names.add(parent.name)
            rest += waits_for(parent, everything)
    return [other for other in everything if other.name in names]


def decision(job: Instance, earlier: Sequence[tuple[Instance, str]]) -> str:
    """`run`, `manual` (somebody could start it) or `skipped`, by how the jobs before ended."""
    failed = any(status == 'failed' and not other.allow_failure for other, status in earlier)
    blocked = any(
        (status in ('skipped', 'manual') and job.needs)
        or (status == 'manual' and not other.allow_failure)
        for other, status in earlier
    )
    if job.when == 'always':
        return 'run'
    if job.when == 'on_failure':
        return 'run' if failed else 'skipped'
    if failed or blocked:
        return 'skipped'
    return 'manual' if job.when == 'manual' else 'run'


def sources(job: Instance, everything: Sequence[Instance]) -> list[Instance]:
    """The instances whose artifacts a job gets, in the pipeline's order."""
    unwanted = {need.job for need in job.needs or () if not need.artifacts}
    wanted = job.keywords.get('dependencies')
    return [
        other
        for other in waits_for(job, everything)
        if other.job not in unwanted and (wanted is None or other.job in wanted)
    ]


def children(job: Instance) -> list[str]:
    """The root files of the child pipelines that a job starts."""
    trigger = job.keywords.get('trigger')
    include = trigger.get('include') if isinstance(trigger, dict) else None
    entries = [{'local': entry} if isinstance(entry, str) else entry for entry in flat(include)]
    return [entry['local'].lstrip('/') for entry in entries if 'local' in entry]
