"""Checks that the jobs which `needs` and `dependencies` name are there, and not later.

Rules: G: lib/gitlab/ci/yaml_processor.rb, validate_job!.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from kaniko_hooks.ci.gitlab.errors import InvalidPipeline
from kaniko_hooks.ci.gitlab.values import Leaf, Value, get, items_of, place_of, string_of


def check_order(jobs: Mapping[str, Value], stages: Mapping[str, int]) -> None:
    """Raises InvalidPipeline for a job that names one which is missing or later.

    `jobs` are the visible ones, `stages` has the number of each job's stage.
    """
    needed_by: dict[str, list[str]] = {}
    for name, table in jobs.items():
        for needed, value in _needs(table):
            need = _job_of(needed, jobs)
            needed_by.setdefault(need, []).append(name)
            if need not in jobs:
                _refuse(f'{name} job: undefined need: {need}', value)
            if stages[need] > stages[name]:
                _refuse(f'{name} job: need {need} is not defined in current or prior stages', value)
        for item in items_of(get(table, 'dependencies')):
            other = _job_of(string_of(item) or '', jobs)
            if other not in jobs:
                _refuse(f'{name} job: undefined dependency: {other}', item)
            elif stages[other] > stages[name]:
                _refuse(f'{name} job: dependency {other} is not defined in prior stages', item)
    circle = _in_a_circle(jobs, needed_by)
    if circle:
        _refuse('The pipeline has circular dependencies', jobs[circle[0]])


def _in_a_circle(jobs: Mapping[str, Value], needed_by: Mapping[str, list[str]]) -> list[str]:
    """The jobs that wait for themselves, and those that wait for them."""
    waits = dict.fromkeys(jobs, 0)
    for names in needed_by.values():
        for name in names:
            waits[name] += 1
    ready = [name for name, count in waits.items() if not count]
    while ready:
        for name in needed_by.get(ready.pop(), ()):
            waits[name] -= 1
            if not waits[name]:
                ready.append(name)
    return [name for name, count in waits.items() if count]


def _job_of(name: str, jobs: Mapping[str, Value]) -> str:
    """The job that a name stands for: `job: [a, b]` and `job 1/2` are instances of one."""
    return name if name in jobs else re.sub(r': \[.*\]\Z| \d+/\d+\Z', '', name)


def _needs(table: Value) -> Iterator[tuple[str, Value]]:
    """The jobs of the same pipeline that a job needs and that have to be there."""
    for item in items_of(get(table, 'needs')):
        elsewhere = any(get(item, key) is not None for key in ('pipeline', 'project'))
        optional = get(item, 'optional')
        if elsewhere or (isinstance(optional, Leaf) and optional.value is True):
            continue
        name = string_of(item) or string_of(get(item, 'job'))
        if name is not None:
            yield name, item


def _refuse(message: str, value: Value) -> None:
    raise InvalidPipeline(message, place_of(value))
