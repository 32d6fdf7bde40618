"""CircleCI: a job is a container, its `run` steps are scripts.

Source: circleci.com/docs/configuration-reference: all steps run in the first
image of the executor; `<< parameters.x >>` are replaced before a shell sees them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kaniko_hooks.ci.circleci.parameters import Scope, defined, in_call, invocations
from kaniko_hooks.ci.common import (
    WORKSPACE,
    Source,
    assigned,
    choices,
    counted,
    defaults,
    folder_in,
    image_of,
    shell_of,
    with_unknown,
)
from kaniko_hooks.document.nodes import (
    Field,
    MappingNode,
    Node,
    ScalarNode,
    fields,
    items_of,
    text_of,
    value_of,
)
from kaniko_hooks.model import Container, Note, Place, Script, all_of, negate
from kaniko_hooks.text import hole


def read(source: Source) -> Iterator[Container]:
    """The containers of a configuration: one for each job with commands."""
    document = source.document
    declared = value_of(document, 'parameters')
    open_values = choices('pipeline.parameters', declared)
    variables = {'CIRCLE_WORKING_DIRECTORY': WORKSPACE, **open_values}
    values = defaults('pipeline.parameters', declared, '<<')
    values |= {name: hole(name) for name in open_values}
    holders = {('', ''): document} | {
        (f'orbs.{name}.', f'{name}/'): field.value
        for name, field in fields(value_of(document, 'orbs')).items()
    }
    for (where, orb), holder in holders.items():
        for name, field in fields(value_of(holder, 'jobs')).items():
            calls = invocations(document, orb + name)
            job = _Job(source, f'{source.prefix}{where}jobs.{name}')
            container = job.container(field, calls, Scope(source.file, holder, variables, values))
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
        self.places: list[Place] = []
        self.steps = 0
        self.changed: set[str] = set()  # variables, by a step

    def container(self, field: Field, calls: Sequence[Node | None], scope: Scope) -> Container:
        """The container of a job, which workflows call with these arguments."""
        node, noted, file = field.value, len(self.notes), scope.file
        scope = scope.in_job(calls, value_of(node, 'parameters'))
        executor, inner = self._executor(node, scope)
        images = items_of(value_of(executor, 'docker')) or items_of(value_of(node, 'docker'))
        image = images[0] if images else None
        for holder, source in ((inner, image), (inner, executor), (scope, node)):
            scope = scope.with_environment(source, holder)
        folder = value_of(node, 'working_directory') or value_of(executor, 'working_directory')
        # What `checkout` makes is there, wherever that is.
        directory = scope.shown(folder) or '~/project'
        root = directory if directory[0] in '~/' else ''
        scope = scope._replace(
            shell=inner.shown(value_of(node, 'shell') or value_of(executor, 'shell')) or 'bash',
            directory='' if root else folder_in('', directory),
            root=root,
        )
        self._add_around('pre-steps', calls, scope)
        self._add_steps(value_of(node, 'steps'), scope)
        self._add_around('post-steps', calls, scope)
        return Container(
            self.system,
            self.name,
            Place(file.path, field.key.start),
            image_of(file, value_of(image, 'image'), inner.filled),
            places=(file.place(node), *self.places),
            visible=len(self.notes) == noted,
            scripts=tuple(self.scripts),
        )

    def _executor(self, node: Node, scope: Scope) -> tuple[Node, Scope]:
        """The mapping with what a job runs in, and the scope of its parameters."""
        named = value_of(node, 'executor')
        name = scope.shown(named if isinstance(named, ScalarNode) else value_of(named, 'name'))
        executor = defined(scope.document, 'executors', name)[0] if name else None
        if executor is None:
            return node, scope
        self.places.append(scope.file.place(executor))
        return executor, scope.inside(value_of(executor, 'parameters'), named)

    def _add_around(self, name: str, calls: Sequence[Node | None], scope: Scope) -> None:
        """Adds the steps that workflows put before or after a job, for each call of it."""
        for index, call in enumerate(calls):
            self._add_steps(value_of(call, name), scope._replace(cond=in_call(index)))

    def _add_steps(self, steps: Node | None, scope: Scope) -> None:
        for step in items_of(steps):
            self.steps = counted(self.steps)
            if isinstance(step, ScalarNode):
                self._add_call(step, step.value, None, scope)
            elif isinstance(step, MappingNode):
                for name, field in fields(step).items():
                    self._add_step(name, field, scope)

    def _add_step(self, name: str, field: Field, scope: Scope) -> None:
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

    def _add_call(self, key: ScalarNode, name: str, arguments: Node | None, scope: Scope) -> None:
        """Adds the steps of a reusable command."""
        place = scope.file.place(key)
        body, document = defined(scope.document, 'commands', name)
        if '/' in name and body is None:
            self.notes.append(Note(place, f'the orb command {name} is not visible here'))
        if body is not None and name not in scope.stack:
            self.places.append(place)
            inner = scope.inside(value_of(body, 'parameters'), arguments)
            inner = inner._replace(
                document=document, calls=(*scope.calls, place), stack=(*scope.stack, name)
            )
            self._add_steps(value_of(body, 'steps'), inner)

    def _add_run(self, node: Node, scope: Scope) -> None:
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
                directory=_folder(value_of(node, 'working_directory'), scope),
                shell=shell_of(scope.shown(value_of(node, 'shell')) or scope.shell),
                cond=scope.cond,
                calls=scope.calls,
                root=scope.root,
            )
            self.scripts.append(script)


def _folder(node: Node | None, scope: Scope) -> str | None:
    """The folder of the repository where a step starts."""
    folder = folder_in(scope.directory, scope.text(node), (scope.root,) if scope.root else ())
    return None if folder and folder.startswith('~') else folder
