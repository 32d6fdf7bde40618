"""Commands that the shell runs itself (POSIX XCU 2.14; Bash manual, Shell Builtin Commands)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import dropwhile

from kaniko_hooks.model import MANY, Field, Reason
from kaniko_hooks.shell import output, paths, programs, reading, scripts, tree
from kaniko_hooks.shell.env import ALL, EXIT, RETURN, Exit, Flow, Function, Runner, Scope, State
from kaniko_hooks.shell.expand import Part
from kaniko_hooks.shell.outcome import NO_BUILD
from kaniko_hooks.shell.value import (
    EMPTY,
    FAILURE,
    ONE_WORD,
    UNSET,
    Array,
    after_first,
    alternatives,
    fresh,
    fresh_name,
    join,
    number,
)
from kaniko_hooks.shell.variables import assign
from kaniko_hooks.text import Text, concat, hole

_NAME = r'([A-Za-z_]\w*)(?:\[[^\]]*\])?(\+?)(?:=|\Z)'


def _ends_with(status: bool | None) -> Runner:
    return lambda scope, state, fields: Flow([state.with_status(status)])


def _test(scope: Scope, state: State, fields: Sequence[Field]) -> Flow:
    # Modules that few scripts need come late.
    from kaniko_hooks.shell import conditionals

    has_bracket = fields[0].text.known == '[' and fields[-1].text.known == ']'
    words = fields[1:-1] if has_bracket else fields[1:]
    operands = [
        conditionals.Operand(word.text, (Part(word.text, True),), word.vanishes, word.splits)
        for word in words
    ]
    cond = conditionals.condition(operands, state.env.moment(), '-o', '-a')
    return Flow(scope.ev.by_status(state, cond))


# Leaving


def _status_of(fields: Sequence[Field], state: State) -> bool | None:
    """The status of `exit` and `return`: by default that of the last command."""
    if len(fields) < 2:
        return state.status
    status = fields[1].text
    if status.known is None:
        return False if status.hole_name.startswith(FAILURE) else None
    return status.known == '0'


def _exit(scope: Scope, state: State, fields: Sequence[Field]) -> Flow:
    return Flow(leaving=[(EXIT, state.with_status(_status_of(fields, state)))])


def _return(scope: Scope, state: State, fields: Sequence[Field]) -> Flow:
    # Elsewhere bash reports an error and goes on.
    going = [] if scope.may_return else [state.with_status(False)]
    return Flow(going, [(RETURN, state.with_status(_status_of(fields, state)))])


def _leave_loop(scope: Scope, state: State, fields: Sequence[Field]) -> Flow:
    kind = fields[0].text.value  # `break` or `continue`
    levels = number(fields[1].text.known) or 1 if len(fields) > 1 else 1
    after = state.with_status(True)
    if scope.loops:
        return Flow(leaving=[(Exit(kind, min(levels, scope.loops)), after)])
    # Shells differ on loops around a function or process.
    return Flow([after], [(Exit(kind, 1), after)])


def _exec(scope: Scope, state: State, fields: Sequence[Field]) -> Flow:
    words = _operands(fields)
    if not words:
        return Flow([state.with_status(True)])
    result = scope.ev.run_program(scope, state, words)
    return Flow(leaving=[*result.leaving, *((EXIT, end) for end in result.normal)])


def _operands(fields: Sequence[Field]) -> Sequence[Field]:
    """The words after the options; that of `exec -a` is taken for a program that runs others."""
    return list(dropwhile(lambda field: field.text.value[:1] == '-', fields[1:]))


# Variables


def _declare(scope: Scope, state: State, fields: Sequence[Field]) -> Flow:
    """`export`, `readonly`, `local`, `declare`, `typeset`; the parser has taken assignments."""
    command = fields[0].text.known
    # In a function `declare` makes local variables.
    is_local = command in ('local', 'declare', 'typeset') and bool(scope.calls)
    is_local = is_local and not any(field.text.known == '-g' for field in fields)
    if any(field.text.known in ('-f', '-F') for field in fields) or not _operands(fields):
        # It prints what is set.
        return output.prints(scope, state, fields)
    options = [field.text.value for field in fields[1:] if field.text.value[:1] in ('-', '+')]
    scope.ev.spend(len(fields) ** 2 // 20)
    exports = command == 'export' or any('x' in option for option in options)
    ends_export = '-n' in options or '+x' in options
    for field in fields[1:]:
        text = field.text
        match = re.match(_NAME, text.value)
        if text.holes and not is_local:
            if field.splits:
                state = _set_by_words(state)
            else:
                scope.ev.note_use(scope, state, programs.OTHER, fields)
                state = scripts.after_unknown_commands(scope, state)
        if text.holes or match is None:
            continue
        name = match[1]
        if exports:
            exported = state.env.exported
            exported = exported - {name} if ends_export else exported | {name}
            state = state.with_env(state.env._replace(exported=exported))
        if is_local and name not in state.env.saved:
            saved = {**state.env.saved, name: state.env.variables.get(name)}
            state = state.with_env(state.env._replace(saved=saved))
        if match.end() < len(text.value) or match[0].endswith('='):
            state = assign(state, name, Text(text.value[match.end() :]))
        elif is_local and name not in state.env.variables:
            state = assign(state, name, UNSET)
    return Flow([state.with_status(True)])


def _set_by_words(state: State) -> State:
    """After `export $WORDS`: any variable may have another value, but of one word."""
    value = hole(fresh_name(ONE_WORD), '$(…)')
    table = {name: join((old, value)) for name, old in state.env.variables.items()}
    return state.with_env(state.env._replace(variables=table, generation=fresh()))


def _unset(scope: Scope, state: State, fields: Sequence[Field]) -> Flow:
    names = [field.text.known for field in fields[1:]]
    scope.ev.spend(len(names) * (len(state.env.variables) + len(names)) // 20)
    if None in names:
        state = scripts.after_unknown_commands(scope, state)
    for name in names:
        # An item of an array that is unset stays: it seldom matters, and then for one build more.
        if name:
            state = assign(state, name, UNSET)
            state = state.with_env(state.env._replace(exported=state.env.exported - {name}))
    return Flow([state.with_status(True)])


def _let(scope: Scope, state: State, fields: Sequence[Field]) -> Flow:
    from kaniko_hooks.shell.arithmetic import tested

    ways = [state]
    for field in fields[1:]:
        ways = [end for way in ways for end in tested(scope, way, field.text)]
    return Flow(ways)


def _set(scope: Scope, state: State, fields: Sequence[Field]) -> Flow:
    """`set`: options, and positional parameters after `--` or the first word without `-`."""
    letters, words = scripts.options(fields[1:])
    env = state.env
    if 'e' in letters:
        env = env._replace(errexit=letters['e'])
    if 'a' in letters:
        exported = env.exported | {ALL} if letters['a'] else env.exported - {ALL}
        env = env._replace(exported=exported)
    if words:
        if words[0].text.known == '--':
            del words[0]
        env = env._replace(arguments=Array(tuple(words)))
    return Flow([state.with_env(env).with_status(True)])


def _shift(scope: Scope, state: State, fields: Sequence[Field]) -> Flow:
    count = number(fields[1].text.known) if len(fields) > 1 else 1
    flow = Flow()
    for value in alternatives(state.env.arguments):
        assert isinstance(value, Array)
        may_fail = count is None or count > len(value.items)
        rest = after_first(value, count)
        env = state.env._replace(arguments=join((rest, value)) if may_fail else rest)
        flow.normal.append(state.with_env(env).with_status(None if may_fail else True))
    return flow


# Directories


def _cd(scope: Scope, state: State, fields: Sequence[Field]) -> Flow:
    words = [field.text for field in fields[1:] if field.text.known not in ('-P', '-L', '--')]
    if not words:
        target = hole('$HOME')
    elif words[0].known == '-':
        previous = state.env.previous_directories
        after = _entered(state, previous or (hole('$OLDPWD'),)).with_status(True)
        return Flow([after] if previous else [after, state.with_status(False)])
    else:
        target = words[0]
    directories = tuple(paths.targets(scope, state.env, target))
    exists = all(
        path.known is not None and (not path.known or scope.ev.repository.is_folder(path.known))
        for path in directories
    )
    after = _entered(state, directories).with_status(True)
    # Only the folders of the repository are certain to be there.
    return Flow([after] if exists else [after, state.with_status(False)])


def _entered(state: State, directories: tuple[Text, ...]) -> State:
    env = state.env._replace(directories=directories, previous_directories=state.env.directories)
    return state.with_env(env)


def _popd(scope: Scope, state: State, fields: Sequence[Field]) -> Flow:
    """`popd`: the directory before, or another one of the stack."""
    directories = (*state.env.previous_directories, hole(fresh_name('popd')))
    return Flow([_entered(state, directories).with_status(None)])


# Other commands


def _command(scope: Scope, state: State, fields: Sequence[Field]) -> Flow:
    """`command` and `builtin`: a program of this name, no function; with `-v` its path."""
    words = _operands(fields)
    options = fields[1 : len(fields) - len(words)]
    if any('v' in option.text.value.lower() for option in options):
        return _look_up(scope, state, fields)
    if not words:
        return Flow([state.with_status(True)])
    return scope.ev.run_program(scope, state, words)


def _look_up(scope: Scope, state: State, fields: Sequence[Field]) -> Flow:
    """`command -v`, `hash`, `type`, `which`: the path of a command, or nothing."""
    ends = output.printed(scope, [state.with_status(True)], fields).normal
    return Flow([*ends, state.with_status(False)])


def _alias(scope: Scope, state: State, fields: Sequence[Field]) -> Flow:
    """`alias name=text`: a function of the text and the words of its call."""
    table = dict(state.env.functions)
    for field in fields[1:]:
        name, _, _ = field.text.value.partition('=')
        source = concat((field.text.part(len(name) + 1), Text(' "$@"')))
        body = scope.ev.parsed(source).body
        table[name] = (Function(tree.Group(body, False, ()), source),)
    return Flow([state.with_env(state.env._replace(functions=table)).with_status(True)])


def _trap(scope: Scope, state: State, fields: Sequence[Field]) -> Flow:
    """`trap`: a handler of EXIT runs in a process of its own now, others any number of times."""
    words = [field for field in fields[1:] if field.text.known != '--']
    handler = words[0].text if len(words) > 1 else EMPTY
    # A handler that sets itself again is not run again.
    if handler.known in ('', '-', '-p', '-l') or handler in scope.calls:
        return Flow([state.with_status(True)])
    inner = scope._replace(calls=(*scope.calls, handler))
    argv = [fields[0], words[0]]
    if any((word.text.known or '').upper() in ('EXIT', '0') for word in words[1:]):
        flow = scripts.evaluate(inner, _at_end(scope, state), argv)
        ends = scope.ev.isolated(scope, state.env, flow)
        if any(end.outcome is not state.outcome for end in ends):
            scope.ev.note_use(scope, state, programs.OTHER, fields)
        return Flow(end.with_status(end.status or None) for end in ends)
    flow = scripts.evaluate(inner, state._replace(outcome=NO_BUILD), argv)
    reason = Reason('loop', scope.source.place(fields[0].start), MANY)
    return flow.any_number(state, reason)


def _at_end(scope: Scope, state: State) -> State:
    """The state that a handler finds at the end: any values, and functions that come later."""
    later = {
        node.name: (Function(node.body, scope.source),)
        for node in tree.walk(scope.ev.parsed(scope.source))
        if isinstance(node, tree.Function)
    }
    state = scripts.after_unknown_commands(scope, state)
    return state.with_env(state.env._replace(functions={**later, **state.env.functions}))


def _output(scope: Scope, state: State, fields: Sequence[Field]) -> Flow:
    """`echo`, `printf`, `pwd`; `printf -v` sets a variable instead."""
    if len(fields) > 2 and fields[0].text.known == 'printf' and fields[1].text.known == '-v':
        name = fields[2].text.known or ''
        text = output.text_of(scope, state, [fields[0], *fields[3:]])
        if not name.isidentifier():
            return Flow([scripts.after_unknown_commands(scope, state).with_status(True)])
        return Flow([assign(state, name, text).with_status(True)])
    return output.printed(scope, [state.with_status(True)], fields)


_ROWS: tuple[tuple[Runner, str], ...] = (
    (_ends_with(True), ': true shopt unalias'),
    (_ends_with(False), 'false'),
    (_ends_with(None), 'wait'),
    (_test, '[ test'),
    (_exit, 'exit'),
    (_return, 'return'),
    (_leave_loop, 'break continue'),
    (_exec, 'exec'),
    (_declare, 'export readonly local declare typeset'),
    (_unset, 'unset'),
    (reading.read, 'read mapfile readarray'),
    (reading.getopts, 'getopts'),
    (_let, 'let'),
    (_set, 'set'),
    (_shift, 'shift'),
    (_cd, 'cd pushd'),
    (_popd, 'popd'),
    (_command, 'command builtin'),
    (_look_up, 'hash type which'),
    (_alias, 'alias'),
    (_trap, 'trap'),
    (scripts.evaluate, 'eval'),
    (scripts.source, '. source'),
    (_output, 'echo printf pwd'),
)
BUILTINS = {name: builtin for builtin, names in _ROWS for name in names.split()}
