"""How many builds some commands of a job do, and with which argv."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from kaniko_hooks.model import Command, ScriptPart, Variable, Word
from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.old_shell import kaniko
from kaniko_hooks.old_shell.machine import Traced
from kaniko_hooks.old_shell.runs import container_run, trace
from kaniko_hooks.repository import Repository, Unreadable

Argv = tuple[Word, ...]

_VARIABLE = re.compile(r'\$(?:\w+|\{\w+\})')  # the same wherever it is not set


class Setting(NamedTuple):
    """What surrounds the commands of a job."""

    image: str | None
    variables: Mapping[str, Variable]
    read_text: Callable[[str], str | None]


class Met(NamedTuple):
    """A build as it was met.

    - `unknown`: the variables whose values are not known there.
    - `directory`: relative to the repository root, None where it is not known.
    """

    argv: Argv
    unknown: frozenset[str]
    directory: str | None


NOTHING = Met((), frozenset(), None)


class Trial(NamedTuple):
    """What commands come to: builds in the worst run, and the last one as it was met."""

    builds: int
    last: Met


def reader(repository: Repository) -> Callable[[str], str | None]:
    """Reads a file of the repository; None for one that is not there or not readable."""

    def read_text(path: str) -> str | None:
        try:
            return repository.text(path)
        except Unreadable:
            return None

    return read_text


def trial(setting: Setting, texts: Sequence[str]) -> Trial:
    """The builds of command texts, run in order in one shell."""
    part = (ScriptPart(commands(texts), setting.variables),)
    met = traced(setting, part)
    return Trial(most(setting, part), _met(met[-1]) if met else NOTHING)


def _met(traced_: Traced) -> Met:
    unknown = frozenset(
        name
        for name, value in traced_.variables.items()
        if value is None
        or any(not each.known and not _VARIABLE.fullmatch(each.text) for each in value.fragments)
    )
    return Met(tuple(traced_.build.argv), unknown, traced_.directory)


def most(setting: Setting, parts: Sequence[ScriptPart]) -> int:
    """The number of builds in the worst run of script parts."""
    return container_run(
        parts, setting.image, kaniko.read_build, setting.read_text
    ).builds_in_worst_run


def commands(texts: Sequence[str]) -> tuple[Command, ...]:
    """Commands that stand in no file."""
    return tuple(Command(text, '', 0, _nowhere) for text in texts)


def traced(setting: Setting, parts: Sequence[ScriptPart]) -> tuple[Traced, ...]:
    """Every build that script parts come to, in order, with what the shell knows there."""
    return trace(parts, setting.image, kaniko.read_build, setting.read_text)


def _nowhere(offset: int) -> int:
    return offset
