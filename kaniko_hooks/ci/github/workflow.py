"""GitHub, Forgejo and Gitea Actions: a job is a container, its `run` steps are scripts.

Source: docs.github.com/actions, "Running jobs in a container": all `run` steps
of a job share its container (or host), Docker actions run beside it in their own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from kaniko_hooks.ci.common import (
    File,
    Source,
    assigned,
    counted,
    defaults,
    image_of,
    shell_of,
    with_unknown,
)
from kaniko_hooks.ci.cond import InvalidExpression, parse
from kaniko_hooks.ci.github.actions import LocalAction, image_script, local_action
from kaniko_hooks.ci.github.context import EXPRESSION, Conditions, Context, matrix
from kaniko_hooks.document.nodes import Field, Node, ScalarNode, fields, items_of, text_of, value_of
from kaniko_hooks.model import Cond, Container, Note, Place, Script, Setting, Text, all_of

_STATUS = r'\b(?:always|failure|cancelled)\s*\(\s*\)'


def read(source: Source) -> Iterator[Container]:
    """The containers of a workflow, or of an action that has a definition here."""
    file, document = source.file, source.document
    context = _workflow_context(file, document)
    for name, field in fields(value_of(document, 'jobs')).items():
        yield from _Job(source, f'jobs.{name}').containers(field, context)
    runs = fields(document).get('runs')
    if runs:
        yield from _Job(source, 'runs').containers(runs, context, LocalAction(file, document))


def _workflow_context(file: File, document: Node) -> Context:
    triggers = value_of(document, 'on')
    callers = [value_of(triggers, name) for name in ('workflow_dispatch', 'workflow_call')]
    values = {
        name.lower(): text
        for holder in (document, *callers)
        for name, text in defaults('inputs', value_of(holder, 'inputs'), '${{', True).items()
    }
    context = Context(file, {}, values).with_environment(value_of(document, 'env'))
    return context.with_defaults(document)


class _Job:
    """Reads the steps of one job, and of the actions that they call."""

    def __init__(self, source: Source, name: str) -> None:
        self.repository = source.repository
        self.system = source.system.name
        self.name = source.prefix + name
        self.notes = source.notes
        self.scripts: list[Script] = []
        self.beside: list[Container] = []  # of its Docker actions
        self.places: list[Place] = []
        self.steps = 0
        # Names in conditions that a step may change, as the step before saw them.
        self.versions: Mapping[str, int] = {}
        self.changed: set[str] = set()  # variables, by a step

    def containers(
        self, field: Field, context: Context, action: LocalAction | None = None
    ) -> list[Container]:
        """The job's own container and those of its Docker actions."""
        node, noted = field.value, len(self.notes)
        steps, container = value_of(node, 'steps'), value_of(node, 'container')
        if self._condition(node, context) is False:
            return []
        cells = matrix(value_of(node, 'strategy', 'matrix'), context)
        context = context._replace(variables={**context.variables, **cells})
        # A container is started with its `env`; that of workflow and job is set for each step.
        started = context.with_environment(value_of(container, 'env')).variables
        context = context.with_environment(value_of(node, 'env'))
        context = context._replace(variables={**started, **context.variables})
        if any(value_of(step, 'with', 'path') for step in items_of(steps)):
            # Of a checkout: the repository is in that folder.
            context = context._replace(directory=None)
        # The host's default is bash; the difference does not matter here.
        context = context.with_defaults(node, 'bash' if container is None else 'sh')
        if action is not None and action.kind == 'docker':
            script = action.docker_script(context)
            self._add_beside(self.name, node, action.image, script, context)
        self._add_steps(f'{self.name}.steps', steps, context)
        image = container if isinstance(container, ScalarNode) else value_of(container, 'image')
        own = Container(
            self.system,
            self.name,
            Place(context.file.path, field.key.start),
            image_of(context.file, image, context.filled),
            action is not None,
            (context.file.place(node), *self.places),
            len(self.notes) == noted,
            tuple(self.scripts),
        )
        return ([own] if self.scripts else []) + self.beside

    def _condition(self, node: Node, context: Context) -> Cond:
        # `${{ x }} == 'y'` is evaluated as a whole.
        text = re.sub(EXPRESSION, lambda match: f'({match[1]})', _if(node))
        names = Conditions(context, self.versions, self.steps)
        try:
            cond = parse(text, names).cond
        except InvalidExpression:
            cond = None
        self.versions = names.versions
        return cond

    def _add_steps(self, name: str, steps: Node | None, context: Context) -> None:
        for index, step in enumerate(items_of(steps)):
            self.steps = counted(self.steps)
            cond = all_of((context.cond, self._condition(step, context)))
            if cond is not False:
                always = re.search(_STATUS, _if(step), re.IGNORECASE) is not None
                variables = with_unknown(context.variables, self.changed)
                inner = context._replace(
                    variables=variables, cond=cond, always=context.always or always
                )
                inner = inner.with_environment(value_of(step, 'env'))
                self._add_step(f'{name}[{index}]', step, inner)
            # After a step that may fail, the next ones run whatever became of it.
            if text_of(value_of(step, 'continue-on-error')) == 'true':
                context = context._replace(always=True)

    def _add_step(self, name: str, step: Node, context: Context) -> None:
        run, uses = value_of(step, 'run'), context.shown(value_of(step, 'uses'))
        if isinstance(run, ScalarNode):
            self.scripts.append(_script(step, run, context))
            if 'GITHUB_ENV' in run.value:
                self.versions = {}
                self.changed |= assigned(self.repository, run.value)
        elif uses.startswith('docker://'):
            self._add_beside(name, step, uses[9:], image_script(step, context), context)
        elif uses.startswith('./'):
            action = local_action(self.repository, uses)
            place = context.file.place(step)
            if action is None:
                self.notes.append(Note(place, f'the action {uses} is not visible here'))
            elif not _is_called(action, context):
                self.places.append(place)
                self._add_action(name, step, action, context)

    def _add_action(self, name: str, step: Node, action: LocalAction, context: Context) -> None:
        """Adds the scripts of a composite action, or the container of a Docker action."""
        inner = action.called(step, context)
        if action.kind == 'composite':
            self._add_steps(name, value_of(action.runs, 'steps'), inner)
        elif action.kind == 'docker':
            script = action.docker_script(inner)
            inner = inner._replace(file=context.file)
            self._add_beside(name, step, action.image, script, inner)

    def _add_beside(
        self, name: str, step: Node, image: str, script: Script | None, context: Context
    ) -> None:
        """Adds a Docker action's own container, if there is something to run."""
        if script is not None:
            place = context.file.place(step)
            container = Container(
                self.system,
                name,
                place,
                Setting((Text(image),), (place,)),
                places=context.calls,
                scripts=(script,),
                label=text_of(value_of(step, 'name') or value_of(step, 'id')),
            )
            self.beside.append(container)


def _is_called(action: LocalAction, context: Context) -> bool:
    """Test for an action that is being read."""
    return action.file.path in (context.file.path, *(place.file for place in context.calls))


def _if(node: Node) -> str:
    return text_of(value_of(node, 'if')) or 'true'


def _script(step: Node, run: ScalarNode, context: Context) -> Script:
    return Script(
        (context.filled(context.file.scalar(run)),),
        context.variables,
        always=context.always,
        directory=context.folder(value_of(step, 'working-directory')),
        shell=shell_of(context.shown(value_of(step, 'shell')) or context.shell),
        cond=context.cond,
        calls=context.calls,
    )
