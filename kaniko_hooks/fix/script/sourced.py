"""Files of the repository that a script reads in and that only define something."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence

from kaniko_hooks.fix.script.change import change
from kaniko_hooks.fix.script.pieces import Piece, literal
from kaniko_hooks.fix.script.setup import is_setup
from kaniko_hooks.fix.script.trial import Setting, trial
from kaniko_hooks.old_shell.syntax.parser import parse
from kaniko_hooks.old_shell.syntax.tree import Function, Pipeline, Simple

PROBE = '/kaniko/executor --destination probe'


def read_in(setting: Setting, before: Sequence[str], piece: Piece) -> list[Function] | None:
    """The functions of a file that `. file` reads in; None where it may do more.

    `before` are the texts of what runs before. The file's other commands give
    variables values that are the same each time, or are `set -…`.
    """
    commands = piece.pipelines[0].commands
    words = commands[0].words if isinstance(commands[0], Simple) else ()
    said = [literal(word) or '' for word in words]
    if (
        len(piece.pipelines) > 1
        or len(commands) > 1
        or piece.background
        or len(said) != 2
        or said[0] not in ('.', 'source')
        or not said[1]
    ):
        return None
    directory = trial(setting, [*before, PROBE]).last.directory
    if directory is None:
        return None
    text = setting.read_text(posixpath.normpath(posixpath.join(directory, said[1])))
    script = parse(text or '')
    if text is None or script.problems:
        return None
    pipelines = tuple(each for one in script.body for each in one.pipelines)
    defined = [
        command for each in pipelines for command in each.commands if isinstance(command, Function)
    ]
    others = tuple(each for each in pipelines if each.commands[0] not in defined)
    if not all(map(_gives, others)) or change(others, {}).volatile:
        return None
    return defined


def _gives(pipeline: Pipeline) -> bool:
    """Whether a command gives variables their values, or options to the shell."""
    command = pipeline.commands[0]
    if not isinstance(command, Simple) or not is_setup((pipeline,), {}):
        return False
    said = [literal(word) or '' for word in command.words]
    return len(pipeline.commands) == 1 and (
        said[:1] in ([], ['export'], ['readonly'])
        or said[0] == 'set'
        and all(each[:1] not in ('+', '') for each in said)
    )
