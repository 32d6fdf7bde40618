"""Programs that run a command again and again, or for each of some words: `xargs`, `find`, …"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import takewhile

from kaniko_hooks.model import MANY, Field, Reason
from kaniko_hooks.shell import outcome, output, paths, scripts
from kaniko_hooks.shell.env import Flow, Runner, Scope, State, merged
from kaniko_hooks.shell.programs import base_name
from kaniko_hooks.shell.value import fresh_name, may_build
from kaniko_hooks.text import Text, hole

_RUN_BY_GIT = frozenset(('submodule', 'bisect', 'rebase'))
_ONCE_PER_WORD = r'-\w*[IiLlnP]|--(?:replace|max-)'
_TAKES_VALUE = r'-\w*[IEsdaLnP]|--(?:arg-file|delimiter|max-args|max-chars|max-procs)'
_REPLACED = r'(?s)(?:-\w*[Ii]|--replace=?)(.*)'


def xargs(scope: Scope, state: State, fields: Sequence[Field]) -> Flow:
    """`xargs`: its words, and words that it reads; many times with some options."""
    rest = list(fields[1:])
    many = False
    replaced = ''
    while rest and rest[0].text.value[:1] == '-':
        option = rest.pop(0).text.value
        many = many or re.match(_ONCE_PER_WORD, option) is not None
        value = rest.pop(0).text.value if re.fullmatch(_TAKES_VALUE, option) and rest else ''
        match = re.fullmatch(_REPLACED, option)
        if match:
            replaced = match[1] or value or '{}'
    if not rest:
        return output.prints(scope, state, fields)
    stdin = hole('') if state.env.stdin is None else state.env.stdin
    if replaced:
        name = hole(fresh_name(replaced), replaced)
        content = output.with_inputs(scope, stdin)
        if may_build(content):
            scope.ev.inputs[name.hole_name] = content
        argvs = [[_with_unknown(field, replaced, name) for field in rest]]
    else:
        words = [
            Field(word, bool(word.holes) and not many, fields[0].start, fields[0].end)
            for word in stdin.split(' \t\n')
            if word.value
        ]
        # Without words GNU's runs the command once.
        argvs = [[*rest, word] for word in words if many] or [[*rest, *words]]
    return repeated(scope, state, argvs, 'xargs' if many else '', fields[0], scope.ev.run_program)


def _with_unknown(field: Field, replaced: str, name: Text) -> Field:
    """A word in which `xargs -I` and `find` put a name."""
    replacements = [
        (match.start(), match.end(), name)
        for match in re.finditer(re.escape(replaced), field.text.value)
    ]
    return field._replace(text=field.text.replaced(replacements))


def find(scope: Scope, state: State, fields: Sequence[Field]) -> Flow:
    """`find`: the commands of `-exec`, for each file with `;`, once with `+`."""
    states = [state]
    name = output.names_of_find(fields)
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
            flow = Flow.union(repeated(scope, way, [argv], kind, fields[0], runs) for way in states)
            states = flow.normal
            start = 0
    return output.printed(scope, [way.with_status(None) for way in states], fields)


def _run_elsewhere(scope: Scope, state: State, argv: Sequence[Field]) -> Flow:
    return scope.ev.run_program(scope, paths.in_unknown_folder(state), argv)


def git(scope: Scope, state: State, fields: Sequence[Field]) -> Flow:
    """`git`: the commands of `submodule foreach`, `bisect run` and `rebase --exec`."""
    words = [field.text.value for field in fields]
    runs = output.prints if _RUN_BY_GIT.isdisjoint(words) else again
    return runs(scope, state, fields)


def again(scope: Scope, state: State, fields: Sequence[Field]) -> Flow:
    """`parallel`, `retry`, `watch`: the command among their words, any number of times."""
    # `parallel command ::: words`
    words = list(takewhile(lambda field: field.text.value[:3] != ':::', fields))
    argv = words if len(words) > 1 else fields
    calls = [field for field in argv[1:] if field.text.before(' ').known in state.env.functions]
    if calls:
        # `parallel` starts a shell, which has the functions of this one.
        argvs, runs = list(map(scripts.words_of_shell, calls)), scope.ev.run_program
    else:
        argvs, runs = [list(argv)], scope.ev.among_words
    return repeated(scope, state, argvs, base_name(fields[0]), fields[0], runs)


RUNNERS: dict[str, Runner] = {'find': find, 'git': git, 'xargs': xargs}


def repeated(
    scope: Scope, state: State, argvs: Sequence[Sequence[Field]], kind: str, at: Field, runs: Runner
) -> Flow:
    """One of some commands in processes of their own: again and again if `kind` says why."""
    start = state._replace(outcome=outcome.NO_BUILD) if kind else state
    flow = Flow(
        end
        for argv in argvs
        if argv
        for end in scope.ev.isolated(scope, start.env, runs(scope, start, argv))
    )
    if kind:
        flow = flow.any_number(state, Reason(kind, scope.source.place(at.start), MANY))
    return Flow(merged(scope, [end.with_status(None) for end in flow.normal or [state]]))
