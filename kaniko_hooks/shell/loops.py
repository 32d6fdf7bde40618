"""Loops: once for each known word, round after round, otherwise any number of times.

A loop of unknown length is evaluated once, from an environment in which what
its body changes may be anything (widening); that such runs follow each other is
then worked out from the facts that each of them needs. The way that takes the
loop no time keeps the environment as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from kaniko_hooks.model import MANY, Field, Reason
from kaniko_hooks.shell import TooMuch, outcome, paths, variables
from kaniko_hooks.shell.env import (
    EXIT,
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
from kaniko_hooks.shell.tree import For, If, Simple, While, literal, walk
from kaniko_hooks.shell.value import (
    OF_LIST,
    Array,
    Single,
    alternatives,
    fresh,
    fresh_name,
    is_known,
    join,
    may_build,
    optional,
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
# Evaluations until what a body changes is known; it is nearly always after one.
_MAX_ROUNDS = 8
# Rounds of a `while` that are followed one by one: a script has hardly more arguments.
_MAX_KNOWN_ROUNDS = 16

_LEAVES = frozenset(('break', 'exit', 'return'))
_NEXT = Exit('continue', 1)
_END = Exit('break', 1)
# Of the environment: other ones after a command with unknown effects.
_NUMBERS = ('epoch', 'generation', 'word_generation')
# The name of the positional parameters among the variables of a loop.
_ARGUMENTS = '@'


class Effects:
    """What the body of a loop has changed, in all of its evaluations."""

    __slots__ = ('start', 'head', 'ends', 'files')

    def __init__(self, start: Env) -> None:
        self.start = start
        # The environment at the beginning of any iteration.
        self.head = start._replace(unread=None)
        # The values that iterations leave in variables, by their shapes.
        self.ends: dict[str, dict[str, Single]] = {}
        self.files: set[str] = set()  # that may build

    def learn(self, scope: Scope, after: Env) -> None:
        """Take in what one iteration has changed: another head unless that is nothing new."""
        head = self.head
        numbers: dict[str, Any] = {
            field: fresh()
            for field in _NUMBERS
            if getattr(self.start, field) == getattr(head, field) != getattr(after, field)
        }
        shapes = set(map(shape, head.directories))
        more = tuple(folder for folder in after.directories if shape(folder) not in shapes)
        directories = joined_directories((head.directories, more))
        if numbers or directories != head.directories:
            self.head = head._replace(directories=directories, **numbers)
        for name, value in (*after.variables.items(), (_ARGUMENTS, after.arguments)):
            old = head.arguments if name == _ARGUMENTS else head.variables.get(name)
            if value != old:
                starts = () if old is None else alternatives(old)
                self._learn_values(scope, name, starts, alternatives(value))
        for path, texts in after.files.items():
            if texts != head.files.get(path) and unnumbered(path) not in self.files:
                self._learn_texts(path, filter(may_build, texts))

    def _learn_values(
        self, scope: Scope, name: str, starts: Sequence[Single], ends: Sequence[Single]
    ) -> None:
        """Take in values of a variable.

        Constants are all that it may be, if the next iteration leaves no others.
        """
        known = self.ends.setdefault(name, {})
        ends = [_with_any_end(scope, item, starts) for item in ends if item not in starts]
        more = {shape(item): item for item in ends if shape(item) not in known}
        if not more:
            return
        known.update(more)
        is_variable = name != _ARGUMENTS
        start = scope.ev.value(scope, self.start, name) if is_variable else self.start.arguments
        ends = list(known.values())
        if len(known) > len(more) or not all(map(is_known, ends)):
            words = words_of(scope.ev, ends)
            anything = unknown(scope.ev, (*alternatives(start), *ends), words, f'${name}')
            ends = [*filter(may_build, ends), anything]
        value = join((start, *ends), scope.ev)
        if is_variable:
            self.head = self.head._replace(variables={**self.head.variables, name: value})
        else:
            self.head = self.head._replace(arguments=value)

    def _learn_texts(self, path: str, texts: Iterable[Text]) -> None:
        """Take in the texts of a file: more iterations may add more of them."""
        more = [_repeated(text) for text in texts]
        if more:
            self.files.add(unnumbered(path))
            files = self.head.files
            files = {**files, path: joined_texts((*files.get(path, ()), *more))}
            self.head = self.head._replace(files=files)


def _with_any_end(scope: Scope, item: Single, starts: Sequence[Single]) -> Single:
    """A value that grows in each round, as a command to which words are added, with any end."""
    for start in filter(may_build, starts):
        if isinstance(start, Array) and isinstance(item, Array):
            fields = item.items[len(start.items) :]
            if fields and shape(item).startswith(f'{shape(start)}\0 '):
                unique = {shape(field.text): field for field in fields}
                return Array((*start.items, *optional(unique.values())))
        elif isinstance(start, Text) and shape(item).startswith(shape(start)):
            end = text_of(item).part(len(start.value))
            if may_build(end):
                return _repeated(start)
            if end.value:
                blank = Text(' ' if end.value[0] == ' ' else '')
                rest = unknown(scope.ev, (start,), words_of(scope.ev, (end,)))
                return concat((start, blank, text_of(rest)))
    return item


def _repeated(text: Text) -> Text:
    """A text, and like texts after it."""
    return concat((text, hole(fresh_name(REPEATED), '$(…)')))


def for_(scope: Scope, state: State, node: For) -> Flow:
    """`for name in words`."""
    scope = scope._replace(loops=scope.loops + 1, depth=scope.depth + 1)
    flow = Flow()
    for way, fields in fields_of(scope, state, node.words):
        if scope.ev.reports is not None and scope.recorded:
            scope.ev.reports.iterated([field.text for field in fields])
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
    sizes = [outcome.size(before), *(outcome.size(way.outcome) for way in done.ends())]
    scope.ev.spend(4 * len(before) * sum(sizes))
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
    effects = Effects(state.env)
    for _ in range(_MAX_ROUNDS):
        scope.ev.spend(25 + 3 * len(state.env.variables))
        entry = State(effects.head, state.facts, NO_BUILD, None)
        tested, _ = _condition(scope, [start(entry)], node)
        going, done = _iteration(scope.ev.statements(scope, tested.normal, node.body))
        done.leaving += tested.leaving
        for way in going:
            effects.learn(scope, way.env)
        if effects.head is entry.env:
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


def _kind(node: For | While) -> str:
    """The kind of the reason that a loop is for its builds: a retry ends after a success.

    That is `build && break`, or `if build; then break; fi`.
    """
    parts: list[object] = []
    for statement in node.body:
        command = statement.pipelines[0].commands[0]
        parts += [command.arms[0].body] if isinstance(command, If) else []
        parts += [
            pipeline
            for operator, pipeline in zip(statement.operators, statement.pipelines[1:])
            if operator == '&&'
        ]
    leaves = any(
        literal(part.words[0]) in _LEAVES and literal(part.words[-1]) in (*_LEAVES, '0')
        for part in walk(tuple(parts))
        if isinstance(part, Simple) and part.words
    )
    return 'retry' if leaves else 'loop'
