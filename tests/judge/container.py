"""One job in its container: variables, caches and artifacts around its scripts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from tests.judge.pipeline import Instance, Keywords, expanded, filled, flat, layered
from tests.judge.sandbox import Sandbox

# The runner refuses other values.
_STRATEGIES = ('clone', 'fetch', 'none', 'empty')

Contents = dict[str, bytes]


class Result(NamedTuple):
    """The remains of a job: its status, artifacts, dotenv variables, and caches by their keys."""

    status: str
    artifacts: Contents = {}
    report: Mapping[str, str] = {}
    caches: Mapping[str, Contents] = {}


def run(
    box: Sandbox,
    job: Instance,
    source: Path,
    files: Contents,
    earlier: list[Result],
    outside: Mapping[str, str],
    shell: str,
) -> Result:
    """Runs the scripts of a job on a copy of the repository and the artifacts it gets.

    `earlier` are the results of the jobs that it waits for; their caches are restored.
    """
    if job.variables.get('GIT_STRATEGY', 'clone') not in _STRATEGIES:
        return Result('failed')
    variables = expanded(layered(job.variables, {**outside, **predefined(job, box)}))
    restored: Contents = {}
    for _, key in caches(job, variables):
        for result in earlier:
            restored |= result.caches.get(key, {})
    box.clear(source, {**restored, **files}, shell)
    entries = [*flat(job.keywords.get('before_script')), *flat(job.keywords.get('script'))]
    status = 'failed' if box.run(entries, variables, shell) else 'success'
    if after := flat(job.keywords.get('after_script')):
        box.run(after, {**variables, 'CI_JOB_STATUS': status}, shell)
    saved = {
        key: collected(box, table.get('paths'), variables)
        for table, key in caches(job, variables)
        if status == 'success' and table.get('policy') != 'pull'
    }
    artifacts = job.keywords.get('artifacts') or {}
    moment = {'success': 'on_success', 'failed': 'on_failure'}[status]
    if artifacts.get('when', 'on_success') not in ('always', moment):
        return Result(status, caches=saved)
    dotenv = collected(box, (artifacts.get('reports') or {}).get('dotenv'), variables)
    lines = b''.join(dotenv.values()).decode().splitlines()
    report = dict(line.split('=', 1) for line in lines if '=' in line)
    return Result(status, collected(box, artifacts.get('paths'), variables), report, saved)


def predefined(job: Instance, box: Sandbox) -> dict[str, str]:
    """The variables of GitLab that differ from job to job."""
    number = box.programs.draw()
    return {
        'CI_JOB_NAME': job.name,
        'CI_JOB_NAME_SLUG': re.sub('[^a-z0-9]+', '-', job.name.lower()).strip('-'),
        'CI_JOB_STAGE': str(job.keywords.get('stage', 'test')),
        'CI_JOB_ID': number,
        'CI_JOB_URL': f'https://gitlab.example.com/-/jobs/{number}',
        'CI_JOB_STARTED_AT': number,
        'CI_NODE_INDEX': str(job.number + 1),
        'CI_PROJECT_DIR': str(box.project),
    }


def caches(job: Instance, variables: Mapping[str, str]) -> Iterator[tuple[Keywords, str]]:
    """The entries of `cache:` and their keys."""
    for table in flat(job.keywords.get('cache')):
        yield table, filled(str(table.get('key', 'default')), variables)


def collected(box: Sandbox, patterns: Any, variables: Mapping[str, str]) -> Contents:
    """The files that `paths:` names, path to content."""
    result = {}
    for pattern in flat(patterns):
        name = filled(pattern, variables).removeprefix('./').rstrip('/')
        for top in box.project.glob(name or '*'):
            for path in [top] if top.is_file() else top.rglob('*'):
                if path.is_file():
                    result[str(path.relative_to(box.project))] = path.read_bytes()
    return result


def service_hosts(job: Instance) -> tuple[str, ...]:
    """The names under which a job reaches its services."""
    hosts = []
    for service in flat(job.keywords.get('services')):
        table = {'name': service} if isinstance(service, str) else service
        name = table['name'].rpartition(':')[0] or table['name']
        hosts += [name.replace('/', '-'), name.replace('/', '__'), table.get('alias', '')]
    return tuple(filter(None, hosts))


def keyword_effects(job: Instance, status: str) -> Iterator[str]:
    """The actions of GitLab itself for the keywords of a job that has run."""
    environment = job.keywords.get('environment')
    if isinstance(environment, dict) and environment.get('action') in ('access', 'verify'):
        environment = None
    if environment:
        yield f'deployment to {environment}'
    if 'coverage' in job.keywords:
        yield 'coverage'
    if status == 'success' and ('release' in job.keywords or 'pages' in (job.job, *job.keywords)):
        yield 'release or pages'
