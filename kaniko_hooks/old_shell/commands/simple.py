"""Simple commands: what a line of words runs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kaniko_hooks.model import Word
from kaniko_hooks.old_shell import interpret
from kaniko_hooks.old_shell.commands import builtins, calls, nested, outputs
from kaniko_hooks.old_shell.conditions import arguments, looks
from kaniko_hooks.old_shell.expansion import expand
from kaniko_hooks.old_shell.machine import Machine, Stdin
from kaniko_hooks.old_shell.state import Held
from kaniko_hooks.old_shell.summary import NOTHING, Summary, sequence
from kaniko_hooks.old_shell.syntax import expansions, tree
from kaniko_hooks.old_shell.syntax.source import Source
from kaniko_hooks.old_shell.values import (
    EMPTY,
    WORDS,
    Array,
    Bit,
    Scalar,
    choice,
    item_of,
    merged,
    too_long,
    unknown,
)

# Commands without an effect on the runs; their arguments need not be expanded.
INERT = frozenset(
    (
        'echo',
        'mkdir',
        'cp',
        'mv',
        'rm',
        'ls',
        'cat',
        'chmod',
        'chown',
        'touch',
        'ln',
        'printf',
        'sleep',
        'date',
        'true',
        'false',
        ':',
        '[',
        'test',
        'grep',
        'sed',
        'awk',
        'cut',
        'tr',
        'head',
        'tail',
        'sort',
        'wc',
        'tee',
        'curl',
        'wget',
        'tar',
        'git',
        'jq',
        'base64',
        'apk',
        'apt-get',
        'docker',
        'podman',
        'kubectl',
        'helm',
        'oc',
        'ssh',
        'npm',
        'yarn',
        'make',
        'mvn',
        'wait',
        'jobs',
        'kill',
        'umask',
        'ulimit',
        'hash',
        'type',
        'which',
        'id',
        'aws',
        'gcloud',
        'az',
        'vault',
        'crane',
        'cosign',
        'trivy',
        'buildah',
        'skopeo',
        'pip',
        'python',
        'python3',
        'go',
        'gradle',
        'node',
        'ps',
        'df',
        'du',
        'dirname',
        'basename',
        'uname',
    )
)
_COPIES = frozenset(('cp', 'mv', 'ln', 'install'))
# Commands that run what they read from a file.
_READERS = frozenset(('.', 'source', 'sh', 'bash', 'ash', 'dash', '/bin/sh', '/bin/bash'))


def literal(word: tree.Word) -> str:
    """The text of a word that is one piece of literal text, else ''."""
    piece = word.pieces[0] if len(word.pieces) == 1 else None
    return piece.value if isinstance(piece, tree.Text) else ''


def counted(node: tree.Simple) -> Sequence[str]:
    """The names that `let` and `printf -v` set."""
    name = literal(node.words[0])
    if name == 'let':
        return [each for word in node.words for each in expansions.counted(literal(word))]
    if name == 'printf' and [literal(word) for word in node.words[1:2]] == ['-v']:
        return [literal(word) for word in node.words[2:3]]
    return ()


def run(machine: Machine, source: Source, node: tree.Simple, stdin: Stdin) -> Summary:
    if machine.repeating:
        machine.repeats -= 1
    total = _inside(machine, source, node)
    if not node.words:
        machine.unseen += not looks.quiet(node.redirections)
        for assignment in node.assignments:
            assign(machine, source, assignment)
        return total
    name = literal(node.words[0])
    stdin = machine.stdin if stdin is None else stdin
    if node.redirections or name == 'tee':
        outputs.write(machine, source, node, stdin)
    if name in _COPIES:
        outputs.copy(machine, source, node)
    values = machine.state.values
    if name == ':':
        expand.fields(machine, source, node.words)
    for each in counted(node):
        machine.state.set(each, None)
    if name in INERT and '()' + name not in values and name + ' ' not in values:
        machine.unseen += name not in looks.HARMLESS
        return total
    if builtins.declares(machine, source, name, node):
        return total
    stdin = outputs.stdin(machine, source, node.redirections, stdin)
    words = node.words
    if name in _READERS and words[-1].active:
        words, stdin = _from_process(machine, source, words, stdin)
    variants = expand.variants(machine, source, words)
    outer = [(each.name, machine.state.get(each.name)) for each in node.assignments]
    for assignment in node.assignments:
        assign(machine, source, assignment)
    found = calls.run(machine, source, variants, stdin)
    for changed, held in reversed(outer):
        machine.state.set(changed, held)
    return sequence(total, found)


def _from_process(
    machine: Machine, source: Source, words: tuple[tree.Word, ...], stdin: Stdin
) -> tuple[tuple[tree.Word, ...], Stdin]:
    """`sh <(command)` as `command | sh /dev/stdin`."""
    for index, word in enumerate(words):
        piece = word.pieces[0]
        if isinstance(piece, tree.Substitution) and source.text[piece.start] == '<':
            group = tree.Group(piece.body, False, (), piece.start, piece.end)
            name = tree.Text('/dev/stdin', piece.start, piece.end, True)
            kept = word._replace(pieces=(name,), active=False)
            found = outputs.printed(machine, source, group, None)
            return (*words[:index], kept, *words[index + 1 :]), found
    return words, stdin


def _inside(machine: Machine, source: Source, node: tree.Simple) -> Summary:
    """The commands substituted in the words of a command."""
    total = substitutions(machine, source, node.words)
    for assignment in node.assignments:
        listed = assignment.array if assignment.word is None else (assignment.word,)
        total = sequence(total, substitutions(machine, source, listed or ()))
    if node.redirections:
        total = sequence(total, redirected(machine, source, node.redirections))
    return total


def redirected(
    machine: Machine, source: Source, redirections: Sequence[tree.Redirection]
) -> Summary:
    """The commands substituted in redirections and heredocs."""
    total = NOTHING
    for each in redirections:
        total = sequence(total, substitutions(machine, source, (each.target,)))
        if each.heredoc is not None:
            total = sequence(total, substitutions(machine, source, (each.heredoc.body,)))
    return total


def substitutions(machine: Machine, source: Source, words: Iterable[tree.Word]) -> Summary:
    total = NOTHING
    for word in words:
        if word.active:
            total = sequence(total, _substituted(machine, source, word.pieces))
    return total


def _substituted(machine: Machine, source: Source, pieces: Sequence[tree.Piece]) -> Summary:
    total = NOTHING
    machine.depth += 1
    for piece in pieces:
        if isinstance(piece, tree.Substitution):
            total = sequence(total, _substitution(machine, source, piece))
        elif isinstance(piece, tree.Arithmetic):
            for name in piece.names:
                machine.state.set(name, None)
            total = sequence(total, _substituted(machine, source, piece.pieces))
        elif isinstance(piece, tree.Parameter) and piece.operand and piece.operand.active:
            total = sequence(total, _substituted(machine, source, piece.operand.pieces))
    machine.depth -= 1
    return total


def _substitution(machine: Machine, source: Source, piece: tree.Substitution) -> Summary:
    if piece.text is not None:
        bits = [Bit(piece.text, True, piece.start, False, True)]
        return interpret.apart(machine, lambda: nested.text(machine, source, bits))
    return interpret.apart(machine, lambda: interpret.statements(machine, source, piece.body))


def assign(machine: Machine, source: Source, node: tree.Assignment) -> None:
    """Set a variable to what the assignment gives it."""
    held: Held
    if node.subscript is not None:
        machine.state.set(node.name, None)
        return
    given = arguments.given(machine, node)
    outer = machine.variant, machine.widest
    machine.variant, machine.widest = 0, 1
    found = [_assigned(machine, source, node)]
    for machine.variant in range(1, machine.widest):
        found.append(_assigned(machine, source, node))
    machine.variant, machine.widest = outer
    held = choice(found) if len(found) > 1 else found[0]
    machine.state.set(node.name, held)
    if given is not None:
        arguments.settle(machine, node.name, held)


def _assigned(machine: Machine, source: Source, node: tree.Assignment) -> Scalar | Array | None:
    before = builtins.current(machine, node.name) if node.append else None
    if node.append and before is None:
        before = unknown('$' + node.name)
    if node.array is not None:
        words = tuple(item_of(each) for each in expand.fields(machine, source, node.array))
        if isinstance(before, Array):
            words = (*before.words, *words)
        elif before is not None and before != EMPTY:
            words = (Word(before.fragments, True), *words)
        return Array(words) if len(words) <= WORDS else None
    value = expand.scalar(machine, source, node.word or tree.Word((), 0, 0))
    if not node.append:
        return value
    if not isinstance(before, Scalar):
        return None
    longer = Scalar(tuple(merged((*before.fragments, *value.fragments))))
    return None if too_long(longer) else longer
