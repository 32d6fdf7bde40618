"""Simple commands: assignments, then a function, a builtin, a build or a program (XCU 2.9.1)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial

from kaniko_hooks.model import MANY, Build, Field, Flags, opaque
from kaniko_hooks.shell import builtins, outcome, output, paths, programs, scripts, tree
from kaniko_hooks.shell.env import Env, Flow, Function, Runner, Scope, State, merged
from kaniko_hooks.shell.fields import assigned, fields_of, with_words
from kaniko_hooks.shell.programs import OTHER, REPEATS, SEARCHING, SHELLS, base_name, program
from kaniko_hooks.shell.value import Array, mentions_executor, regex_with_holes
from kaniko_hooks.shell.variables import assign
from kaniko_hooks.text import Text, concat, hole

# Options before a text of commands.
_TAKES_COMMANDS = r'-[A-Za-z]*[cS]|--command'
_CHANGES_DIRECTORY = '-[CD]|--chdir|--directory'
_READ_COMMANDS = frozenset(('su', 'sudo', 'doas', 'runuser', 'parallel'))
_OTHER_LANGUAGES = ('.js', '.php', '.pl', '.py', '.rb', '.ts')
# Calls of one function inside of each other; deeper ones repeat what these do.
_MAX_RECURSION = 12


def simple(scope: Scope, state: State, node: tree.Simple) -> Flow:
    """A simple command without its redirections."""
    return Flow.union(
        _expanded(scope, way, node, fields) for way, fields in fields_of(scope, state, node.words)
    )


def _expanded(scope: Scope, state: State, node: tree.Simple, fields: Sequence[Field]) -> Flow:
    """A simple command whose words have become these fields."""
    if not node.words and any(item.operator == '<' for item in node.redirections):
        # `$(< file)` is the content of the file.
        return output.printed(scope, [state], [Field(Text('cat'))])
    if node.words and node.assignments and tree.literal(node.words[0]) in tree.DECLARATIONS:
        return _declaration(scope, state, node, fields)
    starts = assigned(scope, state, node.assignments)
    if not fields:
        # Without a command the status is that of a substitution.
        keeps = any(isinstance(item, tree.Substitution) for item in tree.walk(node))
        return Flow(starts if keeps else (start.with_status(True) for start in starts))
    flow = Flow()
    for start in starts:
        start = _exporting(start, *(item.name for item in node.assignments))
        result = run(scope, start, fields)
        if isinstance(node.words[0].pieces[0], tree.Unknown):
            # Another program writes any commands there.
            result.normal += [scripts.after_unknown_commands(scope, end) for end in result.normal]
        if node.assignments:
            _drop(result, state, node.assignments)
        flow.add(result)
    return flow


def _declaration(scope: Scope, state: State, node: tree.Simple, fields: Sequence[Field]) -> Flow:
    names = [
        Field(Text(assignment.name), False, assignment.start, assignment.start)
        for assignment in node.assignments
    ]
    flow = Flow()
    builtin = builtins.BUILTINS[fields[0].text.value]
    for way in builtin(scope, state, [*fields, *names]).normal:
        for end in assigned(scope, way, node.assignments):
            if any(re.match('-[A-Za-z]*n', field.text.value) for field in fields[1:]):
                # A reference to another variable.
                end = scripts.after_unknown_commands(scope, end)
            flow.normal.append(end.with_status(True))
    return flow


def _drop(flow: Flow, before: State, assignments: Sequence[tree.Assignment]) -> None:
    """Take back the assignments that hold for one command only."""
    names = {assignment.name for assignment in assignments}

    def dropped(state: State) -> State:
        table = {name: value for name, value in state.env.variables.items() if name not in names}
        table.update(
            (name, before.env.variables[name]) for name in names & before.env.variables.keys()
        )
        exported = state.env.exported - (names - before.env.exported)
        return state.with_env(state.env._replace(variables=table, exported=exported))

    flow.change(dropped)


def run(scope: Scope, state: State, fields: Sequence[Field]) -> Flow:
    """A command by its fields: a function if there is one of this name."""
    name = fields[0].text.known or ''
    functions = state.env.functions.get(name)
    if not functions:
        return run_program(scope, state, fields)
    for report in scope.ev.active:
        report.calls.add(name)
    return Flow.union(
        _call(scope, state, function, fields) if function else run_program(scope, state, fields)
        for function in functions
    )


def _call(scope: Scope, state: State, function: Function, fields: Sequence[Field]) -> Flow:
    """A call; the first field is the name."""
    if scope.calls.count(function) >= _MAX_RECURSION:
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
    if 'OPTIND' in env.variables:
        # Only some shells begin with the first option again.
        env = env.with_variable('OPTIND', hole('$OPTIND'))
    flow = scope.ev.command(inner, state.with_env(env), function.body)
    flow.end_returns()
    flow.change(partial(_returned, state.env))
    flow.normal = merged(scope, flow.normal)
    return flow


def _returned(caller: Env, end: State) -> State:
    """The state after a call: arguments and local variables are the caller's again."""
    table = {**end.env.variables, **end.env.saved}
    variables = {name: value for name, value in table.items() if value is not None}
    return end._replace(
        env=end.env._replace(variables=variables, arguments=caller.arguments, saved=caller.saved)
    )


def _many_times(state: State) -> State:
    """A recursion that goes on: what it has built more than once it builds again and again."""
    builds = {
        cache_class: tally._replace(times=MANY) if tally.times > 1 else tally
        for cache_class, tally in state.outcome.items()
    }
    return state._replace(outcome=builds)


def run_program(scope: Scope, state: State, fields: Sequence[Field]) -> Flow:
    """A command that is no function."""
    name = fields[0].text.known
    if name is None:
        return _unknown(scope, state, fields)
    builtin = builtins.BUILTINS.get(name)
    if builtin:
        scope.ev.note_use(scope, state, programs.BUILTIN, fields)
        return builtin(scope, state, fields)
    base = name.rpartition('/')[2]
    if not name or mentions_executor(base):
        # The image's entrypoint has an empty name, and runs nothing else.
        build = _build(scope, state, fields)
        if build or not name:
            return build or Flow([state.with_status(None)])
    if base in SHELLS:
        return scripts.shell(scope, state, fields)
    if '/' in name:
        contents = paths.contents(scope, state.env, fields[0].text)
    else:
        contents = paths.on_path(scope, state.env, name)
    if contents:
        return scripts.one_of_files(scope, state, fields, contents)
    return _program(scope, state, fields, base)


def _program(scope: Scope, state: State, fields: Sequence[Field], base: str) -> Flow:
    row = program(base)
    scope.ev.note_use(scope, state, row.kind, fields)
    if row.kind == programs.LOCAL:
        return _local(scope, state, fields, base)
    if base in SEARCHING:
        return _search(scope, state, fields)
    if row.kind not in (OTHER, REPEATS):
        return output.printed(scope, [state.with_status(row.succeeds or None)], fields)
    runs: Runner = among_words if row.runs_words else output.prints
    if row.kind == REPEATS or base == 'git':
        from kaniko_hooks.shell import repeats

        runs = repeats.RUNNERS.get(base, repeats.again)
    if row.kind == OTHER:
        scripts.note_missing(scope, fields[0])
    flow = runs(scope, state, fields)
    if row.kind == OTHER and row.runs_words:
        scripts.note_hidden(scope, state, fields, flow)
    else:
        flow.normal = [paths.touched(scope, way, fields) for way in flow.normal]
    return flow


def _search(scope: Scope, state: State, fields: Sequence[Field]) -> Flow:
    """`grep`: the same status for the same words, input and files."""
    words = [piece for field in fields for piece in (field.text, Text('\0'))]
    searched = concat([*words, state.env.stdin or Text('')])
    ends = scope.ev.by_status(state, opaque(f'status {state.env.moment()}', searched))
    return output.printed(scope, ends, fields)


def _local(scope: Scope, state: State, fields: Sequence[Field], base: str) -> Flow:
    """A program that changes files of the container only."""
    words = [field.text for field in fields[1:] if field.text.value[:1] != '-']
    row = program(base)
    if base == 'tee':
        content = hole('') if state.env.stdin is None else state.env.stdin
        appends = any(re.match('-[a-z]*a|--append', field.text.value) for field in fields)
        for word in words:
            state = state.with_env(paths.written(scope, state.env, word, [content], appends))
    else:
        state = paths.touched(scope, state, fields[row.writes])
    if row.copies and len(words) > 1:
        state = scripts.copied(scope, state, words)
    if row.succeeds:
        # Where the status is looked at, there may be no such file.
        return Flow([state.with_status(None if scope.tested else True)])
    return output.prints(scope, state, fields)


def _unknown(scope: Scope, state: State, fields: Sequence[Field]) -> Flow:
    """A command whose name is not known: a build by its flags, one of some functions, a script."""
    build = _build(scope, state, fields)
    if build:
        return build
    if fields[-1].text.known == ']':
        # The end of a test that `||` cuts, as in `[ "$A" = x || "$B" = x ]`.
        return output.prints(scope, state, fields)
    if output.with_inputs(scope, fields[0].text) is not fields[0].text:
        # It is part of what a program has read.
        return scripts.evaluate(scope, state, [fields[0], *fields])
    if not any(path.holes for path in paths.targets(scope, state.env, fields[0].text)):
        # It is in the repository, whose folder is unknown.
        contents = paths.contents(scope, state.env, fields[0].text)
        if contents:
            return scripts.one_of_files(scope, state, fields, contents)
    scope.ev.note_use(scope, state, OTHER, fields)
    if scope.tested and len(fields) == 1 and fields[0].text.hole_name.isidentifier():
        # `if $PUSH; then`: it is `true` or `false`, no name of a function.
        ends = scope.ev.by_status(state, opaque('succeeds', fields[0].text))
        return Flow(paths.touched(scope, way, fields) for way in ends)
    flow = Flow()
    if fields[0].vanishes and len(fields) > 1:
        # Of an empty prefix nothing is left.
        flow.add(run(scope, state, fields[1:]))
    pattern = re.compile(regex_with_holes(fields[0].text))
    for name, functions in state.env.functions.items():
        for function in functions if pattern.fullmatch(name) else ():
            # One that called itself by such a name would not end.
            if function and function not in scope.calls:
                flow.add(_call(scope, state, function, fields))
    shown = fields[0].text.value
    is_output = shown[:2] == '$(' and fields[0].text.is_hole
    if '/' in shown and not is_output:
        flow.add(scripts.file(scope, state, fields))
    flow.add(among_words(scope, state, fields))
    return flow


def among_words(scope: Scope, state: State, fields: Sequence[Field]) -> Flow:
    """An unknown program runs the executor, shell, script or text of commands among its words."""
    ends = [state]
    start = state
    runs_texts = False
    for index in range(1, len(fields)):
        text, rest = fields[index].text, fields[index:]
        name, equals, _ = text.value.partition('=')
        commands = _commands(fields[index - 1], fields[index])
        if equals and name.isidentifier():
            # `env NAME=value command`
            value = text.part(len(name) + 1)
            start = _exporting(assign(start, name, value), name)
        elif commands is not None:
            runs_texts = True
            words = scripts.words_of_shell(commands)
            ends = [end for before in ends for end in scripts.shell(scope, before, words).normal]
        elif text.holes or text.value[:1] == '-':
            if base_name(fields[0]) == 'env':
                # `env -i`, `env -u NAME`
                start = start.with_env(start.env._replace(exported=frozenset()))
            if re.match(_CHANGES_DIRECTORY, text.value):
                start = paths.in_unknown_folder(start)
        elif not runs_texts and (runs := _runner(scope, start, rest)):
            return Flow(scope.ev.isolated(scope, state.env, runs(scope, start, rest)))
    if runs_texts:
        return Flow(end.with_status(None) for end in ends)
    if _starts_shell(fields) and state.env.stdin is not None:
        ends = scripts.shell(scope, state, fields[:1]).normal
    ends = [paths.touched(scope, end.with_status(None), fields) for end in ends]
    return output.printed(scope, ends, fields)


def _commands(option: Field, field: Field) -> Field | None:
    """A word that a program runs as commands: `su -c text`, `--command="executor …"`."""
    value = re.sub('^--?[A-Za-z][A-Za-z-]*=', '', field.text.value)
    command, blank, _ = value.partition(' ')
    takes_commands = re.fullmatch(_TAKES_COMMANDS, option.text.value) is not None
    if not blank or not takes_commands and not mentions_executor(command.rpartition('/')[2]):
        return None
    end = len(field.text.value)
    return field._replace(text=field.text.part(end - len(value), end))


def _runner(scope: Scope, state: State, rest: Sequence[Field]) -> Runner | None:
    """The runner of some words as a command; None if these are none that can build."""
    name = rest[0].text.value
    base = base_name(rest[0])
    if base in SHELLS:
        return run_program
    scope.ev.spend(len(rest))
    if mentions_executor(base) and _flags(scope, state, with_words(scope, rest)):
        return run_program
    looks_like_one = '/' in name or base.endswith('.sh')
    if looks_like_one and not base.endswith(_OTHER_LANGUAGES):
        return scripts.file if paths.contents(scope, state.env, rest[0].text) else None
    return None


def _exporting(state: State, *names: str) -> State:
    if state.env.exported.issuperset(names):
        return state
    return state.with_env(state.env._replace(exported=state.env.exported.union(names)))


def _starts_shell(fields: Sequence[Field]) -> bool:
    """A shell that reads its commands: `su - user`, `sudo -i`, `sudo su`, `parallel`."""
    first, *others = (field.text.value.rpartition('/')[2] for field in fields)
    return first in _READ_COMMANDS and all(program(name).kind == OTHER for name in others)


# Builds


def _flags(scope: Scope, state: State, fields: Sequence[Field]) -> Flags | None:
    """The flags of a build; None if the fields are no build."""

    def may_be_set(name: str) -> bool:
        return name in state.env.variables or name in scope.script.variables

    return scope.ev.read_build(_with_path(scope, state, fields), scope.ev.image, may_be_set)


def _with_path(scope: Scope, state: State, fields: Sequence[Field]) -> Sequence[Field]:
    """The fields of a command with the absolute path of `./program`."""
    name = fields[0].text
    if '/' not in name.value or name.value[0] == '/' or name.holes:
        return fields
    absolute = [path for path in paths.targets(scope, state.env, name) if path.value[:1] == '/']
    return [fields[0]._replace(text=absolute[0]), *fields[1:]] if absolute else fields


def _build(scope: Scope, state: State, fields: Sequence[Field]) -> Flow | None:
    """The state after a build; None if the fields are no build."""
    argv = with_words(scope, fields)
    flags = _flags(scope, state, argv)
    if flags is None:
        return None
    if not scope.ev.used_image:
        named = _with_path(scope, state, argv)
        scope.ev.used_image = scope.ev.read_build(named, None, lambda name: False) is None
    build = Build(
        scope.source.place(fields[0].start), scope.source.place(fields[-1].end), tuple(argv), flags
    )
    for report in scope.ev.active:
        report.builds.append((build, state.env))
    before = scope.ev.builds.get(build.place)
    if before is None or outcome.STRENGTH[before.flags.cache] < outcome.STRENGTH[flags.cache]:
        scope.ev.builds[build.place] = build
    builds = outcome.then(state.outcome, outcome.of_build(build, scope.reasons))
    scope.ev.most_builds = max(scope.ev.most_builds, outcome.builds(builds))
    after = state._replace(outcome=builds).with_status(None)
    if flags.outputs:
        after = paths.touched(scope, after, ())
    return output.printed(scope, [after], fields)
