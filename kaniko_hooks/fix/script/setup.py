"""Which commands only set things up, so that repeating them in another job is the same.

They print, or change variables, the shell's options, the working directory or
local files from what every job has.
"""

from __future__ import annotations

from collections.abc import Sequence

from kaniko_hooks.fix.script.change import Functions, assigned_in_words
from kaniko_hooks.fix.script.pieces import bodies, literal, substitutions, words_of
from kaniko_hooks.old_shell.kaniko import NAMES
from kaniko_hooks.old_shell.syntax.tree import (
    Case,
    Command,
    For,
    Function,
    Group,
    If,
    Pipeline,
    Simple,
    Statement,
    Test,
)

TESTS = frozenset(('test', '[', '[['))
_SAYING = frozenset(
    (
        'cat',
        'date',
        'df',
        'du',
        'echo',
        'free',
        'hostname',
        'id',
        'ls',
        'printf',
        'pwd',
        'sleep',
        'type',
        'uname',
        'which',
        'whoami',
    )
)
_PRINTS = _SAYING | {':', 'true'}
# Their output depends on nothing but their input and the checked out files.
_FILTERS = (
    _PRINTS
    | TESTS
    | frozenset(
        (
            'awk',
            'base64',
            'basename',
            'cut',
            'dirname',
            'envsubst',
            'expr',
            'grep',
            'head',
            'jq',
            'md5sum',
            'paste',
            'printenv',
            'readlink',
            'realpath',
            'rev',
            'sed',
            'seq',
            'sha1sum',
            'sha256sum',
            'sort',
            'tail',
            'tee',
            'tr',
            'uniq',
            'wc',
            'yq',
        )
    )
)
_LOCAL = _FILTERS | frozenset(
    (
        'cd',
        'chmod',
        'cp',
        'declare',
        'export',
        'false',
        'ln',
        'local',
        'mkdir',
        'popd',
        'pushd',
        'readonly',
        'set',
        'touch',
        'typeset',
        'umask',
        'unset',
    )
)
_MAKING = frozenset(('mktemp', 'uuidgen'))
_READ_ONLY_GIT = frozenset(
    ('describe', 'diff', 'log', 'ls-files', 'rev-list', 'rev-parse', 'show', 'symbolic-ref')
)
_HARMLESS_EXECUTOR = frozenset(('login', 'version', 'help', 'completion'))


def is_setup(pipelines: tuple[Pipeline, ...], functions: Functions, chained: bool = False) -> bool:
    """Whether commands only set things up; `functions` are those defined so far.

    `exit` counts where it depends on a command before it: joined to one, or
    `chained` behind one.
    """
    joined = chained or len(pipelines) > 1
    return all(_pipeline(each, functions, 1 if joined else 0) for each in pipelines)


def _pipeline(pipeline: Pipeline, functions: Functions, depth: int) -> bool:
    first, rest = pipeline.commands[0], pipeline.commands[1:]
    return _command(first, functions, depth) and all(
        _filters(each, functions, depth) for each in rest
    )


def _statements(body: Sequence[Statement], functions: Functions, depth: int) -> bool:
    return all(
        not statement.background and _pipeline(pipeline, functions, depth)
        for statement in body
        for pipeline in statement.pipelines
    )


def _command(command: Command, functions: Functions, depth: int) -> bool:
    if isinstance(command, Function):
        return True
    if depth > 20 or not _pure_words(command, functions, depth):
        return False
    if isinstance(command, Simple):
        return _simple(command, functions, depth)
    if isinstance(command, Group):
        return _statements(command.body, functions, depth + 1)
    if isinstance(command, If):
        return _statements(command.otherwise, functions, depth + 1) and all(
            _statements(arm.condition, functions, depth + 1)
            and _statements(arm.body, functions, depth + 1)
            for arm in command.arms
        )
    if isinstance(command, Case):
        return all(_statements(arm.body, functions, depth + 1) for arm in command.arms)
    if isinstance(command, For):
        return not command.select and _statements(command.body, functions, depth + 1)
    return isinstance(command, Test)


def _simple(command: Simple, functions: Functions, depth: int) -> bool:
    if not command.words:
        return True
    name = literal(command.words[0])
    if name is None:
        return False
    if name in functions:
        body = functions[name].body
        return _command(body, {key: functions[key] for key in functions if key != name}, depth + 1)
    if name in ('exit', 'return'):
        return depth > 0
    if name in ('env', 'command'):
        return not _runs(command)
    if name == 'git':
        return len(command.words) > 1 and literal(command.words[1]) in _READ_ONLY_GIT
    return name in _LOCAL or _quiet_executor(command, name)


def _runs(command: Simple) -> bool:
    """Whether `env` or `command` has a command to run."""
    return [literal(word) for word in command.words[1:2]] not in ([], ['-v'])


def _quiet_executor(command: Simple, name: str) -> bool:
    return (
        name.rsplit('/', 1)[-1] in NAMES
        and len(command.words) > 1
        and literal(command.words[1]) in _HARMLESS_EXECUTOR
    )


def _filters(command: Command, functions: Functions, depth: int) -> bool:
    """Whether a command may stand in a substitution or behind a pipe."""
    if not isinstance(command, Simple) or not command.words:
        return _command(command, functions, depth + 1)
    if not _pure_words(command, functions, depth):
        return False
    return literal(command.words[0]) in _MAKING or _command(command, functions, depth + 1)


def _pure_words(command: Command, functions: Functions, depth: int) -> bool:
    """Whether all commands substituted in a command's words are filters."""
    return depth <= 20 and all(
        substitution.text is None and _substituted(substitution.body, functions, depth + 1)
        for word in words_of(command)
        for substitution in substitutions(word)
    )


def _substituted(body: Sequence[Statement], functions: Functions, depth: int) -> bool:
    return all(
        _filters(command, functions, depth)
        for statement in body
        for pipeline in statement.pipelines
        for command in pipeline.commands
    )


def prints_only(pipelines: tuple[Pipeline, ...], functions: Functions) -> bool:
    """Whether commands, or the functions that they call, only write to the log."""
    return all(
        isinstance(command, Simple)
        and not command.redirections
        and bool(command.words)
        and _prints(command, functions)
        and not assigned_in_words(command)
        for pipeline in pipelines
        for command in pipeline.commands
    )


def _prints(command: Simple, functions: Functions) -> bool:
    name = literal(command.words[0]) or ''
    if name not in functions:
        return name in _SAYING
    return prints_only(
        tuple(
            pipeline
            for body in bodies(functions[name].body)
            for statement in body
            for pipeline in statement.pipelines
        ),
        {},
    )


def is_test(pipeline: Pipeline) -> bool:
    """Whether a pipeline is a condition: what follows it with `&&` may not run."""
    return pipeline.negated or any(
        isinstance(command, Test)
        or isinstance(command, Simple)
        and bool(command.words)
        and literal(command.words[0]) in TESTS | {'false', 'grep'}
        for command in pipeline.commands
    )
