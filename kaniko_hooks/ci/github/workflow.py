"""GitHub, Forgejo and Gitea Actions: a job is a container, its `run` steps are scripts.

Source: docs.github.com/actions, "Running jobs in a container": all `run` steps
of a job share its container (or host), Docker actions run beside it in their own.
Actions of the repository are read like steps of the job.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping

from kaniko_hooks.ci.common import (
    Source,
    argv,
    commands,
    defaults,
    environment,
    folder_in,
    image_of,
    place_of,
)
from kaniko_hooks.ci.cond import InvalidExpression, parse
from kaniko_hooks.ci.context import Context, Job
from kaniko_hooks.ci.github.expressions import EXPRESSION, Conditions, Values, matrix
from kaniko_hooks.document.compose import InvalidYaml, compose
from kaniko_hooks.document.nodes import Field, Node, ScalarNode, fields, items_of, text_of, value_of
from kaniko_hooks.model import Cond, Container, Note, Place, Script, Setting, Text, all_of
from kaniko_hooks.repository import Repository
from kaniko_hooks.text import concat, hole

_STATUS = r'\b(?:always|failure|cancelled)\s*\(\s*\)'


def read(source: Source) -> Iterator[Container]:
    """The containers of a workflow, or of an action that has a definition here."""
    document = source.document
    context = _workflow_context(source)
    for name, field in fields(value_of(document, 'jobs')).items():
        yield from _Job(source, f'jobs.{name}').containers(field, context)
    runs = fields(document).get('runs')
    if runs:
        for container in _Job(source, 'runs').containers(runs, context):
            yield container._replace(template=True)


def _workflow_context(source: Source) -> Context:
    document = source.document
    triggers = value_of(document, 'on')
    callers = [value_of(triggers, name) for name in ('workflow_dispatch', 'workflow_call')]
    variables = {
        name.lower(): Setting((text,))
        for holder in (document, *callers)
        for name, text in defaults('inputs', value_of(holder, 'inputs'), '${{').items()
    }
    context = Context(source, Values, document, variables, {})
    return _with_defaults(context.with_environment(value_of(document, 'env')), document)


def _with_defaults(context: Context, node: Node, shell: str = '') -> Context:
    """The context with `defaults.run` of a workflow or job."""
    run = value_of(node, 'defaults', 'run')
    return context._replace(
        directory=_folder(context, value_of(run, 'working-directory')),
        shell=context.shown(value_of(run, 'shell')) or context.shell or shell,
    )


def _folder(context: Context, node: Node | None) -> str | None:
    """The folder that a scalar names in the workspace; None if that is not known."""
    text = context.text(node)
    top = None if context.directory is None else ''
    return folder_in(top, text) if text else context.directory


class _Job(Job):
    """Reads the steps of one job, and of the actions that they call."""

    def __init__(self, source: Source, name: str) -> None:
        super().__init__(source, name)
        self.beside: list[Container] = []  # of its Docker actions
        self.places: list[Place] = []
        # Names in conditions that a step may change, as the step before saw them.
        self.versions: Mapping[str, Text] = {}

    def containers(self, field: Field, context: Context) -> list[Container]:
        """The job's own container and those of its Docker actions."""
        node = field.value
        steps, container = value_of(node, 'steps'), value_of(node, 'container')
        if self._condition(node, context) is False:
            return []
        cells = matrix(value_of(node, 'strategy', 'matrix'), context)
        # A container is started with its `env`; that of workflow and job is set for each step.
        started = environment(value_of(container, 'env'), context.filled)
        context = context._replace(variables={**started, **context.variables, **cells})
        context = context.with_environment(value_of(node, 'env'))
        if any(value_of(step, 'with', 'path') for step in items_of(steps)):
            # Of a checkout: the repository is in that folder.
            context = context._replace(directory=None)
        # The host's default is bash; the difference does not matter here.
        context = _with_defaults(context, node, 'bash' if container is None else 'sh')
        self._add_docker_action(self.name, node, node, context)
        self._add_steps(f'{self.name}.steps', steps, context)
        image = container if isinstance(container, ScalarNode) else value_of(container, 'image')
        own = self.container(field.key, image_of(image, context.filled))
        own = own._replace(places=(place_of(node), *self.places))
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
            self.count_step()
            cond = all_of((context.cond, self._condition(step, context)))
            if cond is not False:
                always = re.search(_STATUS, _if(step), re.IGNORECASE) is not None
                inner = self.in_step(context, value_of(step, 'env'))
                inner = inner._replace(cond=cond, always=context.always or always)
                self._add_step(f'{name}[{index}]', step, inner)
            # After a step that may fail, the next ones run whatever became of it.
            if text_of(value_of(step, 'continue-on-error')) == 'true':
                context = context._replace(always=True)

    def _add_step(self, name: str, step: Node, context: Context) -> None:
        run, uses = value_of(step, 'run'), context.shown(value_of(step, 'uses'))
        place = place_of(step)
        if isinstance(run, ScalarNode):
            context = context._replace(
                directory=_folder(context, value_of(step, 'working-directory')),
                shell=context.shown(value_of(step, 'shell')) or context.shell,
            )
            if self.add_script(run, context, 'GITHUB_ENV'):
                self.versions = {}
        elif uses.startswith('docker://'):
            self._add_beside(name, step, uses[9:], value_of(step, 'with'), context)
        elif uses.startswith('./'):
            action = _local_action(self.source.repository, uses)
            if action is None:
                note = Note(place, f'the action {uses} is not visible here')
                self.source.notes.append(note)
            elif place not in context.calls:
                self.places.append(place)
                inner, runs = _called(action, step, context), value_of(action, 'runs')
                if text_of(value_of(runs, 'using')) == 'composite':
                    self._add_steps(name, value_of(runs, 'steps'), inner)
                self._add_docker_action(name, step, runs, inner)

    def _add_docker_action(
        self, name: str, node: Node, runs: Node | None, context: Context
    ) -> None:
        """Adds the container of an action, if it is Docker's."""
        if text_of(value_of(runs, 'using')) == 'docker':
            image = text_of(value_of(runs, 'image')).removeprefix('docker://')
            context = context.with_environment(value_of(runs, 'env'))
            self._add_beside(name, node, image, runs, context)

    def _add_beside(
        self, name: str, node: Node, image: str, holder: Node | None, context: Context
    ) -> None:
        """Adds a container of its own, if there is something to run."""
        script = _docker_script(holder, context)
        if script is not None:
            place = place_of(node)
            container = Container(
                self.source.system.name,
                name,
                place,
                Setting((Text(image),), (place,)),
                places=context.calls,
                scripts=(script,),
                label=text_of(value_of(node, 'name') or value_of(node, 'id')),
            )
            self.beside.append(container)


def _if(node: Node) -> str:
    return text_of(value_of(node, 'if')) or 'true'


# Actions

_WORD = re.compile(r"""(?:"[^"]*"|'[^']*'|[^\s"'])+""")


def _local_action(repository: Repository, uses: str) -> Node | None:
    """The action at a path like `./.github/actions/build`; None if it cannot be read.

    The repository may have been checked out into a folder of the workspace.
    """
    folder = posixpath.normpath(uses)
    while folder:
        for name in ('action.yml', 'action.yaml'):
            path = posixpath.normpath(f'{folder}/{name}')
            try:
                documents = compose(repository.known_text(path), path)
            except InvalidYaml:
                documents = []
            if documents:
                return documents[0]
        folder = folder.partition('/')[2]
    return None


def _called(action: Node, step: Node, context: Context) -> Context:
    """The context of an action, called by a step."""
    values = {name: value for name, value in context.values.items() if name[:7] != 'inputs.'}
    declared = defaults('inputs', value_of(action, 'inputs'), '${{')
    values |= {name.lower(): value for name, value in declared.items()}
    for name, field in fields(value_of(step, 'with')).items():
        value = hole(f'{name} of {place_of(field.key)}')
        if isinstance(field.value, ScalarNode):
            value = context.filled(Text(field.value.value))
        values[f'inputs.{name}'.lower()] = value
    folder = concat((hole('github.workspace'), Text(f'/{posixpath.dirname(action.file)}')))
    return context._replace(
        values={**values, 'github.action_path': folder},
        variables={**context.variables, 'GITHUB_ACTION_PATH': Setting((folder,))},
        calls=(*context.calls, place_of(step)),
    )


def _docker_script(holder: Node | None, context: Context) -> Script | None:
    """The argv of a Docker action, or of a step that names an image: its `args` are one text."""
    entrypoint, args = (
        commands(context.source, value_of(holder, name), context.filled)
        for name in ('entrypoint', 'args')
    )
    if isinstance(value_of(holder, 'args'), ScalarNode):
        args = tuple(word for text in args for word in _words(text))
    return argv(entrypoint, args, fields(holder).get('args'), context.variables)


def _words(text: Text) -> tuple[Text, ...]:
    """The words of a text, without their quotes."""
    shown = list(text.value)
    for gap in text.holes:  # which may have blanks and quotes
        shown[gap.start : gap.end] = 'x' * (gap.end - gap.start)
    words = []
    for word in _WORD.finditer(''.join(shown)):
        quotes = [word.start() + quote.start() for quote in re.finditer('["\']', word[0])]
        starts = [word.start(), *(at + 1 for at in quotes)]
        words.append(concat(map(text.part, starts, [*quotes, word.end()])))
    return tuple(words)
