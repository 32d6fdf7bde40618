"""The environment of a shell at one point of a run, and runs that may be taken together.

An environment is a value: what a command changes is another environment, so a
branch needs no undoing, and the runs that leave it can be compared and merged.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from itertools import count

from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.shell import TooMuch, facts, outcome
from kaniko_hooks.shell.facts import Facts
from kaniko_hooks.shell.outcome import Outcome
from kaniko_hooks.shell.tree import Command
from kaniko_hooks.shell.value import ANYTHING, Array, Value, join, names_executor
from kaniko_hooks.text import Text, concat, hole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeVar

    _T = TypeVar('_T')

_MAX_DIRECTORIES = 4
# Texts that a file may have.
_MAX_TEXTS = 16
# The work of a comparison of two states.
_COMPARISON = 3
# The name of the hole for the content of a file of the repository.
FILE = 'content of '
# The beginning of the name of a hole for text that is like the text before, any number of times.
REPEATED = 'repeated '


NO_TRAP = (Text(''),)
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
    functions: Mapping[str, tuple[Function, ...]] = {}  # alternatives
    files: Mapping[str, tuple[Text, ...]] = {}  # that the script has written: alternatives
    arguments: Value = Array(())
    directories: tuple[Text, ...] = (Text(''),)  # the working directory: alternatives
    previous_directories: tuple[Text, ...] = ()
    saved: Mapping[str, Value | None] = {}  # values before `local`, in the function at hand
    errexit: bool = False
    at_exit: tuple[Text, ...] = NO_TRAP  # commands that run when the shell ends: alternatives
    stdin: Text | None = None  # None if it is not known
    stdout: Text = Text('')  # printed so far, where it is read
    epoch: int = 0  # another number once a command may have changed any file
    generation: int = 0  # another number once a command may have set any variable
    word_generation: int = 0  # the same for a command that sets variables to single words

    def moment(self) -> str:
        """A name for the files that a relative path may lead to."""
        return f'{self.epoch} {self.directories}'

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
        if self.status is status:
            return self
        return State(self.env, self.facts, self.outcome, status)

    def with_env(self, env: Env) -> State:
        """The state with another environment."""
        return State(env, self.facts, self.outcome, self.status)


# The value of a variable that the script has not set.
Outside = Callable[[str, 'Env'], Value]


def fresh() -> int:
    """A number that no environment has yet."""
    return next(_numbers)


def fresh_name(shown: str) -> str:
    """A name for a value that is equal to no other one."""
    return f'{shown} {fresh()}'


_numbers = count(1)


def merged(
    states: Sequence[State],
    outside: Outside,
    tested: Callable[[], Collection[str]],
    by_status: bool,
    spend: Callable[[int], None],
    most: int,
) -> list[State]:
    """The same runs in as few states as tell apart what later commands may test.

    `tested` are the names of variables that some test of the script looks at;
    with `by_status` the status of the last command is going to be looked at;
    `most` is the number of states to keep.
    """
    kept: list[State] = []
    for state in states:
        _add(kept, state, by_status, spend)
        if len(kept) > 2 * most:
            kept = _fewer(kept, outside, tested, spend, most)
    return _fewer(kept, outside, tested, spend, most)


def _fewer(
    states: list[State],
    outside: Outside,
    tested: Callable[[], Collection[str]],
    spend: Callable[[int], None],
    most: int,
) -> list[State]:
    """At most so many states for the same runs: first those are joined that differ least."""
    if len(states) > most:
        names = sorted(tested())
        states = joined(
            states, outside, lambda state: (_signature(state), _values(state, names)), spend
        )
    if len(states) > most:
        states = joined(states, outside, _signature, spend)
    if len(states) > most:
        states = joined(states, outside, lambda state: 0, spend)
    return states


def _add(kept: list[State], state: State, by_status: bool, spend: Callable[[int], None]) -> None:
    """Add a state, united with others of which it is another case."""
    index = 0
    while index < len(kept):
        spend(_COMPARISON)
        union = _united(kept[index], state, by_status)
        if union is kept[index]:
            return
        if union is None:
            index += 1
            continue
        # The larger state may unite with some that were compared before.
        del kept[index]
        state = union
        index = 0
    kept.append(state)


def _united(first: State, second: State, by_status: bool) -> State | None:
    """Exactly the runs of both states as one; None if that cannot be said."""
    if by_status and first.status is not second.status:
        return None
    if not _same_env(first.env, second.env):
        return None
    if first.facts == second.facts:
        builds = outcome.either(first.outcome, second.outcome)
        return _union(first, second, first.facts, builds)
    if first.outcome is second.outcome or _signature(first) == _signature(second):
        conditions = facts.united(first.facts, second.facts)
        return None if conditions is None else _union(first, second, conditions, first.outcome)
    for weak, strong in (first, second), (second, first):
        if outcome.covers(weak.outcome, strong.outcome) and facts.implies(strong.facts, weak.facts):
            return _union(weak, strong, weak.facts, weak.outcome)
    return None


def _union(first: State, second: State, conditions: Facts, builds: Outcome) -> State:
    env = _with_minor(first.env, (first.env, second.env))
    status = first.status if first.status is second.status else None
    return _like(first, State(env, conditions, builds, status))


def _like(before: State, after: State) -> State:
    """The state after, as the same object if it is the same state."""
    same = all(old is new for old, new in zip(before, after))
    return before if same else after


def _signature(state: State) -> object:
    return outcome.signature(state.outcome)


def _values(state: State, names: Sequence[str]) -> object:
    return tuple(map(state.env.variables.get, names))


# What is looked at at once or never does not keep states apart.
_COMPARED = Env._fields.index('stdin')


def _same_env(first: Env, second: Env) -> bool:
    return first is second or (
        first[:_COMPARED] == second[:_COMPARED]
        and first.stdin == second.stdin
        and first.stdout == second.stdout
    )


def _with_minor(env: Env, envs: Sequence[Env]) -> Env:
    """With numbers that are right for all of the environments."""
    if len({_epochs(other) for other in envs}) == 1:
        return env
    return env._replace(
        epoch=_common([other.epoch for other in envs]),
        generation=_common([other.generation for other in envs]),
        word_generation=_common([other.word_generation for other in envs]),
    )


def _epochs(env: Env) -> tuple[int, ...]:
    return (env.epoch, env.generation, env.word_generation)


def _common(numbers: Sequence[int]) -> int:
    return numbers[0] if len(set(numbers)) == 1 else fresh()


def joined(
    states: Sequence[State],
    outside: Outside,
    key: Callable[[State], object],
    spend: Callable[[int], None],
) -> list[State]:
    """One state for all with the same key, with what is right for each of them."""
    spend(sum(20 + len(state.env.variables) for state in states))
    groups: list[tuple[object, list[State]]] = []
    for state in states:
        own = key(state)
        group = next((group for other, group in groups if other == own), None)
        if group is None:
            groups.append((own, [state]))
        else:
            group.append(state)
    return [_join(group, outside) for _, group in groups]


def _join(states: Sequence[State], outside: Outside) -> State:
    first = states[0]
    if len(states) == 1:
        return first
    builds = first.outcome
    for state in states[1:]:
        builds = outcome.either(builds, state.outcome)
    conditions = facts.weakened([state.facts for state in states])
    status = first.status if all(state.status is first.status for state in states) else None
    return State(_join_envs([state.env for state in states], outside), conditions, builds, status)


def _join_envs(envs: Sequence[Env], outside: Outside) -> Env:
    first = envs[0]
    variables = dict(first.variables)
    tables = [env.variables for env in envs[1:]]
    for name in dict.fromkeys(name for env in envs for name in env.variables):
        value = variables.get(name)
        if value is None or any(table.get(name) is not value for table in tables):
            variables[name] = join(
                outside(name, env) if name not in env.variables else env.variables[name]
                for env in envs
            )
    return _with_minor(first, envs)._replace(
        variables=variables,
        exported=first.exported.intersection(*(env.exported for env in envs)),
        functions=_alternatives([env.functions for env in envs]),
        files=_joined_files([env.files for env in envs]),
        arguments=join(env.arguments for env in envs),
        directories=_directories([env.directories for env in envs]),
        previous_directories=_directories([env.previous_directories for env in envs]),
        saved={name: value for env in envs for name, value in env.saved.items()},
        errexit=all(env.errexit for env in envs),
        at_exit=tuple(dict.fromkeys(text for env in envs for text in env.at_exit)),
        stdin=first.stdin if all(env.stdin == first.stdin for env in envs) else None,
        stdout=_printed([env.stdout for env in envs]),
    )


def _alternatives(tables: Sequence[Mapping[str, tuple[_T, ...]]]) -> dict[str, tuple[_T, ...]]:
    names = dict.fromkeys(name for table in tables for name in table)
    return {
        name: tuple(dict.fromkeys(item for table in tables for item in table.get(name, ())))
        for name in names
    }


def _printed(texts: Sequence[Text]) -> Text:
    """One output for several runs: unknown, but for commands of Kaniko's executor."""
    kept = dict.fromkeys(texts)
    if len(kept) == 1:
        return texts[0]
    return concat((*filter(names_executor, kept), hole('')))


def _joined_files(tables: Sequence[Mapping[str, tuple[Text, ...]]]) -> dict[str, tuple[Text, ...]]:
    result = _alternatives(tables)
    for path, texts in result.items():
        if any(path not in table for table in tables):
            texts = (*texts, hole(f'{FILE}{path}'))  # the file of the repository
        result[path] = few(texts)
    return result


def few(texts: Iterable[Text]) -> tuple[Text, ...]:
    """The texts that a file may have; of too many those that run Kaniko are kept.

    Raises TooMuch for too many of these.
    """
    kept = tuple(dict.fromkeys(texts))
    if len(kept) <= _MAX_TEXTS:
        return kept
    kept = tuple(text for text in kept if names_executor(text))
    if len(kept) > _MAX_TEXTS:
        raise TooMuch
    return (*kept, ANYTHING)


def _directories(paths: Sequence[tuple[Text, ...]]) -> tuple[Text, ...]:
    kept = tuple(dict.fromkeys(path for alternatives in paths for path in alternatives))
    return kept if len(kept) <= _MAX_DIRECTORIES else (*kept[:_MAX_DIRECTORIES], hole(''))
