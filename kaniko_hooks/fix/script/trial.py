"""How many builds some commands of a job do, and with which argv."""
from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence

from kaniko_hooks import kaniko
from kaniko_hooks.model import Command
from kaniko_hooks.model import ScriptPart
from kaniko_hooks.model import Variable
from kaniko_hooks.model import Word
from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.project import Repository
from kaniko_hooks.project import Unreadable
from kaniko_hooks.shell.machine import Traced
from kaniko_hooks.shell.runs import container_run
from kaniko_hooks.shell.runs import trace

Argv = tuple[Word, ...]


class Setting(NamedTuple):
    """What surrounds the commands of a job."""

    image: str | None
    variables: Mapping[str, Variable]
    read_text: Callable[[str], str | None]


class Trial(NamedTuple):
    """What commands come to: builds in the worst run, and each argv as it was met."""

    builds: int
    argvs: tuple[Argv, ...]


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
    met = tuple(tuple(each.build.argv) for each in traced(setting, part))
    return Trial(most(setting, part), met)


def most(setting: Setting, parts: Sequence[ScriptPart]) -> int:
    """The number of builds in the worst run of script parts."""
    return container_run(
        parts, setting.image, kaniko.read_build, setting.read_text,
    ).builds_in_worst_run


def commands(texts: Sequence[str]) -> tuple[Command, ...]:
    """Commands that stand in no file."""
    return tuple(Command(text, '', 0, _nowhere) for text in texts)


def traced(setting: Setting, parts: Sequence[ScriptPart]) -> tuple[Traced, ...]:
    """Every build that script parts come to, in order, with what the shell knows there."""
    return trace(parts, setting.image, kaniko.read_build, setting.read_text)


def _nowhere(offset: int) -> int:
    return offset
