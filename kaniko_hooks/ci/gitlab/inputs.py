"""The `spec:` header of a file and the inputs it is given -> values of its inputs.

Rules: G: lib/ci/inputs/, lib/gitlab/ci/config/header/.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from kaniko_hooks.ci.gitlab.errors import InvalidPipeline
from kaniko_hooks.ci.gitlab.expression import InvalidExpression, is_true, matches
from kaniko_hooks.ci.gitlab.header import misspelt
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
    place_of,
    plain,
    ruby_text,
    specified,
    string_of,
)
from kaniko_hooks.document.nodes import ScalarNode
from kaniko_hooks.document.psych import Typed
from kaniko_hooks.model import Place
from kaniko_hooks.named_tuple import NamedTuple

_TYPES = ('array', 'boolean', 'number', 'string')
_NUMBER = re.compile(r'\s*-?(?:0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?\s*')


class _Input(NamedTuple):
    """One input of a header, with the value that is given for it."""

    name: str
    spec: Value
    kind: str
    default: Value | None
    options: Value | None
    given: Value | None


def input_values(
    header: Table, given: Table | None, strict: bool
) -> tuple[dict[str, Value], tuple[str, Place] | None]:
    """The value of each input, and the first thing GitLab would refuse (None if nothing).

    Without `strict` an input that has no valid value is left out.
    """
    specs = _specs(header)
    arguments = {name: entry.value for name, entry in entries_of(given)}
    values: dict[str, Value] = {}
    wrong = misspelt(header, specs)
    for name, entry in specs.items():
        found = _input(name, entry.value, arguments, values)
        if isinstance(found, str):
            wrong = wrong or (found, place_of(entry.key))
            continue
        reason = _unfit(found, strict)
        if reason:
            where = given if found.given is not None and given is not None else entry.key
            wrong = wrong or (f'`{name}` input: {reason}', place_of(where))
        value = found.default if found.given is None else found.given
        if value is not None and (not reason or not strict):
            values[name] = coerced(found.kind, value)
    unknown = [name for name in arguments if name not in specs]
    if unknown and given is not None:
        wrong = wrong or (f'unknown input arguments: {", ".join(unknown)}', place_of(given))
    return values, wrong


def checked_inputs(header: Table, given: Table | None, strict: bool) -> dict[str, Value]:
    """The value of each input. With `strict`, raises InvalidPipeline as GitLab does."""
    values, wrong = input_values(header, given, strict)
    if wrong and strict:
        raise InvalidPipeline(*wrong)
    return values


def _specs(header: Table) -> dict[str, Entry]:
    return dict(entries_of(get(header, 'spec', 'inputs')))


def _input(
    name: str, spec: Value, arguments: Mapping[str, Value], values: Mapping[str, Value]
) -> _Input | str:
    kind = 'string' if get(spec, 'type') is None else string_of(get(spec, 'type'))
    if kind not in _TYPES:
        return f'unknown input specification for `{name}` (valid types: {", ".join(_TYPES)})'
    default, options = get(spec, 'default'), specified(get(spec, 'options'))
    rule = _rule(spec, {**values, **arguments})
    default = get(rule, 'default') or default
    options = specified(get(rule, 'options')) or options
    return _Input(name, spec, kind, default, options, specified(arguments.get(name)))


def _rule(spec: Value, known: Mapping[str, Value]) -> Value | None:
    """The first of an input's `rules` that holds."""

    def look_up(name: str) -> str | None:
        return ruby_text(known[name]) if name in known else None

    for rule in items_of(get(spec, 'rules')):
        condition = string_of(get(rule, 'if'))
        try:
            if condition is None or is_true(condition, lambda name: None, look_up):
                return rule
        except InvalidExpression:
            continue
    return None


def _unfit(found: _Input, strict: bool) -> str | None:
    """Why the default or the given value cannot be taken."""
    if found.default is None and found.given is None:
        return 'required value has not been provided'
    if strict and is_null(found.spec) and _is_plain_number(found.given):
        # As documented; GitLab's own code makes a string of whatever else is no string.
        return 'provided value is not a string'
    for value, which in ((found.default, 'default'), (found.given, 'provided')):
        reason = None if value is None else _misfit(found, coerced(found.kind, value), which)
        if reason:
            return reason
    return None


def _is_plain_number(value: Value | None) -> bool:
    return (
        isinstance(value, Leaf)
        and isinstance(value.value, int)
        and value.node.value == str(value.value)
    )


def _misfit(found: _Input, value: Value, which: str) -> str | None:
    if not _has_type(found.kind, value):
        article = 'an' if found.kind == 'array' else 'a'
        return f'{which} value is not {article} {found.kind}'
    if found.options is not None:
        reason = _no_option(found, value)
        if reason:
            return reason
    regex = get(found.spec, 'regex')
    if regex is None:
        return None
    if found.kind != 'string' or not isinstance(value, Leaf):
        return 'RegEx validation can only be used with string inputs'
    met = matches(string_of(regex) or '', str(value.value), unsure=True)
    if met is None:
        return 'invalid regular expression'
    return None if met else f'{which} value does not match required RegEx pattern'


def _no_option(found: _Input, value: Value) -> str | None:
    if found.kind == 'boolean':
        return 'Options can only be used with string and number inputs'
    options = items_of(found.options)
    if found.kind == 'array':
        allowed = [plain(option) for option in options]
        wrong = [ruby_text(item) for item in items_of(value) if plain(item) not in allowed]
        return (
            f'{", ".join(wrong)} cannot be used because it is not in the list of allowed options'
            if wrong
            else None
        )
    if found.kind == 'number':
        if plain(value) in [plain(option) for option in options]:
            return None
    elif ruby_text(value) in [ruby_text(option) for option in options]:
        return None
    return f'`{ruby_text(value)}` cannot be used because it is not in the list of allowed options'


def _has_type(kind: str, value: Value) -> bool:
    if kind == 'array':
        return isinstance(value, Items)
    if not isinstance(value, Leaf):
        return False
    is_boolean = isinstance(value.value, bool)
    if kind == 'number':
        return isinstance(value.value, (int, float)) and not is_boolean
    return is_boolean if kind == 'boolean' else True


def coerced(kind: str, value: Value) -> Value:
    """The value as an input of that type takes it: strings are read as JSON, or made."""
    if kind == 'string':
        return value if string_of(value) is not None else _leaf(ruby_text(value), value)
    text = string_of(value)
    if text is None:
        return value
    if text.strip() in ('true', 'false'):
        return _leaf(text.strip() == 'true', value)
    number = _NUMBER.fullmatch(text)
    if number:
        return _leaf(float(text) if number[1] or number[2] else int(text), value)
    return _listed(text, value) if kind == 'array' else value


def _listed(text: str, value: Value) -> Value:
    """A JSON list in a string, as a list of its items."""
    import json

    try:
        items = json.loads(text)
    except (ValueError, RecursionError):
        return value
    if not isinstance(items, list):
        return value
    return Items(
        tuple(
            _leaf(item if isinstance(item, (str, int, float)) or item is None else str(item), value)
            for item in items
        ),
        value.node,
    )


def _leaf(made: Typed, value: Value) -> Leaf:
    """A value that stands for another one, at its place."""
    if isinstance(value, Leaf):
        return Leaf(made, value.node)
    start = value.node.start
    return Leaf(made, ScalarNode('', value.node.file, start, start, '', None, None))
