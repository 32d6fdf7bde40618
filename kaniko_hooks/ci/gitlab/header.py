"""The `spec:` header of a file: inputs it has from elsewhere, and what GitLab refuses in it.

Rules: G: lib/gitlab/ci/config/header/.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kaniko_hooks.ci.gitlab.errors import InvalidPipeline
from kaniko_hooks.ci.gitlab.values import (
    Entry,
    Items,
    Key,
    Table,
    entries_of,
    get,
    is_alphanumeric,
    is_null,
    items_of,
    place_of,
    specified,
    string_of,
)
from kaniko_hooks.model import Place

_SPEC_KEYS = frozenset(('inputs', 'component', 'include', 'description'))
_INPUT_KEYS = frozenset(('default', 'description', 'options', 'regex', 'type', 'rules'))
_MAX_OPTIONS = 50


def with_inputs(header: Table, files: Sequence[Table], strict: bool) -> Table:
    """A header with the `inputs` of other files, its own last.

    With `strict`, raises InvalidPipeline for an input that is specified twice, as
    GitLab does (G: lib/gitlab/ci/config/external/header/processor.rb).
    """
    spec = header.entries['spec']
    assert isinstance(spec.value, Table)
    inputs: dict[Key, Entry] = {}
    for table in (*files, spec.value):
        for name, entry in entries_of(get(table, 'inputs')):
            if strict and name in inputs:
                raise InvalidPipeline(f'Duplicate input keys found: {name}', place_of(entry.key))
            inputs[name] = entry
    merged = {**spec.value.entries, 'inputs': Entry(spec.key, Table(inputs, spec.value.node))}
    return Table(
        {**header.entries, 'spec': Entry(spec.key, Table(merged, spec.value.node))}, header.node
    )


def misspelt(header: Table, specs: Mapping[str, Entry]) -> tuple[str, Place] | None:
    """The first thing that is wrong in a header, with its place; None if nothing is.

    `specs` are the inputs that it specifies.
    """
    spec = header.entries['spec'].value
    inputs = specified(get(spec, 'inputs'))
    unknown = [name for name, _ in entries_of(header) if name != 'spec']
    if unknown:
        return f'header config contains unknown keys: {", ".join(unknown)}', place_of(header)
    unknown = [name for name, _ in entries_of(spec) if name not in _SPEC_KEYS]
    if unknown:
        return f'header:spec config contains unknown keys: {", ".join(unknown)}', place_of(spec)
    if not isinstance(spec, Table) and not is_null(spec):
        return 'header:spec config should be a hash', place_of(spec)
    if inputs is not None and not isinstance(inputs, Table):
        return 'header:spec:inputs config should be a hash', place_of(inputs)
    wrong = (_misspelt_input(name, entry) for name, entry in specs.items())
    return next((each for each in wrong if each is not None), None)


def _misspelt_input(name: str, entry: Entry) -> tuple[str, Place] | None:
    where = f'header:spec:inputs:{name} config'
    unknown = [key for key, _ in entries_of(entry.value) if key not in _INPUT_KEYS]
    if unknown:
        return f'{where} contains unknown keys: {", ".join(unknown)}', place_of(entry.key)
    if not isinstance(entry.value, Table) and not is_null(entry.value):
        return f'{where} should be a hash', place_of(entry.key)
    description = specified(get(entry.value, 'description'))
    if description is not None and not is_alphanumeric(description):
        return f'{where} description must be an alphanumeric string', place_of(description)
    options = specified(get(entry.value, 'options'))
    if options is not None and (
        not isinstance(options, Items) or any(is_null(item) for item in options.items)
    ):
        return f'{where} options should be an array without null', place_of(options)
    if len(items_of(options)) > _MAX_OPTIONS:
        return f'{where} cannot define more than {_MAX_OPTIONS} options', place_of(entry.key)
    regex = specified(get(entry.value, 'regex'))
    if regex is not None and string_of(regex) is None:
        return f'{where} regex should be a string', place_of(regex)
    return None
