"""What commands read and print, where the script itself says it, and files made of that."""

from __future__ import annotations

from collections.abc import Sequence

from kaniko_hooks.model import Fragment, Word
from kaniko_hooks.old_shell import loops, paths
from kaniko_hooks.old_shell.commands import lookup, nested, simple
from kaniko_hooks.old_shell.conditions import guards, looks
from kaniko_hooks.old_shell.expansion import expand, printing
from kaniko_hooks.old_shell.machine import DEPTH, Machine, Stdin
from kaniko_hooks.old_shell.state import ARGUMENTS, Defined, Written
from kaniko_hooks.old_shell.syntax import tree
from kaniko_hooks.old_shell.syntax.source import Source
from kaniko_hooks.old_shell.values import LENGTH, Array, Bit, Field, Scalar, word_of

# Commands that redirections may stand after.
Redirected = tree.Simple | tree.Group | tree.If | tree.Case | tree.For | tree.While | tree.Test

_WRITES = frozenset(('>', '>>', '>|', '&>', '&>>', '>&'))
# A longer body is not searched for what it prints, nor for more words.
_STATEMENTS = 100


def stdin(
    machine: Machine, source: Source, redirections: Sequence[tree.Redirection], given: Stdin
) -> Stdin:
    """What a command reads, after its redirections."""
    for each in redirections:
        if each.operator == '<' and each.descriptor in ('', '0'):
            value = expand.scalar(machine, source, each.target)
            given = _content(machine, source, value.fragments)
        elif each.heredoc is not None:
            given = _bits(machine, source, each.heredoc.body)
        elif each.operator == '<<<':
            end = Bit('\n', True, each.end, False, True)
            given = [*_bits(machine, source, each.target), end]
    return given


def _bits(machine: Machine, source: Source, word: tree.Word) -> list[Bit]:
    pieces = tuple(piece._replace(quoted=True) for piece in word.pieces)
    fields = expand.fields(machine, source, (word._replace(pieces=pieces),))
    return [bit for field in fields for bit in field.bits]


def _content(
    machine: Machine, source: Source, path: Sequence[Fragment | Bit]
) -> Sequence[Bit | str] | None:
    """What a file has in it: one that the script wrote, or one of the repository."""
    held = machine.state.get(paths.written(machine, path))
    if isinstance(held, Written):
        return held.bits if held.source is source else None
    named = paths.repository_path(machine, path)
    return None if named is None else (named,)


def printed(
    machine: Machine, source: Source, node: tree.Command, given: Stdin, called: bool = False
) -> Stdin:
    """What a command prints, for the next one in a pipeline, for a file or a variable.

    - `given`: what it reads.
    - `called`: it stands in a function that is called; functions in it are not followed.

    Of branches it takes the one that the variant at hand looks at, the first one by itself.
    """
    mark = len(machine.state.journal)
    found = _printed(machine, source, node, given, called)
    machine.state.taken_back(mark)
    return found


def _printed(
    machine: Machine, source: Source, node: tree.Command, given: Stdin, called: bool
) -> Stdin:
    if isinstance(node, tree.Simple):
        return _simple(machine, source, node, given, called)
    if isinstance(node, (tree.Function, tree.Test)) or any(map(_redirects, node.redirections)):
        return None
    if machine.depth >= DEPTH:
        return None
    machine.depth += 1
    given = stdin(machine, source, node.redirections, given)
    found: list[Bit | str] = []
    if isinstance(node, tree.Group):
        found = _list(machine, source, node.body, given, called)
    elif isinstance(node, tree.For):
        for word in _words(machine, source, node):
            machine.repeats -= len(node.body)
            machine.state.set(node.name, None if word.splits else Scalar(word.fragments))
            found += _list(machine, source, node.body, given, called)
    elif isinstance(node, (tree.If, tree.Case)):
        otherwise = node.otherwise if isinstance(node, tree.If) else ()
        bodies = [*[arm.body for arm in node.arms], otherwise]
        machine.widest = max(machine.widest, len(bodies))
        body = bodies[min(machine.variant, len(bodies) - 1)]
        found = _list(machine, source, body, given, called)
    machine.depth -= 1
    return found or None


def _words(machine: Machine, source: Source, node: tree.For) -> Sequence[Word]:
    listed = loops.words(machine, source, node)[0]
    if listed is None:
        # Of any number two tell whether what it prints builds more than once.
        listed = 2 * [Word((), True)]
    return listed if len(listed) <= _STATEMENTS and machine.repeats > 0 else ()


def _list(
    machine: Machine, source: Source, body: Sequence[tree.Statement], given: Stdin, called: bool
) -> list[Bit | str]:
    """What a list prints; the tests in it hold in the first variant, and in no other."""
    found: list[Bit | str] = []
    for node in body if len(body) <= _STATEMENTS else ():
        holds = True
        for operator, pipeline in zip(('&&', *node.operators), node.pipelines):
            if holds is not (operator == '&&'):
                continue
            holds = True
            if node.operators and guards.is_test(pipeline):
                machine.widest = max(machine.widest, 2)
                holds = not machine.variant
            reads = given
            for command in pipeline.commands:
                reads = _printed(machine, source, command, reads, called)
            found += reads or ()
    return found


def _redirects(node: tree.Redirection) -> bool:
    return node.operator in _WRITES and node.descriptor in ('', '1')


def _simple(
    machine: Machine, source: Source, node: tree.Simple, given: Stdin, called: bool
) -> Stdin:
    name = simple.literal(node.words[0]) if node.words else ''
    if not node.words or name in tree.DECLARATIONS:
        for assignment in node.assignments:
            simple.assign(machine, source, assignment)
    if name != 'tee' and any(map(_redirects, node.redirections)):
        return None
    if name in ('echo', 'printf'):
        return printing.printed(expand.fields(machine, source, node.words))
    if name in ('tee', 'cat') or not node.words:
        redirections = [each for each in node.redirections if not _redirects(each)]
        reads = stdin(machine, source, redirections, given if node.words else None)
        return _copied(machine, source, node, reads) if name == 'cat' else reads
    defined = machine.state.get('()' + name)
    if called or not isinstance(defined, Defined) or defined.source is not source:
        return None
    arguments = expand.fields(machine, source, node.words[1:])
    outer = machine.state.get(ARGUMENTS)
    machine.state.set(ARGUMENTS, Array(tuple(word_of(each) for each in arguments)))
    found = _printed(machine, source, defined.node.body, given, True)
    machine.state.set(ARGUMENTS, outer)
    return found


def _copied(machine: Machine, source: Source, node: tree.Simple, given: Stdin) -> Stdin:
    """What `cat` prints: the files that can be seen, one after the other."""
    named = expand.fields(machine, source, node.words[1:])
    found: list[Bit | str] = []
    for field in named or (Field((), False, 0, 0),):
        if not field.text or field.text in nested.STDIN:
            found += given or ()
        elif not field.text.startswith('-'):
            found += _content(machine, source, field.bits) or ()
    return found or None


def write(machine: Machine, source: Source, node: Redirected, given: Stdin) -> None:
    """Remember what a command writes into a file."""
    machine.unseen += not looks.quiet(node.redirections)
    targets = [
        (each.target, each.operator == '>>')
        for each in node.redirections
        if each.operator in ('>', '>>', '>|') and each.descriptor in ('', '1')
    ]
    text: Stdin = None
    if isinstance(node, tree.Simple):
        named = node.words[1:] if simple.literal(node.words[0]) == 'tee' else ()
        adds = any(simple.literal(word) in ('-a', '--append') for word in named)
        targets += [(word, adds) for word in named if simple.literal(word)[:1] != '-']
    if targets:
        bare = node._replace(
            redirections=tuple(each for each in node.redirections if not _redirects(each))
        )
        text = printed(machine, source, bare, given)
    for word, appends in targets:
        value = expand.scalar(machine, source, word)
        _keep(machine, source, paths.written(machine, value.fragments), text, appends)


def copy(machine: Machine, source: Source, node: tree.Simple) -> None:
    """Remember a file that `cp`, `mv`, `ln` or `install` makes of another one."""
    fields = [
        field
        for field in expand.fields(machine, source, node.words[1:])
        if field.text[:1] != '-' and not field.text.isdigit()
    ]
    if len(fields) != 2:
        return
    key = paths.written(machine, fields[1].bits)
    if key in lookup.FOLDERS or fields[1].text.endswith('/'):
        key = key.rstrip('/') + '/' + fields[0].text.rpartition('/')[2]
    _keep(machine, source, key, _content(machine, source, fields[0].bits), False)


def _keep(machine: Machine, source: Source, key: str, text: Stdin, appends: bool) -> None:
    before = machine.state.get(key)
    bits: Sequence[Bit | str] = text or ()
    if isinstance(before, Written):
        if appends and before.source is source:
            bits = (*before.bits, *bits)
    elif not text:
        return
    if sum(len(bit.text) for bit in bits if isinstance(bit, Bit)) <= 10 * LENGTH:
        machine.state.set(key, Written(source, tuple(bits)))
