"""What GitLab refuses in single keywords, of jobs and of the top level.

Rules: G: lib/gitlab/ci/config/entry/. Not every keyword is asked: only those
that decide what a job runs and with which variables, and what stands near them.
"""

from __future__ import annotations

from typing import NoReturn

from kaniko_hooks.ci.gitlab.errors import InvalidPipeline
from kaniko_hooks.ci.gitlab.scripts import leaves
from kaniko_hooks.ci.gitlab.values import (
    Items,
    Key,
    Leaf,
    Table,
    Value,
    entries_of,
    get,
    is_alphanumeric,
    is_blank,
    is_null,
    items_of,
    place_of,
    specified,
    string_of,
)
from kaniko_hooks.ci.gitlab.variables import MAX_CELLS, flat, matrix_size
from kaniko_hooks.document.nodes import Node

DEFAULT_KEYS = frozenset(
    (
        'before_script',
        'after_script',
        'hooks',
        'cache',
        'image',
        'services',
        'interruptible',
        'timeout',
        'retry',
        'tags',
        'artifacts',
        'id_tokens',
        'identity',
    )
)
_ONLY_WITH_SCRIPT = frozenset(
    (
        'before_script',
        'after_script',
        'hooks',
        'cache',
        'image',
        'services',
        'timeout',
        'retry',
        'tags',
        'artifacts',
        'id_tokens',
        'identity',
        'dependencies',
        'coverage',
        'release',
        'secrets',
        'pages',
        'start_in',
    )
)
_IMAGE_KEYS = frozenset(('name', 'entrypoint', 'ports', 'pull_policy', 'docker', 'kubernetes'))
_MAX_CHILD_FILES = 3
_VARIABLE_KEYS = ('value', 'expand', 'description', 'options')
_WHEN = ('on_success', 'on_failure', 'always', 'manual', 'delayed')


def refuse(message: str, node: Node | Value) -> NoReturn:
    """Raises InvalidPipeline."""
    raise InvalidPipeline(message, place_of(node))


def are_strings(value: Value | None) -> bool:
    """Whether a value is a list of nothing but strings."""
    return isinstance(value, Items) and all(string_of(item) is not None for item in value.items)


def check_globals(top: Table) -> None:
    """Raises InvalidPipeline for a wrong top-level keyword."""
    check_variables('variables', get(top, 'variables'), _VARIABLE_KEYS)
    stages = specified(get(top, 'stages'))
    if stages is not None and not are_strings(stages):
        refuse('stages config should be an array of strings', stages)
    workflow = specified(get(top, 'workflow'))
    if workflow is not None and 'script' not in dict(entries_of(workflow)):
        _check_hash('workflow', workflow, ('name', 'rules', 'auto_cancel'))
    _check_lists('', top)


def check_job(name: str, table: Table, bridge: bool) -> None:
    """Raises InvalidPipeline for a wrong keyword of a visible job."""
    where = f'jobs:{name}'
    if bridge:
        trigger = get(table, 'trigger')
        if trigger is not None and not _names_a_pipeline(trigger):
            refuse(f'{where}:trigger config should name a project or at most 3 files', trigger)
        unknown = [key for key, _ in entries_of(table) if key in _ONLY_WITH_SCRIPT]
        if unknown:
            refuse(f'{where} config contains unknown keys: {", ".join(unknown)}', table)
    else:
        check_image(f'{where}:image', specified(get(table, 'image')))
        _check_lists(f'{where}:', table)
    tags = specified(get(table, 'tags'))
    if tags is not None and not are_strings(tags):
        refuse(f'{where}:tags config should be an array of strings', tags)
    check_variables(f'{where}:variables', get(table, 'variables'), _VARIABLE_KEYS[:2])
    _check_inherit(where, specified(get(table, 'inherit')))
    _check_hooks(where, specified(get(table, 'hooks')))
    _check_parallel(where, specified(get(table, 'parallel')), bridge)
    _check_rules(where, table)
    run = specified(get(table, 'run'))
    if run is not None and not isinstance(run, Items):
        refuse(f'{where}:run config should be an array', run)


def _names_a_pipeline(trigger: Value) -> bool:
    if isinstance(trigger, Table) and 'include' in trigger.entries:
        return len(items_of(get(trigger, 'include'))) <= _MAX_CHILD_FILES
    return bool(string_of(get(trigger, 'project') if isinstance(trigger, Table) else trigger))


def _check_hash(where: str, value: Value, known: tuple[str, ...]) -> None:
    if not isinstance(value, Table):
        refuse(f'{where} config should be a hash', value)
    unknown = [key for key, _ in entries_of(value) if key not in known]
    if unknown:
        refuse(f'{where} config contains unknown keys: {", ".join(unknown)}', value)


def _check_lists(where: str, table: Table) -> None:
    services, cache = specified(get(table, 'services')), specified(get(table, 'cache'))
    if services is not None and not isinstance(services, Items):
        refuse(f'{where}services config should be an array', services)
    if cache is not None and not all(isinstance(each, Table) for each in items_of(cache)):
        refuse(f'{where}cache config should be a hash', cache)


def _check_inherit(where: str, inherit: Value | None) -> None:
    if inherit is None:
        return
    _check_hash(f'{where}:inherit', inherit, ('default', 'variables'))
    for keyword in ('default', 'variables'):
        chosen = specified(get(inherit, keyword))
        is_bool = isinstance(chosen, Leaf) and isinstance(chosen.value, bool)
        if chosen is not None and not is_bool and not are_strings(chosen):
            refuse(f'{where}:inherit:{keyword} should be a bool or array of strings', chosen)
    chosen = get(inherit, 'default')
    names = [string_of(item) for item in items_of(chosen)] if isinstance(chosen, Items) else []
    unknown = [each for each in names if each is not None and each not in DEFAULT_KEYS]
    if unknown:
        refuse(
            f'{where}:inherit:default config contains unknown values: {", ".join(unknown)}', inherit
        )


def _check_hooks(where: str, hooks: Value | None) -> None:
    if hooks is not None:
        _check_hash(f'{where}:hooks', hooks, ('pre_get_sources_script',))
        script = specified(get(hooks, 'pre_get_sources_script'))
        if script is not None:
            leaves(script, f'{where}:hooks:pre_get_sources_script')


def _check_parallel(where: str, parallel: Value | None, bridge: bool) -> None:
    where = f'{where}:parallel'
    if isinstance(parallel, Table):
        matrix = specified(get(parallel, 'matrix'))
        if not isinstance(matrix, Items) or not all(_is_row(row) for row in matrix.items):
            refuse(f'{where}:matrix config should be an array of hashes', parallel)
        _check_hash(where, parallel, ('matrix',))
        size: object = matrix_size(parallel)
    else:
        size = parallel.value if isinstance(parallel, Leaf) and not bridge else None
    if parallel is not None and (
        not isinstance(size, int) or isinstance(size, bool) or not 0 < size <= MAX_CELLS
    ):
        refuse(f'{where} config must be from 1 to {MAX_CELLS}', parallel)


def _is_row(row: Value) -> bool:
    """Whether a row of a matrix has variables, and each of them strings or whole numbers."""
    return (
        isinstance(row, Table)
        and bool(row.entries)
        and all(
            is_name(key)
            and not is_blank(entry.value)
            and all(is_alphanumeric(cell) for cell in items_of(entry.value))
            for key, entry in row.entries.items()
        )
    )


def is_name(key: Key) -> bool:
    """Whether a key may name a variable: whole numbers may."""
    return isinstance(key, str) or key.text.lstrip('-').isdigit()


def _check_rules(where: str, table: Table) -> None:
    rules, when = specified(get(table, 'rules')), specified(get(table, 'when'))
    if rules is not None and not (
        isinstance(rules, Items) and all(isinstance(rule, Table) for rule in flat(rules))
    ):
        refuse(f'{where} rules should be an array of hashes', rules)
    if rules is not None and not all(is_null(get(table, key)) for key in ('only', 'except')):
        refuse(f'{where} config key may not be used with `rules`: only, except', rules)
    if when is not None and string_of(when) not in _WHEN:
        refuse(f'{where} when should be one of: {", ".join(_WHEN)}', when)


def check_variables(where: str, value: Value | None, known: tuple[str, ...]) -> None:
    """Raises InvalidPipeline for wrong `variables:`; `known` keys a variable may have."""
    if value is not None and not is_null(value) and not isinstance(value, Table):
        refuse(f'{where} config should be a hash', value)
    for key, entry in value.entries.items() if isinstance(value, Table) else ():
        if not is_name(key):
            refuse(f'{where} key must be an alphanumeric string', entry.key)
        name = key if isinstance(key, str) else key.text
        if isinstance(entry.value, Table):
            _check_variable(f'{where}:{name}', entry.value, known)
        elif not isinstance(entry.value, Leaf):
            refuse(
                f'{where}:{name} variable definition must be either a string or a hash', entry.key
            )


def _check_variable(where: str, variable: Table, known: tuple[str, ...]) -> None:
    unknown = [key for key, _ in entries_of(variable) if key not in known]
    if unknown:
        refuse(f'{where} config uses invalid data keys: {", ".join(unknown)}', variable)
    value, expand = get(variable, 'value'), specified(get(variable, 'expand'))
    description = specified(get(variable, 'description'))
    if description is not None and not is_alphanumeric(description):
        refuse(f'{where} config description must be an alphanumeric string', description)
    if not isinstance(value, (Leaf, type(None))):
        refuse(f'{where} config value must be alphanumeric', variable)
    if expand is not None and not (isinstance(expand, Leaf) and isinstance(expand.value, bool)):
        refuse(f'{where} config expand should be a boolean value', expand)
    options = specified(get(variable, 'options'))
    if options is None:
        return
    if not are_strings(options):
        refuse(f'{where} config options should be an array of strings', options)
    allowed = [string_of(option) for option in items_of(options)]
    if allowed and (value is None or string_of(value) not in allowed):
        refuse(f'{where} config value must be present in options', options)


def check_image(where: str, image: Value | None) -> None:
    """Raises InvalidPipeline for a wrong `image:`."""
    if image is None:
        return
    name = get(image, 'name') if isinstance(image, Table) else image
    if not (string_of(name) or '').strip():
        refuse(f"{where} name can't be blank", image)
    unknown = [key for key, _ in entries_of(image) if key not in _IMAGE_KEYS]
    if unknown:
        refuse(f'{where} config contains unknown keys: {", ".join(unknown)}', image)
    entrypoint = specified(get(image, 'entrypoint'))
    if entrypoint is not None and not are_strings(entrypoint):
        refuse(f'{where} entrypoint should be an array of strings', image)
