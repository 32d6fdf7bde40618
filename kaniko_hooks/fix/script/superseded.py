"""Set-up of an earlier build that a later step makes void: what a part can do without."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from kaniko_hooks.fix.script.change import Functions, is_absolute
from kaniko_hooks.fix.script.effects import effects
from kaniko_hooks.fix.script.environment import calls_by_value, exported
from kaniko_hooks.fix.script.outputs import names_read, statements_of
from kaniko_hooks.fix.script.pieces import commands_in, literal
from kaniko_hooks.fix.script.setup import TESTS
from kaniko_hooks.fix.script.steps import SETUP, Step, is_sure
from kaniko_hooks.old_shell.syntax.tree import Function, Simple, Statement


def without_superseded(steps: Sequence[Step], early: int, functions: Functions) -> tuple[Step, ...]:
    """A part's steps without assignments that others replace before they are used,
    and without `cd` into a folder and back; the first `early` are in earlier parts, too."""
    kept = list(steps)
    for index in reversed(range(early)):
        if _returns(kept[index : index + 2]):
            del kept[index : index + 2]
        elif (
            _leaves_at_once(kept[index:])
            or _is_replaced(kept[index], kept[index + 1 :], functions)
            or _is_dead(kept[index], kept[index + 1 :], functions)
        ):
            del kept[index]
    return tuple(kept)


def without_uncalled(parts: Sequence[Sequence[Step]]) -> list[tuple[Step, ...]]:
    """The steps of each part without functions that only other parts call."""
    called = [_called(part) for part in parts]
    every = set[int]().union(*called)
    return [
        tuple(step for step in part if id(step) in own or id(step) not in every)
        for part, own in zip(parts, called)
    ]


def _called(part: Sequence[Step]) -> set[int]:
    """The definitions of functions that a part speaks of, by their identity."""
    names = {id(step): _defined(step) for step in part}
    waiting = [step.text for step in part if not names[id(step)]]
    found: set[int] = set()
    unclear = calls_by_value(part)
    while waiting or unclear:
        text = waiting.pop() if waiting else ''
        for step in part:
            if id(step) not in found and (
                unclear
                and names[id(step)]
                or any(
                    re.search(rf'(?<![\w.-]){re.escape(name)}(?![\w.-])', text)
                    for name in names[id(step)]
                )
            ):
                found.add(id(step))
                waiting.append(step.text)
        unclear = False
    return found


def _defined(step: Step) -> list[str]:
    """The functions that a step defines, if it does nothing else."""
    commands = [
        command
        for each in (step.piece.pipelines if step.piece else ())
        for command in each.commands
    ]
    names = [command.name for command in commands if isinstance(command, Function)]
    return names if len(names) == len(commands) else []


def _is_dead(step: Step, later: Sequence[Step], functions: Functions) -> bool:
    """Whether a step only gives values to variables that surely get others before they are used."""
    ran = statements_of(step)
    left = set(effects(ran, functions).assigned) if _only_assigns(ran) else set()
    if not left or exported([step, *later], left) or calls_by_value([step, *later]):
        return False
    for each in later:
        done = effects(statements_of(each), functions)
        if left & done.used:
            return False
        left -= done.sure if is_sure(each) else set()
    return not left


def _only_assigns(statements: Iterable[Statement]) -> bool:
    for command in commands_in(each for one in statements for each in one.pipelines):
        if isinstance(command, Function) or command.redirections:
            return False
        if (
            isinstance(command, Simple)
            and command.words
            and literal(command.words[0]) not in TESTS | {':', 'true'}
        ):
            return False
    return True


def _is_replaced(step: Step, later: Sequence[Step], functions: Functions) -> bool:
    names = _assigned(step)
    for each in later if names else ():
        command = _command(each)
        if (
            command is None
            or _name(command) in (None, '.', 'source', 'eval', *functions)
            or names_read(each) & set(names)
        ):
            return False
        if _assigned(each) == names and is_sure(each):
            return True
    return False


def _name(command: Simple) -> str | None:
    return literal(command.words[0]) if command.words else ''


def _assigned(step: Step) -> tuple[str, ...]:
    """`export`, if it is one, and the names that a plain assignment gives values to."""
    command = _command(step)
    if (
        command is None
        or command.redirections
        or any(
            each.append or each.subscript or each.array or each.word is None
            for each in command.assignments
        )
    ):
        return ()
    names = tuple(each.name for each in command.assignments)
    exports = _name(command) == 'export' and len(command.words) == 1
    return (_name(command) or '', *names) if names and (exports or not command.words) else ()


def _returns(steps: Sequence[Step]) -> bool:
    """Whether two steps are `cd` into a folder and `cd` back."""
    if len(steps) < 2:
        return False
    into, out = (_words(step) for step in steps)
    if len(into) != 2 or into[0] not in ('cd', 'pushd') or not into[1][:1].isalnum():
        return False
    if into[0] == 'pushd':
        return out == ['popd']
    folders = into[1].rstrip('/').split('/')
    back = '/'.join('..' for _ in folders)
    return not {'', '.', '..'} & set(folders) and out in (['cd', '-'], ['cd', back])


def _leaves_at_once(steps: Sequence[Step]) -> bool:
    """Whether a step is `cd` into a folder, and the next one goes to an absolute path."""
    into, *others = (_command(step) for step in steps[:2])
    return (
        into is not None
        and _words(steps[0])[:1] == ['cd']
        and (is_absolute(into) or _words(steps[0])[-1][:1].isalnum())
        and any(
            each is not None and _words(steps[1])[:1] == ['cd'] and is_absolute(each)
            for each in others
        )
        and all(_words(step) != ['cd', '-'] for step in steps)
    )


def _words(step: Step) -> list[str]:
    command = _command(step)
    if command is None or command.assignments or command.redirections:
        return []
    return [literal(word) or '' for word in command.words]


def _command(step: Step) -> Simple | None:
    """The one simple command of a set-up step that stands alone."""
    if step.kind != SETUP or step.piece is None or len(step.piece.pipelines) != 1:
        return None
    commands = step.piece.pipelines[0].commands
    command = commands[0]
    return command if len(commands) == 1 and isinstance(command, Simple) else None
