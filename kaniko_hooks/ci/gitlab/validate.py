"""What GitLab refuses in a resolved configuration, as far as a pipeline's jobs need it.

Rules: G: lib/gitlab/ci/config/entry/.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from kaniko_hooks.ci.gitlab.jobs import DEPRECATED_GLOBALS, is_job, is_script_job, job_entries
from kaniko_hooks.ci.gitlab.keywords import (
    DEFAULT_KEYS,
    are_strings,
    check_globals,
    check_image,
    check_job,
    refuse,
)
from kaniko_hooks.ci.gitlab.order import check_order
from kaniko_hooks.ci.gitlab.scripts import leaves
from kaniko_hooks.ci.gitlab.values import (
    Entry,
    Items,
    NonString,
    Table,
    Value,
    entries_of,
    get,
    is_blank,
    is_null,
    specified,
    string_of,
)

MAX_NAME = 255

_STAGES = ('build', 'test', 'deploy')


def validate(top: Table, visible: bool) -> None:
    """Raises InvalidPipeline for the first thing that GitLab would refuse.

    Where includes cannot be seen only names and scripts are asked: all else may
    be completed there.
    """
    for key, entry in top.entries.items():
        if isinstance(key, NonString):
            refuse(f'jobs:{key.text} name should be a symbol', entry.key)
    if visible:
        _validate(top)
    else:
        _check_scripts('', top)
        _check_scripts('default', get(top, 'default'))


def _validate(top: Table) -> None:
    _check_default(top)
    check_globals(top)
    include = get(top, 'include')
    if isinstance(include, Table):
        # It is still there, so nothing was included: then GitLab asks what it is.
        refuse('include config should be an array or a string', include)
    entries = job_entries(top)
    if not any(not name.startswith('.') for name, _ in entries):
        refuse('jobs config should contain at least one visible job', top.node)
    for name, entry in entries:
        if name.startswith('.'):
            if is_blank(entry.value):
                refuse(f"jobs:{name} config can't be blank", entry.key)
        else:
            _check_job(name, entry)
    _check_stages(top, {name: entry.value for name, entry in entries if not name.startswith('.')})


def _check_default(top: Table) -> None:
    section = specified(get(top, 'default'))
    if section is not None and not is_job(section):
        if not isinstance(section, Table):
            refuse('default config should be a hash', section)
        unknown = [name for name, _ in entries_of(section) if name not in DEFAULT_KEYS]
        if unknown:
            refuse(f'default config contains unknown keys: {", ".join(unknown)}', section)
        _check_scripts('default', section)
        for name in DEPRECATED_GLOBALS:
            if not is_null(get(section, name)) and not is_null(get(top, name)):
                refuse(f'{name} is defined in top-level and `default:` entry', section)
        check_image('default:image', specified(get(section, 'image')))
    _check_scripts('', top)
    check_image('image', specified(get(top, 'image')))


def _check_scripts(where: str, table: Value | None) -> None:
    for name in ('before_script', 'after_script'):
        value = specified(get(table, name))
        if value is not None:
            leaves(value, f'{where}:{name}'.lstrip(':'))


def _check_job(name: str, entry: Entry) -> None:
    table = entry.value
    if not 0 < len(name) <= MAX_NAME:
        refuse(f'jobs:{name} name is blank or too long (maximum is 255 characters)', entry.key)
    if not isinstance(table, Table) or not (is_job(table) or not is_null(get(table, 'needs'))):
        refuse(
            f'jobs {name} config should implement the script:, run:, or trigger: keyword', entry.key
        )
    assert isinstance(table, Table)
    if '<<' in table.entries:
        refuse(f'jobs:{name} config contains unknown keys: <<', table.entries['<<'].key)
    given = [key for key in ('script', 'run', 'trigger') if key in table.entries]
    if len(given) > 1:
        refuse(f'jobs:{name} these keys cannot be used together: {", ".join(given)}', entry.key)
    script = get(table, 'script')
    if script is not None and is_blank(script):
        refuse(f"jobs:{name} script can't be blank", entry.key)
    if not is_job(table) and not _needs_pipeline(table):
        refuse(f'jobs:{name} config should contain either a trigger or a needs:pipeline', entry.key)
    extends = specified(get(table, 'extends'))
    if extends is not None and not are_strings(extends) and string_of(extends) is None:
        refuse(f'jobs:{name} extends should be an array of strings or a string', extends)
    check_job(name, table, not is_script_job(table))


def _needs_pipeline(table: Table) -> bool:
    needs = get(table, 'needs')
    items = needs.items if isinstance(needs, Items) else (needs,)
    return any(get(item, 'pipeline') is not None for item in items)


def _stages(top: Table) -> Iterator[str]:
    stages = specified(get(top, 'stages'))
    yield '.pre'
    if isinstance(stages, Items):
        yield from (string_of(item) or '' for item in stages.items)
    else:
        yield from _STAGES
    yield '.post'


def _check_stages(top: Table, jobs: Mapping[str, Value]) -> None:
    stages = list(_stages(top))
    numbers: dict[str, int] = {}
    for name, table in jobs.items():
        stage = specified(get(table, 'stage'))
        wanted = 'test' if stage is None else string_of(stage)
        if wanted not in stages:
            refuse(
                f'{name} job: chosen stage {wanted} does not exist; available stages are '
                f'{", ".join(stages)}',
                table if stage is None else stage,
            )
        numbers[name] = stages.index(str(wanted))
    check_order(jobs, numbers)
