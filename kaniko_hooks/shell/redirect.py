"""Redirections: where a command reads from and what becomes of its output (POSIX XCU 2.7)."""

from __future__ import annotations

from collections.abc import Sequence

from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.shell import expand, paths
from kaniko_hooks.shell.env import Flow, Scope, State, fresh_name
from kaniko_hooks.shell.tree import Compound, Redirection, Simple, literal
from kaniko_hooks.shell.value import EMPTY, names_executor
from kaniko_hooks.text import Text, concat, hole

_TO_FILE = frozenset(('>', '>>', '>|', '&>', '&>>'))


class Output(NamedTuple):
    """The target of a command's output, if it is not that of the script's."""

    file: Text | None  # None: to the error stream
    append: bool = False


def command(scope: Scope, state: State, node: Simple | Compound) -> Flow:
    """A command with its redirections."""
    flow = Flow()
    for way, output in _directed(scope, state, node.redirections):
        inner = scope
        if output is not None:
            inner = scope._replace(captured=True)
            way = way.with_env(way.env._replace(stdout=EMPTY))
        result = scope.ev.undirected(inner, way, node)
        flow.normal += [_restored(scope, state, end, output) for end in result.normal]
        flow.leaving += [
            (exit_, _restored(scope, state, end, output)) for exit_, end in result.leaving
        ]
    return flow


def _directed(
    scope: Scope, state: State, redirections: Sequence[Redirection]
) -> list[tuple[State, Output | None]]:
    """The states in which the command reads, each with where its output goes."""
    ways: list[tuple[State, Output | None]] = [(state, None)]
    for node in redirections:
        word = node.heredoc.body if node.heredoc else node.target
        ways = [
            _one(scope, after, node, text, output)
            for before, output in ways
            for after, text in expand.text(scope, before, word)
        ]
    return ways


def _one(
    scope: Scope, state: State, node: Redirection, text: Text, output: Output | None
) -> tuple[State, Output | None]:
    if scope.ev.reports is not None and node.heredoc is None and node.operator != '<<<':
        scope.ev.reports.redirected(node.operator, text, state.env)
    if node.operator in _TO_FILE and node.descriptor in ('', '1'):
        return state, Output(text, '>>' in node.operator)
    if node.operator == '>&' and node.descriptor in ('', '1'):
        target = literal(node.target) or ''
        if target == '2':
            return state, Output(None)
        if not target[:1].isdigit() and target != '-':
            return state, Output(text)
    if node.heredoc is not None:
        return _reading(state, text), output
    if node.operator == '<<<':
        return _reading(state, concat((text, Text('\n')))), output
    if node.operator == '<' and node.descriptor in ('', '0'):
        contents = paths.contents(scope, state.env, text)
        if len(contents) == 1:
            return _reading(state, contents[0][1]), output
        name = repr(text) if all(item.name for item in text.holes) else fresh_name('')
        content = hole(f'content {state.env.moment()} {name}')
        texts = [text for _, text in contents if names_executor(text)]
        if texts:
            scope.ev.printed[content.holes[0].name] = concat(texts)
        return _reading(state, content), output
    return state, output


def _reading(state: State, text: Text | None) -> State:
    return state.with_env(state.env._replace(stdin=text))


def _restored(scope: Scope, before: State, end: State, output: Output | None) -> State:
    """The state after a command, its output in the file that it was written to."""
    env = end.env
    if output is not None and output.file is not None:
        env = paths.written(scope, env, output.file, env.stdout, output.append)
    if output is not None:
        env = env._replace(stdout=before.env.stdout)
    return end.with_env(env._replace(stdin=before.env.stdin))
