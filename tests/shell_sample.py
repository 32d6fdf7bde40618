"""Helpers of the shell tests: a script -> its run."""

from __future__ import annotations

from collections.abc import Mapping

from kaniko_hooks.old_shell.kaniko import read_build
from kaniko_hooks.model import MANY, Command, Guard, Place, Run, ScriptPart, Variable
from kaniko_hooks.old_shell.machine import Traced
from kaniko_hooks.old_shell.runs import container_run, trace


def part(
    *scripts: str,
    variables: Mapping[str, str] | None = None,
    form: str = 'script',
    always: bool = False,
    guard: Guard = True,
    shell: str = 'sh',
    directory: str | None = '',
    arguments: tuple[str, ...] = (),
) -> ScriptPart:
    """A part; the offsets of its n-th command begin at n * 10,000."""
    return ScriptPart(
        tuple(_command(text, index) for index, text in enumerate(scripts)),
        {name: Variable((value,)) for name, value in (variables or {}).items()},
        form,
        always,
        directory,
        shell,
        guard,
        tuple(_command(text, index) for index, text in enumerate(arguments)),
    )


def _command(text: str, index: int) -> Command:
    base = index * 10_000
    return Command(text, 'ci.yml', base, lambda offset: base + offset)


def run(
    *parts: str | ScriptPart,
    variables: Mapping[str, str] | None = None,
    files: Mapping[str, str] | None = None,
    image: str | None = None,
) -> Run:
    listed = [part(each, variables=variables) if isinstance(each, str) else each for each in parts]
    return container_run(listed, image, read_build, (files or {}).get)


def traced(
    script: str, variables: Mapping[str, str] | None = None, files: Mapping[str, str] | None = None
) -> tuple[Traced, ...]:
    return trace([part(script, variables=variables)], None, read_build, (files or {}).get)


def argvs(
    script: str, variables: Mapping[str, str] | None = None, files: Mapping[str, str] | None = None
) -> list[list[str]]:
    """The argv of every build that is met."""
    return [[word.text for word in each.build.argv] for each in traced(script, variables, files)]


def count(found: Run) -> int | str:
    return 'many' if found.builds_in_worst_run >= MANY else found.builds_in_worst_run


def lines(found: Run, script: str) -> list[int]:
    """The lines of the builds in a script of one command."""
    return [_line(script, each.build.place) for each in found.executions]


def _line(script: str, place: Place) -> int:
    return script.count('\n', 0, place.offset) + 1
