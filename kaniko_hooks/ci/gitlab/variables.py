"""`variables:` in all their places, and the settings that a job's scripts get of them.

GitLab's precedence, from low to high: global, `workflow:rules`, job, matrix,
`rules` (docs: ci/variables, cicd-variable-precedence; ci/yaml,
workflow:rules:variables), then the variables that a trigger job forwards.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import islice, product

from kaniko_hooks.ci.gitlab.values import (
    Reference,
    Table,
    Value,
    entries_of,
    get,
    inherits,
    is_false,
    items_of,
    place_of,
    ruby_text,
    string_of,
)
from kaniko_hooks.model import Setting, Text
from kaniko_hooks.text import ROOT, hole

MAX_CELLS = 200  # G: entry/product/matrix.rb, for one job

# G: lib/expand_variables.rb
REFERENCE = r'(?a:\$(?:[a-zA-Z_]\w*|\{[a-zA-Z_]\w*\})|%[a-zA-Z_]\w*%)'
_BLOCK = r'\$\[\[(.{0,1000}?)\]\]'
_BLOCK_OR_NAME = rf'(?a:{_BLOCK}|\$(?:\$|([a-zA-Z_]\w*)|\{{([a-zA-Z_]\w*)\}}))'

Settings = Mapping[str, Setting]

_PREDEFINED = {'CI_PROJECT_DIR': Setting((hole(ROOT, '$CI_PROJECT_DIR'),))}
_UNSET = Setting((Text(''),))


def expanded(text: str, variables: Mapping[str, str], keep_unknown: bool = False) -> str:
    """A text with the values of variables; unknown ones are empty, or stay as written."""

    def value(match: re.Match[str]) -> str:
        name = match.group().strip('${}%')
        return variables.get(name, match.group() if keep_unknown else '')

    return re.sub(REFERENCE, value, text)


def with_holes(text: Text, pattern: str = _BLOCK) -> Text:
    """A text whose blocks `$[[ … ]]`, and what else a pattern has, are unknown; `$$` is `$`."""
    if '$' not in text.value:
        return text
    return text.replaced(
        [
            (*match.span(), hole(_hole_name(match), match[0]) if match[0] != '$$' else Text('$'))
            for match in re.finditer(pattern, text.value)
        ]
    )


def value_text(value: str, expand: bool = True) -> Text:
    """A value of `variables:` or `image:`, in which variables are unknown if it expands."""
    return with_holes(Text(value), _BLOCK_OR_NAME if expand else _BLOCK)


def _hole_name(match: re.Match[str]) -> str:
    name = next(filter(None, match.groups()), '')
    return ''.join(name.split())


def static_variables(top: Table, job: Table) -> dict[str, str]:
    """A job's own variables, then the global ones that it inherits, without alternatives."""
    entries = dict(entries_of(get(job, 'variables')))
    keeps = inherits(job, 'variables')
    for name, entry in entries_of(get(top, 'variables')):
        if keeps(name):
            entries.setdefault(name, entry)
    texts = {name: _alternatives(entry.value) for name, entry in entries.items()}
    return {name: alternatives[0] for name, alternatives in texts.items() if alternatives}


def matrix_cells(job: Table) -> list[dict[str, str]]:
    """The variables of each instance that `parallel:matrix` makes, at most MAX_CELLS."""
    rows = [
        {name: _alternatives(entry.value) for name, entry in entries_of(row)}
        for row in _matrix_rows(job)
    ]
    cells = (dict(zip(row, values)) for row in rows for values in product(*row.values()))
    return list(islice(cells, MAX_CELLS))


def _matrix_rows(job: Table) -> list[Value]:
    return items_of(get(job, 'parallel', 'matrix'))


def global_settings(top: Table) -> dict[str, Setting]:
    """The settings that jobs inherit: global variables and those of `workflow:rules`."""
    settings = settings_of(get(top, 'variables'))
    _add_alternatives(settings, _settings_of_rules(get(top, 'workflow', 'rules')))
    return settings


def job_settings(
    inherited: Settings, job: Table, forwarded: Sequence[Settings] = ()
) -> dict[str, Setting]:
    """The settings that a job's scripts may get, each with its alternatives.

    `inherited` are the settings of `global_settings`; `forwarded` has, for each
    trigger job of a child pipeline, the variables that it passes on.
    """
    if get(job, 'inherit') is not None:
        names = filter(inherits(job, 'variables'), inherited)
        inherited = {name: inherited[name] for name in names}
    settings = {**_PREDEFINED, **inherited, **settings_of(get(job, 'variables'))}
    matrix = list(map(settings_of, _matrix_rows(job)))
    for alternatives in (matrix, _settings_of_rules(get(job, 'rules')), forwarded):
        _add_alternatives(settings, alternatives)
    return settings


def settings_of(variables: Value | None) -> dict[str, Setting]:
    """The variables of a hash as they are written."""
    settings: dict[str, Setting] = {}
    for name, entry in entries_of(variables):
        expands = not is_false(get(entry.value, 'expand'))
        texts = tuple(value_text(text, expands) for text in _alternatives(entry.value))
        settings[name] = Setting(texts, (place_of(entry.key),))
    return settings


def _alternatives(variable: Value) -> list[str]:
    """The texts that a variable may have, its default first; none if they are elsewhere.

    That of a matrix has a list.
    """
    value = get(variable, 'value') if isinstance(variable, Table) else variable
    values, options = items_of(value), items_of(get(variable, 'options'))
    if any(isinstance(value, Reference) for value in values):
        return []
    texts = list(map(ruby_text, values)) or ['']
    return list(dict.fromkeys((*texts, *map(ruby_text, options))))


def _settings_of_rules(rules: Value | None) -> list[Settings]:
    """The variables of each rule that may run the job."""
    return [
        settings_of(get(rule, 'variables'))
        for rule in items_of(rules)
        if string_of(get(rule, 'when')) != 'never'
    ]


def _add_alternatives(settings: dict[str, Setting], ways: Sequence[Settings]) -> None:
    """Replaces each variable that one of the ways sets; another way leaves it as it was."""
    for name in dict.fromkeys(name for way in ways for name in way):
        alternatives = [way[name] for way in ways if name in way]
        if len(alternatives) < len(ways):
            alternatives.append(settings.get(name, _UNSET))
        is_known = all(setting.values for setting in alternatives)
        values = dict.fromkeys(value for setting in alternatives for value in setting.values)
        places = dict.fromkeys(place for setting in alternatives for place in setting.places)
        settings[name] = Setting(tuple(values) if is_known else (), tuple(places))
