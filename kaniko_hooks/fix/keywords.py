"""Keywords and surroundings of a job that forbid to make several jobs of it."""

from __future__ import annotations

from collections.abc import Iterator

from kaniko_hooks.ci.gitlab.jobs import Pipeline, defaults
from kaniko_hooks.ci.gitlab.values import (
    Entry,
    Items,
    Leaf,
    Table,
    Value,
    entries_of,
    get,
    is_null,
    items_of,
    string_of,
)
from kaniko_hooks.document.nodes import ScalarNode
from kaniko_hooks.fix.cached import keeps_outputs
from kaniko_hooks.fix.refusal import Refusal, Risky
from kaniko_hooks.fix.script.trial import Setting, traced
from kaniko_hooks.fix.subject import Subject

_NEVER = {
    'environment': 'has an `environment`: every job would be a deployment of its own',
    'release': 'has a `release`, which only one job can make',
    'pages': 'is a Pages job, of which there can be only one',
    'publish': 'is a Pages job, of which there can be only one',
    'run': 'has `run:` steps',
    'trigger': 'has a `trigger`',
}
_COMMANDS = ('script', 'before_script', 'after_script')


def refuse(subject: Subject, setting: Setting, unsafe: bool) -> None:
    """Raises Refusal for what is refused always, and Risky for what is refused without --unsafe."""
    table = subject.job.table
    if subject.name == 'pages':
        raise Refusal('it ' + _NEVER['pages'])
    for keyword, reason in _NEVER.items():
        if _given(table, keyword):
            raise Refusal('it ' + reason)
    if any('CI_JOB_NAME' in text for text in (*_texts(subject), *followed(subject, setting))):
        raise Refusal('it uses CI_JOB_NAME, and its name would change')
    if unsafe:
        return
    for reason in _risks(subject, setting):
        raise Risky(f'{reason}; only with --unsafe')


def _given(table: Value, keyword: str) -> bool:
    value = get(table, keyword)
    return not is_null(value) and not (isinstance(value, Leaf) and value.value is False)


def _risks(subject: Subject, setting: Setting) -> Iterator[str]:
    table = subject.job.table
    for found in subject.found:
        if found.standalone:
            yield f'{subject.file} is in no pipeline that can be seen here'
        elif not found.visible:
            yield 'its pipeline includes files that cannot be seen here and may name the job'
    if _given(table, 'coverage'):
        yield 'it has a `coverage`, which would count once for every job'
    if not is_null(effective(subject.found[0], table, 'artifacts')):
        yield 'it has `artifacts`, which would come from several jobs'
    caches = items_of(effective(subject.found[0], table, 'cache'))
    if keeps_outputs(caches, traced(setting, subject.container.parts) if caches else ()):
        yield "it has a `cache` of files that its builds write: only one job's would be kept"
    for source in (table, *items_of(get(table, 'rules'))):
        when = string_of(get(source, 'when'))
        if when in ('manual', 'delayed'):
            yield f'it is `when: {when}`: there would be several to start'


def effective(found: Pipeline, table: Table, keyword: str) -> Value | None:
    """A keyword of a job, its own or by `default:`."""
    value = get(table, keyword)
    if not is_null(value):
        return value
    chosen = get(table, 'inherit', 'default')
    if isinstance(chosen, Leaf) and chosen.value is False:
        return None
    if isinstance(chosen, Items) and keyword not in map(string_of, chosen.items):
        return None
    entry: Entry | None = defaults(found.table).get(keyword)
    return entry.value if entry else None


def followed(subject: Subject, setting: Setting) -> list[str]:
    """The scripts of the repository that the job runs."""
    texts: list[str] = []

    def read_text(path: str) -> str | None:
        text = setting.read_text(path)
        texts.append(text or '')
        return text

    traced(setting._replace(read_text=read_text), subject.container.parts)
    return texts


def _texts(subject: Subject) -> Iterator[str]:
    """All strings that the job is made of, and those of the variables it gets."""
    job = subject.job
    cache = effective(subject.found[0], job.table, 'cache')
    return _strings(
        [
            job.table,
            *(entry.value for entry in job.entries.values()),
            *_globals(subject),
            *([cache] if cache is not None else []),
        ]
    )


def texts_beside(subject: Subject) -> Iterator[str]:
    """All strings that GitLab may read for the job, apart from its commands."""
    given = defaults(subject.found[0].table).items()
    return _strings(
        [
            *_globals(subject),
            *(
                entry.value
                for name, entry in (*entries_of(subject.job.table), *given)
                if name not in _COMMANDS
            ),
        ]
    )


def _globals(subject: Subject) -> list[Value]:
    found = get(subject.found[0].table, 'variables')
    return [] if found is None else [found]


def _strings(stack: list[Value]) -> Iterator[str]:
    while stack:
        value = stack.pop()
        if isinstance(value, (Leaf, ScalarNode)):
            yield str(value.value)
        elif isinstance(value, Items):
            stack += value.items
        else:
            stack += [entry.value for _, entry in entries_of(value)]
