"""Set-up of an earlier build that a later step makes void: what a part can do without."""
from __future__ import annotations

from collections.abc import Sequence

from kaniko_hooks.fix.script.change import Functions
from kaniko_hooks.fix.script.outputs import names_read
from kaniko_hooks.fix.script.pieces import literal
from kaniko_hooks.fix.script.steps import SETUP
from kaniko_hooks.fix.script.steps import Step
from kaniko_hooks.shell.syntax.tree import Simple


def without_superseded(
        steps: Sequence[Step], early: int, functions: Functions,
) -> tuple[Step, ...]:
    """A part's steps without assignments that others replace before they are used,
    and without `cd` into a folder and back; the first `early` are in earlier parts, too."""
    kept = list(steps)
    for index in reversed(range(early)):
        if _returns(kept[index:index + 2]):
            del kept[index:index + 2]
        elif _is_replaced(kept[index], kept[index + 1:], functions):
            del kept[index]
    return tuple(kept)


def _is_replaced(step: Step, later: Sequence[Step], functions: Functions) -> bool:
    names = _assigned(step)
    for each in later if names else ():
        command = _command(each)
        if command is None or _name(command) in (None, *functions) or \
                names_read(each) & set(names):
            return False
        if _assigned(each) == names:
            return True
    return False


def _name(command: Simple) -> str | None:
    return literal(command.words[0]) if command.words else ''


def _assigned(step: Step) -> tuple[str, ...]:
    """`export`, if it is one, and the names that a plain assignment gives values to."""
    command = _command(step)
    if command is None or command.redirections or any(
            each.append or each.subscript or each.array or each.word is None
            for each in command.assignments):
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
