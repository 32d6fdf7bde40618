"""`variables:` in all their places -> what a job's scripts see.

GitLab's precedence, low to high: global, `workflow:rules`, job, matrix, `rules`
(docs: ci/variables, cicd-variable-precedence; ci/yaml, workflow:rules:variables),
then what a trigger job hands to its child pipeline.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product

from kaniko_hooks.ci.gitlab.values import (
    Entry,
    Items,
    Leaf,
    Reference,
    Table,
    Value,
    get,
    items_of,
    place_of,
    ruby_text,
    specified,
    string_of,
)
from kaniko_hooks.model import Place, Variable
from kaniko_hooks.named_tuple import NamedTuple

MAX_CELLS = 200  # G: entry/product/matrix.rb, for one job

_MAX_RULES = 200


class Setting(NamedTuple):
    """One way a variable is set."""

    texts: tuple[str, ...]  # alternatives
    place: Place
    expand: bool


def own_entries(table: Value | None) -> dict[str, Entry]:
    """The entries of a job's or of the global `variables:`."""
    return _named(get(table, 'variables'))


def _named(value: Value | None) -> dict[str, Entry]:
    """The entries of a hash of variables, whose names may be numbers."""
    return {
        key if isinstance(key, str) else key.text: entry
        for key, entry in (value.entries.items() if isinstance(value, Table) else ())
    }


def text_of(entry: Entry) -> str:
    """The value of a variable as GitLab hands it over: YAML 1.1 types in Ruby's words."""
    value = entry.value
    if isinstance(value, Table):
        inner = get(value, 'value')
        return '' if inner is None else ruby_text(inner)
    return ruby_text(value) if isinstance(value, Leaf) else ''


def inherited(top: Table, job: Table) -> dict[str, Entry]:
    """The global variables that a job inherits (`inherit:variables`)."""
    return _filtered(own_entries(top), job)


def _filtered(entries: dict[str, Entry], job: Table) -> dict[str, Entry]:
    chosen = get(job, 'inherit', 'variables')
    if isinstance(chosen, Leaf) and chosen.value is False:
        return {}
    if isinstance(chosen, Items):
        names = {string_of(item) for item in chosen.items}
        return {name: entry for name, entry in entries.items() if name in names}
    return entries


def static_variables(top: Table, job: Table) -> dict[str, str]:
    """A job's own variables, then the global ones it inherits, as single texts."""
    own = own_entries(job)
    entries = {
        **own,
        **{name: entry for name, entry in inherited(top, job).items() if name not in own},
    }
    return {name: text_of(entry) for name, entry in entries.items() if _is_known(entry)}


def _is_known(entry: Entry) -> bool:
    """Whether the value stands here; a reference may name what cannot be seen."""
    return not isinstance(get(entry.value, 'value') or entry.value, Reference)


def matrix_rows(job: Table) -> list[dict[str, tuple[tuple[str, Place], ...]]]:
    """The rows of `parallel:matrix`: for each variable its values with their places."""
    return [
        {
            name: tuple(
                (ruby_text(item), place_of(item))
                for item in items_of(entry.value)
                if isinstance(item, Leaf)
            )
            for name, entry in _named(row).items()
        }
        for row in items_of(specified(get(job, 'parallel', 'matrix')))
    ]


def matrix_cells(job: Table) -> list[dict[str, str]]:
    """The variables of each instance that `parallel:matrix` makes, at most MAX_CELLS."""
    cells: list[dict[str, str]] = []
    for row in matrix_rows(job):
        for values in product(*row.values()):
            if len(cells) == MAX_CELLS:
                return cells
            cells.append(dict(zip(row, (text for text, _ in values))))
    return cells


def container_variables(
    top: Table, job: Table, handed: Sequence[Mapping[str, Variable]] = ()
) -> dict[str, Variable]:
    """What the job's scripts may see: for each variable its alternatives.

    `handed` has, for each trigger job of a child pipeline, the variables it
    hands over; those win over all others.
    """
    settings = _settings(inherited(top, job))
    _alternatives(settings, _by_rule(get(top, 'workflow', 'rules'), job), True)
    settings.update(_settings(own_entries(job)))
    rows = [
        {
            name: [Setting((text,), place, True) for text, place in values]
            for name, values in row.items()
        }
        for row in matrix_rows(job)
    ]
    _alternatives(settings, rows, False)
    _alternatives(settings, _by_rule(get(job, 'rules'), None), True)
    return _handed_over(
        {name: _variable(found) for name, found in settings.items() if found}, handed
    )


def _settings(entries: Mapping[str, Entry]) -> dict[str, list[Setting]]:
    """How each variable is set; none where that cannot be seen."""
    return {name: [_setting(entry)] if _is_known(entry) else [] for name, entry in entries.items()}


def _setting(entry: Entry) -> Setting:
    texts = [text_of(entry)]
    texts += [ruby_text(option) for option in items_of(get(entry.value, 'options'))]
    expand = get(entry.value, 'expand')
    raw = isinstance(expand, Leaf) and expand.value is False
    return Setting(tuple(dict.fromkeys(texts)), place_of(entry.key), not raw)


def _by_rule(rules: Value | None, filtered_by: Table | None) -> list[dict[str, list[Setting]]]:
    """What each rule that does not say `never` sets."""
    found = []
    for rule in flat(rules):
        if string_of(get(rule, 'when')) != 'never':
            entries = own_entries(rule)
            if filtered_by is not None:
                entries = _filtered(entries, filtered_by)
            found.append(_settings(entries))
    return found


def flat(rules: Value | None) -> Iterator[Value]:
    """The rules of nested lists, as aliases and `!reference` make them."""
    waiting = [] if rules is None else [rules]
    budget = 50 * _MAX_RULES
    while waiting and budget:
        budget -= 1
        each = waiting.pop()
        if isinstance(each, Items):
            waiting.extend(reversed(each.items))
        else:
            yield each


def _alternatives(
    settings: dict[str, list[Setting]],
    ways: Sequence[Mapping[str, list[Setting]]],
    may_be_unset: bool,
) -> None:
    """Replaces each variable that some way sets; a way without it leaves what was."""
    names = dict.fromkeys(name for way in ways for name in way)
    for name in names:
        found = [setting for way in ways for setting in way.get(name, ())]
        if any(way.get(name) == [] for way in ways):
            found = []
        elif any(name not in way for way in ways):
            found += settings.get(name) or (
                [Setting(('',), found[0].place, True)] if may_be_unset and found else []
            )
        settings[name] = found


def _variable(settings: Iterable[Setting]) -> Variable:
    found = list(settings)
    return Variable(
        tuple(dict.fromkeys(text for setting in found for text in setting.texts)),
        tuple(dict.fromkeys(setting.place for setting in found)),
        any(setting.expand for setting in found),
    )


def _handed_over(
    variables: dict[str, Variable], handed: Sequence[Mapping[str, Variable]]
) -> dict[str, Variable]:
    names = dict.fromkeys(name for each in handed for name in each)
    for name in names:
        found = [each[name] for each in handed if name in each]
        if len(found) < len(handed):
            found.append(variables.get(name, Variable(('',))))
        variables[name] = Variable(
            tuple(dict.fromkeys(text for each in found for text in each.values)),
            tuple(dict.fromkeys(place for each in found for place in each.places)),
            any(each.expand for each in found),
        )
    return variables
