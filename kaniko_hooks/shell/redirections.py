"""Redirections: where a command reads from and what becomes of its output (POSIX XCU 2.7)."""

from __future__ import annotations

from functools import partial

from kaniko_hooks.model import Field
from kaniko_hooks.shell import expand, output, paths
from kaniko_hooks.shell.env import Flow, Scope, State
from kaniko_hooks.shell.tree import Compound, Redirection, Simple
from kaniko_hooks.shell.value import EMPTY
from kaniko_hooks.text import Text, concat

# Redirections of the output to a file.
TO_FILE = frozenset(('>', '>>', '>|', '&>', '&>>'))
_ERRORS = Text('/dev/stderr')

# The file that the output goes to, and whether it is added there; None: where it went before.
_Target = tuple[Text, bool] | None


def redirected(scope: Scope, state: State, node: Simple | Compound) -> Flow:
    """A command with its redirections."""
    ways: list[tuple[State, _Target]] = [(state, None)]
    for redirection in node.redirections:
        word = redirection.heredoc.body if redirection.heredoc else redirection.target
        ways = [
            _redirection(scope, after, redirection, text, target)
            for before, target in ways
            for after, text in expand.text(scope, before, word)
        ]
    flow = Flow()
    for way, target in ways:
        inner = scope
        if target is not None:
            inner = scope._replace(captured=True)
            way = way.with_env(way.env._replace(stdout=EMPTY))
        result = scope.ev.undirected(inner, way, node)
        result.change(partial(_restored, scope, state, target))
        flow.add(result)
    return flow


def _redirection(
    scope: Scope, state: State, node: Redirection, text: Text, target: _Target
) -> tuple[State, _Target]:
    """The state in which the command reads, and where its output goes."""
    for report in scope.ev.active if node.operator[:2] != '<<' else ():
        report.targets.append((node.operator, text, state.env))
    if node.operator in TO_FILE and node.descriptor in ('', '1'):
        return state, (text, '>>' in node.operator)
    if node.operator == '>&' and node.descriptor in ('', '1'):
        if text.value == '2':
            return state, (_ERRORS, False)
        if not text.value[:1].isdigit() and text.value != '-':
            return state, (text, False)
    stdin = state.env.stdin
    unread = None
    if node.operator == '<<<':
        text = concat((text, Text('\n')))
    if node.operator[:2] == '<<':
        stdin = text
        unread = text if node.descriptor in ('', '0') else None
    elif node.operator == '<' and node.descriptor in ('', '0'):
        stdin = output.text_of(scope, state, [Field(Text('cat')), Field(text)])
    elif node.operator != '<&':
        return state, target
    return state.with_env(state.env._replace(unread=unread, stdin=stdin)), target


def _restored(scope: Scope, before: State, target: _Target, end: State) -> State:
    """The state after a command, its output in the file that it was written to."""
    env = end.env
    if target is not None:
        file, appends = target
        env = paths.written(scope, env, file, [env.stdout], appends)
        env = env._replace(stdout=before.env.stdout)
    if env.stdin is not before.env.stdin:
        env = env._replace(unread=before.env.unread, stdin=before.env.stdin)
    return end.with_env(env)
