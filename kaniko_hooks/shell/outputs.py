"""What commands read and print, where the script itself says it, and files made of that."""
from __future__ import annotations

from collections.abc import Sequence

from kaniko_hooks.shell import commands
from kaniko_hooks.shell import expand
from kaniko_hooks.shell import nested
from kaniko_hooks.shell import paths
from kaniko_hooks.shell import substitution
from kaniko_hooks.shell import tree
from kaniko_hooks.shell.machine import DEPTH
from kaniko_hooks.shell.machine import Machine
from kaniko_hooks.shell.source import Source
from kaniko_hooks.shell.state import ARGUMENTS
from kaniko_hooks.shell.state import Defined
from kaniko_hooks.shell.state import Written
from kaniko_hooks.shell.values import Array
from kaniko_hooks.shell.values import Bit
from kaniko_hooks.shell.values import LENGTH
from kaniko_hooks.shell.values import word_of

# What a command reads: a text, a file of the repository, or nothing known.
Stdin = Sequence[Bit] | str | None
# Commands that redirections may stand after.
Redirected = tree.Simple | tree.Group | tree.If | tree.Case | tree.For | tree.While | tree.Test

_WRITES = frozenset(('>', '>>', '>|', '&>', '&>>', '>&'))
# A longer body is not searched for what it prints.
_STATEMENTS = 100


def stdin(
    machine: Machine, source: Source, redirections: Sequence[tree.Redirection], given: Stdin,
) -> Stdin:
    """What a command reads, after its redirections."""
    for each in redirections:
        if each.operator == '<' and each.descriptor in ('', '0'):
            value = expand.scalar(machine, source, each.target)
            given = paths.repository_path(machine, value.fragments)
        elif each.heredoc is not None:
            given = _bits(machine, source, each.heredoc.body)
        elif each.operator == '<<<':
            given = _bits(machine, source, each.target)
    return given


def _bits(machine: Machine, source: Source, word: tree.Word) -> list[Bit]:
    pieces = tuple(piece._replace(quoted=True) for piece in word.pieces)
    fields = expand.fields(machine, source, (word._replace(pieces=pieces),))
    return [bit for field in fields for bit in field.bits]


def printed(
    machine: Machine, source: Source, node: tree.Command, given: Stdin, called: bool = False,
) -> Stdin:
    """What a command prints, for the next one in a pipeline or for a file.

    - `given`: what it reads.
    - `called`: it stands in a function that is called; functions in it are not followed.
    """
    if isinstance(node, tree.Simple):
        kept = [each for each in node.redirections if not _redirects(each)]
        return _simple(machine, source, node, kept, given, called)
    if not isinstance(node, tree.Group) or any(map(_redirects, node.redirections)):
        return None
    if machine.depth >= DEPTH or len(node.body) > _STATEMENTS:
        return None
    machine.depth += 1
    found: list[Bit] = []
    for pipeline in (each for statement in node.body for each in statement.pipelines):
        reads = stdin(machine, source, node.redirections, given)
        for command in pipeline.commands:
            reads = printed(machine, source, command, reads, called)
        if reads and not isinstance(reads, str):
            found += [Bit('\n', True, node.start, False, True)] * bool(found)
            found += reads
    machine.depth -= 1
    return found or None


def _redirects(node: tree.Redirection) -> bool:
    return node.operator in _WRITES and node.descriptor in ('', '1')


def _simple(
    machine: Machine, source: Source, node: tree.Simple, redirections: Sequence[tree.Redirection],
    given: Stdin, called: bool,
) -> Stdin:
    name = commands.literal(node.words[0]) if node.words else ''
    if len(redirections) < len(node.redirections) and name != 'tee':
        return None
    if name in ('echo', 'printf'):
        return substitution.lines(expand.fields(machine, source, node.words))
    if name == 'tee':
        return stdin(machine, source, redirections, given)
    if name == 'cat':
        return _copied(machine, source, node, given)
    defined = machine.state.get('()' + name)
    if called or not isinstance(defined, Defined) or defined.source is not source:
        return None
    outer = machine.state.get(ARGUMENTS)
    arguments = expand.fields(machine, source, node.words[1:])
    machine.state.set(ARGUMENTS, Array(tuple(word_of(each) for each in arguments)))
    found = printed(machine, source, defined.node.body, given, True)
    machine.state.set(ARGUMENTS, outer)
    return found


def _copied(machine: Machine, source: Source, node: tree.Simple, given: Stdin) -> Stdin:
    """What `cat` prints."""
    if len(node.words) == 1 or commands.literal(node.words[1]) in nested.STDIN:
        return stdin(machine, source, node.redirections, given)
    if len(node.words) > 2:
        return None
    value = expand.scalar(machine, source, node.words[1])
    held = machine.state.get(paths.written(machine, value.fragments))
    if isinstance(held, Written):
        return held.bits if held.source is source else None
    return paths.repository_path(machine, value.fragments)


def write(machine: Machine, source: Source, node: Redirected, given: Stdin) -> None:
    """Remember what a command writes into a file."""
    targets = [
        (each.target, each.operator == '>>') for each in node.redirections
        if each.operator in ('>', '>>', '>|') and each.descriptor in ('', '1')
    ]
    text: Stdin = None
    if isinstance(node, tree.Simple):
        named = node.words[1:] if commands.literal(node.words[0]) == 'tee' else ()
        adds = any(commands.literal(word) in ('-a', '--append') for word in named)
        targets += [(word, adds) for word in named if commands.literal(word)[:1] != '-']
    if targets:
        bare = node._replace(redirections=tuple(
            each for each in node.redirections if not _redirects(each)
        ))
        text = printed(machine, source, bare, given)
    for word, appends in targets:
        value = expand.scalar(machine, source, word)
        _keep(machine, source, paths.written(machine, value.fragments), text, appends)


def _keep(machine: Machine, source: Source, key: str, text: Stdin, appends: bool) -> None:
    before = machine.state.get(key)
    bits: list[Bit] = []
    if isinstance(before, Written):
        if appends and before.source is source:
            bits = [*before.bits, Bit('\n', True, 0, False, True)]
    elif not text or isinstance(text, str):
        return
    if text and not isinstance(text, str):
        bits += text
    if sum(len(bit.text) for bit in bits) <= 10 * LENGTH:
        machine.state.set(key, Written(source, tuple(bits)))
