"""CircleCI: a job is a container, its `run` steps are parts.

Source: circleci.com/docs/configuration-reference: all steps run in the first
image of the executor; `<< parameters.x >>` are replaced before a shell sees them.
"""

from __future__ import annotations

from collections.abc import Sequence

from kaniko_hooks.ci.circleci import parameters
from kaniko_hooks.ci.circleci.conditions import condition
from kaniko_hooks.ci.circleci.parameters import Scope
from kaniko_hooks.ci.conditions import both, negated
from kaniko_hooks.ci.recognise import CIRCLECI
from kaniko_hooks.ci.values import MAX_COMMANDS, MAX_NESTING, File, folder_in, prefixes, shell_of
from kaniko_hooks.document.fields import Field, fields, value_of
from kaniko_hooks.document.nodes import MappingNode, Node, ScalarNode, items_of, text_of
from kaniko_hooks.model import Container, Guard, Note, Place, Reading, ScriptPart, Variable
from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.project import Repository


class _Job(NamedTuple):
    """One container, while its steps are read."""

    file: File
    parts: list[ScriptPart]
    places: list[Place]
    notes: list[Note]


class _Setting(NamedTuple):
    """What the steps of a job run in."""

    document: Node  # whose commands they call
    scope: Scope
    shell: str
    directory: str | None
    root: str
    guard: Guard = True


def read(repository: Repository, path: str, documents: Sequence[Node]) -> Reading:
    """The containers of a configuration: one for each job with commands."""
    file = File(path, repository.text(path) or '')
    containers = []
    notes: list[Note] = []
    for prefix, document in zip(prefixes(documents), documents):
        scope = Scope(
            {}, parameters.defaults('pipeline.parameters', value_of(document, 'parameters'))
        )
        for holder, where, orb in _job_holders(document):
            for name, field in fields(value_of(holder, 'jobs')).items():
                job = _Job(file, [], [], notes)
                calls = parameters.invocations(document, orb + name)
                containers.extend(
                    _containers(job, f'{prefix}{where}jobs.{name}', holder, field, calls, scope)
                )
    return Reading(tuple(containers), tuple(notes))


def _job_holders(document: Node) -> list[tuple[Node, str, str]]:
    """A document and its inline orbs: their paths, and what workflows call their jobs by."""
    return [(document, '', '')] + [
        (field.value, f'orbs.{name}.', f'{name}/')
        for name, field in fields(value_of(document, 'orbs')).items()
    ]


def _containers(
    job: _Job, path: str, document: Node, field: Field, calls: Sequence[Node | None], outer: Scope
) -> list[Container]:
    node, file = field.value, job.file
    declared = value_of(node, 'parameters')
    scope = outer.given('parameters', declared, None).called(calls, declared)
    executor, inner = _executor(job, document, node, scope)
    images = items_of(value_of(executor, 'docker')) or items_of(value_of(node, 'docker'))
    image = images[0] if images else None
    for holder, source in (
        (inner, value_of(image, 'environment')),
        (inner, value_of(executor, 'environment')),
        (scope, value_of(node, 'environment')),
    ):
        scope = scope.with_environment(file, source, holder)
    # What `checkout` makes is there, wherever that is.
    folder = (
        scope.text(value_of(node, 'working_directory') or value_of(executor, 'working_directory'))
        or '~/project'
    )
    root = folder if folder[0] in '~/' else ''
    shell = value_of(node, 'shell') or value_of(executor, 'shell')
    setting = _Setting(
        document, scope, inner.text(shell) or 'bash', '' if root else folder_in('', folder), root
    )
    notes = len(job.notes)
    _add_around(job, 'pre-steps', calls, setting)
    _add_steps(job, value_of(node, 'steps'), setting, ())
    _add_around(job, 'post-steps', calls, setting)
    if not job.parts:
        return []
    return [
        Container(
            CIRCLECI,
            path,
            Place(file.path, field.key.start),
            _image(file, image, inner),
            tuple(job.parts),
            places=(Place(file.path, node.start), *job.places),
            visible=len(job.notes) == notes,
        )
    ]


def _add_around(job: _Job, name: str, calls: Sequence[Node | None], setting: _Setting) -> None:
    """Adds what workflows put before or after the steps of a job, each call for itself."""
    for index, call in enumerate(calls):
        setting = setting._replace(guard=parameters.in_call(index))
        _add_steps(job, value_of(call, name), setting, ())


def _executor(job: _Job, document: Node, node: Node, scope: Scope) -> tuple[Node, Scope]:
    """The mapping that says what a job runs in, and what its parameters are there."""
    named = value_of(node, 'executor')
    name = scope.text(named if isinstance(named, ScalarNode) else value_of(named, 'name'))
    found = parameters.defined(document, 'executors', name)[0] if name else None
    if found is None:
        return node, scope
    job.places.append(Place(job.file.path, found.start))
    return found, scope.given('parameters', value_of(found, 'parameters'), named)


def _image(file: File, image: Node | None, scope: Scope) -> Variable | None:
    node = value_of(image, 'image')
    text = scope.text(node)
    if text is None or node is None:
        return None
    return Variable((text,), (Place(file.path, node.start),))


def _folder(setting: _Setting, folder: str | None) -> str | None:
    """Where a step starts, from its `working_directory`."""
    root = setting.root
    if folder and root and f'{folder}/'.startswith(f'{root}/'):
        return folder_in('', folder[len(root) :].lstrip('/'))
    return None if folder and folder.startswith('~') else folder_in(setting.directory, folder)


def _add_steps(job: _Job, steps: Node | None, setting: _Setting, stack: tuple[str, ...]) -> None:
    for step in items_of(steps):
        if len(job.parts) > MAX_COMMANDS or len(job.places) > MAX_COMMANDS:
            return
        if isinstance(step, ScalarNode):
            _add_call(job, step, step.value, None, setting, stack)
        elif isinstance(step, MappingNode):
            for name, field in fields(step).items():
                if name == 'run':
                    _add_run(job, field.value, setting)
                elif name in ('when', 'unless'):
                    _add_branch(job, name, field.value, setting, stack)
                elif name == 'steps' and len(stack) < MAX_NESTING:
                    _add_passed(job, field.value, setting, len(stack))
                else:
                    _add_call(job, field.key, name, field.value, setting, stack)


def _add_passed(job: _Job, node: Node, setting: _Setting, depth: int) -> None:
    """Adds the steps that were passed as a parameter."""
    for guard, steps, scope in setting.scope.passed(node):
        inner = setting._replace(scope=scope, guard=both((setting.guard, guard)))
        # A command may be passed steps that call it, so it is not named here.
        _add_steps(job, steps, inner, ('',) * (depth + 1))


def _add_branch(
    job: _Job, name: str, node: Node, setting: _Setting, stack: tuple[str, ...]
) -> None:
    guard = condition(value_of(node, 'condition'), setting.scope)
    guard = both((setting.guard, negated(guard) if name == 'unless' else guard))
    if guard is not False and len(stack) < MAX_NESTING:
        _add_steps(job, value_of(node, 'steps'), setting._replace(guard=guard), (*stack, ''))


def _add_call(
    job: _Job,
    key: ScalarNode,
    name: str,
    given: Node | None,
    setting: _Setting,
    stack: tuple[str, ...],
) -> None:
    """Adds the steps of a reusable command."""
    place = Place(job.file.path, key.start)
    body, document = parameters.defined(setting.document, 'commands', name)
    if '/' in name and body is None:
        job.notes.append(Note(place, f'the orb command {name} is not visible here'))
    if body is None or name in stack or len(stack) >= MAX_NESTING:
        return
    job.places.append(place)
    scope = setting.scope.given('parameters', value_of(body, 'parameters'), given)
    scope = scope._replace(calls=(*setting.scope.calls, place))
    _add_steps(
        job,
        value_of(body, 'steps'),
        setting._replace(document=document, scope=scope),
        (*stack, name),
    )


def _add_run(job: _Job, node: Node, setting: _Setting) -> None:
    text = node if isinstance(node, ScalarNode) else value_of(node, 'command')
    if not isinstance(text, ScalarNode):
        return
    scope = setting.scope.with_environment(job.file, value_of(node, 'environment'))
    shell = scope.text(value_of(node, 'shell')) or setting.shell
    job.parts.append(
        ScriptPart(
            (scope.resolved(job.file.command(text)),),
            scope.environment,
            always=text_of(value_of(node, 'when')) in ('always', 'on_fail'),
            directory=_folder(setting, scope.text(value_of(node, 'working_directory'))),
            shell=shell_of(shell),
            guard=setting.guard,
            calls=scope.calls,
            root=setting.root,
        )
    )
