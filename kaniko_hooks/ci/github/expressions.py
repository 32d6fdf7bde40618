"""GitHub's `${{ … }}`: what is known of a text.

Only plain references are resolved (`env.X`, `matrix.x`, `inputs.x`); any other
expression stays as it is written.
Source: docs.github.com/actions/reference/workflows-and-actions/contexts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from kaniko_hooks.ci.values import File, is_null, named_values, variable
from kaniko_hooks.document.fields import fields, value_of
from kaniko_hooks.document.nodes import MappingNode, Node, ScalarNode, items_of, text_of
from kaniko_hooks.document.substitution import replace
from kaniko_hooks.model import Command, Place, Variable
from kaniko_hooks.named_tuple import NamedTuple

REFERENCE = re.compile(r'\$\{\{\s*([A-Za-z_][\w-]*(?:\.[\w-]+)+)\s*\}\}')
_MAX_CELLS = 1_000


class Context(NamedTuple):
    """What expressions and shells of a step can refer to."""

    environment: Mapping[str, Variable]
    values: Mapping[str, tuple[str, ...]]  # 'matrix.x' -> its alternatives
    directory: str | None = ''
    shell: str = ''
    checkout: str = ''  # where the repository stands in the workspace
    calls: tuple[Place, ...] = ()  # the steps that call the action they are in


def alternatives(name: str, context: Context) -> tuple[str, ...]:
    """The values that a reference can have; none if that is not known."""
    scope, _, rest = name.partition('.')
    if scope.lower() == 'env':
        found = context.environment.get(rest)
        return found.values if found and not found.expand else ()
    return context.values.get(input_name(name.lower(), context), ())


def input_name(text: str, context: Context) -> str:
    """With the inputs of `github.event`, which are the workflow's, by their shorter names."""
    return text if context.calls else text.replace('github.event.inputs.', 'inputs.')


def resolved(command: Command, context: Context) -> Command:
    """The command with its references replaced where their value is the only one."""

    def value(match: re.Match[str]) -> str | None:
        values = alternatives(match[1], context)
        return values[0] if len(values) == 1 else None

    return replace(command, REFERENCE, value)


def texts(text: str, context: Context) -> tuple[str, ...]:
    """What a text can come to: several alternatives if one reference has several."""
    open_names = set()

    def value(match: re.Match[str]) -> str:
        values = alternatives(match[1], context)
        if len(values) > 1:
            open_names.add(match[1])
        return values[0] if len(values) == 1 else match[0]

    text = REFERENCE.sub(value, text)
    if len(open_names) != 1:
        return (text,)
    name = open_names.pop()
    return tuple(
        REFERENCE.sub(lambda match: each if match[1] == name else match[0], text)
        for each in alternatives(name, context)
    )


def text_in(node: Node | None, context: Context) -> str | None:
    """A scalar's text with its references replaced; None for anything else."""
    text = text_of(node)
    if text is None:
        return None
    found = texts(text, context)
    return found[0] if len(found) == 1 else text


def with_environment(context: Context, file: File, node: Node | None) -> Context:
    """The context with the variables of an `env:` added."""
    added = dict(context.environment)
    for name, value, start in named_values(node):
        text = '' if is_null(value) else text_of(value)
        found = () if text is None else texts(text, context)
        added[name] = variable(found, Place(file.path, start))
    return context._replace(environment=added)


def matrix_values(matrix: Node | None) -> dict[str, tuple[str, ...]]:
    """'matrix.x' -> the values it has in the cells of a `strategy.matrix`."""
    found: dict[str, dict[str, None]] = {}
    entries = {name: field.value for name, field in fields(matrix).items()}
    included = items_of(entries.pop('include', None))
    entries.pop('exclude', None)
    for name, value in entries.items():
        for item in items_of(value)[:_MAX_CELLS]:
            for path, text in _leaves(f'matrix.{name}', item):
                found.setdefault(path, {})[text] = None
    for item in included[:_MAX_CELLS]:
        for name, field in fields(item).items():
            for path, text in _leaves(f'matrix.{name}', field.value):
                found.setdefault(path, {})[text] = None
    if not entries:
        _add_missing(found, included)
    return {path.lower(): tuple(values) for path, values in found.items()}


def _add_missing(found: dict[str, dict[str, None]], included: list[Node]) -> None:
    """A cell that lacks a name which others have: there it is empty."""
    for path, values in found.items():
        if any(value_of(item, *path.split('.')[1:]) is None for item in included):
            values[''] = None


def _leaves(path: str, node: Node) -> Iterator[tuple[str, str]]:
    """A value, or the values of an object one level down."""
    if isinstance(node, ScalarNode):
        yield path, node.value
    elif isinstance(node, MappingNode):
        for name, field in fields(node).items():
            if isinstance(field.value, ScalarNode):
                yield f'{path}.{name}', field.value.value


def input_values(inputs: Node | None) -> dict[str, tuple[str, ...]]:
    """'inputs.x' -> the default, or the options to choose from, of declared inputs."""
    found = {}
    for name, field in fields(inputs).items():
        default = text_of(value_of(field.value, 'default'))
        options = [text_of(item) or '' for item in items_of(value_of(field.value, 'options'))]
        if options:
            found[f'inputs.{name}'.lower()] = tuple(dict.fromkeys(options))
        elif default is not None and '${{' not in default:
            found[f'inputs.{name}'.lower()] = (default,)
    return found
