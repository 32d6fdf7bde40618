"""Values of variables: the script's own, the shell's, and those of the CI system."""

from __future__ import annotations

from collections.abc import Sequence

from kaniko_hooks.model import Eq, Field
from kaniko_hooks.shell.env import Env, Scope, State
from kaniko_hooks.shell.value import (
    ANYTHING,
    EMPTY,
    FAILURE,
    STATUS,
    UNSET,
    Array,
    OneOf,
    Single,
    Value,
    alternatives,
    bounded,
    fresh_name,
    join,
    may_build,
    number,
    text_of,
)
from kaniko_hooks.text import ROOT, Text, concat, hole

_VARYING = frozenset(
    '! - BASHPID BASH_COMMAND BASH_REMATCH EPOCHREALTIME EPOCHSECONDS FUNCNAME LINENO OLDPWD'
    ' PIPESTATUS RANDOM SECONDS SRANDOM'.split()
)
_MAX_ALTERNATIVES = 8

# The values that a variable may have, each with the state where it has that one.
Values = list[tuple[State, Single]]


def look_up(scope: Scope, state: State, name: str, shown: str) -> Values:
    """The values of a variable or parameter; `shown` is how an unknown one is written."""
    for report in scope.ev.active:
        report.read(state, name)
    if name in ('@', '*', '#') or name.isdecimal() and name != '0':
        ways: Values = []
        for arguments in alternatives(state.env.arguments):
            way = state
            if arguments is not state.env.arguments:
                way = state.with_env(state.env._replace(arguments=arguments))
            ways += _ways(scope, way, name, _argument(arguments, name, shown), shown)
        return ways
    value = state.env.variables.get(name)
    if value is None:
        value = _set_by_shell(scope, state, name)
    if value is None:
        return _ways(scope, state, name, outside(scope, name, state.env), shown, False)
    return _ways(scope, state, name, value, shown)


def value_of_hole(scope: Scope, state: State, name: str, shown: str) -> Values:
    """The values of a hole of the script's text."""
    own = state.env.variables.get(name)
    value = outside(scope, name) if own is None else own
    return _ways(scope, state, name, value, shown, own is not None)


def items_of(value: Single, subscript: str, shown: str) -> Sequence[Single]:
    """One item of an array: any one, where it is not known which."""
    if not isinstance(value, Array):
        return [value if subscript == '[0]' else hole('')]
    return alternatives(_item(value.items, number(subscript[1:-1]), subscript, shown))


def _ways(
    scope: Scope, state: State, name: str, value: Value, shown: str, is_set: bool = True
) -> Values:
    """The alternatives of a value, each with the runs in which a variable has that one.

    Where the script has not set the variable, a setting decides which runs those are.
    """
    if not isinstance(value, OneOf):
        fact = state.facts.get(value.key()) if isinstance(value, Text) and value.holes else None
        is_empty = fact is not None and fact.one_of == frozenset(('',))
        return [(state, EMPTY if is_empty else _written(value, shown))]
    ways = []
    for item in value.values:
        states = [state]
        for report in scope.ev.active:
            report.alternatives.add((name, item))
        if not is_set and isinstance(item, Text) and not item.holes:
            states, _ = scope.ev.split(state, Eq(hole(name), item))
        ways += [(assign(way, name, item), _written(item, shown)) for way in states]
    return ways


def assign(state: State, name: str, value: Value) -> State:
    """The state after an assignment, the same if that is to no name. Raises TooMuch."""
    if not name.isidentifier():
        return state
    if isinstance(value, Text):
        # It is one value where it is kept.
        holes = (item if item.name else item._replace(name=fresh_name('')) for item in value.holes)
        value = bounded(Text(value.value, tuple(holes)))
    return state.with_env(state.env.with_variable(name, value))


def separator(state: State) -> Text:
    """The text between the words of `"$*"`: the first character of IFS."""
    value = state.env.variables.get('IFS', UNSET)
    return value.part(0, 1) if isinstance(value, Text) and not value.is_hole else Text(' ')


def outside(scope: Scope, name: str, env: Env | None = None) -> Value:
    """The value of a variable that the script has not set.

    After a command that may have set any variable the value may be another one, but
    for the CI system's own variables.
    """
    scope.ev.used_variables.add(name)
    value = _setting(scope, name, ())
    if env is None or not env.generation or name in scope.ev.single_words:
        return value
    another = hole(f'{name} #{env.generation}', f'${name}')
    return join((*filter(may_build, alternatives(value)), another))


def filled(scope: Scope, text: Text, names: tuple[str, ...] = ()) -> Sequence[Text]:
    """The ways to put values of settings into holes, those of one name the same.

    `names` are the variables that are being looked up.
    """
    texts = [text]
    for name in dict.fromkeys(item.name for item in reversed(text.holes)):
        if name not in scope.script.variables or name in names:
            continue
        scope.ev.used_variables.add(name)
        values = [bounded(text_of(value)) for value in alternatives(_setting(scope, name, names))]
        scope.ev.spend(len(text.holes) * sum(len(value.value) for value in values) // 1000)
        ways = [
            before.replaced([(*gap[:2], value) for gap in before.holes if gap.name == name])
            for before in texts
            for value in values
        ]
        if len(ways) > _MAX_ALTERNATIVES:
            # The value stays unknown, but where it may build.
            ways = [*filter(may_build, ways)][:_MAX_ALTERNATIVES] + texts
        texts = ways
    return texts


def absolute(path: Text) -> Text:
    """A path that is relative to the repository, as a script sees it."""
    if path.prefix.startswith('/'):
        return path
    root = hole(ROOT, '$CI_PROJECT_DIR')
    return concat((root, Text('/'), path)) if path.value else root


def _setting(scope: Scope, name: str, names: tuple[str, ...]) -> Value:
    setting = scope.script.variables.get(name)
    if setting is None or not setting.values or name in names:
        return hole(name, f'${name}' if name.isidentifier() else name)
    if len(setting.values) == 1 and not setting.values[0].holes:
        return setting.values[0]
    key = id(scope.script.variables), name
    if key not in scope.ev.settings:
        scope.ev.settings[key] = join(
            value for text in setting.values for value in filled(scope, text, (*names, name))
        )
    return scope.ev.settings[key]


def _written(value: Single, shown: str) -> Single:
    """An unknown value as it is written in the script."""
    if isinstance(value, Text) and value.is_hole and shown:
        return hole(value.hole_name, shown)
    return value


def _argument(arguments: Value, name: str, shown: str) -> Value:
    assert isinstance(arguments, Array)
    if name in ('@', '*'):
        return arguments
    items = arguments.items
    if name == '#':
        several = any(item.splits for item in items)
        return _of_unknown_words(items, name, shown) if several else Text(str(len(items)))
    return _item(items, (number(name) or len(items) + 1) - 1, name, shown)


def _item(items: Sequence[Field], index: int | None, name: str, shown: str) -> Value:
    """One of some words; any one, if it is not known which, or one before may be several."""
    if index is None or any(item.splits for item in items[: index + 1]):
        anything = hole('', shown) if index is None else _of_unknown_words(items, name, shown)
        return join((*filter(may_build, (item.text for item in items)), anything))
    return items[index].text if index < len(items) else UNSET


def _of_unknown_words(items: Sequence[Field], name: str, shown: str) -> Text:
    """A parameter where a word before may be several: the same for the same words."""
    gaps = [gap.name for item in items for gap in item.text.holes]
    # Of words that are known it is not known which of them there are.
    if not all(gaps) or any(item.splits and not item.text.holes for item in items):
        return hole('', shown)
    return hole(f'${name} of {[item.text for item in items]}', shown)


def _set_by_shell(scope: Scope, state: State, name: str) -> Value | None:
    """A special parameter (POSIX XCU 2.5.2), or a variable of the shell's own."""
    if name == '0':
        return scope.name
    if name == '?' and state.status:
        return Text('0')
    if name == '?':
        return hole(fresh_name(STATUS if state.status is None else FAILURE))
    if name == '$':
        return hole(name)
    if name == 'PWD':
        return join(map(absolute, state.env.directories))
    if name == 'BASH_SOURCE':
        return scope.name if scope.path is None else absolute(Text(scope.path))
    return ANYTHING if name in _VARYING else None
