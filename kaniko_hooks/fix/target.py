"""The pipelines, and a job to rewrite: keywords that forbid or risk several jobs of it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache

from kaniko_hooks.analysis import Evaluations
from kaniko_hooks.ci.gitlab.files import Files
from kaniko_hooks.ci.gitlab.jobs import SYSTEM, Job, Pipeline, containers_of, defaults, effective
from kaniko_hooks.ci.gitlab.pipelines import Pipelines
from kaniko_hooks.ci.gitlab.values import (
    Value,
    entries_of,
    get,
    is_false,
    is_null,
    items_of,
    node_of,
    plain,
    string_of,
)
from kaniko_hooks.document.nodes import MappingNode, ScalarNode, aliased, identity, walk
from kaniko_hooks.fix import Refusal
from kaniko_hooks.fix.paths import is_inside
from kaniko_hooks.model import Container, Note
from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.options import Options

_NEVER = {
    'release': 'has a `release`, which only one job can make',
    'pages': 'is a Pages job, of which there can be only one',
    'publish': 'is a Pages job, of which there can be only one',
    'run': 'has `run:` steps',
    'trigger': 'has a `trigger`',
}
# GitLab's own templates whose jobs are scans, or that have only rules for pipelines. Others, such
# as Auto DevOps, have jobs with names that a repository uses to replace them.
_SCANS = (
    r'[{\s"\']*template["\']?\s*:\s*["\']?(?:(?:Security|Verify|Workflows)/'
    r'|(?:Jobs/)?(?:API|Browser|Code|Container|DAST|Dependency|License|Load|SAST|Secret))'
)


class State:
    """The pipelines as they are with edited texts; what many jobs need is looked up once.

    The named files are those of GitLab CI.
    """

    def __init__(
        self, files: Files, named: Sequence[str], options: Options, evaluations: Evaluations
    ) -> None:
        self.files = files
        self.named = named
        self.options = options
        self.evaluations = evaluations
        self.repository = files.repository
        self.pipelines = Pipelines(files, named, options.gitlab_configs).result()
        self.is_exact = cache(self.repository.is_exact)
        self._sources: dict[int, list[Job]] = {}

    def with_texts(self, texts: Mapping[str, str]) -> State:
        """The state after more edits."""
        repository = self.repository.edited(texts)
        files = self.files.edited(repository, texts.keys())
        return State(files, self.named, self.options, Evaluations(repository))

    def sources(self, pipeline: Pipeline) -> list[Job]:
        """The jobs of a pipeline that have artifacts."""
        if id(pipeline) not in self._sources:
            self._sources[id(pipeline)] = [
                job for job in pipeline.jobs.values() if effective(job, 'artifacts') is not None
            ]
        return self._sources[id(pipeline)]


class Target(NamedTuple):
    """The job of a finding, as its pipelines have it now.

    - `pipelines`: those that have it; `job`: it in the first of them.
    - `files`: the files of those pipelines.
    """

    name: str
    container: Container
    file: str
    text: str
    key: ScalarNode
    body: MappingNode
    job: Job
    pipelines: tuple[Pipeline, ...]
    files: tuple[str, ...]


def target_of(state: State, container: Container) -> Target:
    """The job of a container, whose place may have moved since. Raises Refusal."""
    if container.system != SYSTEM:
        raise Refusal('only jobs of GitLab CI can be rewritten')
    own = tuple(
        pipeline
        for pipeline in state.pipelines
        if container.place.file in pipeline.files
        and (container.name in pipeline.jobs or container.name in pipeline.hidden)
    )
    if not own:
        raise Refusal('its pipeline cannot be read')
    job = own[0].jobs.get(container.name)
    if job is None:
        raise Refusal('it is a template, and the jobs that use it may be elsewhere')
    key, body = _definition(job)
    return Target(
        container.name,
        next(containers_of(own[0], [job])),
        key.file,
        state.repository.known_text(key.file),
        key,
        body,
        job,
        own,
        tuple(dict.fromkeys(file for pipeline in own for file in pipeline.files)),
    )


def _definition(job: Job) -> tuple[ScalarNode, MappingNode]:
    files = sorted({definition.key.file for definition in job.definitions})
    if len(files) > 1:
        raise Refusal(f'it is assembled from {" and ".join(files)}')
    key, body = job.definitions[0].key, node_of(job.definitions[0].value)
    if not isinstance(key, ScalarNode) or key.value != job.name:
        raise Refusal('its name is made from inputs')
    if not isinstance(body, MappingNode) or body.start < key.end or body.file != key.file:
        raise Refusal('it is an alias of another job')
    return key, body


def is_merged(state: State, body: MappingNode) -> bool:
    """An alias in the file stands for the job as a whole."""
    return body.anchor is not None and any(
        identity(named) == identity(body)
        for node in walk(state.files.document(body.file).nodes)
        for named in aliased(node)
    )


# Keywords


def refuse_keywords(target: Target, scripts: Iterable[str]) -> None:
    """Raises Refusal for keywords that only one job can have.

    `scripts` are the texts of the scripts of the repository that the job runs.
    """
    table = target.job.table
    for keyword, reason in _NEVER.items():
        if _has_keyword(table, keyword) or target.name == keyword == 'pages':
            raise Refusal(f'it {reason}')
    environment = get(table, 'environment')
    if not is_null(environment) and string_of(get(environment, 'action')) != 'access':
        raise Refusal('it has an `environment`: every job would be a deployment of its own')
    text = '\n'.join((text_of(target.job), *scripts))
    if name := re.search('CI_JOB_(?:GROUP_)?NAME|CI_NODE_(?:INDEX|TOTAL)', text):
        raise Refusal(f'it uses {name[0]}, which would change')


def _has_keyword(table: Value, keyword: str) -> bool:
    value = get(table, keyword)
    return not is_null(value) and not is_false(value)


def risky_keywords(
    state: State, target: Target, written: Iterable[str], owned: Sequence[Collection[str]]
) -> Iterator[str]:
    """The risks that need --unsafe, by the job's keywords and pipelines.

    - `written`: the files that builds write; `owned`: for each unit those that nothing
      else makes.
    """
    table = target.job.table
    for pipeline in target.pipelines:
        if pipeline.standalone:
            yield f'{target.file} is not part of any pipeline found here'
        elif pipeline.problem or not all(_is_scan(state, note) for note in pipeline.notes):
            yield 'its pipeline has parts that cannot be seen here and may name the job'
    if _has_keyword(table, 'coverage'):
        yield 'it has a `coverage`, which would count once for every job'
    artifacts = effective(target.job, 'artifacts')
    if artifacts is not None and not any(_are_all(artifacts, own) for own in owned):
        yield 'it has `artifacts`, which would come from several jobs'
    if any(
        _keeps(cache, path)
        for cache in items_of(effective(target.job, 'cache'))
        for path in written
    ):
        yield "it has a `cache` of files that its builds write: only one job's would be kept"
    hooks = items_of(get(effective(target.job, 'hooks'), 'pre_get_sources_script'))
    if not all(re.fullmatch(r'echo [\w .:-]*', string_of(item) or '') for item in hooks):
        yield 'it has `hooks` that do more than to print, and would run in every job'
    for source in (table, *items_of(get(table, 'rules'))):
        when = string_of(get(source, 'when'))
        if when in ('manual', 'delayed'):
            yield f'it is `when: {when}`: there would be several to start'


def _is_scan(state: State, note: Note) -> bool:
    text = state.repository.known_text(note.place.file)
    return re.compile(_SCANS).match(text, note.place.offset) is not None


def _are_all(artifacts: Value, files: Collection[str]) -> bool:
    """Artifacts are some of the files, and nothing else."""
    paths = [string_of(item) or '' for item in items_of(get(artifacts, 'paths'))]
    return (
        bool(paths)
        and {name for name, _ in entries_of(artifacts)} <= {'paths', 'expire_in', 'when'}
        and all(_below_root(path) in files for path in paths)
    )


def _below_root(path: str) -> str:
    return path.removeprefix('$CI_PROJECT_DIR/').removeprefix('./')


def _keeps(cache: Value, path: str) -> bool:
    """A cache may be pushed with a file, of which characters after a NUL are unknown."""
    if _has_keyword(cache, 'untracked'):
        return True
    patterns = (_below_root(string_of(item) or '') for item in items_of(get(cache, 'paths')))
    folders = [re.sub(r'[$*?\[{].*', '\0\0', pattern).rstrip('/') for pattern in patterns]
    return any(is_inside(path, folder) or is_inside(folder, path) for folder in folders)


def text_of(job: Job, without: Collection[str] = ()) -> str:
    """All that GitLab may read for a job, without some keywords, as text to search in."""
    entries = (*entries_of(job.table), *defaults(job.top).items())
    values = [entry.value for name, entry in entries if name not in without]
    return str([plain(value) for value in (*values, *items_of(get(job.top, 'variables')))])


def services_of(target: Target) -> set[str]:
    """The host names of the job's services."""
    names: set[str] = set()
    for service in items_of(effective(target.job, 'services')):
        alias = string_of(get(service, 'alias'))
        names.update((alias or '').replace(',', ' ').split())
        image = string_of(service) or string_of(get(service, 'name')) or ''
        path = image.partition('@')[0].rpartition(':')[0] or image
        names.update((path.replace('/', '-'), path.replace('/', '__'), path.rpartition('/')[2]))
    return names - {''}
