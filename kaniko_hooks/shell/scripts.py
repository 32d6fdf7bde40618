"""Text that is run: scripts of the repository, `sh -c`, `eval`, and what is piped into a shell."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import dropwhile, takewhile

from kaniko_hooks.model import MANY, Field, Note, Place, Reason
from kaniko_hooks.shell import outcome, paths, programs, variables
from kaniko_hooks.shell.env import REPEATED, Env, Flow, Scope, State, merged
from kaniko_hooks.shell.programs import OTHER, SHELLS, base_name
from kaniko_hooks.shell.value import (
    EMPTY,
    UNSET,
    Array,
    Value,
    alternatives,
    fresh,
    fresh_name,
    has_characters,
    join,
    names_executor,
    shortened,
    unknown,
)
from kaniko_hooks.text import Text, concat, hole

# A script that runs itself, directly or by way of others, does so at most as often.
_MAX_RECURSION = 12
# Programs that print commands for `eval` which set variables of their own.
_SET_OWN_VARIABLES = tuple(
    f'$({name}'
    for name in 'brew conda dircolors docker-machine gpg-agent minikube pyenv ssh-agent'.split()
)
_RUN_BY_GIT = frozenset(('submodule', 'bisect', 'rebase'))
_BEFORE_COMMANDS = frozenset(('foreach', 'run', '-x', '--exec'))
# The files of the working directory whose commands a program runs.
_TASKS = {'just': 'justfile', 'make': 'Makefile', 'task': 'Taskfile.yml'}
_TASKS |= dict.fromkeys(('npm', 'pnpm', 'yarn'), 'package.json')
# Options with a name.
_LETTERS: dict[str | None, str] = {'errexit': 'e', 'allexport': 'a'}
# With a single `-`, as `bash` takes them too.
_LONG_OPTIONS = ('-login', '-noprofile', '-norc', '-posix')
_SHEBANG = r'\s*#!\s*(\S+)(?:[ \t]+(?:-S[ \t]+)?(\S+))?'


def shell(scope: Scope, state: State, fields: Sequence[Field]) -> Flow:
    """`sh`: with `-c` a text, with an operand a script, otherwise what it reads."""
    letters, operands = options(fields[1:])
    errexit = letters.get('e', False)
    if operands and operands[0].text.known in ('-', '--'):
        del operands[0]
    if letters.get('n'):
        return Flow([state.with_status(None)])
    if letters.get('c') and operands:
        # The operand after the text is `$0`.
        text, *rest = operands
        inner = scope._replace(path=None, name=rest[0].text if rest else Text('sh'))
        return _in_new_shell(inner, state, text.text, None, rest[1:], errexit)
    if operands and not letters.get('s'):
        return file(scope, state, operands, errexit)
    if state.env.stdin is None:
        return _unknown(scope, state, fields)
    # The shell reads its commands from the input.
    start = state.with_env(state.env._replace(unread=None))
    return _in_new_shell(scope, start, state.env.stdin, None, operands, errexit)


def options(words: Sequence[Field]) -> tuple[dict[str, bool], list[Field]]:
    """Options of a shell: letters that are switched on or off; and the operands after them."""
    letters: dict[str, bool] = {}
    operands = list(words)
    while operands:
        option = operands[0].text.known or ''
        if option[:1] not in ('-', '+') or option in ('-', '+', '--'):
            break
        del operands[0]
        if option[:2] == '--' or option in _LONG_OPTIONS:
            del operands[: int(option in ('--rcfile', '--init-file'))]
            continue
        is_on = option[0] == '-'
        letters.update(dict.fromkeys(option[1:], is_on))
        named = sum(map(option.count, 'oO'))
        letters.update((_LETTERS.get(item.text.known, ''), is_on) for item in operands[:named])
        del operands[:named]
    return letters, operands


def file(scope: Scope, state: State, fields: Sequence[Field], errexit: bool = False) -> Flow:
    """A script that is named by the first field, in a shell of its own."""
    contents = paths.contents(scope, state.env, fields[0].text)
    if not contents:
        note_missing(scope, fields[0])
    return one_of_files(scope, state, fields, contents, errexit)


def one_of_files(
    scope: Scope,
    state: State,
    fields: Sequence[Field],
    contents: Sequence[tuple[str, Text]],
    errexit: bool = False,
) -> Flow:
    """One of some scripts, each in a shell of its own."""
    flow = Flow()
    for path, text in contents:
        if is_shell(text.value):
            result = _in_new_shell(scope, state, text, path, fields[1:], errexit, fields[0])
            flow.add(result)
        else:
            result = _unknown(scope, state, fields)
            note_hidden(scope, state, fields, result)
            flow.add(result)
    if len(contents) != 1:
        # No script is known, or it is one of several, or another one.
        flow.add(_unknown(scope, state, fields))
    return flow


def _unknown(scope: Scope, state: State, fields: Sequence[Field]) -> Flow:
    """Commands that cannot be seen: they may run their words, write files and print anything."""
    scope.ev.note_use(scope, state, OTHER, fields)
    flow = scope.ev.among_words(scope, state, fields)
    flow.normal = [paths.touched(scope, way, fields) for way in flow.normal]
    return flow


def copied(scope: Scope, state: State, words: Sequence[Text]) -> State:
    """The state after `cp` and its like: the target has the text of the script, or runs Kaniko."""
    env = state.env
    # Credentials are copied in most pipelines; to list the repository for them takes a process.
    sources = () if words[-1].value.endswith('.json') else words[:-1]
    target = words[-1]
    targets = paths.targets(scope, env, target)
    is_folder = target.value[-1:] == '/' or any(
        path.known is not None and scope.ev.repository.is_folder(path.known) for path in targets
    )
    names = [path.value.rpartition('/')[2] for path in targets]
    is_file = not is_folder and all('.' in name or 'Dockerfile' in name for name in names)
    for word in sources:
        name = word.split('/')[-1]
        texts = [text for _, text in paths.contents(scope, env, word)]
        if name.known == 'executor':
            texts.append(Text('exec /kaniko/executor "$@"'))
        if texts and not is_folder:
            env = paths.written(scope, env, target, texts[0], False)
        if texts and not is_file:
            env = paths.written(scope, env, concat((target, Text('/'), name)), texts[0], False)
    return state.with_env(env)


def is_shell(text: str) -> bool:
    """A script for a shell: its first line names one, or no interpreter."""
    match = re.match(_SHEBANG, text) if text.lstrip()[:2] == '#!' else None
    if match is None:
        return True
    names = [(name or '').rpartition('/')[2] for name in match.groups()]
    return any(name in SHELLS for name in names)


def note_missing(scope: Scope, field: Field) -> None:
    """A note that a script cannot be read, for an image that has Kaniko."""
    name = field.text.value
    looks_local = not field.text.holes and name[:1] not in '/~' and ('/' in name or '.sh' in name)
    if looks_local and scope.ev.is_in_kaniko_image():
        place = scope.source.place(field.start)
        scope.ev.missing[place] = Note(place, f'the script `{name}` is not in the repository')


def note_hidden(scope: Scope, state: State, fields: Sequence[Field], flow: Flow) -> None:
    """A note on a program whose words, files or input name the executor, but make no build."""
    if any(end.outcome is not state.outcome for end in flow.ends()):
        return
    program, *words = (field.text for field in fields)
    tasks = _TASKS.get(base_name(fields[0]))
    names = [concat((folder, Text(f'/{tasks}'))) for folder in (Text('.'), *words) if tasks]
    texts = [word for word in words if '\n' in word.value or ' ' in word.value]
    if not words or words[-1].known == '-':
        texts.append(state.env.stdin or EMPTY)
    for name in (program, *words, *names):
        texts += [text for _, text in paths.contents(scope, state.env, name, is_run=False)]
    if any('kaniko/executor' in text.value for text in texts):
        message = f'builds that `{program.value}` may run with Kaniko cannot be seen'
        scope.ev.notes[Note(scope.source.place(fields[0].start), message)] = None


def _in_new_shell(
    scope: Scope,
    state: State,
    text: Text,
    path: str | None,
    arguments: Sequence[Field],
    errexit: bool,
    name: Field | None = None,
) -> Flow:
    """The commands of a text in a shell of its own: of ours it has exported variables and files."""
    inner = scope._replace(tested=False, loops=0, outer_loops=False, may_return=False)
    if name is not None:
        inner = inner.because('call', name.start)
        scope.ev.followed.add(scope.source.place(name.start))
    if path is not None:
        inner = inner._replace(name=variables.absolute(Text(path)))

    def child(way: State) -> Flow:
        table = _inherited(scope, way.env)
        env = way.env._replace(
            variables=table, arguments=Array(tuple(arguments)), saved={}, errexit=errexit
        )
        ends = run(inner, way.with_env(env), text, path).ends()
        # What `trap` has set runs there, where failures end the shell whoever tests its status.
        return Flow(scope.ev.exited(inner, ends))

    return Flow(scope.ev.isolated(scope, state, child))


def _inherited(scope: Scope, env: Env) -> Mapping[str, Value]:
    """The variables of a child process: those that are not exported may be in its environment."""
    scope.ev.spend((len(env.variables) + len(scope.script.variables)) // 8)
    table = {name: value for name, value in env.variables.items() if name != 'IFS'}
    for name in (table.keys() | scope.script.variables.keys()) - env.exported:
        table[name] = join((scope.ev.value(scope, env, name), UNSET))
    return table


def source(scope: Scope, state: State, fields: Sequence[Field]) -> Flow:
    """`.` and `source`: a script in this shell."""
    if len(fields) < 2:
        return Flow([state.with_status(False)])
    # A file that a variable of the CI system names has settings: it is no script.
    is_setting = fields[1].text.hole_name == fields[1].text.value[1:] != ''
    contents = [] if is_setting else paths.contents(scope, state.env, fields[1].text)
    flow = Flow()
    scope.ev.spend(25 * len(contents))
    for path, text in contents:
        scope.ev.followed.add(scope.source.place(fields[1].start))
        start = state
        if len(fields) > 2:
            start = state.with_env(state.env._replace(arguments=Array(tuple(fields[2:]))))
        inner = scope.because('call', fields[0].start)._replace(may_return=True)
        result = run(inner, start, text, path)
        result.end_returns()
        if len(fields) > 2:
            result.normal = [
                end.with_env(end.env._replace(arguments=state.env.arguments))
                for end in result.normal
            ]
        flow.add(result)
    if len(contents) != 1:
        flow.add(_unknown(scope, after_unknown_commands(scope, state), fields))
    if not contents:
        note_missing(scope, fields[1])
    return flow


def evaluate(scope: Scope, state: State, fields: Sequence[Field]) -> Flow:
    """`eval`: the words as commands of this shell."""
    words = Text(' ').join(field.text for field in fields[1:])
    text = shortened(programs.likely(scope.ev, words))
    if _is_unknown(text):
        sets_own = text.holes[0].name.startswith(_SET_OWN_VARIABLES)
        return _unknown(scope, state if sets_own else after_unknown_commands(scope, state), fields)
    return run(scope, state, text, scope.path)


def _is_unknown(text: Text) -> bool:
    """Nothing is known of the text."""
    return bool(text.holes) and not has_characters(text.stripped())


def after_unknown_commands(scope: Scope, state: State) -> State:
    """The state after commands that cannot be seen: they may have set any variable."""
    scope.ev.spend(2 * len(state.env.variables))
    table = {
        name: join((value, unknown(None, alternatives(value), None, f'${name}')))
        for name, value in state.env.variables.items()
    }
    env = state.env._replace(variables=table, epoch=fresh(), generation=fresh(), word_generation=0)
    return state.with_env(env)


def run(scope: Scope, state: State, text: Text, path: str | None) -> Flow:
    """The commands of a text, in the shell at hand."""
    text = programs.likely(scope.ev, text)
    if _is_unknown(text):
        return _unknown(scope, after_unknown_commands(scope, state), [Field(text)])
    if not text.segments:
        # The output of a command, of which nothing is known.
        text = text.at(scope.source.place, 0)
    running = path or text
    if scope.calls.count(running) >= _MAX_RECURSION:
        return Flow([state])
    if path is not None:
        scope.ev.scripts[path] = None
    tree = scope.ev.parsed(text)
    if tree.problems and path is not None and scope.ev.is_in_kaniko_image():
        offset, message = tree.problems[0]
        scope.ev.notes[Note(text.place(offset), f'the script `{path}`: {message}')] = None
    inner = scope._replace(
        source=text, path=path, calls=(*scope.calls, running), depth=scope.depth + 1, recorded=False
    )
    if not any(item.name.startswith(REPEATED) for item in text.holes):
        return scope.ev.statements(inner, [state], tree.body)
    flow = scope.ev.statements(inner, [state._replace(outcome=outcome.NO_BUILD)], tree.body)
    return Flow(_any_number(state, flow.ends(), 'loop', text.place(0)))


def _any_number(state: State, ends: Sequence[State], kind: str, at: Place) -> list[State]:
    """The states after any number of the executions that these are the ends of."""
    builds = outcome.any_number((end.outcome for end in ends), Reason(kind, at, MANY))
    builds = outcome.then(state.outcome, builds)
    return [end._replace(outcome=builds).with_status(None) for end in (state, *ends)]


# Programs that run their words any number of times

_ONCE_PER_WORD = r'-\w*[IiLlnP].*|--(?:replace|max-).*'
_TAKES_VALUE = r'-\w*[IEsdaLnP]|--(?:arg-file|delimiter|max-args|max-chars|max-procs)'
_REPLACED = r'(?:-\w*[Ii]|--replace=?)(.*)'


def xargs(scope: Scope, state: State, fields: Sequence[Field]) -> Flow:
    """`xargs`: its words, and words that it reads; many times with some options."""
    rest = list(fields[1:])
    many = False
    replaced = ''
    while rest and rest[0].text.value[:1] == '-':
        option = rest.pop(0).text.value
        many = many or re.fullmatch(_ONCE_PER_WORD, option) is not None
        value = rest.pop(0).text.value if re.fullmatch(_TAKES_VALUE, option) and rest else ''
        match = re.fullmatch(_REPLACED, option)
        if match:
            replaced = match[1] or value or '{}'
    if not rest:
        return programs.printed(scope, [state.with_status(None)], fields)
    stdin = hole('') if state.env.stdin is None else state.env.stdin
    if replaced:
        name = hole(fresh_name(replaced), replaced)
        content = programs.likely(scope.ev, stdin)
        if names_executor(content):
            scope.ev.printed[name.hole_name] = content
        argvs = [[_with_unknown(field, replaced, name) for field in rest]]
    else:
        words = [
            Field(word, bool(word.holes) and not many, fields[0].start, fields[0].end)
            for word in stdin.split(' \t\n')
            if word.value
        ]
        argvs = [[*rest, word] for word in words] if many else [[*rest, *words]]
    return repeated(scope, state, argvs, 'xargs' if many else '', fields[0], scope.ev.run_program)


def _with_unknown(field: Field, replaced: str, name: Text) -> Field:
    """A word in which `xargs -I` and `find` put a name."""
    replacements = [
        (match.start(), match.end(), name)
        for match in re.finditer(re.escape(replaced), field.text.value)
    ]
    return field._replace(text=field.text.replaced(replacements)) if replacements else field


def find(scope: Scope, state: State, fields: Sequence[Field]) -> Flow:
    """`find`: the commands of `-exec`, for each file with `;`, once with `+`."""
    flow = Flow([state])
    name = programs.names_of_find(fields)
    words = [field.text.known or '' for field in fields]
    start = 0

    for index, word in enumerate(words):
        if word in ('-exec', '-execdir', '-ok', '-okdir'):
            start = index + 1
        elif start and (word == ';' or word == '+' and words[index - 1] == '{}'):
            argv = [_with_unknown(field, '{}', name) for field in fields[start:index]]
            if word == '+':
                argv[-1] = argv[-1]._replace(splits=True)
            kind = 'find' if word == ';' else ''
            runs = _run_elsewhere if words[start - 1][-3:] == 'dir' else scope.ev.run_program
            states, flow = flow.normal, Flow()
            for way in states:
                flow.add(repeated(scope, way, [argv], kind, fields[0], runs))
            start = 0
    return programs.printed(scope, [way.with_status(None) for way in flow.normal], fields)


def elsewhere(state: State) -> State:
    """The state in a folder that is not known."""
    return state.with_env(state.env._replace(directories=(hole(fresh_name('folder')),)))


def _run_elsewhere(scope: Scope, state: State, argv: Sequence[Field]) -> Flow:
    return scope.ev.run_program(scope, elsewhere(state), argv)


def git(scope: Scope, state: State, fields: Sequence[Field]) -> Flow:
    """`git`: the commands of `submodule foreach`, `bisect run` and `rebase --exec`."""
    words = [field.text.value for field in fields]
    if _RUN_BY_GIT.isdisjoint(words) or _BEFORE_COMMANDS.isdisjoint(words):
        return programs.printed(scope, [state.with_status(None)], fields)
    start = next(index for index, word in enumerate(words) if word in _BEFORE_COMMANDS) + 1
    operands = dropwhile(lambda field: field.text.value[:1] == '-', fields[start:])
    text = Text(' ').join(field.text for field in operands)
    argv = [Field(Text('sh')), Field(Text('-c')), fields[0]._replace(text=text)]
    return repeated(scope, state, [argv], 'git', fields[0], _run_elsewhere)


def again(scope: Scope, state: State, fields: Sequence[Field]) -> Flow:
    """`parallel`, `retry`, `watch`: the command among their words, any number of times.

    `parallel` reads commands if it has none; of `run-parts` they are the files of a folder.
    """
    name = base_name(fields[0])
    # `parallel command ::: words`
    words = list(takewhile(lambda field: field.text.value[:3] != ':::', fields))
    argv = words if len(words) > 1 else fields
    runs = scope.ev.among_words
    names = [field.text.value for field in argv[1:]]
    calls = [Field(Text(word)) for word in names if word in state.env.functions]
    if name == 'run-parts' and names:
        argv = [Field(Text('sh')), Field(concat((argv[-1].text, Text('/'), hole(fresh_name('*')))))]
        runs = scope.ev.run_program
    if name == 'parallel' and (calls or all(word[:1] == '-' for word in names)):
        # It starts a shell, which has the functions of this one.
        argv = [Field(Text('sh')), *(Field(Text('-c')) for _ in calls[:1]), *calls[:1]]
        runs = scope.ev.run_program
    return repeated(scope, state, [argv], name, fields[0], runs)


def repeated(
    scope: Scope,
    state: State,
    argvs: Sequence[Sequence[Field]],
    kind: str,
    at: Field,
    runs: Callable[[Scope, State, Sequence[Field]], Flow],
) -> Flow:
    """One of some commands in processes of their own: again and again if `kind` says why."""
    start = state._replace(outcome=outcome.NO_BUILD) if kind else state
    ends = [
        end
        for argv in argvs
        if argv
        for end in scope.ev.isolated(scope, start, lambda way: runs(scope, way, argv))
    ]
    if kind:
        ends = _any_number(state, ends, kind, scope.source.place(at.start))
    return Flow(merged(scope, [end.with_status(None) for end in ends or [state]]))
