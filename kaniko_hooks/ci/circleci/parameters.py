"""CircleCI's parameters: what `<< parameters.x >>` stands for.

Source: circleci.com/docs/reusing-config (defaults, arguments of jobs, commands
and executors, `matrix` of workflows).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from kaniko_hooks.ci.conditions import compared
from kaniko_hooks.ci.values import MAX_COMMANDS, File, named_values, variable
from kaniko_hooks.document.fields import fields, value_of
from kaniko_hooks.document.nodes import Node, ScalarNode, SequenceNode, items_of, text_of
from kaniko_hooks.document.substitution import replace
from kaniko_hooks.model import Command, Guard, Place, Variable
from kaniko_hooks.named_tuple import NamedTuple

_NAME = r'[A-Za-z_][\w-]*(?:\.[\w-]+)+'
_REFERENCE = re.compile(rf'(?<!\\)<<\s*({_NAME})\s*>>')
# `<<# parameters.x >>--push<</ parameters.x >>`, with `^` for the opposite.
_SECTION = re.compile(rf'(?<!\\)<<([#^])\s*({_NAME})\s*>>(.*?)<</\s*\2\s*>>', re.DOTALL)
# `<< pipeline.git.branch == "main" >>`, in what is left when references are replaced.
_EXPRESSION = re.compile(
    r'(?<!\\)<<(?![#^/])([^<>\n]{0,200}\b(?:pipeline|parameters)\.[^<>\n]{0,200})>>'
)
_ESCAPED = re.compile(r'\\<<')
FALSE = frozenset(('false', 'False', 'FALSE', 'no', 'No', 'NO', 'off', 'n', '0', ''))

Alternatives = Mapping[str, tuple[str, ...]]


class Scope(NamedTuple):
    """What commands of one job or reusable command can refer to."""

    environment: Mapping[str, Variable]
    known: Alternatives  # 'parameters.x' -> its alternatives
    calls: tuple[Place, ...] = ()  # those of the reusable command they are in
    # 'parameters.x' -> steps that were passed, when, and what they can refer to
    steps: Mapping[str, tuple[tuple[Guard, Node, Scope], ...]] = {}

    def resolved(self, command: Command) -> Command:
        """The command with its references replaced where their value is the only one."""
        command = replace(command, _SECTION, self._section)
        command = replace(command, _REFERENCE, self._single)
        command = replace(command, _EXPRESSION, _unknown)
        return replace(command, _ESCAPED, lambda match: '<<')

    def text(self, node: Node | None) -> str | None:
        """A scalar's text with its references replaced; None for anything else."""
        text = text_of(node)
        return None if text is None else self.filled(text)

    def with_environment(self, file: File, node: Node | None, scope: Scope | None = None) -> Scope:
        """With the variables of an `environment:` added, whose references `scope` knows."""
        added = dict(self.environment)
        for name, value, start in named_values(node):
            found = (scope or self).texts(value.value) if isinstance(value, ScalarNode) else ()
            added[name] = variable(found, Place(file.path, start))
        return self._replace(environment=added)

    def given(self, prefix: str, declared: Node | None, arguments: Node | None) -> Scope:
        """Inside something with these parameters, called with these arguments."""
        known = {
            name: found for name, found in self.known.items() if not name.startswith(f'{prefix}.')
        }
        known.update(defaults(prefix, declared))
        steps: dict[str, tuple[tuple[Guard, Node, Scope], ...]] = {}
        for name, field in fields(declared).items():
            default = value_of(field.value, 'default')
            if isinstance(default, SequenceNode):
                steps[f'{prefix}.{name}'] = ((True, default, self),)
        for name, field in fields(arguments).items():
            known.pop(f'{prefix}.{name}', None)
            found = self.texts(field.value.value) if isinstance(field.value, ScalarNode) else ()
            if found and not any('<<' in text for text in found):
                known[f'{prefix}.{name}'] = found
            if isinstance(field.value, SequenceNode):
                steps[f'{prefix}.{name}'] = ((True, field.value, self),)
        return self._replace(known=known, steps=steps)

    def passed(self, node: Node | None) -> list[tuple[Guard, Node, Scope]]:
        """The steps that a reference stands for, in the scope that they were written in."""
        match = _REFERENCE.fullmatch(text_of(node) or '')
        return [
            (guard, steps, scope._replace(environment=self.environment))
            for guard, steps, scope in self.steps.get(match[1] if match else '', ())
        ]

    def called(self, calls: Sequence[Node | None], declared: Node | None) -> Scope:
        """With what the workflows give to the declared parameters of a job."""
        steps = dict(self.steps)
        for name, field in fields(declared).items():
            default = value_of(field.value, 'default')
            given = [value_of(call, name) or default for call in calls]
            found = [
                (in_call(index), node, self)
                for index, node in enumerate(given)
                if isinstance(node, SequenceNode)
            ]
            if found:
                steps[f'parameters.{name}'] = tuple(found)
        return self._replace(known={**self.known, **passed(calls, declared)}, steps=steps)

    def texts(self, text: str) -> tuple[str, ...]:
        """What a text can come to: several alternatives if one reference has several."""
        text = self.filled(text)
        names = {match[1] for match in _REFERENCE.finditer(text)}
        name = names.pop() if len(names) == 1 else ''
        found = self.known.get(name, ())
        if not found:
            return (text,)
        return tuple(_REFERENCE.sub(lambda match: each, text) for each in found)

    def filled(self, text: str) -> str:
        """A text with its references replaced."""
        text = _SECTION.sub(self._section, text)
        return _REFERENCE.sub(lambda match: self._single(match) or match[0], text)

    def _section(self, match: re.Match[str]) -> str:
        """A section's content if it is there; of one line that may be, an unknown word."""
        found = self.known.get(match[2], ())
        if len(found) == 1:
            return match[3] if (found[0] in FALSE) == (match[1] == '^') else ''
        return match[3] if '\n' in match[3] else f'{{{{{match[2]}}}}}'

    def _single(self, match: re.Match[str]) -> str | None:
        found = self.known.get(match[1], ())
        return found[0] if len(found) == 1 else None


def _unknown(expression: re.Match[str]) -> str | None:
    """An expression as one word that the shell's reader takes for a value to be put in."""
    if _REFERENCE.fullmatch(expression[0]):
        return None
    return f'{{{{{re.sub(r"[^A-Za-z0-9]+", "_", expression[1])}}}}}'


def in_call(index: int) -> Guard:
    """That a job runs as one of its calls, which exclude each other."""
    return compared('call of the job', str(index))


def defaults(prefix: str, declared: Node | None) -> dict[str, tuple[str, ...]]:
    """'parameters.x' -> its default, for declared parameters that have a scalar one."""
    found: dict[str, tuple[str, ...]] = {}
    for name, field in fields(declared).items():
        default = text_of(value_of(field.value, 'default'))
        if default is not None and '<<' not in default:
            found[f'{prefix}.{name}'] = (default,)
    return found


def passed(calls: Iterable[Node | None], declared: Node | None) -> dict[str, tuple[str, ...]]:
    """What the calls of a job pass to its declared parameters, matrices included.

    A call that passes nothing leaves the default; a parameter is listed here
    only if every call passes it, so defaults are one of the alternatives else.
    """
    found: dict[str, dict[str, None]] = {}
    by_default = {
        f'parameters.{name}': text_of(value_of(field.value, 'default'))
        for name, field in fields(declared).items()
    }
    for arguments in calls:
        given: dict[str, list[Node]] = {
            f'parameters.{name}': [field.value] for name, field in fields(arguments).items()
        }
        for name, field in fields(value_of(arguments, 'matrix', 'parameters')).items():
            given[f'parameters.{name}'] = items_of(field.value)
        for name, default in by_default.items():
            values = [text_of(node) for node in given[name]] if name in given else [default]
            for value in values:
                text = value if value is not None and '<<' not in value else f'<< {name} >>'
                found.setdefault(name, {})[text] = None
    return {
        name: () if any('<<' in text for text in texts) else tuple(texts)
        for name, texts in found.items()
    }


def invocations(document: Node, job: str) -> list[Node | None]:
    """What each mention of a job in the workflows passes to it."""
    found: list[Node | None] = []
    for workflow in fields(value_of(document, 'workflows')).values():
        for item in items_of(value_of(workflow.value, 'jobs'))[:MAX_COMMANDS]:
            if isinstance(item, ScalarNode) and item.value == job:
                found.append(None)
            elif job in fields(item):
                found.append(fields(item)[job].value)
    return found


def defined(document: Node, kind: str, name: str) -> tuple[Node | None, Node]:
    """What a name stands for, and where names in it are looked up: an orb is a document."""
    orb, slash, rest = name.partition('/')
    inner = value_of(document, 'orbs', orb) if slash else None
    if inner is None:
        return value_of(document, kind, name), document
    return value_of(inner, kind, rest), inner
