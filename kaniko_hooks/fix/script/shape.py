"""Whether a build can stand in a job of its own, as it is written."""

from __future__ import annotations

from collections.abc import Sequence

from kaniko_hooks.fix.refusal import Refusal, shortened
from kaniko_hooks.fix.script.change import Functions
from kaniko_hooks.fix.script.pieces import bodies
from kaniko_hooks.fix.script.setup import is_setup, is_test
from kaniko_hooks.fix.script.steps import Step, is_sure
from kaniko_hooks.old_shell.syntax.tree import Command, Group, Pipeline, Simple, Statement


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
    if not is_sure(step):
        raise Refusal('a build runs only after a test before `&&`')
    for command in first.commands:
        _check_command(command, said)


def _gives_up(rest: Sequence[Pipeline], functions: Functions) -> bool:
    """Whether what stands after `||` only says so and ends the job, or goes on."""
    group = Group(
        tuple(Statement((each,), (), False, each.start, each.end) for each in rest),
        False,
        (),
        rest[0].start,
        rest[-1].end,
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
        type(command).__name__, 'a compound command'
    )
