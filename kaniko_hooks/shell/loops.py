"""Loops: once for each known word, round after round, otherwise any number of times.

A loop of unknown length is evaluated once, from an environment in which what
its body changes may be anything (widening); that such runs follow each other is
then worked out from the facts that each of them needs. The way that takes the
loop no time keeps the environment as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kaniko_hooks.model import MANY, Field, Reason
from kaniko_hooks.shell import TooMuch, outcome, paths, variables
from kaniko_hooks.shell.env import (
    EXIT,
    NUMBERS,
    REPEATED,
    Env,
    Exit,
    Flow,
    Scope,
    State,
    by_success,
    joined_directories,
    joined_states,
    joined_texts,
    merged,
)
from kaniko_hooks.shell.fields import BLANKS, fields_of, separators_of
from kaniko_hooks.shell.outcome import NO_BUILD
from kaniko_hooks.shell.tree import For, If, Simple, Statement, While, literal, walk
from kaniko_hooks.shell.value import (
    OF_LIST,
    Array,
    Single,
    Value,
    Words,
    alternatives,
    fresh,
    fresh_name,
    is_known,
    join,
    may_build,
    shape,
    text_of,
    unknown,
    unnumbered,
    words_of,
)
from kaniko_hooks.text import Text, concat, hole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# A `for` that makes more iterations, together with the loops around, has an unknown length.
_MAX_ITERATIONS = 300
# Values of a variable that may build; there are more only if they grow in each round.
_MAX_BUILDING = 8
# Contents of a file that the iterations of a loop append to.
_MAX_TEXTS = 3
# Evaluations until what a body changes is known; it is nearly always after one.
_MAX_ROUNDS = 6
# Rounds of a `while` that are followed one by one: a script has hardly more arguments.
_MAX_KNOWN_ROUNDS = 16

_NEXT = Exit('continue', 1)
_END = Exit('break', 1)
# The name of the positional parameters among the variables of a loop.
_ARGUMENTS = '@'


class Effects:
    """The changes that the body of a loop has made, in all of its evaluations."""

    __slots__ = ('values', 'open', 'directories', 'files', 'numbers')

    def __init__(self) -> None:
        self.values: dict[str, Value] = {}  # of variables, that the body leaves
        # The words of variables with unknown values; None if these are not known either.
        self.open: dict[str, list[Words] | None] = {}
        self.directories: tuple[Text, ...] = ()
        self.files: dict[str, tuple[Text, ...]] = {}  # that may build
        self.numbers: set[str] = set()  # fields of the environment that another number is in

    def widened(self, scope: Scope, env: Env) -> Env:
        """An environment that includes those at the beginning of each iteration."""
        table = dict(env.variables)
        for name, value in self.values.items():
            ends = alternatives(value)
            is_variable = name != _ARGUMENTS
            start = scope.ev.value(scope, env, name) if is_variable else env.arguments
            if name in self.open:
                words = self.open[name]
                anything = unknown(scope.ev, (*alternatives(start), *ends), words, f'${name}')
                ends = (*filter(may_build, ends), anything)
            table[name] = join((start, *ends), scope.ev)
        files = dict(env.files)
        for path, texts in self.files.items():
            files[path] = joined_texts((*files.get(path, ()), *texts))
        arguments = table.pop(_ARGUMENTS, env.arguments)
        directories = joined_directories((env.directories, self.directories))
        numbers: dict[str, Any] = {field: fresh() for field in self.numbers}
        env = env._replace(variables=table, directories=directories, files=files, **numbers)
        return env._replace(arguments=arguments, unread=None)

    def learn(self, scope: Scope, before: Env, after: Env) -> bool:
        """Take in what one iteration has changed; False if that is nothing new."""
        numbers = {field for field in NUMBERS if getattr(before, field) != getattr(after, field)}
        news = not self.numbers.issuperset(numbers)
        self.numbers |= numbers
        for name, value in (*after.variables.items(), (_ARGUMENTS, after.arguments)):
            old = before.arguments if name == _ARGUMENTS else before.variables.get(name)
            if value != old:
                starts = () if old is None else alternatives(old)
                ends = [item for item in alternatives(value) if item not in starts]
                ends = [_with_any_end(scope, item, starts) for item in ends]
                news = self._learn_value(scope, name, ends) or news
        for path, written in after.files.items():
            if before.files.get(path) != written:
                texts = self.files.get(path, ())
                kept = [text for text in written if may_build(text) and text not in texts]
                if kept and len(texts) < _MAX_TEXTS:
                    is_new = unnumbered(path) not in map(unnumbered, self.files)
                    self.files[path] = (*texts, *kept)
                    news = news or is_new or bool(texts)
        shapes = set(map(shape, (*self.directories, *before.directories)))
        more = tuple(folder for folder in after.directories if shape(folder) not in shapes)
        directories = joined_directories((self.directories, more))
        news = news or directories != self.directories
        self.directories = directories
        return news

    def _learn_value(self, scope: Scope, name: str, ends: Sequence[Single]) -> bool:
        """Take in new values of a variable.

        Constants are all that it may be, if the next iteration leaves no others.
        """
        old = self.values.get(name)
        before = () if old is None else alternatives(old)
        more = [item for item in ends if item not in before]
        if not more:
            return False
        news = False
        if name in self.open or old is not None or not all(map(is_known, more)):
            words = self.open.get(name, [])
            if words is not None:
                words = words_of(scope.ev, (*before, *more), words)
            news = name not in self.open or self.open[name] != words
            self.open[name] = words
            more = [item for item in more if may_build(item)]
        if more and sum(map(may_build, before)) < _MAX_BUILDING or old is None:
            shapes = set(map(shape, more))
            self.values[name] = join(
                (*(item for item in before if shape(item) not in shapes), *more)
            )
            news = news or old is None or not shapes <= set(map(shape, before))
        return news


def _with_any_end(scope: Scope, item: Single, starts: Sequence[Single]) -> Single:
    """A value that grows in each round, as a command to which words are added, with any end."""
    rest: Single
    for start in filter(may_build, starts):
        if isinstance(start, Array) and isinstance(item, Array):
            between, rest = '\0 ', Array(item.items[len(start.items) :])
        else:
            rest = tail = text_of(item).part(len(text_of(start).value))
            between = ' ' if tail.value[:1] == ' ' else ''
        added = shape(rest) if shape(item).startswith(shape(start) + between) else ''
        if added and not may_build(rest):
            end = unknown(scope.ev, (start,), words_of(scope.ev, (rest,)))
            if isinstance(start, Array) and isinstance(end, Array):
                return Array((*start.items, *end.items))
            return concat((text_of(start), Text(between), text_of(end)))
    return item


def for_(scope: Scope, state: State, node: For) -> Flow:
    """`for name in words`."""
    scope = scope._replace(loops=scope.loops + 1, depth=scope.depth + 1)
    flow = Flow()
    for way, fields in fields_of(scope, state, node.words):
        if scope.ev.active and scope.recorded:
            scope.ev.active[-1].words.add(tuple(field.text for field in fields))
        words = [
            name for field in fields for name in paths.scripts_of_pattern(scope, way.env, field)
        ]
        is_open = any(word.splits for word in words)
        if is_open or len(words) * scope.repetitions > _MAX_ITERATIONS:
            flow.add(_over_unknown_words(scope, way, node, words))
        else:
            flow.add(_over_words(scope, way, node, words))
    return flow


def _over_words(scope: Scope, state: State, node: For, fields: Sequence[Field]) -> Flow:
    """Once for each word."""
    if len(fields) > 1:
        words = tuple(field.text.value for field in fields)
        reason = Reason(_kind(node), scope.source.place(node.start), len(fields), words=words)
        scope = scope._replace(
            reasons=(*scope.reasons, reason), repetitions=scope.repetitions * len(fields)
        )
    flow = Flow()
    # Without an iteration the status is 0.
    current = [state if fields else state.with_status(True)]
    for field in fields:
        starts = [variables.assign(way, node.name, field.text) for way in current]
        body = scope.ev.statements(scope, starts, node.body)
        going, done = _iteration(body)
        flow.add(done)
        current = merged(scope, going)
    flow.normal += current
    return flow


def _iteration(body: Flow) -> tuple[list[State], Flow]:
    """The states in which a loop goes on after its body, and how others leave the loop."""
    going = list(body.normal)
    done = Flow()
    for way, state in body.leaving:
        if way == _NEXT:
            going.append(state)
        elif way == _END:
            done.normal.append(state.with_status(True))
        elif way.levels:
            done.leaving.append((Exit(way.kind, way.levels - 1), state))
        else:
            done.leaving.append((way, state))
    return going, done


def _over_unknown_words(scope: Scope, state: State, node: For, fields: Sequence[Field]) -> Flow:
    values = [field.text for field in fields if not field.splits or _is_pattern(field.text)]
    if len(values) < len(fields):
        kind = OF_LIST if _is_split(state, node) else ''
        values.append(hole(fresh_name(f'{kind}${node.name}'), f'${node.name}'))
    value = join(values, scope.ev)
    runs_once = any(not field.splits for field in fields)
    return _any_times(
        scope, state, node, lambda way: variables.assign(way, node.name, value), runs_once
    )


def _is_split(state: State, node: For) -> bool:
    """The words are what unquoted values are split into: none of them has blanks."""
    pieces = [piece for word in node.words for piece in word.pieces]
    is_plain = bool(pieces) and not any(piece.quoted for piece in pieces)
    return is_plain and separators_of(state) == BLANKS


def _is_pattern(text: Text) -> bool:
    """A pattern for names of files, of which something is known."""
    return bool(text.value.strip('*')) and '*' in text.value


def while_(scope: Scope, state: State, node: While) -> Flow:
    """`while` and `until`: round after round, or any number of times."""
    scope = scope._replace(loops=scope.loops + 1)
    flow = _in_rounds(scope, state, node)
    return flow or _any_times(scope, state, node, lambda way: way, False)


def _in_rounds(scope: Scope, state: State, node: While) -> Flow | None:
    """The ways through a loop whose rounds are certain; None if they are not, or if two build."""
    if scope.repetitions >= _MAX_KNOWN_ROUNDS:
        return None
    scope = scope._replace(repetitions=scope.repetitions * _MAX_KNOWN_ROUNDS)
    flow = Flow()
    current = [state]
    status: bool | None = True
    building = 0
    for _ in range(_MAX_KNOWN_ROUNDS):
        before = max(outcome.builds(way.outcome) for way in current)
        tested, stops = _condition(scope, current, node)
        if tested.normal and stops:
            return None
        flow.leaving += tested.leaving
        if not tested.normal:
            flow.normal += [way.with_status(status) for way in stops]
            return flow
        going, done = _iteration(scope.ev.statements(scope, tested.normal, node.body))
        flow.add(done)
        building += any(outcome.builds(way.outcome) > before for way in (*going, *done.ends()))
        if building > 1:
            return None
        if not going:
            return flow
        status = all(way.status for way in going) or None
        current = merged(scope, going)
    return None


def _any_times(
    scope: Scope, state: State, node: For | While, start: Callable[[State], State], runs_once: bool
) -> Flow:
    """All ways through a loop of unknown length; with `runs_once` the body runs at least once.

    `start` sets the loop's variable, if it has one.
    """
    going, done = _fixpoint(scope, state, node, start)
    # The builds after any number of complete iterations.
    reason = Reason(_kind(node), scope.source.place(node.start), MANY)
    bodies = outcome.any_number((way.outcome for way in going), reason)
    before = outcome.then(state.outcome, bodies)
    scope.ev.most_builds = max(scope.ev.most_builds, outcome.builds(before))
    # Where one outcome is put behind another, all of its builds are gone through.
    scope.ev.spend(4 * len(before) * len(scope.ev.builds) * (1 + len(done.ends())))
    heads = [] if runs_once else [state]
    if going:
        (last,) = joined_states(scope, going)
        last = last.with_env(_printed_again(state.env, last.env))
        heads.append(last._replace(outcome=before))
    heads = merged(scope, heads)
    stopping = _condition(scope, heads, node)[1]
    # The status is that of the last command of the body.
    succeeds = all(way.status for way in going)
    flow = Flow(way.with_status(True if succeeds else None) for way in stopping)
    if not stopping and heads:
        # It goes on until the container is stopped.
        flow.leaving = [(EXIT, way.with_status(False)) for way in heads]
    done.change(lambda way: way._replace(outcome=outcome.then(before, way.outcome)))
    flow.add(done)
    return flow


def _fixpoint(
    scope: Scope, state: State, node: For | While, start: Callable[[State], State]
) -> tuple[list[State], Flow]:
    """The states in which a loop goes on after any iteration, and how others leave the loop.

    Raises TooMuch: the values that the body leaves differ after each evaluation.
    """
    effects = scope.ev.loops.setdefault(id(node), Effects())
    for _ in range(_MAX_ROUNDS):
        scope.ev.spend(25 + 3 * len(state.env.variables))
        entry = State(effects.widened(scope, state.env), state.facts, NO_BUILD, None)
        tested, _ = _condition(scope, [start(entry)], node)
        going, done = _iteration(scope.ev.statements(scope, tested.normal, node.body))
        done.leaving += tested.leaving
        news = [effects.learn(scope, entry.env, way.env) for way in going]
        if not any(news):
            return going, done
    raise TooMuch


def _condition(scope: Scope, states: list[State], node: For | While) -> tuple[Flow, list[State]]:
    """The states in which the body of a loop runs, and those in which the loop ends."""
    if isinstance(node, For):
        return Flow(states), states
    flow = scope.ev.statements(scope._replace(tested=True), states, node.condition)
    succeeding, failing = by_success(flow.normal)
    flow.normal = failing if node.until else succeeding
    return flow, succeeding if node.until else failing


def _printed_again(before: Env, after: Env) -> Env:
    """The environment after iterations that each print what the last one has printed."""
    text, printed = after.stdout, before.stdout
    if text == printed:
        return after
    start = len(printed.value) if text.value.startswith(printed.value) else 0
    kind = REPEATED if may_build(text.part(start)) else ''
    return after._replace(stdout=concat((text, hole(fresh_name(kind), '$(…)'))))


# Retries

_LEAVES = frozenset(('break', 'exit', 'return'))


def _kind(node: For | While) -> str:
    """The kind of the reason that a loop is for its builds."""
    return 'retry' if any(map(_leaves_after_success, node.body)) else 'loop'


def _leaves_after_success(node: Statement) -> bool:
    """A loop ends here when a command succeeds: `build && break`, `if build; then break; fi`."""
    parts: list[object] = [
        pipeline
        for operator, pipeline in zip(node.operators, node.pipelines[1:])
        if operator == '&&'
    ]
    command = node.pipelines[0].commands[0]
    if isinstance(command, If):
        names = {words[0] for words in _literal_words(command.arms[0].condition)}
        if names and names.isdisjoint(('[', 'let', 'test')):
            parts.append(command.arms[0].body)
    return any(
        words[0] in _LEAVES and words[-1] in (*_LEAVES, '0')
        for words in _literal_words(tuple(parts))
    )


def _literal_words(node: object) -> list[list[str | None]]:
    """The words of the commands in a part of a syntax tree."""
    return [
        list(map(literal, part.words))
        for part in walk(node)
        if isinstance(part, Simple) and part.words
    ]
