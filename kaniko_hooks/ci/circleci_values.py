"""CircleCI's parameters: what `<< parameters.x >>` stands for, and its conditions.

Source: circleci.com/docs/reusing-config (defaults, arguments of jobs, commands
and executors, `matrix` of workflows) and …/configuration-reference (logic statements).
"""
from __future__ import annotations

import re
from collections.abc import Mapping

from kaniko_hooks.ci.values import MAX_COMMANDS
from kaniko_hooks.ci.values import MAX_NESTING
from kaniko_hooks.ci.values import File
from kaniko_hooks.ci.values import named_values
from kaniko_hooks.ci.values import variable
from kaniko_hooks.document.fields import fields
from kaniko_hooks.document.fields import value_of
from kaniko_hooks.document.nodes import Mapping as MappingNode
from kaniko_hooks.document.nodes import Node
from kaniko_hooks.document.nodes import Scalar
from kaniko_hooks.document.nodes import items_of
from kaniko_hooks.document.nodes import text_of
from kaniko_hooks.document.substitution import replace
from kaniko_hooks.model import Command
from kaniko_hooks.model import Place
from kaniko_hooks.model import Variable
from kaniko_hooks.named_tuple import NamedTuple

_REFERENCE = re.compile(r'<<\s*([A-Za-z_][\w-]*(?:\.[\w-]+)+)\s*>>')
_FALSE = frozenset(('false', 'False', 'FALSE', 'no', 'No', 'NO', 'off', 'n', '0', ''))

Alternatives = Mapping[str, tuple[str, ...]]


class Scope(NamedTuple):
    """What commands of one job or reusable command can refer to."""

    environment: Mapping[str, Variable]
    known: Alternatives  # 'parameters.x' -> its alternatives

    def resolved(self, command: Command) -> Command:
        """The command with its references replaced where their value is the only one."""
        return replace(command, _REFERENCE, self._single)

    def text(self, node: Node | None) -> str | None:
        """A scalar's text with its references replaced; None for anything else."""
        text = text_of(node)
        return None if text is None else self._filled(text)

    def with_environment(
            self, file: File, node: Node | None, scope: Scope | None = None,
    ) -> Scope:
        """With the variables of an `environment:` added, whose references `scope` knows."""
        added = dict(self.environment)
        for name, value, start in named_values(node):
            found = (scope or self).texts(value.value) if isinstance(value, Scalar) else ()
            added[name] = variable(found, Place(file.path, start))
        return self._replace(environment=added)

    def given(self, prefix: str, declared: Node | None, arguments: Node | None) -> Scope:
        """Inside something with these parameters, called with these arguments."""
        known = {
            name: found for name, found in self.known.items() if not name.startswith(f'{prefix}.')
        }
        known.update(defaults(prefix, declared))
        for name, field in fields(arguments).items():
            known.pop(f'{prefix}.{name}', None)
            found = self.texts(field.value.value) if isinstance(field.value, Scalar) else ()
            if found and not any('<<' in text for text in found):
                known[f'{prefix}.{name}'] = found
        return self._replace(known=known)

    def called(self, arguments: Alternatives) -> Scope:
        """With the values that workflows give to the parameters of a job."""
        return self._replace(known={**self.known, **arguments})

    def texts(self, text: str) -> tuple[str, ...]:
        """What a text can come to: several alternatives if one reference has several."""
        text = self._filled(text)
        names = {match[1] for match in _REFERENCE.finditer(text)}
        name = names.pop() if len(names) == 1 else ''
        found = self.known.get(name, ())
        if not found:
            return (text,)
        return tuple(_REFERENCE.sub(lambda match: each, text) for each in found)

    def _filled(self, text: str) -> str:
        return _REFERENCE.sub(lambda match: self._single(match) or match[0], text)

    def _single(self, match: re.Match[str]) -> str | None:
        found = self.known.get(match[1], ())
        return found[0] if len(found) == 1 else None


def defaults(prefix: str, declared: Node | None) -> dict[str, tuple[str, ...]]:
    """'parameters.x' -> its default, for declared parameters that have a scalar one."""
    found: dict[str, tuple[str, ...]] = {}
    for name, field in fields(declared).items():
        default = text_of(value_of(field.value, 'default'))
        if default is not None and '<<' not in default:
            found[f'{prefix}.{name}'] = (default,)
    return found


def calls(document: Node, job: str) -> dict[str, tuple[str, ...]]:
    """What workflows pass to the parameters of a job, matrices included.

    A call that passes nothing leaves the default; a parameter is listed here
    only if every call passes it, so defaults are one of the alternatives else.
    """
    found: dict[str, dict[str, None]] = {}
    declared = {
        f'parameters.{name}': text_of(value_of(field.value, 'default'))
        for name, field in fields(value_of(document, 'jobs', job, 'parameters')).items()
    }
    for arguments in _arguments(document, job):
        given: dict[str, list[Node]] = {
            f'parameters.{name}': [field.value] for name, field in fields(arguments).items()
        }
        for name, field in fields(value_of(arguments, 'matrix', 'parameters')).items():
            given[f'parameters.{name}'] = items_of(field.value)
        for name, default in declared.items():
            values = [text_of(node) for node in given[name]] if name in given else [default]
            for value in values:
                text = value if value is not None and '<<' not in value else f'<< {name} >>'
                found.setdefault(name, {})[text] = None
    return {
        name: () if any('<<' in text for text in texts) else tuple(texts)
        for name, texts in found.items()
    }


def _arguments(document: Node, job: str) -> list[Node | None]:
    found: list[Node | None] = []
    for workflow in fields(value_of(document, 'workflows')).values():
        for item in items_of(value_of(workflow.value, 'jobs'))[:MAX_COMMANDS]:
            if isinstance(item, Scalar) and item.value == job:
                found.append(None)
            elif job in fields(item):
                found.append(fields(item)[job].value)
    return found


def condition(
        node: Node | None, scope: Scope, negated: bool = False, depth: int = 0,
) -> tuple[tuple[str, bool] | None, bool | None]:
    """A condition as a guard (expression, negated), and its value if that is known."""
    inner = value_of(node, 'not')
    if inner is not None and depth < MAX_NESTING:
        return condition(inner, scope, not negated, depth + 1)
    if isinstance(node, Scalar):
        texts = scope.texts(node.value)
        if len(texts) == 1 and '<<' not in texts[0]:
            return None, (texts[0] not in _FALSE) ^ negated
        return (re.sub(r'\s+', '', node.value), negated), None
    return (_written(node), negated), None


def _written(node: Node | None, depth: int = 0) -> str:
    """A statement as one text, alike for alike statements."""
    if isinstance(node, Scalar):
        return re.sub(r'\s+', '', node.value)
    if depth >= MAX_NESTING:
        return '…'
    if isinstance(node, MappingNode):
        parts = [f'{name}:{_written(field.value, depth + 1)}'
                 for name, field in fields(node).items()]
        return f'{{{",".join(parts)}}}'
    return f'[{",".join(_written(item, depth + 1) for item in items_of(node)[:20])}]'
