"""What stays the same, or only grows, while a script is followed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from kaniko_hooks.model import Build, Flags, Place, Variable, Word
from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.old_shell.state import Held, State
from kaniko_hooks.old_shell.summary import Summary
from kaniko_hooks.old_shell.syntax.source import Source
from kaniko_hooks.old_shell.values import Bit

ReadBuild = Callable[[Sequence[Word], str | None, Callable[[str], Word | None]], Flags | None]
ReadScript = Callable[[str], str | None]
# What a command reads: pieces of text and files of the repository; None: not known.
Stdin = Sequence[Bit | str] | None

# Levels of commands in commands, functions and scripts: Python's stack must hold them.
DEPTH = 40
# Commands that may be followed more than once (loop bodies, functions).
REPEATS = 20_000
# Code points of script that are read for a container: some seconds' work.
MAX_SCRIPT = 1024 * 1024


class TooLarge(Exception):
    """There is too much script to read; `path` is the followed file that was too much."""

    def __init__(self, path: str | None) -> None:
        super().__init__()
        self.path = path


class Traced(NamedTuple):
    """One build as it is met, with what the script knows there."""

    build: Build
    variables: Mapping[str, Word | None]  # set by the script so far; None: not known
    directory: str | None  # relative to the repository root


class Machine:
    """One container's script parts being followed."""

    __slots__ = (
        'state',
        'variables',
        'image',
        'read_build',
        'read_script',
        'used_variables',
        'used_image',
        'scripts',
        'found',
        'depth',
        'repeats',
        'repeating',
        'variant',
        'widest',
        'calls',
        'recursive',
        'memo',
        'following',
        'locals',
        'trace',
        'traps',
        'stdin',
        'process',
        'unread',
        'copied',
        'loops',
        'root',
        'handled',
        'unseen',
    )

    def __init__(self, image: str | None, read_build: ReadBuild, read_script: ReadScript) -> None:
        self.state = State()
        self.variables: Mapping[str, Variable] = {}
        self.image = image
        self.read_build = read_build
        self.read_script = read_script
        self.used_variables: set[str] = set()
        self.used_image = False
        self.scripts: dict[str, None] = {}
        self.found: dict[Place, Build] = {}
        self.depth = 0
        self.repeats = REPEATS
        self.repeating = 0
        self.variant = 0
        self.widest = 1
        self.calls: list[int] = []
        self.recursive: set[int] = set()
        self.memo: dict[int | str, Summary] = {}
        self.unread = MAX_SCRIPT
        self.following: list[str] = []
        self.locals: list[dict[str, Held]] = []
        self.trace: list[Traced] | None = None
        self.stdin: Stdin = None  # what a compound command reads
        self.copied: dict[str, Sequence[Bit | str]] = {}  # what `$(cat file)` stands for
        self.process = 0  # shells started by shells
        self.loops = 0  # around, in the function at hand
        self.root = ''  # where the repository stands, if that is known
        self.handled: set[str] = set()  # variables that the handler of a signal sets
        self.unseen = 0  # commands so far that may have done anything
        self.traps: list[tuple[Source, tuple[Bit, ...]]] = []

    @property
    def level(self) -> int:
        """In how many calls of functions and scripts the script stands."""
        return len(self.calls) + len(self.following)

    def take(self, text: str, path: str | None = None) -> None:
        """Account for a script that is going to be read. Raises TooLarge."""
        self.unread -= len(text)
        if self.unread < 0:
            raise TooLarge(path)
