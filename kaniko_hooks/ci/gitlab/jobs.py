"""Resolved entries -> jobs: `default:` and `inherit:`, scripts, variables, image.

Rules: G: lib/gitlab/ci/config/entry/{root,default,jobs,processable,job,bridge}.rb.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kaniko_hooks.ci.gitlab.files import Files
from kaniko_hooks.ci.gitlab.include import Definition
from kaniko_hooks.ci.gitlab.scripts import command, leaves
from kaniko_hooks.ci.gitlab.values import (
    Entry,
    Items,
    Leaf,
    Table,
    Value,
    entries_of,
    entry_of,
    get,
    is_null,
    items_of,
    specified,
    string_of,
)
from kaniko_hooks.ci.gitlab.variables import matrix_cells, static_variables
from kaniko_hooks.model import Command
from kaniko_hooks.named_tuple import NamedTuple

RESERVED = frozenset(
    (
        'include',
        'before_script',
        'image',
        'services',
        'after_script',
        'variables',
        'stages',
        'cache',
    )
)
GLOBAL = frozenset(('default', 'workflow'))
DEPRECATED_GLOBALS = ('image', 'services', 'before_script', 'after_script', 'cache')
SCRIPTS = ('before_script', 'script', 'after_script')


class Step(NamedTuple):
    """One script of `run:`."""

    command: Command
    env: Table | None  # its own variables, under the key `variables`


class Job(NamedTuple):
    """One job, resolved.

    - `before_script`, `script`, `after_script`: commands with `.text`, `.file`
      (relative to the repository root) and `.offset` (code points), or None
      where the job has none.
    - `variables`: the texts that GitLab hands over for `variables:`, without
      those that only a rule or the matrix sets.
    - `matrix`: the variables of each instance of `parallel:matrix`.
    - `steps`: the scripts of `run:`.
    - `table`: all its keywords, as merged; `entries`: scripts and image, own or
      by `default:`; `definitions`: where it stands.
    """

    name: str
    before_script: list[Command] | None
    script: list[Command] | None
    after_script: list[Command] | None
    variables: Mapping[str, str]
    matrix: Sequence[Mapping[str, str]]
    steps: Sequence[Step]
    table: Table
    entries: Mapping[str, Entry]
    definitions: Sequence[Definition]

    @property
    def hidden(self) -> bool:
        return self.name.startswith('.')


def is_bridge(value: Value) -> bool:
    """Whether a job runs another pipeline and no commands of its own."""
    return specified(get(value, 'trigger')) is not None


def job_entries(top: Table) -> list[tuple[str, Entry]]:
    """The top-level entries that are jobs, hidden ones included."""
    return [
        (name, entry)
        for name, entry in entries_of(top)
        if name not in RESERVED and (name not in GLOBAL or is_job(entry.value))
    ]


def is_template(value: Value) -> bool:
    """Whether a hidden entry has commands that a job may run."""
    return isinstance(value, Table) and any(
        name in value.entries for name in (*SCRIPTS, 'run', 'trigger')
    )


def is_job(value: Value) -> bool:
    """Whether an entry has what makes a job of it."""
    return isinstance(value, Table) and any(
        name in value.entries for name in ('script', 'run', 'trigger')
    )


def defaults(top: Table) -> dict[str, Entry]:
    """What jobs get that do not say otherwise: `default:` and the old globals."""
    section = get(top, 'default')
    found = {name: top.entries[name] for name in DEPRECATED_GLOBALS if not is_null(get(top, name))}
    if section is not None and not is_job(section):
        found.update(
            (name, entry) for name, entry in entries_of(section) if not is_null(entry.value)
        )
    return found


def job_of(
    files: Files,
    top: Table,
    name: str,
    table: Table,
    default: Mapping[str, Entry],
    definitions: Sequence[Definition],
) -> Job:
    """A job of the resolved table. Raises InvalidPipeline for a script that is too large."""
    entries: dict[str, Entry] = {}
    for keyword in (*SCRIPTS, 'image'):
        entry = _effective(table, keyword, default)
        if entry is not None:
            entries[keyword] = entry
    scripts: dict[str, list[Command] | None] = {}
    for keyword in SCRIPTS:
        scripts[keyword] = (
            [command(files, leaf) for leaf in leaves(entries[keyword].value)]
            if keyword in entries
            else None
        )
    return Job(
        name,
        scripts['before_script'],
        scripts['script'],
        scripts['after_script'],
        static_variables(top, table),
        matrix_cells(table),
        _steps(files, table),
        table,
        entries,
        definitions,
    )


def _effective(table: Table, keyword: str, default: Mapping[str, Entry]) -> Entry | None:
    """A keyword's entry, own or inherited; trigger jobs inherit none of these."""
    if is_bridge(table):
        return None
    own = entry_of(table, keyword)
    if own is not None and not is_null(own.value):
        return own
    if keyword == 'script' or not _inherits(table, keyword):
        return None
    return default.get(keyword)


def _inherits(table: Table, keyword: str) -> bool:
    chosen = get(table, 'inherit', 'default')
    if isinstance(chosen, Items):
        return any(string_of(item) == keyword for item in chosen.items)
    return not (isinstance(chosen, Leaf) and chosen.value is False)


def _steps(files: Files, table: Table) -> list[Step]:
    found = []
    for step in items_of(get(table, 'run')):
        script, env = get(step, 'script'), entry_of(step, 'env')
        if isinstance(script, Leaf) and isinstance(script.value, str):
            variables = Table({'variables': env}, table.node) if env is not None else None
            found.append(Step(command(files, script), variables))
    return found
