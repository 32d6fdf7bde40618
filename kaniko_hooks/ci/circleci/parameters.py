"""CircleCI's parameters and logic statements: `<< parameters.x >>`, `when`, `unless`.

Sources: circleci.com/docs/reusing-config (defaults, arguments of jobs, commands and
executors, `matrix` of workflows); …/configuration-reference, "Logic statements".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from kaniko_hooks.ci import cond
from kaniko_hooks.ci.common import (
    MAX_COMMANDS,
    File,
    Settings,
    defaults,
    environment,
    filled,
    resolved,
)
from kaniko_hooks.document.nodes import (
    Node,
    ScalarNode,
    SequenceNode,
    fields,
    items_of,
    text_of,
    value_of,
)
from kaniko_hooks.model import Cond, Eq, Place, Setting, Text, all_of, any_of, negate
from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.text import hole

_NAME = r'[A-Za-z_][\w-]*(?:\.[\w-]+)+'
# `\<<`, `<<# parameters.x >>--push<</ parameters.x >>` (`^` for the opposite), and
# expressions: `<< pipeline.git.branch == "main" >>`.
_TEMPLATE = (
    r'(?P<escaped>\\<<)'
    rf'|<<(?P<kind>[#^])\s*(?P<name>{_NAME})\s*>>(?P<section>.{{0,9999}}?)<</\s*(?P=name)\s*>>'
    r'|<<(?![#^/])(?P<expression>[^<>\n]{0,200}\b(?:pipeline|parameters|matrix)\.[^<>\n]{0,200})>>'
)
_FALSE = frozenset(('false', 'no', 'off', 'n', '0', ''))
# Aliases can make a statement as large as you like, or without end.
_MAX_DEPTH = 3
_MAX_ITEMS = 20


class Scope(NamedTuple):
    """Surroundings of a step.

    - `document`: has the commands that are called; an inline orb is one in another.
    - `variables`: of the shell, and alternatives of holes.
    - `values`: what a parameter stands for here.
    - `root`: where the repository is, if that is an absolute folder.
    - `steps`: parameters that are steps, with the scopes that they were written in.
    - `stack`: names of the commands that are read.
    - `calls`: where the commands are called, outermost first.
    """

    file: File
    document: Node
    variables: Settings
    values: Mapping[str, Text]
    shell: str = 'bash'
    directory: str | None = ''
    root: str = ''
    cond: Cond = True
    steps: Mapping[str, tuple[tuple[Node, Scope], ...]] = {}
    stack: tuple[str, ...] = ()
    calls: tuple[Place, ...] = ()

    def filled(self, text: Text) -> Text:
        """The text with known values put in, and a hole for each other expression."""
        return filled(text, _TEMPLATE, self._value)

    def _value(self, match: re.Match[str]) -> Text | str:
        if match['escaped']:
            return '<<'
        names = _Names(self)
        if match['expression']:
            return cond.evaluated(match['expression'], match[0], names)
        value = names.value(match['name'])
        if value.known is None and '\n' not in match['section']:
            return hole(f'{match["kind"]}{cond.shown(value)} {match["section"]}', match[0])
        is_there = value.known is None or (names.truth(value) is False) == (match['kind'] == '^')
        return self.filled(Text(match['section'])) if is_there else ''

    def text(self, node: Node | None) -> Text | None:
        """The text of a scalar, as far as it is known; None for anything else."""
        if not isinstance(node, ScalarNode):
            return None
        return resolved(self.filled(Text(node.value)), self.variables)

    def shown(self, node: Node | None) -> str:
        """The text of a scalar, with the unknown as it is written; '' for anything else."""
        text = self.text(node)
        return text.value if text else ''

    def with_environment(self, node: Node | None, scope: Scope | None = None) -> Scope:
        """With the variables of an `environment:` added, whose references `scope` resolves."""
        added = environment(self.file, value_of(node, 'environment'), (scope or self).filled)
        return self._replace(variables={**self.variables, **added})

    def inside(self, declared: Node | None, arguments: Node | None) -> Scope:
        """Inside something with these parameters, called with these arguments."""
        values = {
            name: value for name, value in self.values.items() if name[:11] != 'parameters.'
        } | defaults('parameters', declared, '<<')
        steps = {}
        for name, field in fields(declared).items():
            default = value_of(field.value, 'default')
            if isinstance(default, SequenceNode):
                steps[f'parameters.{name}'] = ((default, self),)
        for name, field in fields(arguments).items():
            text = self.text(field.value)
            if text is not None:
                values[f'parameters.{name}'] = text
            elif isinstance(field.value, SequenceNode):
                steps[f'parameters.{name}'] = ((field.value, self),)
        return self._replace(values=values, steps=steps)

    def in_job(self, calls: Sequence[Node | None], declared: Node | None) -> Scope:
        """Inside a job, with what the calls of the workflows pass to its parameters."""
        scope = self.inside(declared, None)
        variables, values, steps = dict(self.variables), dict(scope.values), dict(scope.steps)
        for name, field in fields(declared).items() if calls else ():
            key = f'parameters.{name}'
            passed = [
                (node, self._replace(cond=in_call(index)))
                for index, call in enumerate(calls)
                for node in _passed(call, name) or [value_of(field.value, 'default')]
            ]
            texts = [text for text in (self.text(node) for node, _ in passed) if text is not None]
            values.pop(key, None)
            if len(texts) == len(passed):
                variables[key] = Setting(tuple(dict.fromkeys(texts)))
            steps[key] = tuple(
                (node, scope) for node, scope in passed if isinstance(node, SequenceNode)
            )
        return self._replace(variables=variables, values=values, steps=steps)

    def passed_steps(self, node: Node | None) -> list[tuple[Node, Scope]]:
        """The steps that a reference stands for, with their scopes."""
        match = re.fullmatch(rf'<<\s*({_NAME})\s*>>', text_of(node))
        return [
            (
                steps,
                self._replace(
                    document=scope.document,
                    values=scope.values,
                    steps=scope.steps,
                    calls=scope.calls,
                    cond=all_of((self.cond, scope.cond)),
                    # A command may be passed steps that call it, so it is not named here.
                    stack=(),
                ),
            )
            for steps, scope in self.steps.get(match[1] if match else '', ())
        ]

    def condition(self, node: Node | None) -> Cond:
        """The condition of a logic statement.

        Defaults of the pipeline's parameters do not decide it: whoever starts a pipeline
        may pass another value.
        """
        values = {name: value for name, value in self.values.items() if name[:9] != 'pipeline.'}
        return self._replace(values=values)._condition(node, 0)

    def _condition(self, node: Node | None, depth: int) -> Cond:
        names = _Names(self)
        if isinstance(node, ScalarNode):
            return self._truth(node.value, names)
        for name, field in fields(node).items() if depth < _MAX_DEPTH else ():
            items = items_of(field.value)
            if len(items) > _MAX_ITEMS:
                break
            if name == 'not':
                return negate(self._condition(field.value, depth + 1))
            if name in ('and', 'or'):
                parts = [self._condition(item, depth + 1) for item in items]
                return all_of(parts) if name == 'and' else any_of(parts)
            texts = [text for text in map(self.text, items) if text is not None]
            if name == 'equal' and len(texts) == len(items):
                return all_of(names.equal(texts[0], text) for text in texts[1:])
        # Another statement is known by its text.
        source = ' '.join(self.file.text[node.start : node.end].split()) if node else ''
        return names.truth(hole(cond.shown(self.filled(Text(source)))))

    def _truth(self, text: str, names: _Names) -> Cond:
        """A value, or an expression with or without `<< >>` around it."""
        inner = re.fullmatch(r'\s*<<([^<>]*)>>\s*', text)
        expression = inner[1] if inner else text
        if re.search(r'\b(?:pipeline|parameters)\.', expression):
            try:
                return cond.parse(expression, names).cond
            except cond.InvalidExpression:
                pass
        return names.truth(self.filled(Text(text)))


class _Names(cond.Dialect):
    """Names of parameters and values of the pipeline."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope

    def value(self, name: str) -> Text:
        if name in self.scope.values:
            return self.scope.values[name]
        if name[:11] == 'parameters.':
            # Each call of a command has another value.
            name = ''.join(f'{place.file}:{place.offset} ' for place in self.scope.calls) + name
        return hole(name) if '.' in name else Text(name)

    def truth(self, value: Text) -> Cond:
        if value.known is not None:
            return value.known.lower() not in _FALSE
        return super().truth(value)


def in_call(index: int) -> Cond:
    """The condition that a job runs as one of its calls, which exclude each other."""
    return Eq(hole('call of the job'), Text(str(index)))


def _passed(call: Node | None, name: str) -> list[Node | None]:
    """The values that a call passes to a parameter, those of its matrix included."""
    node = value_of(call, name)
    return [*items_of(value_of(call, 'matrix', 'parameters', name))] or ([node] if node else [])


def invocations(document: Node, job: str) -> list[Node | None]:
    """The arguments of each mention of a job in the workflows; None for no arguments."""
    calls: list[Node | None] = []
    for workflow in fields(value_of(document, 'workflows')).values():
        for item in items_of(value_of(workflow.value, 'jobs'))[:MAX_COMMANDS]:
            if isinstance(item, ScalarNode) and item.value == job:
                calls.append(None)
            elif job in fields(item):
                calls.append(fields(item)[job].value)
    return calls


def defined(document: Node, kind: str, name: str) -> tuple[Node | None, Node]:
    """The definition of a name, and the document whose names it uses: an orb is one."""
    orb, slash, rest = name.partition('/')
    inner = value_of(document, 'orbs', orb) if slash else None
    if inner is None:
        return value_of(document, kind, name), document
    return value_of(inner, kind, rest), inner
