"""A pipeline from its first job to its last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from kaniko_hooks.ci.gitlab import InvalidPipeline
from tests.judge import container
from tests.judge.container import Contents, Result
from tests.judge.order import ancestors, children, decision, sources, waits_for
from tests.judge.pipeline import Instance, definition, flat, instances
from tests.judge.programs import Job, Programs
from tests.judge.sandbox import sandbox
from tests.judge.trace import Event, JobRun, Trace, digest

Manual = Literal['all', 'first', 'none']
PUSH_TO_MAIN: Mapping[str, str] = {
    'CI': 'true',
    'GITLAB_CI': 'true',
    'CI_COMMIT_BRANCH': 'main',
    'CI_COMMIT_REF_NAME': 'main',
    'CI_COMMIT_REF_SLUG': 'main',
    'CI_COMMIT_SHA': 'a9993e364706816aba3e25717850c26c9cd0d89d',
    'CI_COMMIT_SHORT_SHA': 'a9993e36',
    'CI_DEFAULT_BRANCH': 'main',
    'CI_PIPELINE_ID': '4711',
    'CI_PIPELINE_SOURCE': 'push',
    'CI_PROJECT_PATH': 'group/project',
    'CI_PROJECT_ID': '12',
    'CI_API_V4_URL': 'https://gitlab.example.com/api/v4',
    'CI_JOB_TOKEN': 'job-token',
    'CI_REGISTRY': 'registry.example.com',
    'CI_REGISTRY_IMAGE': 'registry.example.com/group/project',
    'CI_REGISTRY_USER': 'user',
    'CI_REGISTRY_PASSWORD': 'secret',
}


class Surroundings(NamedTuple):
    """Parameters of a run; see `simulate`."""

    variables: Mapping[str, str] = PUSH_TO_MAIN
    failing: frozenset[str] = frozenset()
    once: bool = False
    manual: Manual = 'all'
    shell: str = 'busybox'
    backwards: bool = False


class Simulation:
    """The state of one pipeline run; results are kept by the full names of instances."""

    def __init__(self, root: Path, surroundings: Surroundings) -> None:
        self.root = root
        self.surroundings = surroundings
        self.box = sandbox()
        self.programs = Programs(self.box.root, surroundings.failing, surroundings.once)
        self.box.programs = self.programs
        self.manual_jobs = 0
        self.configuration: Contents = {}  # files that no image may depend on, as empty ones
        self.results: dict[str, Result] = {}
        self.runs: dict[str, JobRun] = {}

    def pipeline(self, path: str, prefix: str = '') -> None:
        """Runs all jobs of the pipeline of a root file, and those of its child pipelines."""
        written = definition(self.root, path)
        self.configuration |= dict.fromkeys(written.files, b'')
        waiting = instances(written.top, written.jobs, self.surroundings.variables)
        everything = tuple(waiting)
        ended: dict[str, str] = {}
        while waiting:
            ready = [
                job
                for job in waiting
                if all(other.name in ended for other in waits_for(job, everything))
            ]
            if not ready:
                raise ValueError('needs of jobs form a circle')
            job = ready[-1 if self.surroundings.backwards else 0]
            waiting.remove(job)
            earlier = [(other, ended[other.name]) for other in waits_for(job, everything)]
            status = ended[job.name] = self.end(job, decision(job, earlier), everything, prefix)
            for child in children(job) if status == 'success' else ():
                self.pipeline(child, f'{prefix}{job.name} > ')

    def end(self, job: Instance, status: str, everything: Sequence[Instance], prefix: str) -> str:
        """The status of a job in the end: success, failed, skipped, or manual: not started."""
        if status == 'manual':
            manual = self.surroundings.manual
            if manual == 'all' or (manual == 'first' and not self.manual_jobs):
                status = 'run'
            self.manual_jobs += 1
        files: Contents = {}
        variables = dict(self.surroundings.variables)
        for source in self.named(sources(job, everything), prefix):
            files |= source.artifacts
            variables |= source.report
        result = Result(status)
        if status == 'run' and 'trigger' in job.keywords:
            result = Result('success')
        elif status == 'run':
            parents = ancestors(job, everything)
            self.enter(job, {prefix + parent.name for parent in parents}, prefix)
            earlier, shell = self.named(parents, prefix), self.surroundings.shell
            copies = {**files, **self.configuration}
            result = container.run(self.box, job, self.root, copies, earlier, variables, shell)
            for text in container.keyword_effects(job, result.status):
                self.programs.events.append(Event(prefix + job.name, 'keyword', text, '', False))
        self.results[prefix + job.name] = result
        self.runs[prefix + job.name] = JobRun(
            prefix + job.job,
            definition_of(job),
            result.status,
            job.allow_failure,
            digests(files),
            digests(result.artifacts),
        )
        return result.status

    def named(self, jobs: Sequence[Instance], prefix: str) -> list[Result]:
        return [self.results[prefix + job.name] for job in jobs]

    def enter(self, job: Instance, parents: set[str], prefix: str) -> None:
        """Lets the programs know which job runs, and what was pushed before it."""
        pushed = frozenset(
            f'{image} {event.state}'
            for event in self.programs.events
            if event.job in parents and not event.failed
            for image in event.pushed
        )
        self.programs.job = Job(prefix + job.name, container.service_hosts(job), pushed)


def simulate(root: Path, surroundings: Surroundings = Surroundings()) -> Trace:  # noqa: B008
    """The trace of a repository's pipeline.

    `failing` holds keys of calls that fail (`Event.keys`), `once` lets them fail the first time
    only. `manual` says which manual jobs somebody starts. Of the jobs that may run at the same
    time, the first runs first; the last, where `backwards`. The files of a repository must not
    change between two calls.
    """
    run = Simulation(root, surroundings)
    try:
        run.pipeline('.gitlab-ci.yml')
    except (ValueError, InvalidPipeline) as error:
        return Trace(error=f'{type(error).__name__}: {error}')
    saved = {
        key: digests(files)
        for result in run.results.values()
        for key, files in result.caches.items()
        if files
    }
    return Trace(tuple(run.programs.events), run.runs, run.programs.registry, saved)


def definition_of(job: Instance) -> str:
    """All keywords of a job but those that name other jobs."""
    rules = [
        {key: value for key, value in rule.items() if key != 'needs'}
        for rule in flat(job.keywords.get('rules'))
    ]
    others = {k: v for k, v in job.keywords.items() if k not in ('needs', 'dependencies', 'rules')}
    return digest(repr((others, rules)))


def digests(files: Mapping[str, bytes]) -> dict[str, str]:
    return {path: digest(data.decode('latin-1')) for path, data in files.items()}
