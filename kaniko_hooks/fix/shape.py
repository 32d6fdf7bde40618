"""Whether a build can stand in a job of its own: how it is written, what it leaves behind."""
from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Sequence

from kaniko_hooks.fix.arguments import outputs
from kaniko_hooks.fix.arguments import plain_variables
from kaniko_hooks.fix.pieces import Piece
from kaniko_hooks.fix.pieces import bodies
from kaniko_hooks.fix.pieces import commands_in
from kaniko_hooks.fix.pieces import literal
from kaniko_hooks.fix.pieces import names_used
from kaniko_hooks.fix.refusal import Refusal
from kaniko_hooks.fix.refusal import shortened
from kaniko_hooks.fix.setup import Functions
from kaniko_hooks.fix.setup import change
from kaniko_hooks.fix.setup import is_setup
from kaniko_hooks.fix.setup import is_test
from kaniko_hooks.fix.steps import BUILD
from kaniko_hooks.fix.steps import SETUP
from kaniko_hooks.fix.steps import Step
from kaniko_hooks.shell.tree import Command
from kaniko_hooks.shell.tree import Function
from kaniko_hooks.shell.tree import Group
from kaniko_hooks.shell.tree import Pipeline
from kaniko_hooks.shell.tree import Simple
from kaniko_hooks.shell.tree import Statement

_STATUS = frozenset(('?', '!', '_'))


def check_written(step: Step, functions: Functions) -> None:
    """Raises Refusal unless a build runs exactly once, and not only on a condition."""
    piece = step.piece
    if piece is None:
        return
    said = shortened(step.text)
    if piece.background:
        raise Refusal(f'{said} runs in the background')
    first, rest = piece.pipelines[0], piece.pipelines[1:]
    if rest and (set(piece.operators) != {'||'} or not _gives_up(rest, functions)):
        raise Refusal(f'{said} runs a build on a condition')
    if first.negated:
        raise Refusal(f'{said} turns the status of a build around')
    _check_condition(piece)
    for command in first.commands:
        _check_command(command, said)


def _check_condition(piece: Piece) -> None:
    """A command before the build in its `&&` chain must not be a test."""
    first = piece.pipelines[0].start
    if any(is_test(each) for each in piece.whole.pipelines if each.start < first):
        raise Refusal('a build runs only after a test before `&&`')


def _gives_up(rest: Sequence[Pipeline], functions: Functions) -> bool:
    """Whether what stands after `||` only says so and ends the job, or goes on."""
    group = Group(
        tuple(Statement((each,), (), False, each.start, each.end) for each in rest),
        False, (), rest[0].start, rest[-1].end,
    )
    pipeline = Pipeline((group,), False, group.start, group.end)
    return is_setup((pipeline,), functions)


def _check_command(command: Command, said: str) -> None:
    if isinstance(command, Simple) and not command.words:
        raise Refusal(f'{said} keeps the output of a build in a variable')
    if isinstance(command, Group):
        if not command.subshell:
            raise Refusal(f'{said} is a group of commands with a build in it')
        for body in bodies(command):
            for statement in body:
                _check_inner(statement, said)
    elif not isinstance(command, Simple):
        raise Refusal(f'{said} runs a build in `{_keyword(command)}`')


def _check_inner(statement: Statement, said: str) -> None:
    if statement.background or '||' in statement.operators:
        raise Refusal(f'{said} runs a build on a condition')
    for index, pipeline in enumerate(statement.pipelines):
        if index + 1 < len(statement.pipelines) and is_test(pipeline):
            raise Refusal(f'{said} runs a build on a condition')
        for command in pipeline.commands:
            _check_command(command, said)


def _keyword(command: Command) -> str:
    return {'If': 'if', 'Case': 'case', 'For': 'for', 'While': 'while'}.get(
        type(command).__name__, 'a compound command',
    )


def check_state(
        steps: Sequence[Step], functions: Functions, after: Iterable[str],
) -> None:
    """Raises Refusal for what a build leaves behind that a later step or build uses.

    `after` are the texts of `after_script`, which will run once for each build.
    """
    builds = [index for index, step in enumerate(steps) if step.kind == BUILD]
    for index in builds:
        later = steps[index + 1:]
        _check_files(steps[index], [step.text for step in later], list(after))
        piece = steps[index].piece
        if piece is None or not later:
            continue
        left = change(piece.pipelines, functions)
        if left.moves:
            raise Refusal(
                f'{shortened(steps[index].text)} changes the directory in which later '
                'commands run',
            )
        _check_status(steps[index + 1:])
    _check_volatile(steps)


def _check_files(build: Step, later: Sequence[str], after: Sequence[str]) -> None:
    for path in [*outputs(build.argv), *_redirected(build)]:
        name = path.rstrip('/').rsplit('/', 1)[-1]
        for text in [*later, *after]:
            if len(name) > 1 and name in text or path in plain_variables(text):
                raise Refusal(
                    f'{shortened(text)} uses the file {path}, which an earlier build writes',
                )


def _redirected(build: Step) -> list[str]:
    found = []
    for command in commands_in(build.piece.pipelines) if build.piece else ():
        if isinstance(command, Function):
            continue
        for each in command.redirections:
            name = literal(each.target)
            if each.operator in ('>', '>>', '>|', '&>', '&>>') and name and \
                    not name.startswith(('/dev/', '&')) and not name.isdigit():
                found.append(name)
        if isinstance(command, Simple) and command.words and literal(command.words[0]) == 'tee':
            found += [name for name in map(literal, command.words[1:]) if name and name[0] != '-']
    return found


def _check_status(later: Sequence[Step]) -> None:
    for step in later:
        if step.piece is not None and _STATUS & names_used(step.piece.pipelines):
            raise Refusal(f'{shortened(step.text)} uses the status of what ran before it')


def _check_volatile(steps: Sequence[Step]) -> None:
    """A value that is another one each time must not be needed by several builds."""
    for index, step in enumerate(steps):
        if step.kind == BUILD or step.piece is None:
            continue
        left = change(step.piece.pipelines, {})
        writes = bool(_redirected(step))
        if not left.volatile or not left.assigned and not writes:
            continue
        later = steps[index + 1:]
        builds = [each for each in later if each.kind == BUILD]
        users = [
            each for each in later
            if each.piece is not None and left.assigned & names_used(each.piece.pipelines)
        ]
        if len(builds) > 1 and (writes or len(users) > 1 or any(
            each.kind == SETUP for each in users
        )):
            raise Refusal(
                f'{shortened(step.text)} gives another value each time, and several builds use it',
            )
