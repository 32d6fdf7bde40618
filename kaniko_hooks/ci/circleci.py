"""CircleCI: a job is a container, its `run` steps are scripts.

All steps run in the first image of the executor; `<< parameters.x >>` are replaced
before a shell sees them.

Sources: circleci.com/docs/reusing-config (defaults, arguments of jobs, commands and
executors, `matrix` of workflows); …/configuration-reference, "Logic statements".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from kaniko_hooks.ci import cond
from kaniko_hooks.ci.common import (
    MAX_COMMANDS,
    Source,
    defaults,
    environment,
    folder_in,
    image_of,
    place_of,
    value_in,
)
from kaniko_hooks.ci.context import Context, Job, Names
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
from kaniko_hooks.model import Cond, Container, Note, Setting, Text, all_of, any_of, negate
from kaniko_hooks.text import hole

_FALSE = frozenset(('false', 'no', 'off', 'n', '0', ''))
# Aliases can make a statement as large as you like, or without end.
_MAX_DEPTH = 3
_MAX_ITEMS = 20


def read(source: Source) -> Iterator[Container]:
    """The containers of a configuration: one for each job with commands."""
    document = source.document
    values = defaults('pipeline.parameters', value_of(document, 'parameters'), '<<')
    holders = {('', ''): document} | {
        (f'orbs.{name}.', f'{name}/'): field.value
        for name, field in fields(value_of(document, 'orbs')).items()
    }
    for (where, orb), holder in holders.items():
        context = Context(source, _Names, holder, {}, values)
        for name, field in fields(value_of(holder, 'jobs')).items():
            calls = _invocations(document, orb + name)
            container = _Job(source, f'{where}jobs.{name}').read(field, calls, context)
            if container.scripts:
                yield container


class _Names(Names):
    """Names of parameters and values of the pipeline."""

    # `\<<`, and expressions: `<< pipeline.git.branch == "main" >>`. Marks of a section, which
    # may be left out, are expressions that are not known: `<<# parameters.x >>--push<</ … >>`.
    pattern = r'\\<<|<<([^<>\n]{0,200}\b(?:pipeline|parameters|matrix)\.[^<>\n]{0,200})>>'

    def value(self, name: str) -> Text:
        if name in self.context.values:
            return self.context.values[name]
        if name.startswith('parameters.'):
            name = self.of_this_call(name)
        return hole(name) if '.' in name else Text(name)

    def truth(self, value: Text) -> Cond:
        if value.known is not None:
            return value.known.lower() not in _FALSE
        return super().truth(value)


class _Job(Job):
    """Reads the steps of one job, and of the commands that they call."""

    def read(self, field: Field, calls: Sequence[Node | None], context: Context) -> Container:
        """The container of a job, which workflows call with these arguments."""
        node = field.value
        context = _inside(context, value_of(node, 'parameters'), calls or [None])
        executor, inner = self._executor(node, context)
        settings = {**fields(executor), **fields(node)}
        images = items_of(value_in(settings, 'docker'))
        image = images[0] if images else None
        folder = context.text(value_in(settings, 'working_directory'))
        # What `checkout` makes is there, wherever that is.
        is_elsewhere = folder is not None and folder.value[:1] in ('~', '/')
        context = context._replace(
            variables={
                **context.variables,
                **environment(value_of(image, 'environment'), inner.filled),
                **environment(value_of(executor, 'environment'), inner.filled),
                **environment(value_of(node, 'environment'), context.filled),
            },
            shell=inner.shown(value_in(settings, 'shell')) or 'bash',
            directory='' if is_elsewhere else folder_in('', folder),
        )
        # Of all calls, as if one of them had all that workflows put before and after the job.
        for call in calls:
            self._add_steps(value_of(call, 'pre-steps'), context)
        self._add_steps(value_of(node, 'steps'), context)
        for call in calls:
            self._add_steps(value_of(call, 'post-steps'), context)
        return self.container(field.key, image_of(value_of(image, 'image'), inner.filled))

    def _executor(self, node: Node, context: Context) -> tuple[Node | None, Context]:
        """The mapping with what a job runs in, and the context of its parameters."""
        named = value_of(node, 'executor')
        name = context.shown(named if isinstance(named, ScalarNode) else value_of(named, 'name'))
        executor = _defined(context.document, 'executors', name)[0] if name else None
        if executor is None:
            return None, context
        return executor, _inside(context, value_of(executor, 'parameters'), [named])

    def _add_steps(self, steps: Node | None, context: Context) -> None:
        for step in items_of(steps):
            self.count_step()
            if isinstance(step, ScalarNode):
                self._add_call(step, None, context)
            elif isinstance(step, MappingNode):
                for name, field in fields(step).items():
                    self._add_step(name, field, context)

    def _add_step(self, name: str, field: Field, context: Context) -> None:
        if name == 'run':
            self._add_run(field.value, context)
        elif name in ('when', 'unless'):
            cond = _condition(value_of(field.value, 'condition'), context)
            cond = all_of((context.cond, negate(cond) if name == 'unless' else cond))
            if cond is not False:
                self._add_steps(value_of(field.value, 'steps'), context._replace(cond=cond))
        elif name == 'steps':
            for steps, inner in context.steps.get(text_of(field.value).strip('<> '), ()):
                inner = inner._replace(
                    variables=context.variables,
                    directory=context.directory,
                    shell=context.shell,
                    cond=context.cond,
                )
                self._add_steps(steps, inner)
        else:
            self._add_call(field.key, field.value, context)

    def _add_call(self, key: ScalarNode, arguments: Node | None, context: Context) -> None:
        """Adds the steps of a reusable command."""
        place, name = place_of(key), key.value
        body, document = _defined(context.document, 'commands', name)
        if '/' in name and body is None:
            note = Note(place, f'the orb command {name} is not visible here')
            self.source.notes.append(note)
        if body is not None and place not in context.calls:
            inner = _inside(context, value_of(body, 'parameters'), [arguments])
            inner = inner._replace(document=document, calls=(*context.calls, place))
            self._add_steps(value_of(body, 'steps'), inner)

    def _add_run(self, node: Node, context: Context) -> None:
        command = node if isinstance(node, ScalarNode) else value_of(node, 'command')
        if isinstance(command, ScalarNode):
            context = self.in_step(context, value_of(node, 'environment'))
            folder = context.text(value_of(node, 'working_directory'))
            context = context._replace(
                always=text_of(value_of(node, 'when')) in ('always', 'on_fail'),
                directory=folder_in(context.directory, folder),
                shell=context.shown(value_of(node, 'shell')) or context.shell,
            )
            self.add_script(command, context, 'BASH_ENV')


def _inside(context: Context, declared: Node | None, calls: Sequence[Node | None]) -> Context:
    """The context inside of something with these parameters, called with these arguments."""
    values = {
        name: value for name, value in context.values.items() if not name.startswith('parameters.')
    }
    variables = dict(context.variables)
    steps: dict[str, list[tuple[Node, Context]]] = {}
    for name, field in fields(declared).items():
        key, default = f'parameters.{name}', value_of(field.value, 'default')
        passed: list[Node | None] = []
        for call in calls:
            cells = items_of(value_of(call, 'matrix', 'parameters', name))
            passed.extend(cells or (value_of(call, name) or default,))
        texts = [text for text in map(context.text, passed) if text is not None]
        alternatives = tuple(dict.fromkeys(texts)) if len(texts) == len(passed) else ()
        if len(alternatives) == 1:
            values[key] = alternatives[0]
        elif alternatives:
            variables[key] = Setting(alternatives)
        steps[key] = [(node, context) for node in passed if isinstance(node, SequenceNode)]
    return context._replace(values=values, variables=variables, steps=steps)


def _condition(node: Node | None, context: Context, depth: int = 0) -> Cond:
    """The condition of a logic statement.

    Defaults of the pipeline's parameters do not decide it: whoever starts a pipeline
    may pass another value.
    """
    values = {
        name: value for name, value in context.values.items() if not name.startswith('pipeline.')
    }
    context = context._replace(values=values)
    names = _Names(context)
    if isinstance(node, ScalarNode):
        # A value, or an expression with or without `<< >>` around it.
        try:
            return cond.parse(re.sub(r'^\s*<<|>>\s*$', '', node.value), names).cond
        except cond.InvalidExpression:
            return names.truth(context.filled(Text(node.value)))
    for name, field in fields(node).items() if depth < _MAX_DEPTH else ():
        items = items_of(field.value)
        if len(items) > _MAX_ITEMS:
            break
        if name == 'not':
            return negate(_condition(field.value, context, depth + 1))
        if name in ('and', 'or'):
            parts = [_condition(item, context, depth + 1) for item in items]
            return all_of(parts) if name == 'and' else any_of(parts)
        texts = [text for text in map(context.text, items) if text is not None]
        if name == 'equal' and len(texts) == len(items):
            return all_of(names.equal(texts[0], text) for text in texts[1:])
    # Another statement is known by its text.
    text = context.source.repository.known_text(node.file)[node.start : node.end] if node else ''
    return names.truth(hole(cond.shown(context.filled(Text(' '.join(text.split()))))))


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
