"""Variables, functions and the directory at one point of a script.

Branches work on the same tables; a journal takes their changes back, so that a
branch costs what it changes, not what there is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.old_shell.syntax.source import Source
from kaniko_hooks.old_shell.syntax.tree import Function
from kaniko_hooks.old_shell.values import EMPTY, UNSET, Bit, Choice, Scalar, Value, choice

# Keys beside the names of variables.
DIRECTORY = '.'
OLD_DIRECTORY = '.old'
ARGUMENTS = '@'


class Missing(NamedTuple):
    """No assignment to this name was seen."""


class Defined(NamedTuple):
    """A function, and the source that its offsets count in."""

    node: Function
    source: Source
    process: int = 0  # of the shell that has it; EVERYWHERE if it is exported


class Written(NamedTuple):
    """A file that the script writes itself."""

    source: Source
    bits: tuple[Bit | str, ...]  # a name stands for what that file of the repository has


Held = Value | Missing | Defined | Written

EVERYWHERE = -1

MISSING = Missing()


class State:
    """`given`: what a variable is that the script has not set."""

    __slots__ = ('values', 'journal', 'given')

    def __init__(self, given: Callable[[str], Held] = lambda name: MISSING) -> None:
        self.values: dict[str, Held] = {}
        self.journal: list[tuple[str, Held]] = []
        self.given = given

    def get(self, name: str) -> Held:
        return self.values.get(name, MISSING)

    def altered(self, mark: int) -> set[str]:
        """What is no longer as it was when the journal had this length."""
        before: dict[str, Held] = {}
        for name, held in self.journal[mark:]:
            before.setdefault(name, held)
        return {
            # Two values that are not known are as good as different.
            name
            for name, held in before.items()
            if held is None or held is not self.values[name]
        }

    def set(self, name: str, value: Held) -> None:
        self.journal.append((name, self.values.get(name, MISSING)))
        self.values[name] = value

    def taken_back(self, mark: int) -> dict[str, Held]:
        """Undo what was done since; what it was."""
        changes = {name: self.values[name] for name, _ in self.journal[mark:]}
        for name, value in reversed(self.journal[mark:]):
            self.values[name] = value
        del self.journal[mark:]
        return changes

    def left(self, mark: int) -> None:
        """Take back what a process has set, but for the files that it wrote."""
        for name, held in self.taken_back(mark).items():
            if isinstance(held, Written):
                self.set(name, held)

    def join(self, branches: Iterable[Mapping[str, Held]]) -> None:
        """Go on after one of several branches."""
        listed = list(branches)
        for name in {name: None for branch in listed for name in branch}:
            base = self.get(name)
            if isinstance(base, Missing):
                base = self.given(name)
            found = [branch.get(name, base) for branch in listed]
            value = _joined(found)
            changed = any(each is not base for each in found)
            if changed and isinstance(value, (Scalar, Choice)) and value is not UNSET:
                # What it may be is as before, what it is may not: `altered` goes by identity.
                value = value._replace()
            self.set(name, value)

    def not_set(self, names: Iterable[str]) -> None:
        """Go on without a branch that would have set these."""
        for name in names:
            if isinstance(self.get(name), Missing):
                self.set(name, _joined([self.given(name), EMPTY]))


def _joined(found: list[Held]) -> Held:
    if all(each == found[0] for each in found[1:]):
        return found[0]
    values: list[Value] = []
    for each in found:
        if isinstance(each, (Defined, Written)):
            return each
        values.append(EMPTY if isinstance(each, Missing) else each)
    return choice(values)
