"""Redirections: where a command reads from and what becomes of its output (POSIX XCU 2.7)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.shell import expand, paths
from kaniko_hooks.shell.env import Flow, Scope, State
from kaniko_hooks.shell.tree import Compound, Redirection, Simple
from kaniko_hooks.shell.value import EMPTY, fresh_name, may_build
from kaniko_hooks.text import Text, concat, hole

# Redirections of the output to a file.
TO_FILE = frozenset(('>', '>>', '>|', '&>', '&>>'))


class Output(NamedTuple):
    """The target of a command's output, if it is not that of the script's."""

    file: Text | None  # None: to the error stream
    append: bool = False


def redirected(scope: Scope, state: State, node: Simple | Compound) -> Flow:
    """A command with its redirections."""
    flow = Flow()
    for way, output in _directed(scope, state, node.redirections):
        inner = scope
        if output is not None:
            inner = scope._replace(captured=True)
            way = way.with_env(way.env._replace(stdout=EMPTY))
        result = scope.ev.undirected(inner, way, node)
        result.change(partial(_restored, scope, state, output))
        flow.add(result)
    return flow


def _directed(
    scope: Scope, state: State, redirections: Sequence[Redirection]
) -> list[tuple[State, Output | None]]:
    """The states in which the command reads, each with where its output goes."""
    ways: list[tuple[State, Output | None]] = [(state, None)]
    for node in redirections:
        word = node.heredoc.body if node.heredoc else node.target
        ways = [
            _redirection(scope, after, node, text, output)
            for before, output in ways
            for after, text in expand.text(scope, before, word)
        ]
    return ways


def _redirection(
    scope: Scope, state: State, node: Redirection, text: Text, output: Output | None
) -> tuple[State, Output | None]:
    for report in scope.ev.active if node.operator[:2] != '<<' else ():
        report.targets.append((node.operator, text, state.env))
    if node.operator in TO_FILE and node.descriptor in ('', '1'):
        return state, Output(text, '>>' in node.operator)
    if node.operator == '>&' and node.descriptor in ('', '1'):
        if text.value == '2':
            return state, Output(None)
        if not text.value[:1].isdigit() and text.value != '-':
            return state, Output(text)
    stdin = state.env.stdin
    unread = None
    if node.operator == '<<<':
        text = concat((text, Text('\n')))
    if node.operator[:2] == '<<':
        stdin = text
        unread = text if node.descriptor in ('', '0') else None
    elif node.operator == '<' and node.descriptor in ('', '0'):
        stdin = _input(scope, state, text)
    elif node.operator != '<&':
        return state, output
    return state.with_env(state.env._replace(unread=unread, stdin=stdin)), output


def _input(scope: Scope, state: State, path: Text) -> Text:
    """The content of a file that a command reads."""
    texts = [text for _, text in paths.contents(scope, state.env, path)]
    if len(texts) == 1:
        return texts[0]
    name = repr(path) if all(item.name for item in path.holes) else fresh_name('')
    content = hole(f'content {state.env.moment()} {name}')
    texts = [text for text in texts if may_build(text)]
    if texts:
        scope.ev.inputs[content.hole_name] = concat(texts)
    return content


def _restored(scope: Scope, before: State, output: Output | None, end: State) -> State:
    """The state after a command, its output in the file that it was written to."""
    env = end.env
    if output is not None:
        if output.file is not None:
            env = paths.written(scope, env, output.file, [env.stdout], output.append)
        env = env._replace(stdout=before.env.stdout)
    if env.stdin is not before.env.stdin:
        env = env._replace(unread=before.env.unread, stdin=before.env.stdin)
    return end.with_env(env)
