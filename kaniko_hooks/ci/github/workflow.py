"""GitHub, Forgejo and Gitea Actions: a job is a container, its `run` steps are parts.

Source: docs.github.com/actions, "Running jobs in a container": all `run` steps
of a job share its container (or host), Docker actions run beside it in their own.
"""

from __future__ import annotations

from collections.abc import Sequence

from kaniko_hooks.ci.github import expressions
from kaniko_hooks.ci.github.checkout import checkout_folder
from kaniko_hooks.ci.github.conditions import Condition, condition
from kaniko_hooks.ci.github.expressions import Context
from kaniko_hooks.ci.github.local_actions import LocalAction, arguments, local_action
from kaniko_hooks.ci.recognise import GITHUB, system_of
from kaniko_hooks.ci.values import (
    MAX_COMMANDS,
    MAX_NESTING,
    File,
    folder_in,
    in_repository,
    prefixes,
    shell_of,
)
from kaniko_hooks.document.fields import Field, fields, value_of
from kaniko_hooks.document.nodes import Node, ScalarNode, items_of, text_of
from kaniko_hooks.model import (
    ARGUMENTS,
    ARGV,
    Command,
    Container,
    Note,
    Place,
    Reading,
    ScriptPart,
    Variable,
)
from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.project import Repository

MAX_ACTIONS = 200  # that one job calls, directly or not


class _Job(NamedTuple):
    """One container, while its steps are read."""

    repository: Repository
    system: str
    parts: list[ScriptPart]
    beside: list[Container]  # of its Docker actions
    places: list[Place]
    notes: list[Note]


def read(repository: Repository, path: str, documents: Sequence[Node]) -> Reading:
    """The containers of a workflow, or of an action that has a definition here."""
    file = File(path, repository.text(path) or '')
    system = system_of(path, ()) or GITHUB
    containers: list[Container] = []
    notes: list[Note] = []
    for prefix, document in zip(prefixes(documents), documents):
        context = _defaults(
            expressions.with_environment(
                _workflow_context(document), file, value_of(document, 'env')
            ),
            document,
        )
        found = fields(document)
        entries = [
            (f'jobs.{name}', field) for name, field in fields(value_of(document, 'jobs')).items()
        ] + ([('runs', found['runs'])] if 'runs' in found else [])
        for name, field in entries:
            job = _Job(repository, system, [], [], [], notes)
            containers.extend(_containers(job, file, document, prefix + name, field, context))
    return Reading(tuple(containers), tuple(notes))


def _workflow_context(document: Node) -> Context:
    known = expressions.input_values(value_of(document, 'inputs'))
    for trigger in ('workflow_dispatch', 'workflow_call'):
        known.update(expressions.input_values(value_of(document, 'on', trigger, 'inputs')))
    return Context({}, known)


def _containers(
    job: _Job, file: File, document: Node, name: str, field: Field, context: Context
) -> list[Container]:
    node, notes = field.value, len(job.notes)
    is_action = node is value_of(document, 'runs')
    if condition(text_of(value_of(node, 'if')), context).guard is False:
        return []
    context = context._replace(
        values={**context.values, **expressions.matrix_values(value_of(node, 'strategy', 'matrix'))}
    )
    # A container is started with its `env`; the other ones are set for each step in it.
    started = expressions.with_environment(
        context._replace(environment={}), file, value_of(node, 'container', 'env')
    )
    context = expressions.with_environment(context, file, value_of(node, 'env'))
    steps = value_of(node, 'steps')
    context = context._replace(
        environment={**started.environment, **context.environment}, checkout=checkout_folder(steps)
    )
    # The host's default is bash; both run a script the same way for us.
    default = 'sh' if value_of(node, 'container') is not None else 'bash'
    context = _defaults(context, node, default)
    if is_action and text_of(value_of(node, 'using')) == 'docker':
        _add_docker(job, name, LocalAction(file, document), context, Place(file.path, node.start))
    _add_steps(job, file, f'{name}.steps', steps, context, ())
    place = Place(file.path, field.key.start)
    whole = Container(
        job.system,
        name,
        place,
        _image(file, value_of(node, 'container'), context),
        tuple(job.parts),
        is_action,
        (Place(file.path, node.start), *job.places),
        len(job.notes) == notes,
    )
    return ([whole] if job.parts else []) + job.beside


def _defaults(context: Context, node: Node, shell: str = '') -> Context:
    """The context with what `defaults.run` says."""
    run = value_of(node, 'defaults', 'run')
    folder = expressions.text_in(value_of(run, 'working-directory'), context)
    return context._replace(
        directory=folder_in('', _relative(folder)) if folder else context.directory,
        shell=expressions.text_in(value_of(run, 'shell'), context) or context.shell or shell,
    )


def _relative(folder: str | None) -> str | None:
    for root in ('${{ github.workspace }}', '${{github.workspace}}', '$GITHUB_WORKSPACE'):
        if folder and folder.startswith(root):
            return f'.{folder[len(root) :]}'
    return folder


def _image(file: File, container: Node | None, context: Context) -> Variable | None:
    node = container if isinstance(container, ScalarNode) else value_of(container, 'image')
    if not isinstance(node, ScalarNode):
        return None
    return Variable(expressions.texts(node.value, context), (Place(file.path, node.start),))


def _add_steps(
    job: _Job,
    file: File,
    name: str,
    steps: Node | None,
    context: Context,
    stack: tuple[str, ...],
    outer: Condition = Condition(),
) -> None:
    """Adds what the steps of a job or of a composite action run."""
    for index, step in enumerate(items_of(steps)):
        when = condition(text_of(value_of(step, 'if')), context).also(outer)
        if when.guard is False or len(job.parts) > MAX_COMMANDS:
            continue
        inner = expressions.with_environment(context, file, value_of(step, 'env'))
        run, uses = value_of(step, 'run'), expressions.text_in(value_of(step, 'uses'), inner)
        if isinstance(run, ScalarNode):
            job.parts.append(_part(file, step, run, inner, when))
        elif uses:
            _add_action(job, file, f'{name}[{index}]', step, uses, inner, when, stack)
        # After a step that may fail, the next ones run whatever became of it.
        if text_of(value_of(step, 'continue-on-error')) == 'true':
            outer = outer._replace(always=True)


def _part(file: File, step: Node, run: ScalarNode, context: Context, when: Condition) -> ScriptPart:
    asked = expressions.text_in(value_of(step, 'working-directory'), context)
    folder = folder_in('', _relative(asked)) if asked else context.directory
    shell = expressions.text_in(value_of(step, 'shell'), context) or context.shell
    return ScriptPart(
        (expressions.resolved(file.command(run), context),),
        context.environment,
        always=when.always,
        directory=in_repository(folder, context.checkout),
        root=context.checkout,
        shell=shell_of(shell),
        guard=when.guard,
        calls=context.calls,
    )


def _add_action(
    job: _Job,
    file: File,
    name: str,
    step: Node,
    uses: str,
    context: Context,
    when: Condition,
    stack: tuple[str, ...],
) -> None:
    """Adds what an action runs: in the job's container, or in its own."""
    given = value_of(step, 'with')
    if uses.startswith('docker://'):
        words = arguments(file, given, context)
        entrypoint = value_of(given, 'entrypoint')
        first = (file.command(entrypoint),) if isinstance(entrypoint, ScalarNode) else ()
        place = Place(file.path, step.start)
        job.beside.extend(_beside(job, name, place, uses[9:], (first, words), context))
        return
    if not uses.startswith('./') or len(job.places) > MAX_ACTIONS:
        return
    place = Place(file.path, step.start)
    action = local_action(job.repository, uses, context.checkout)
    if action is None:
        job.notes.append(Note(place, f'the action {uses} is not visible here'))
        return
    if action.file.path in stack or len(stack) >= MAX_NESTING:
        return
    job.places.append(place)
    inner = action.context(file, given, context)._replace(calls=(*context.calls, place))
    runs = value_of(action.document, 'runs')
    using = text_of(value_of(runs, 'using'))
    if using == 'composite':
        _add_steps(
            job, action.file, name, value_of(runs, 'steps'), inner, (*stack, action.file.path), when
        )
    elif using == 'docker':
        _add_docker(job, name, action, inner, place)


def _add_docker(job: _Job, name: str, action: LocalAction, context: Context, place: Place) -> None:
    runs = value_of(action.document, 'runs')
    image = text_of(value_of(runs, 'image')) or ''
    context = expressions.with_environment(context, action.file, value_of(runs, 'env'))
    job.beside.extend(
        _beside(job, name, place, image.removeprefix('docker://'), action.argv(context), context)
    )


def _beside(
    job: _Job,
    name: str,
    place: Place,
    image: str,
    argv: tuple[tuple[Command, ...], tuple[Command, ...]],
    context: Context,
) -> list[Container]:
    """A Docker action's own container, if it is told what to run."""
    entrypoint, words = argv
    if not entrypoint and not words:
        return []
    part = ScriptPart(entrypoint + words, context.environment, ARGV if entrypoint else ARGUMENTS)
    return [
        Container(
            job.system, name, place, Variable((image,), (place,)), (part,), places=context.calls
        )
    ]
