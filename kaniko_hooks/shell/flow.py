"""States that go on after a command and states that leave, and what is around a command."""

from __future__ import annotations

from collections.abc import Iterable

from kaniko_hooks.model import Reason, Script
from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.shell.env import State
from kaniko_hooks.text import Text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from kaniko_hooks.shell.evaluator import Evaluator


class Exit(NamedTuple):
    """A way to leave a list of commands; `levels` are those of `break` and `continue`."""

    kind: str
    levels: int = 0


RETURN = Exit('return')
EXIT = Exit('exit')
BREAK = 'break'
CONTINUE = 'continue'


class Flow:
    """The states that go on after a command, and those that leave."""

    __slots__ = ('normal', 'leaving')

    def __init__(self, normal: Iterable[State] = ()) -> None:
        self.normal = list(normal)
        self.leaving: list[tuple[Exit, State]] = []

    def add(self, flow: Flow) -> None:
        self.normal += flow.normal
        self.leaving += flow.leaving

    def ends(self) -> list[State]:
        """All states, however they leave."""
        return [*self.normal, *(state for _, state in self.leaving)]


class Scope(NamedTuple):
    """Surroundings of a list of commands, the same while it is evaluated."""

    ev: Evaluator
    source: Text  # that the offsets of the commands count in
    script: Script  # of the CI system, with its variables
    path: str | None = None  # of the file that the commands are from
    name: Text = Text('sh')  # `$0`
    reasons: tuple[Reason, ...] = ()  # for builds to run more than once
    tested: bool = False  # a failure does not end the shell
    captured: bool = False  # the output is read
    calls: tuple[object, ...] = ()  # functions and scripts that are running
    repetitions: int = 1  # of the loops around
    loops: int = 0  # around, in this function and process
    outer_loops: bool = False  # around the function or process; shells differ on leaving those
    may_return: bool = False  # from a function or a sourced script
    depth: int = 0  # of commands inside of commands
    recorded: bool = False  # there are reports on the commands

    def apart(self) -> Scope:
        """The scope of a function, or of a process of its own."""
        outer = self.outer_loops or self.loops > 0
        return self._replace(loops=0, outer_loops=outer, recorded=False)

    def because(self, kind: str, offset: int, times: int = 1) -> Scope:
        """The scope of what runs more than once for this reason."""
        reason = Reason(kind, self.source.place(offset), times)
        return self._replace(reasons=(*self.reasons, reason))
