"""The files that steps of a script write, and whether others use them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fnmatch import fnmatchcase

from kaniko_hooks.fix.script.arguments import OUTPUTS, outputs, plain_variables
from kaniko_hooks.fix.script.change import Functions
from kaniko_hooks.fix.script.pieces import bodies, commands_in, literal, names_used
from kaniko_hooks.fix.script.steps import Step
from kaniko_hooks.old_shell.syntax.parser import parse
from kaniko_hooks.old_shell.syntax.tree import Function, Pipeline, Simple, Statement

_WORDS = re.compile(r'[\s"\';|&()<>=]+')
_GLOB = re.compile(r'[*?\[]')
_OUTPUT = re.compile(rf'(?:{"|".join(sorted(OUTPUTS))})(?:=|\s+)\S+')


def written_by(step: Step, functions: Functions) -> list[str]:
    """The files that a build, or what its output goes to, writes, as written."""
    return [*outputs(step.argv), *redirected(reached(step, functions))]


def uses_file(text: str, path: str) -> bool:
    """Whether commands speak of a file, but for builds that write it themselves."""
    said = plain_variables(text)
    folder, _, name = path.rstrip('/').rpartition('/')
    if name in said and _is_named(_OUTPUT.sub('', said), re.escape(name)):
        return True
    words = [each.lstrip('./') for each in _WORDS.split(_OUTPUT.sub('', said))]
    inside = path.lstrip('./')
    return any(
        fnmatchcase(inside, each) if _GLOB.search(each) else folder and each == f'{folder}/'
        for each in words
    )


def _is_named(text: str, pattern: str) -> bool:
    return re.search(rf'(?<![\w.-]){pattern}(?![\w-]|\.\w)', text) is not None


def names_read(step: Step) -> set[str]:
    """The variables that a step's commands use, or add to."""
    return names_used(pipelines_of(step)).union(
        assignment.name
        for command in commands_in(pipelines_of(step))
        if isinstance(command, Simple)
        for assignment in command.assignments
        if assignment.append
    )


def pipelines_of(step: Step) -> tuple[Pipeline, ...]:
    """What a step runs by itself; a function runs where it is called."""
    found = step.piece.pipelines if step.piece is not None else ()
    return tuple(
        each for each in found if not all(isinstance(one, Function) for one in each.commands)
    )


def statements_of(step: Step) -> tuple[Statement, ...]:
    """What a step runs, also one that stands elsewhere."""
    piece = step.piece
    if piece is None:
        return parse(step.text).body
    return (Statement(piece.pipelines, piece.operators, False, piece.first, piece.end),)


def reached(step: Step, functions: Functions) -> tuple[Pipeline, ...]:
    """What a step runs, with the bodies of the functions that it calls."""
    found = list(pipelines_of(step))
    called: set[str] = set()
    waiting = list(commands_in(found))
    while waiting:
        command = waiting.pop()
        name = literal(command.words[0]) if isinstance(command, Simple) and command.words else None
        if name in functions and name not in called:
            called.add(name or '')
            body = [each for part in bodies(functions[name or '']) for each in part]
            inside = [pipeline for statement in body for pipeline in statement.pipelines]
            found += inside
            waiting += commands_in(inside)
    return tuple(found)


def redirected(pipelines: Sequence[Pipeline]) -> list[str]:
    """The files that commands redirect to, or give to `tee`."""
    found = []
    for command in commands_in(pipelines):
        for each in () if isinstance(command, Function) else command.redirections:
            name = literal(each.target)
            if (
                each.operator in ('>', '>>', '>|', '&>', '&>>')
                and name
                and not name.startswith(('/dev/', '&'))
                and not name.isdigit()
            ):
                found.append(name)
        if isinstance(command, Simple) and command.words and literal(command.words[0]) == 'tee':
            found += [name for name in map(literal, command.words[1:]) if name and name[0] != '-']
    return found


def adds_to(pipelines: Sequence[Pipeline]) -> list[str]:
    """The files that commands append to."""
    return [
        literal(each.target) or 'a file'
        for command in commands_in(pipelines)
        if not isinstance(command, Function)
        for each in command.redirections
        if each.operator in ('>>', '&>>') and not (literal(each.target) or '').startswith('/dev/')
    ]
