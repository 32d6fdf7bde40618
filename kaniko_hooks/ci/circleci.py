"""CircleCI: a job is a container, its `run` steps are scripts.

All steps run in the first image of the executor; `<< parameters.x >>` are replaced
before a shell sees them.

Sources: circleci.com/docs/reusing-config (defaults, arguments of jobs, commands and
executors, `matrix` of workflows); …/configuration-reference, "Logic statements".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from kaniko_hooks.ci import cond
from kaniko_hooks.ci.common import (
    MAX_COMMANDS,
    File,
    Settings,
    Source,
    assigned,
    counted,
    defaults,
    environment,
    filled,
    folder_in,
    image_of,
    resolved,
    shell_of,
    with_unknown,
)
from kaniko_hooks.document.nodes import (
    Field,
    MappingNode,
    Node,
    ScalarNode,
    SequenceNode,
    fields,
    items_of,
    text_of,
    value_of,
)
from kaniko_hooks.model import (
    Cond,
    Container,
    Note,
    Place,
    Script,
    Setting,
    Text,
    all_of,
    any_of,
    negate,
)
from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.text import hole

_NAME = r'[A-Za-z_][\w-]*(?:\.[\w-]+)+'
# `\<<`, and expressions: `<< pipeline.git.branch == "main" >>`. Marks of a section, which may
# be left out, are expressions that are not known: `<<# parameters.x >>--push<</ parameters.x >>`.
_TEMPLATE = r'\\<<|<<([^<>\n]{0,200}\b(?:pipeline|parameters|matrix)\.[^<>\n]{0,200})>>'
_FALSE = frozenset(('false', 'no', 'off', 'n', '0', ''))
# Aliases can make a statement as large as you like, or without end.
_MAX_DEPTH = 3
_MAX_ITEMS = 20


def read(source: Source) -> Iterator[Container]:
    """The containers of a configuration: one for each job with commands."""
    document = source.document
    values = defaults('pipeline.parameters', value_of(document, 'parameters'), '<<', True)
    holders = {('', ''): document} | {
        (f'orbs.{name}.', f'{name}/'): field.value
        for name, field in fields(value_of(document, 'orbs')).items()
    }
    for (where, orb), holder in holders.items():
        for name, field in fields(value_of(holder, 'jobs')).items():
            calls = _invocations(document, orb + name)
            job = _Job(source, f'{source.prefix}{where}jobs.{name}')
            container = job.container(field, calls, _Scope(source.file, holder, {}, values))
            if container.scripts:
                yield container


class _Job:
    """Reads the steps of one job, and of the commands that they call."""

    def __init__(self, source: Source, name: str) -> None:
        self.repository = source.repository
        self.system = source.system.name
        self.name = name
        self.notes = source.notes
        self.scripts: list[Script] = []
        self.steps = 0
        self.changed: set[str] = set()  # variables, by a step

    def container(self, field: Field, calls: Sequence[Node | None], scope: _Scope) -> Container:
        """The container of a job, which workflows call with these arguments."""
        node, noted, file = field.value, len(self.notes), scope.file
        scope = scope.in_job(calls, value_of(node, 'parameters'))
        executor, inner = self._executor(node, scope)
        images = items_of(value_of(executor, 'docker')) or items_of(value_of(node, 'docker'))
        image = images[0] if images else None
        for holder, source in ((inner, image), (inner, executor), (scope, node)):
            scope = scope.with_environment(source, holder)
        folder = value_of(node, 'working_directory') or value_of(executor, 'working_directory')
        directory = scope.shown(folder)
        scope = scope._replace(
            shell=inner.shown(value_of(node, 'shell') or value_of(executor, 'shell')) or 'bash',
            # What `checkout` makes is there, wherever that is.
            directory='' if directory[:1] in ('~', '/') else folder_in('', directory),
        )
        # Of all calls, as if one of them had all that workflows put before and after the job.
        for call in calls:
            self._add_steps(value_of(call, 'pre-steps'), scope)
        self._add_steps(value_of(node, 'steps'), scope)
        for call in calls:
            self._add_steps(value_of(call, 'post-steps'), scope)
        return Container(
            self.system,
            self.name,
            Place(file.path, field.key.start),
            image_of(file, value_of(image, 'image'), inner.filled),
            visible=len(self.notes) == noted,
            scripts=tuple(self.scripts),
        )

    def _executor(self, node: Node, scope: _Scope) -> tuple[Node, _Scope]:
        """The mapping with what a job runs in, and the scope of its parameters."""
        named = value_of(node, 'executor')
        name = scope.shown(named if isinstance(named, ScalarNode) else value_of(named, 'name'))
        executor = _defined(scope.document, 'executors', name)[0] if name else None
        if executor is None:
            return node, scope
        return executor, scope.inside(value_of(executor, 'parameters'), named)

    def _add_steps(self, steps: Node | None, scope: _Scope) -> None:
        for step in items_of(steps):
            self.steps = counted(self.steps)
            if isinstance(step, ScalarNode):
                self._add_call(step, step.value, None, scope)
            elif isinstance(step, MappingNode):
                for name, field in fields(step).items():
                    self._add_step(name, field, scope)

    def _add_step(self, name: str, field: Field, scope: _Scope) -> None:
        if name == 'run':
            self._add_run(field.value, scope)
        elif name in ('when', 'unless'):
            cond = scope.condition(value_of(field.value, 'condition'))
            cond = all_of((scope.cond, negate(cond) if name == 'unless' else cond))
            if cond is not False:
                self._add_steps(value_of(field.value, 'steps'), scope._replace(cond=cond))
        elif name == 'steps':
            for steps, inner in scope.passed_steps(field.value):
                self._add_steps(steps, inner)
        else:
            self._add_call(field.key, name, field.value, scope)

    def _add_call(self, key: ScalarNode, name: str, arguments: Node | None, scope: _Scope) -> None:
        """Adds the steps of a reusable command."""
        place = scope.file.place(key)
        body, document = _defined(scope.document, 'commands', name)
        if '/' in name and body is None:
            self.notes.append(Note(place, f'the orb command {name} is not visible here'))
        if body is not None and name not in scope.stack:
            inner = scope.inside(value_of(body, 'parameters'), arguments)
            inner = inner._replace(
                document=document, calls=(*scope.calls, place), stack=(*scope.stack, name)
            )
            self._add_steps(value_of(body, 'steps'), inner)

    def _add_run(self, node: Node, scope: _Scope) -> None:
        source = node if isinstance(node, ScalarNode) else value_of(node, 'command')
        if isinstance(source, ScalarNode):
            scope = scope._replace(variables=with_unknown(scope.variables, self.changed))
            scope = scope.with_environment(node)
            if 'BASH_ENV' in source.value:
                self.changed |= assigned(self.repository, source.value)
            script = Script(
                (scope.filled(scope.file.scalar(source)),),
                scope.variables,
                always=text_of(value_of(node, 'when')) in ('always', 'on_fail'),
                directory=folder_in(
                    scope.directory, scope.text(value_of(node, 'working_directory'))
                ),
                shell=shell_of(scope.shown(value_of(node, 'shell')) or scope.shell),
                cond=scope.cond,
                calls=scope.calls,
            )
            self.scripts.append(script)


class _Scope(NamedTuple):
    """Surroundings of a step.

    - `document`: has the commands that are called; an inline orb is one in another.
    - `variables`: of the shell, and alternatives of holes.
    - `values`: what a parameter stands for here.
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
    cond: Cond = True
    steps: Mapping[str, tuple[tuple[Node, _Scope], ...]] = {}
    stack: tuple[str, ...] = ()
    calls: tuple[Place, ...] = ()

    def filled(self, text: Text) -> Text:
        """The text with known values put in, and a hole for each other expression."""
        return filled(text, _TEMPLATE, self._value)

    def _value(self, match: re.Match[str]) -> Text | str:
        return cond.evaluated(match[1], match[0], _Names(self)) if match[1] else '<<'

    def text(self, node: Node | None) -> Text | None:
        """The text of a scalar, as far as it is known; None for anything else."""
        if not isinstance(node, ScalarNode):
            return None
        return resolved(self.filled(Text(node.value)), self.variables)

    def shown(self, node: Node | None) -> str:
        """The text of a scalar, with the unknown as it is written; '' for anything else."""
        text = self.text(node)
        return text.value if text else ''

    def with_environment(self, node: Node | None, scope: _Scope | None = None) -> _Scope:
        """With the variables of an `environment:` added, whose references `scope` resolves."""
        added = environment(self.file, value_of(node, 'environment'), (scope or self).filled)
        return self._replace(variables={**self.variables, **added})

    def inside(self, declared: Node | None, arguments: Node | None) -> _Scope:
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

    def in_job(self, calls: Sequence[Node | None], declared: Node | None) -> _Scope:
        """Inside a job, with what the calls of the workflows pass to its parameters."""
        scope = self.inside(declared, None)
        variables, values, steps = dict(self.variables), dict(scope.values), dict(scope.steps)
        for name, field in fields(declared).items() if calls else ():
            key = f'parameters.{name}'
            passed = [
                node
                for call in calls
                for node in _passed(call, name) or [value_of(field.value, 'default')]
            ]
            texts = [text for text in map(self.text, passed) if text is not None]
            values.pop(key, None)
            if len(texts) == len(passed):
                variables[key] = Setting(tuple(dict.fromkeys(texts)))
            steps[key] = tuple((node, self) for node in passed if isinstance(node, SequenceNode))
        return self._replace(variables=variables, values=values, steps=steps)

    def passed_steps(self, node: Node | None) -> list[tuple[Node, _Scope]]:
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

    def __init__(self, scope: _Scope) -> None:
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


def _passed(call: Node | None, name: str) -> list[Node | None]:
    """The values that a call passes to a parameter, those of its matrix included."""
    node = value_of(call, name)
    return [*items_of(value_of(call, 'matrix', 'parameters', name))] or ([node] if node else [])


def _invocations(document: Node, job: str) -> list[Node | None]:
    """The arguments of each mention of a job in the workflows; None for no arguments."""
    calls: list[Node | None] = []
    for workflow in fields(value_of(document, 'workflows')).values():
        for item in items_of(value_of(workflow.value, 'jobs'))[:MAX_COMMANDS]:
            if isinstance(item, ScalarNode) and item.value == job:
                calls.append(None)
            elif job in fields(item):
                calls.append(fields(item)[job].value)
    return calls


def _defined(document: Node, kind: str, name: str) -> tuple[Node | None, Node]:
    """The definition of a name, and the document whose names it uses: an orb is one."""
    orb, slash, rest = name.partition('/')
    inner = value_of(document, 'orbs', orb) if slash else None
    if inner is None:
        return value_of(document, kind, name), document
    return value_of(inner, kind, rest), inner
