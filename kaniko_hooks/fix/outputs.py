"""The files that steps of a script write, and whether others use them."""
from __future__ import annotations

import re
from collections.abc import Sequence

from kaniko_hooks.fix.arguments import OUTPUTS
from kaniko_hooks.fix.arguments import outputs
from kaniko_hooks.fix.arguments import plain_variables
from kaniko_hooks.fix.pieces import commands_in
from kaniko_hooks.fix.pieces import literal
from kaniko_hooks.fix.steps import Step
from kaniko_hooks.shell.tree import Function
from kaniko_hooks.shell.tree import Pipeline
from kaniko_hooks.shell.tree import Simple

_OUTPUT = re.compile(rf'(?:{"|".join(sorted(OUTPUTS))})(?:=|\s+)\S+')


def written_by(step: Step) -> list[str]:
    """The files that a build, or what its output goes to, writes, as written."""
    return [*outputs(step.argv), *redirected(pipelines_of(step))]


def uses_file(text: str, path: str) -> bool:
    """Whether commands speak of a file, but for builds that write it themselves."""
    name = path.rstrip('/').rsplit('/', 1)[-1]
    if name not in plain_variables(text):
        return False
    said = _OUTPUT.sub('', plain_variables(text))
    return re.search(rf'(?<![\w.-]){re.escape(name)}(?![\w-]|\.\w)', said) is not None


def pipelines_of(step: Step) -> tuple[Pipeline, ...]:
    """What a step runs by itself; a function runs where it is called."""
    found = step.piece.pipelines if step.piece is not None else ()
    return tuple(
        each for each in found if not all(isinstance(one, Function) for one in each.commands)
    )


def redirected(pipelines: Sequence[Pipeline]) -> list[str]:
    """The files that commands redirect to, or give to `tee`."""
    found = []
    for command in commands_in(pipelines):
        for each in () if isinstance(command, Function) else command.redirections:
            name = literal(each.target)
            if each.operator in ('>', '>>', '>|', '&>', '&>>') and name and \
                    not name.startswith(('/dev/', '&')) and not name.isdigit():
                found.append(name)
        if isinstance(command, Simple) and command.words and literal(command.words[0]) == 'tee':
            found += [name for name in map(literal, command.words[1:]) if name and name[0] != '-']
    return found
