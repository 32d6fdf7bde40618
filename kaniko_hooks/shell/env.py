"""The environment of a shell at one point of a run, and runs that may be taken together.

An environment is a value: what a command changes is another environment, so a
branch needs no undoing, and the runs that leave it can be compared and merged.
What is around a command is its scope.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import reduce

from kaniko_hooks.model import Field, Reason, Script
from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.shell import facts, outcome
from kaniko_hooks.shell.facts import Facts
from kaniko_hooks.shell.outcome import Outcome
from kaniko_hooks.shell.tree import Command
from kaniko_hooks.shell.value import ANYTHING, Array, Value, join, may_build
from kaniko_hooks.text import Text, concat, hole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeVar

    from kaniko_hooks.shell.evaluator import Evaluator

    _T = TypeVar('_T')

_MAX_DIRECTORIES = 4
# Texts that a file may have.
_MAX_TEXTS = 16
# The beginning of the name of a hole for text that is like the text before, any number of times.
REPEATED = 'repeated '
# Among the names that are exported: all that are assigned (`set -a`).
ALL = '*'


class Function(NamedTuple):
    """A function; shells that are started from this one have it, too."""

    body: Command
    source: Text  # that the offsets of the body count in


class Env(NamedTuple):
    """The name spaces of a shell. Paths are relative to the repository, or absolute."""

    variables: Mapping[str, Value] = {}  # that the script has set or unset
    exported: frozenset[str] = frozenset()  # names that child processes have for certain
    functions: Mapping[str, tuple[Function | None, ...]] = {}  # alternatives; None: no function
    files: Mapping[str, tuple[Text, ...]] = {}  # that the script has written: alternatives
    arguments: Value = Array(())
    directories: tuple[Text, ...] = (Text(''),)  # the working directory: alternatives
    previous_directories: tuple[Text, ...] = ()
    saved: Mapping[str, Value | None] = {}  # values before `local`, in the function at hand
    errexit: bool = False
    unread: Text | None = None  # what `read` gets; None if that is not certain
    stdin: Text | None = None  # all of the input; None if it is not known
    stdout: Text = Text('')  # printed so far, where it is read
    epoch: int = 0  # another number once a command may have changed any file
    generation: int = 0  # another number once a command may have set any variable

    def moment(self) -> str:
        """A name for the files that a relative path may lead to."""
        return f'#{self.epoch} {self.directories}'

    def with_variable(self, name: str, value: Value) -> Env:
        """The environment after an assignment."""
        exported = self.exported | {name} if ALL in self.exported else self.exported
        return self._replace(variables={**self.variables, name: value}, exported=exported)


class State(NamedTuple):
    """The runs that reach a point with the same environment and facts."""

    env: Env
    facts: Facts
    outcome: Outcome
    status: bool | None = True  # of the last command; None if it may be either

    def with_status(self, status: bool | None) -> State:
        """The state after a command with this status."""
        return State(self.env, self.facts, self.outcome, status)

    def with_env(self, env: Env) -> State:
        """The state with another environment."""
        return State(env, self.facts, self.outcome, self.status)


def by_success(states: Sequence[State]) -> tuple[list[State], list[State]]:
    """The states after success, and those after failure; both where the status is not known."""
    return (
        [state.with_status(True) for state in states if state.status is not False],
        [state.with_status(False) for state in states if state.status is not True],
    )


class Exit(NamedTuple):
    """A way to leave a list of commands: the name of a builtin; and the loops that it leaves."""

    kind: str
    levels: int = 0


RETURN = Exit('return')
EXIT = Exit('exit')


class Flow:
    """The states that go on after a command, and those that leave."""

    __slots__ = ('normal', 'leaving')

    def __init__(
        self, normal: Iterable[State] = (), leaving: Iterable[tuple[Exit, State]] = ()
    ) -> None:
        self.normal = list(normal)
        self.leaving = list(leaving)

    @classmethod
    def union(cls, flows: Iterable[Flow]) -> Flow:
        """The flow of a command that goes one of several ways."""
        result = cls()
        for flow in flows:
            result.add(flow)
        return result

    def add(self, flow: Flow) -> None:
        self.normal += flow.normal
        self.leaving += flow.leaving

    def change(self, changed: Callable[[State], State]) -> None:
        """Change all states, however they leave."""
        self.normal = [changed(state) for state in self.normal]
        self.leaving = [(way, changed(state)) for way, state in self.leaving]

    def end_returns(self) -> None:
        """Go on with the states that `return` leaves."""
        self.normal += [state for way, state in self.leaving if way == RETURN]
        self.leaving = [(way, state) for way, state in self.leaving if way != RETURN]

    def any_number(self, before: State, reason: Reason) -> Flow:
        """Any number of the executions that this is the flow of, after the builds before."""
        ends = self.ends()
        builds = outcome.any_number((end.outcome for end in ends), reason)
        builds = outcome.then(before.outcome, builds)
        return Flow(end._replace(outcome=builds).with_status(None) for end in (before, *ends))

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
    may_return: bool = False  # from a function or a sourced script
    depth: int = 0  # of commands inside of commands
    recorded: bool = False  # there are reports on the commands

    def apart(self) -> Scope:
        """The scope of a function, or of a process of its own."""
        return self._replace(loops=0, recorded=False)

    def because(self, kind: str, offset: int, times: int = 1) -> Scope:
        """The scope of what runs more than once for this reason."""
        reason = Reason(kind, self.source.place(offset), times)
        return self._replace(reasons=(*self.reasons, reason))


# What a command does, by its fields.
Runner = Callable[[Scope, State, Sequence[Field]], Flow]


def merged(scope: Scope, states: Sequence[State]) -> list[State]:
    """The same runs in as few states as tell apart what later commands may test."""
    if len(states) < 2:
        return list(states)
    scope.ev.spend(sum(5 + len(state.env.variables) // 2 for state in states))
    kept: list[State] = []
    for state in states:
        _add(scope, kept, state)
        if len(kept) > 2 * scope.ev.max_states:
            kept = _fewer(scope, kept)
    return _fewer(scope, kept)


def _fewer(scope: Scope, states: list[State]) -> list[State]:
    """At most so many states for the same runs: first those with the same builds are joined."""
    most = scope.ev.max_states
    if len(states) > most:
        states = joined_states(scope, states, outcome.signature)
    return joined_states(scope, states) if len(states) > most else states


def _add(scope: Scope, kept: list[State], state: State) -> None:
    """Add a state, united with others of which it is another case."""
    index = 0
    while index < len(kept):
        scope.ev.spend(3)
        union = _united(kept[index], state, scope.tested)
        if union is None:
            index += 1
        else:
            # The larger state may unite with some that were compared before.
            del kept[index]
            state, index = union, 0
    kept.append(state)


def _united(first: State, second: State, by_status: bool) -> State | None:
    """Exactly the runs of both states as one; None if that cannot be said.

    With `by_status` the status of the last command is going to be looked at.
    """
    if by_status and first.status is not second.status:
        return None
    if first.env is not second.env and first.env[:_COMPARED] != second.env[:_COMPARED]:
        return None
    builds = first.outcome
    conditions: Facts | None = first.facts
    if first.facts == second.facts:
        builds = outcome.either(first.outcome, second.outcome)
    elif outcome.signature(first.outcome) != outcome.signature(second.outcome):
        return None
    else:
        conditions = facts.united(first.facts, second.facts)
    if conditions is None:
        return None
    status = first.status if first.status is second.status else None
    return State(_latest(first.env, second.env), conditions, builds, status)


# These fields do not keep states apart.
NUMBERS = ('epoch', 'generation')
_COMPARED = Env._fields.index(NUMBERS[0])


def _latest(env: Env, *others: Env) -> Env:
    """The first environment with the latest numbers of all: those of the others are not its own."""
    if all(env[_COMPARED:] == other[_COMPARED:] for other in others):
        return env
    numbers: dict[str, Any] = {
        name: max(getattr(item, name) for item in (env, *others)) for name in NUMBERS
    }
    return env._replace(**numbers)


def joined_states(
    scope: Scope, states: Sequence[State], key: Callable[[Outcome], object] = lambda builds: None
) -> list[State]:
    """One state for all with the same key, with what is right for each of them."""
    scope.ev.spend(sum(20 + len(state.env.variables) for state in states))
    groups: dict[object, list[State]] = {}
    for state in states:
        groups.setdefault(key(state.outcome), []).append(state)
    return [_join(scope, group) for group in groups.values()]


def _join(scope: Scope, states: Sequence[State]) -> State:
    first = states[0]
    if len(states) == 1:
        return first
    builds = reduce(outcome.either, (state.outcome for state in states))
    conditions = facts.weakened([state.facts for state in states])
    status = first.status if all(state.status is first.status for state in states) else None
    return State(_join_envs(scope, [state.env for state in states]), conditions, builds, status)


def _join_envs(scope: Scope, envs: Sequence[Env]) -> Env:
    first = envs[0]
    variables = dict(first.variables)
    tables = [env.variables for env in envs[1:]]
    for name in dict.fromkeys(name for env in envs for name in env.variables):
        value = variables.get(name)
        if value is None or any(table.get(name) is not value for table in tables):
            variables[name] = join((scope.ev.value(scope, env, name) for env in envs), scope.ev)
    # Where it was not written it is the file of the repository.
    files = _alternatives([env.files for env in envs], scope.ev.file)
    return _latest(*envs)._replace(
        variables=variables,
        exported=first.exported.intersection(*(env.exported for env in envs)),
        functions=_alternatives([env.functions for env in envs], lambda name: None),
        files={path: joined_texts(texts) for path, texts in files.items()},
        arguments=join((env.arguments for env in envs), scope.ev),
        directories=joined_directories(env.directories for env in envs),
        previous_directories=joined_directories(env.previous_directories for env in envs),
        saved={name: value for env in envs for name, value in env.saved.items()},
        errexit=all(env.errexit for env in envs),
        unread=first.unread if all(env.unread == first.unread for env in envs) else None,
        stdin=first.stdin if all(env.stdin == first.stdin for env in envs) else None,
        stdout=_printed([env.stdout for env in envs]),
    )


def _alternatives(
    tables: Sequence[Mapping[str, tuple[_T, ...]]], absent: Callable[[str], _T]
) -> dict[str, tuple[_T, ...]]:
    """The alternatives of each name; `absent` makes that of a table without the name."""
    result: dict[str, tuple[_T, ...]] = {}
    for name in dict.fromkeys(name for table in tables for name in table):
        items = (item for table in tables for item in table.get(name) or (absent(name),))
        result[name] = tuple(dict.fromkeys(items))
    return result


def _printed(texts: Sequence[Text]) -> Text:
    """One output for several runs: unknown, but for commands of Kaniko's executor."""
    kept = dict.fromkeys(texts)
    if len(kept) == 1:
        return texts[0]
    return concat((*filter(may_build, kept), hole('')))


def joined_texts(texts: Iterable[Text]) -> tuple[Text, ...]:
    """The texts that a file may have; of too many those that may build are kept."""
    kept = tuple(dict.fromkeys(texts))
    return kept if len(kept) <= _MAX_TEXTS else (*filter(may_build, kept), ANYTHING)


def joined_directories(paths: Iterable[tuple[Text, ...]]) -> tuple[Text, ...]:
    """The directories that may be the working one; too many of them are unknown."""
    kept = tuple(dict.fromkeys(path for alternatives in paths for path in alternatives))
    return kept if len(kept) <= _MAX_DIRECTORIES else (*kept[:_MAX_DIRECTORIES], hole(''))
