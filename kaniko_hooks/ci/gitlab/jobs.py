"""Resolved entries to jobs, and jobs to the containers that they run in.

Rules: G: lib/gitlab/ci/config/entry/{root,default,jobs,processable,job,bridge}.rb.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from kaniko_hooks.ci.gitlab.files import Files
from kaniko_hooks.ci.gitlab.predefined import EXCLUSIVE, NEVER_EMPTY, SINGLE_WORDS
from kaniko_hooks.ci.gitlab.reuse import ancestors
from kaniko_hooks.ci.gitlab.values import (
    Entry,
    InvalidPipeline,
    Leaf,
    Table,
    Value,
    entries_of,
    get,
    inherits,
    is_null,
    items_of,
    place_of,
    string_of,
)
from kaniko_hooks.ci.gitlab.variables import (
    Settings,
    global_settings,
    job_settings,
    matrix_cells,
    static_variables,
    value_text,
    with_holes,
)
from kaniko_hooks.document.nodes import ScalarNode
from kaniko_hooks.model import Container, Note, Place, Script, Setting, Text
from kaniko_hooks.named_tuple import NamedTuple

SYSTEM = 'gitlab-ci'
SCRIPTS = ('before_script', 'script', 'after_script')

_WORK = ('script', 'run', 'trigger')
_OLD_GLOBALS = ('image', 'services', 'before_script', 'after_script', 'cache')
_RESERVED = frozenset((*_OLD_GLOBALS, 'include', 'variables', 'stages'))


class Command(NamedTuple):
    """One string of a script, and where it begins.

    `file` is relative to the repository root, `offset` counts code points.
    """

    text: str
    file: str
    offset: int
    source: Text


class Job(NamedTuple):
    """One job, resolved.

    - `table`: all its keywords, as merged.
    - `entries`: all its keywords, own or by `default:`.
    - `scripts`: the strings of each script that it has, also of `run:`.
    - `definitions`: its entry in each file that has one, the last one wins.
    - `top`: the top level of its pipeline.
    """

    name: str
    table: Table
    entries: Mapping[str, Entry]
    scripts: Mapping[str, Sequence[Text]]
    definitions: Sequence[Entry]
    top: Table

    @property
    def hidden(self) -> bool:
        return self.name.startswith('.')

    @property
    def before_script(self) -> list[Command] | None:
        return self._commands('before_script')

    @property
    def script(self) -> list[Command] | None:
        return self._commands('script')

    @property
    def after_script(self) -> list[Command] | None:
        return self._commands('after_script')

    @property
    def variables(self) -> dict[str, str]:
        """The values of `variables:`, without those that a rule or the matrix sets."""
        return static_variables(self.top, self.table)

    @property
    def matrix(self) -> list[dict[str, str]]:
        """The variables of each instance of `parallel:matrix`."""
        return matrix_cells(self.table)

    def _commands(self, keyword: str) -> list[Command] | None:
        if keyword not in self.scripts:
            return None
        return [Command(text.value, *text.place(0), text) for text in self.scripts[keyword]]


class Pipeline(NamedTuple):
    """One pipeline, resolved.

    - `root`: its root file; of a child pipeline, that of the triggering pipeline.
    - `jobs`: the jobs that GitLab may run, by name; `hidden`: templates with commands.
    - `files`: the files of the repository that it consists of, the root first.
    - `notes`: includes that cannot be seen; with any of them, unknown parents and
      references are tolerated.
    - `table`: its top level after `extends` and `!reference`.
    - `definitions`: each top-level entry as the files have it, the last one wins.
    - `inputs`: for each file, the places of the inputs that it is included with.
    - `standalone`: no pipeline of the repository includes the file.
    - `problem`: the first reason for GitLab to refuse it; this is the readable rest.
    - `child`: identifies a child pipeline.
    - `reported`: for each job with a dotenv report, the variables that others may get of it.
    - `forwarded`: for each of its trigger jobs, the variables that it passes on.
    """

    root: str
    jobs: Mapping[str, Job]
    hidden: Mapping[str, Job]
    files: tuple[str, ...]
    notes: tuple[Note, ...]
    table: Table
    definitions: Mapping[str, list[Entry]]
    inputs: Mapping[str, Sequence[Place]]
    reported: Mapping[str, Collection[str]] = {}
    standalone: bool = False
    problem: InvalidPipeline | None = None
    child: str | None = None
    forwarded: Sequence[Settings] = ()

    @property
    def visible(self) -> bool:
        """True if all its configuration, and all users of it, are in the repository."""
        return not (self.notes or self.standalone or self.problem)


def jobs_of(files: Files, top: Table, definitions: Mapping[str, Sequence[Entry]]) -> dict[str, Job]:
    """The jobs of a top level in GitLab's order, and hidden entries with commands.

    Raises Unreadable for a script that is too large.
    """

    def text(value: ScalarNode | Leaf) -> Text:
        return with_holes(files.scalar_text(value))

    default = defaults(top)
    jobs: dict[str, Job] = {}
    for name, entry in top.entries.items():
        table = entry.value
        if isinstance(table, Table) and _is_job(name, table):
            keeps = inherits(table, 'default')
            entries = {keyword: default[keyword] for keyword in filter(keeps, default)}
            entries.update(_without_nulls(table.entries))
            scripts = {
                keyword: list(map(text, strings_of(entries[keyword].value)))
                for keyword in SCRIPTS
                # Trigger jobs run no commands.
                if keyword in entries and 'trigger' not in entries
            }
            for step in items_of(get(table, 'run')):
                scripts.setdefault('run', []).extend(map(text, strings_of(get(step, 'script'))))
            jobs[name] = Job(name, table, entries, scripts, definitions[name], top)
    return jobs


def _is_job(name: str, table: Value | None) -> bool:
    keywords = set(table.entries) if isinstance(table, Table) else set()
    if name.startswith('.'):
        return not keywords.isdisjoint(_WORK + SCRIPTS)
    if name in ('default', 'workflow'):
        return not keywords.isdisjoint(_WORK)
    return name not in _RESERVED


def defaults(top: Table) -> dict[str, Entry]:
    """The keywords that jobs inherit: those of `default:` and the old globals."""
    entries = {name: top.entries[name] for name in _OLD_GLOBALS if name in top.entries}
    default = get(top, 'default')
    if not _is_job('default', default):
        entries.update(entries_of(default))
    return _without_nulls(entries)


def _without_nulls(entries: Mapping[str, Entry]) -> dict[str, Entry]:
    return {name: entry for name, entry in entries.items() if not is_null(entry.value)}


def effective(job: Job, keyword: str) -> Value | None:
    """A keyword of a job, its own or by `default:`; None if it is not set."""
    entry = job.entries.get(keyword)
    return entry.value if entry else None


def strings_of(value: Value | None) -> list[ScalarNode | Leaf]:
    """The strings of a script, nested lists flattened; other values are ignored.

    Raises Unreadable for a script that is too large.
    """
    return [
        item
        for item in items_of(value)
        if isinstance(item, (ScalarNode, Leaf)) and isinstance(item.value, str)
    ]


def containers_of(pipeline: Pipeline, jobs: Iterable[Job] | None = None) -> Iterator[Container]:
    """The containers of a pipeline's jobs (of all of them by default), if they run commands.

    Those of hidden jobs are templates.
    """
    inherited = global_settings(pipeline.table)
    for job in (*pipeline.jobs.values(), *pipeline.hidden.values()) if jobs is None else jobs:
        settings: Settings = job_settings(inherited, job.table, pipeline.forwarded)
        others = (names for name, names in pipeline.reported.items() if name != job.name)
        changed = set[str]().union(*others)
        if changed:
            # Few pipelines have such reports.
            from kaniko_hooks.ci.common import with_unknown

            settings = with_unknown(settings, changed)
        scripts = tuple(_scripts(job, settings))
        if scripts:
            yield Container(
                SYSTEM,
                job.name,
                place_of(job.definitions[-1].key),
                _image(job),
                job.hidden,
                tuple(dict.fromkeys(_places(pipeline, job))),
                pipeline.visible,
                scripts,
                EXCLUSIVE,
                SINGLE_WORDS,
                NEVER_EMPTY,
            )


def reported_by(files: Files, jobs: Iterable[Job]) -> dict[str, set[str]]:
    """For each job with a dotenv report, the variables that other jobs may get of it.

    Source: docs.gitlab.com/ci/variables, "CI/CD variable precedence": it goes before
    `variables:`.
    """
    reports: dict[str, set[str]] = {}
    for job in jobs:
        if get(effective(job, 'artifacts'), 'reports', 'dotenv') is not None:
            # Few pipelines have such reports.
            from kaniko_hooks.ci.common import assigned

            texts = (text.value for texts in job.scripts.values() for text in texts)
            reports[job.name] = assigned(files.repository, '\n'.join(texts))
    return reports


def _scripts(job: Job, settings: Settings) -> Iterator[Script]:
    """`before_script` and `script` share a shell, `after_script` has its own (R: common/build.go).

    The steps of `run:` are read as if they shared a shell, too.
    """
    for keywords in (('before_script', 'script', 'run'), ('after_script',)):
        commands = [command for name in keywords for command in job.scripts.get(name, ())]
        if commands:
            yield Script(tuple(commands), settings, always=keywords == ('after_script',))


def _image(job: Job) -> Setting | None:
    image = effective(job, 'image')
    value = get(image, 'name') or image
    name = string_of(value)
    if value is None or name is None:
        return None
    places = dict.fromkeys((place_of(value), place_of(job.entries['image'].key)))
    return Setting((value_text(name),), tuple(places))


def _places(pipeline: Pipeline, job: Job) -> Iterator[Place]:
    """The places of a job, its ancestors, their inputs, and `default:` entries."""
    for name in (job.name, *ancestors(pipeline.table, job.name)):
        for definition in pipeline.definitions.get(name, ()):
            place = place_of(definition.key)
            yield place
            yield from pipeline.inputs.get(place.file, ())
    for keyword in (*SCRIPTS, 'image'):
        if keyword in job.entries:
            yield place_of(job.entries[keyword].key)
