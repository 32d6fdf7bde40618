"""Text that is run: scripts of the repository, `sh -c`, `eval`, and what is piped into a shell."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from kaniko_hooks.model import MANY, Field, Note, Reason
from kaniko_hooks.shell import outcome, output, paths, variables
from kaniko_hooks.shell.env import REPEATED, Env, Flow, Scope, State
from kaniko_hooks.shell.programs import OTHER, SHELLS, base_name
from kaniko_hooks.shell.value import (
    EMPTY,
    UNSET,
    Array,
    Value,
    alternatives,
    bounded,
    fresh,
    join,
    unknown,
)
from kaniko_hooks.text import Text, concat

# A script that runs itself, directly or by way of others, does so at most as often.
_MAX_RECURSION = 12
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
    if operands and not letters.get('c') and not letters.get('s'):
        return file(scope, state, operands, errexit)
    inner = scope._replace(path=None)
    if letters.get('c') and operands:
        # The operand after the text is `$0`.
        text, *rest = operands
        inner = inner._replace(name=rest[0].text if rest else Text('sh'))
        return _in_new_shell(inner, state, text.text, rest[1:], errexit)
    if state.env.stdin is None:
        return _unknown(scope, state, fields)
    # The shell reads its commands from the input; what is left of it is not known.
    start = state.with_env(state.env._replace(unread=None, stdin=None))
    return _in_new_shell(inner, start, state.env.stdin, operands, errexit)


def words_of_shell(text: Field) -> list[Field]:
    """`sh -c text`."""
    return [Field(Text('sh')), Field(Text('-c')), text]


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
    called = scope.because('call', fields[0].start)
    for path, text in contents:
        if is_shell(text.value):
            scope.ev.followed.add(scope.source.place(fields[0].start))
            inner = called._replace(path=path, name=variables.absolute(Text(path)))
            flow.add(_in_new_shell(inner, state, text, fields[1:], errexit))
        else:
            result = _unknown(scope, state, fields)
            note_hidden(scope, state, fields, result)
            flow.add(result)
    if not contents:
        note_missing(scope, fields[0])
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
    *sources, target = words
    is_file = re.search(r'(?:\.\w|Dockerfile)[^/]*\Z', target.value) is not None
    # Credentials are copied in most pipelines; to list the repository for them takes a process.
    for word in () if target.value.endswith('.json') else sources:
        name = word.split('/')[-1]
        texts = [text for _, text in paths.contents(scope, env, word)]
        if name.known == 'executor':
            texts.append(Text('exec /kaniko/executor "$@"'))
        if texts:
            env = paths.written(scope, env, target, texts)
        if texts and not is_file:
            env = paths.written(scope, env, concat((target, Text('/'), name)), texts)
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
    scope: Scope, state: State, text: Text, arguments: Sequence[Field], errexit: bool
) -> Flow:
    """The commands of a text in a shell of its own: of ours it has exported variables and files."""
    inner = scope._replace(tested=False, loops=0, may_return=False)
    table = _inherited(scope, state.env)
    env = state.env._replace(
        variables=table, arguments=Array(tuple(arguments)), saved={}, errexit=errexit
    )
    return Flow(scope.ev.isolated(scope, state.env, _run(inner, state.with_env(env), text)))


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
        inner = scope.because('call', fields[0].start)._replace(path=path, may_return=True)
        result = _run(inner, start, text)
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
    return _run(scope, state, bounded(Text(' ').join(field.text for field in fields[1:])))


def after_unknown_commands(scope: Scope, state: State) -> State:
    """The state after commands that cannot be seen: they may have set any variable."""
    scope.ev.spend(2 * len(state.env.variables))
    table = {
        name: join((value, unknown(None, alternatives(value), None, f'${name}')))
        for name, value in state.env.variables.items()
    }
    return state.with_env(state.env._replace(variables=table, epoch=fresh(), generation=fresh()))


def _run(scope: Scope, state: State, text: Text) -> Flow:
    """The commands of a text, in the shell at hand."""
    path = scope.path
    text = output.with_inputs(scope, text)
    if text.holes and not text.stripped().has_known:
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
        source=text, calls=(*scope.calls, running), depth=scope.depth + 1, recorded=False
    )
    if not any(item.name.startswith(REPEATED) for item in text.holes):
        return scope.ev.statements(inner, [state], tree.body)
    flow = scope.ev.statements(inner, [state._replace(outcome=outcome.NO_BUILD)], tree.body)
    return flow.any_number(state, Reason('loop', text.place(0), MANY))
