"""What GitLab refuses in a resolved configuration, as far as a pipeline's jobs need it.

Rules: G: lib/gitlab/ci/config/entry/.
"""
from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping

from kaniko_hooks.ci.gitlab.errors import InvalidPipeline
from kaniko_hooks.ci.gitlab.jobs import DEPRECATED_GLOBALS
from kaniko_hooks.ci.gitlab.jobs import is_bridge
from kaniko_hooks.ci.gitlab.jobs import is_job
from kaniko_hooks.ci.gitlab.jobs import job_entries
from kaniko_hooks.ci.gitlab.order import check_order
from kaniko_hooks.ci.gitlab.scripts import leaves
from kaniko_hooks.ci.gitlab.values import Entry
from kaniko_hooks.ci.gitlab.values import Items
from kaniko_hooks.ci.gitlab.values import Leaf
from kaniko_hooks.ci.gitlab.values import NonString
from kaniko_hooks.ci.gitlab.values import Table
from kaniko_hooks.ci.gitlab.values import Value
from kaniko_hooks.ci.gitlab.values import entries_of
from kaniko_hooks.ci.gitlab.values import get
from kaniko_hooks.ci.gitlab.values import is_null
from kaniko_hooks.ci.gitlab.values import place_of
from kaniko_hooks.ci.gitlab.values import specified
from kaniko_hooks.ci.gitlab.values import string_of
from kaniko_hooks.document.nodes import Node

MAX_NAME = 255

_DEFAULT_KEYS = frozenset((
    'before_script', 'after_script', 'hooks', 'cache', 'image', 'services', 'interruptible',
    'timeout', 'retry', 'tags', 'artifacts', 'id_tokens', 'identity',
))
_IMAGE_KEYS = frozenset(('name', 'entrypoint', 'ports', 'pull_policy', 'docker', 'kubernetes'))
_VARIABLE_KEYS = frozenset(('value', 'expand', 'description', 'options'))
_STAGES = ('build', 'test', 'deploy')


def validate(top: Table, visible: bool) -> None:
    """Raises InvalidPipeline for the first thing that GitLab would refuse.

    What depends on names is not asked where includes cannot be seen.
    """
    for key, entry in top.entries.items():
        if isinstance(key, NonString):
            _refuse(f'jobs:{key.text} name should be a symbol', entry.key)
    _check_default(top)
    _check_variables(get(top, 'variables'), 'variables')
    entries = job_entries(top)
    if visible and not any(not name.startswith('.') for name, _ in entries):
        _refuse('jobs config should contain at least one visible job', top.node)
    for name, entry in entries:
        if name.startswith('.'):
            if is_null(entry.value) or _is_blank(entry.value):
                _refuse(f'jobs:{name} config can\'t be blank', entry.key)
        else:
            _check_job(name, entry)
    if visible:
        _check_stages(top, {
            name: entry.value for name, entry in entries if not name.startswith('.')
        })


def _refuse(message: str, node: Node | Value) -> None:
    raise InvalidPipeline(message, place_of(node))


def _is_blank(value: Value) -> bool:
    if isinstance(value, Table):
        return not value.entries
    if isinstance(value, Items):
        return not value.items
    return isinstance(value, Leaf) and (
        value.value is False or (isinstance(value.value, str) and not value.value.strip())
    )


def _check_default(top: Table) -> None:
    section = specified(get(top, 'default'))
    if section is not None and not is_job(section):
        if not isinstance(section, Table):
            _refuse('default config should be a hash', section)
        unknown = [name for name, _ in entries_of(section) if name not in _DEFAULT_KEYS]
        if unknown:
            _refuse(f'default config contains unknown keys: {", ".join(unknown)}', section)
        _check_scripts('default', section)
        for name in DEPRECATED_GLOBALS:
            if not is_null(get(section, name)) and not is_null(get(top, name)):
                _refuse(f'{name} is defined in top-level and `default:` entry', section)
        _check_image('default:image', specified(get(section, 'image')))
    _check_scripts('', top)
    _check_image('image', specified(get(top, 'image')))


def _check_scripts(where: str, table: Value) -> None:
    for name in ('before_script', 'after_script'):
        value = specified(get(table, name))
        if value is not None:
            leaves(value, f'{where}:{name}'.lstrip(':'))


def _check_job(name: str, entry: Entry) -> None:
    table = entry.value
    if len(name) > MAX_NAME:
        _refuse(f'jobs:{name} name is too long (maximum is 255 characters)', entry.key)
    if not isinstance(table, Table) or not (is_job(table) or not is_null(get(table, 'needs'))):
        _refuse(
            f'jobs {name} config should implement the script:, run:, or trigger: keyword',
            entry.key,
        )
    assert isinstance(table, Table)
    if '<<' in table.entries:
        _refuse(f'jobs:{name} config contains unknown keys: <<', table.entries['<<'].key)
    given = [key for key in ('script', 'run', 'trigger') if not is_null(get(table, key))]
    if len(given) > 1:
        _refuse(f'jobs:{name} these keys cannot be used together: {", ".join(given)}', entry.key)
    script = get(table, 'script')
    if script is not None and (is_null(script) or _is_blank(script)):
        _refuse(f'jobs:{name} script can\'t be blank', entry.key)
    if not is_job(table) and not _needs_pipeline(table):
        _refuse(
            f'jobs:{name} config should contain either a trigger or a needs:pipeline', entry.key,
        )
    extends = specified(get(table, 'extends'))
    if extends is not None and not _are_strings(extends) and string_of(extends) is None:
        _refuse(f'jobs:{name} extends should be an array of strings or a string', extends)
    _check_inherit(name, get(table, 'inherit'))
    _check_variables(get(table, 'variables'), f'jobs:{name}:variables')
    if not is_bridge(table):
        _check_image(f'jobs:{name}:image', specified(get(table, 'image')))
    tags = specified(get(table, 'tags'))
    if tags is not None and not _are_strings(tags):
        _refuse(f'jobs:{name}:tags config should be an array of strings', tags)


def _needs_pipeline(table: Table) -> bool:
    needs = get(table, 'needs')
    items = needs.items if isinstance(needs, Items) else (needs,)
    return any(get(item, 'pipeline') is not None for item in items)


def _are_strings(value: Value) -> bool:
    return isinstance(value, Items) and all(string_of(item) is not None for item in value.items)


def _check_inherit(name: str, inherit: Value | None) -> None:
    chosen = get(inherit, 'default')
    unknown = [
        string_of(item) or '?' for item in (chosen.items if isinstance(chosen, Items) else ())
        if string_of(item) not in _DEFAULT_KEYS
    ]
    if unknown and chosen is not None:
        _refuse(
            f'jobs:{name}:inherit:default config contains unknown values: {", ".join(unknown)}',
            chosen,
        )


def _check_variables(value: Value | None, where: str) -> None:
    if value is not None and not is_null(value) and not isinstance(value, Table):
        _refuse(f'{where} config should be a hash', value)
    for name, entry in entries_of(value):
        if isinstance(entry.value, Table):
            unknown = [key for key, _ in entries_of(entry.value) if key not in _VARIABLE_KEYS]
            if unknown:
                _refuse(
                    f'{where}:{name} config uses invalid data keys: {", ".join(unknown)}',
                    entry.key,
                )
            if not isinstance(get(entry.value, 'value'), (Leaf, type(None))):
                _refuse(f'{where}:{name} config value must be alphanumeric', entry.key)
        elif not isinstance(entry.value, Leaf):
            _refuse(
                f'{where}:{name} variable definition must be either a string or a hash',
                entry.key,
            )


def _check_image(where: str, image: Value | None) -> None:
    if image is None:
        return
    name = get(image, 'name') if isinstance(image, Table) else image
    if not (string_of(name) or '').strip():
        _refuse(f'{where} name can\'t be blank', image)
    unknown = [key for key, _ in entries_of(image) if key not in _IMAGE_KEYS]
    if unknown:
        _refuse(f'{where} config contains unknown keys: {", ".join(unknown)}', image)
    entrypoint = specified(get(image, 'entrypoint'))
    if entrypoint is not None and not _are_strings(entrypoint):
        _refuse(f'{where} entrypoint should be an array of strings', image)


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
            _refuse(
                f'{name} job: chosen stage {wanted} does not exist; available stages are '
                f'{", ".join(stages)}', table if stage is None else stage,
            )
        numbers[name] = stages.index(str(wanted))
    check_order(jobs, numbers)
