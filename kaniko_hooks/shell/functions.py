"""Calls of functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kaniko_hooks.model import MANY, Field
from kaniko_hooks.shell import TooMuch
from kaniko_hooks.shell.env import EXIT, Env, Flow, Function, Scope, State, merged
from kaniko_hooks.shell.value import Array, Value

# Calls of one function inside of each other; deeper ones repeat what these do.
_MAX_RECURSION = 12


def call(scope: Scope, state: State, function: Function, fields: Sequence[Field]) -> Flow:
    """A call; the first field is the name. Raises TooMuch."""
    depth = scope.calls.count(function)
    if depth > 1 and scope.loops and scope.ev.most_builds > 1:
        # Each level costs many times more, and sharing was seen.
        raise TooMuch
    if depth >= _MAX_RECURSION:
        return Flow([_many_times(state).with_status(None)])
    inner = (
        scope.apart()
        .because('call', fields[0].start)
        ._replace(
            source=function.source,
            calls=(*scope.calls, function),
            may_return=True,
            depth=scope.depth + 1,
        )
    )
    env = state.env._replace(arguments=Array(tuple(fields[1:])), saved={})
    start = state.with_env(env)
    result = scope.ev.command(inner, start, function.body)
    flow = Flow()
    flow.normal = [_returned(state.env, end) for end in result.normal]
    for way, end in result.leaving:
        if way == EXIT:
            flow.leaving.append((way, end))
        elif way.levels:
            flow.leaving.append((way, _returned(state.env, end)))
        else:
            flow.normal.append(_returned(state.env, end))
    flow.normal = merged(scope, flow.normal)
    return flow


def _returned(caller: Env, end: State) -> State:
    """The state after a call: arguments and local variables are the caller's again."""
    table = _without_locals(end.env.variables, end.env.saved)
    return end._replace(
        env=end.env._replace(variables=table, arguments=caller.arguments, saved=caller.saved)
    )


def _without_locals(
    table: Mapping[str, Value], saved: Mapping[str, Value | None]
) -> Mapping[str, Value]:
    if not saved:
        return table
    result = dict(table)
    for name, value in saved.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = value
    return result


def _many_times(state: State) -> State:
    """A recursion that goes on: what it has built more than once it builds again and again."""
    builds = {
        cache_class: tally._replace(times=MANY) if tally.times > 1 else tally
        for cache_class, tally in state.outcome.items()
    }
    same = all(tally.times < 2 for tally in state.outcome.values())
    return state if same else state._replace(outcome=builds)
