"""Scripts inside scripts: `eval`, `sh -c`, text piped into a shell, files that are run."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
from functools import lru_cache

from kaniko_hooks.model import Place, Reason
from kaniko_hooks.old_shell import interpret, paths
from kaniko_hooks.old_shell.commands import followed
from kaniko_hooks.old_shell.conditions import arguments
from kaniko_hooks.old_shell.machine import DEPTH, Machine, Stdin
from kaniko_hooks.old_shell.state import ARGUMENTS, Written
from kaniko_hooks.old_shell.summary import GO, NOTHING, RETURN, Summary, because, renamed, sequence
from kaniko_hooks.old_shell.syntax import tree
from kaniko_hooks.old_shell.syntax.parser import parse
from kaniko_hooks.old_shell.syntax.source import Source
from kaniko_hooks.old_shell.values import Array, Bit, Field, item_of, known

SHELLS = frozenset(('sh', 'bash', 'ash', 'dash', 'ksh', 'mksh', 'zsh'))
STDIN = frozenset(('/dev/stdin', '/dev/fd/0', '/proc/self/fd/0', '-'))
_SHEBANG = re.compile(r'#!\s*(\S+)(?:[ \t]+(\S+(?:[ \t]+\S+)?))?')
# Scripts that call scripts.
SCRIPTS = 8


@lru_cache(maxsize=64)
def parsed(text: str) -> tree.Script:
    return parse(text)


def is_shell(text: str) -> bool:
    """Whether a script is for a shell, going by its first line; without one it is."""
    match = _SHEBANG.match(text)
    if match is None:
        return True
    named = [match.group(1), *(match.group(2) or '').split()]
    return any(each.rpartition('/')[2] in SHELLS for each in named)


def text(machine: Machine, source: Source, bits: Sequence[Bit]) -> Summary:
    """Run a text that was put together from pieces, in the shell at hand."""
    pieces = [bit for bit in bits if bit.text]
    if not pieces or machine.depth >= DEPTH:
        return NOTHING
    if len(pieces) == 1 and not pieces[0].known and pieces[0].text in machine.copied:
        return read(machine, source, machine.copied[pieces[0].text], (), True)
    starts: list[int] = []
    opaque: dict[int, int] = {}
    at = 0
    for bit in pieces:
        starts.append(at)
        at += len(bit.text)
        if not bit.known:
            opaque[starts[-1]] = at

    def locate(offset: int) -> Place:
        index = max(bisect_right(starts, offset) - 1, 0)
        bit = pieces[index]
        return source.locate(bit.at + (offset - starts[index] if bit.verbatim else 0))

    whole = ''.join(bit.text for bit in pieces)
    script = parse(whole, opaque) if opaque else parsed(whole)
    if opaque:
        arguments.forget(machine)
    machine.depth += 1
    found = interpret.statements(machine, Source(whole, locate, source.path), script.body)
    machine.depth -= 1
    return found


def joined(fields: Sequence[Field]) -> list[Bit]:
    """The pieces of several fields, with blanks between."""
    found: list[Bit] = []
    for field in fields:
        if found:
            found.append(Bit(' ', True, field.start, False, True))
        found.extend(field.bits)
    return found


def shell(machine: Machine, source: Source, argv: Sequence[Field], stdin: Stdin) -> Summary:
    """`sh -c text`, `sh file`, `sh < text`: a process of its own."""
    takes_text, reads, rest = _options(argv)
    if takes_text and rest:
        return given(machine, source, rest[0], rest[1:])
    if reads or not rest or rest[0].text in STDIN:
        named = rest if rest and not reads else [argv[0], *rest]
        return started(machine, lambda: read(machine, source, stdin, named, False))
    return started(machine, lambda: called(machine, source, rest, False))


def started(machine: Machine, run: Callable[[], Summary]) -> Summary:
    """In a shell that this one starts: it has none of its functions, if not exported."""
    machine.process += 1
    found = interpret.apart(machine, run)
    machine.process -= 1
    return found


def given(machine: Machine, source: Source, script: Field, arguments: Sequence[Field]) -> Summary:
    """Run a text with `$0` and arguments, in a process of its own."""

    def run() -> Summary:
        set_arguments(machine, arguments)
        return text(machine, source, script.bits)

    return started(machine, run)


def read(
    machine: Machine, source: Source, stdin: Stdin, argv: Sequence[Field], sourced: bool
) -> Summary:
    """Run what is read from the standard input."""
    pieces: list[str | list[Bit]] = []
    for each in stdin or ():
        if isinstance(each, str):
            pieces.append(each)
        elif pieces and isinstance(pieces[-1], list):
            pieces[-1].append(each)
        else:
            pieces.append([each])
    total = NOTHING
    if not pieces:
        arguments.forget(machine)
    for piece in pieces:
        if GO not in total:
            break
        if isinstance(piece, str):
            total = sequence(total, followed.file(machine, piece, argv, sourced))
        else:
            total = sequence(total, _typed(machine, source, piece, argv, sourced))
    return total


def _typed(
    machine: Machine, source: Source, bits: Sequence[Bit], argv: Sequence[Field], sourced: bool
) -> Summary:
    if not sourced:
        set_arguments(machine, argv)
    found = text(machine, source, bits)
    return renamed(found, {RETURN: GO}) if RETURN in found else found


def called(machine: Machine, source: Source, argv: Sequence[Field], sourced: bool) -> Summary:
    """Run the file that the first word names: one of the repository, or a written one."""
    key = paths.written(machine, argv[0].bits)
    held = machine.state.get(key)
    if isinstance(held, Written):
        found = _written(machine, key, held, argv, sourced)
    else:
        path = paths.repository_path(machine, argv[0].bits)
        found = followed.file(machine, path, argv, sourced)
    return because(found, Reason('call', source.locate(argv[0].start), 1, machine.level))


def _written(
    machine: Machine, key: str, held: Written, argv: Sequence[Field], sourced: bool
) -> Summary:
    whole = ''.join(bit.text for bit in held.bits if isinstance(bit, Bit))
    if key in machine.following or len(machine.following) >= SCRIPTS:
        return NOTHING
    if machine.repeats <= 0 or not sourced and not is_shell(whole.lstrip()):
        return NOTHING
    machine.repeats -= len(held.bits)
    machine.following.append(key)
    found = read(machine, held.source, held.bits, argv, sourced)
    machine.following.pop()
    return found


def _options(argv: Sequence[Field]) -> tuple[bool, bool, list[Field]]:
    """Whether `-c` and `-s` are given, and the operands."""
    takes_text = reads = False
    rest = list(argv[1:])
    while rest and rest[0].text[:1] in ('-', '+') and len(rest[0].text) > 1:
        option = rest.pop(0).text
        if option == '--':
            break
        if option in ('--rcfile', '--init-file'):
            del rest[:1]
        elif not option.startswith('--'):
            takes_text |= 'c' in option and option[0] == '-'
            if 'o' in option[1:].lower():
                del rest[:1]
            reads |= 's' in option and option[0] == '-'
    return takes_text, reads, rest


def set_arguments(machine: Machine, fields: Sequence[Field]) -> None:
    """Set `$0` and the positional parameters."""
    if fields:
        machine.state.set('0', known(fields[0].text) if fields[0].known else None)
    machine.state.set(ARGUMENTS, Array(tuple(item_of(field) for field in fields[1:])))
