"""Which of the script's variables the programs that it runs may see."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence

from kaniko_hooks.fix.script.change import Functions
from kaniko_hooks.fix.script.pieces import bodies, commands_in, literal, words_of
from kaniko_hooks.fix.script.steps import Step
from kaniko_hooks.old_shell.syntax.parser import parse
from kaniko_hooks.old_shell.syntax.tree import Command, Simple, Text

_READING = frozenset(('.', 'source', 'eval'))
_EXPORTING = frozenset(('declare', 'export', 'typeset'))
_LOOKING = frozenset(('envsubst', 'printenv'))


def exported(steps: Iterable[Step], names: Collection[str]) -> set[str]:
    """Those of the variables that programs see, wherever the script says so."""
    found: set[str] = set()
    for command, said in _said(steps):
        if said[0] == 'set' and any(
            each == 'allexport' or each[:1] == '-' and 'a' in each for each in said
        ):
            found.update(names)
        if said[0] in _EXPORTING:
            found.update(said, (each.name for each in command.assignments))
    return found


def reads_in(steps: Iterable[Step], functions: Functions) -> bool:
    """Whether text that is put together, or another file, runs in the script's shell.

    `functions` are those that the steps may call.
    """
    written = [said[0] for _, said in _said(steps)]
    called = [
        literal(command.words[0])
        for each in functions.values()
        for body in bodies(each)
        for command in commands_in(
            pipeline for statement in body for pipeline in statement.pipelines
        )
        if isinstance(command, Simple) and command.words
    ]
    return not _READING.isdisjoint([*written, *called])


def calls_by_value(steps: Iterable[Step]) -> bool:
    """Whether steps run what is not written there by its name."""
    return any(said[0] in _READING | {''} for _, said in _said(steps))


def passed(steps: Sequence[Step]) -> set[str]:
    """The words of builds: `--build-arg name` takes the value from the environment."""
    return {word.text for step in steps for word in step.argv}


def looks_at(steps: Sequence[Step], name: str) -> bool:
    """Whether a program that the steps run may look at the variable in its environment."""
    quoted = re.compile(rf'\$\{{?{name}(?!\w)')
    return name in passed(steps) or any(
        said[0] in _LOOKING
        or any(
            isinstance(piece, Text) and quoted.search(piece.value)
            for word in words_of(command)
            for piece in word.pieces
        )
        for command, said in _said(steps)
    )


def _said(steps: Iterable[Step]) -> Iterator[tuple[Simple, list[str]]]:
    """The simple commands that are written in steps, also in functions, with their words."""
    for step in steps:
        for command in _commands(step):
            if isinstance(command, Simple) and command.words:
                yield command, [literal(word) or '' for word in command.words]


def _commands(step: Step) -> Iterator[Command]:
    return commands_in(each for statement in parse(step.text).body for each in statement.pipelines)
