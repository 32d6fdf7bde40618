"""Scripts inside scripts: `eval`, `sh -c`, text piped into a shell, files that are run."""
from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache

from kaniko_hooks.model import Place
from kaniko_hooks.model import Reason
from kaniko_hooks.shell import interpret
from kaniko_hooks.shell import paths
from kaniko_hooks.shell import tree
from kaniko_hooks.shell.machine import DEPTH
from kaniko_hooks.shell.machine import Machine
from kaniko_hooks.shell.parser import parse
from kaniko_hooks.shell.source import Source
from kaniko_hooks.shell.state import ARGUMENTS
from kaniko_hooks.shell.state import Written
from kaniko_hooks.shell.summary import GO
from kaniko_hooks.shell.summary import NOTHING
from kaniko_hooks.shell.summary import RETURN
from kaniko_hooks.shell.summary import Summary
from kaniko_hooks.shell.summary import because
from kaniko_hooks.shell.summary import process
from kaniko_hooks.shell.summary import renamed
from kaniko_hooks.shell.values import Array
from kaniko_hooks.shell.values import Bit
from kaniko_hooks.shell.values import Field
from kaniko_hooks.shell.values import item_of
from kaniko_hooks.shell.values import known

SHELLS = frozenset(('sh', 'bash', 'ash', 'dash', 'ksh', 'mksh', 'zsh'))
STDIN = frozenset(('/dev/stdin', '/dev/fd/0', '/proc/self/fd/0', '-'))
_SHEBANG = re.compile(r'#!\s*(\S+)(?:[ \t]+(\S+(?:[ \t]+\S+)?))?')
# What a script says that builds, or that calls one.
_BUILDERS = ('kaniko', 'executor')
# Scripts that call scripts.
_SCRIPTS = 8


@lru_cache(maxsize=64)
def _parsed(text: str) -> tree.Script:
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
    script = parse(whole, opaque) if opaque else _parsed(whole)
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


def shell(
    machine: Machine, source: Source, argv: Sequence[Field], stdin: Sequence[Bit] | str | None,
) -> Summary:
    """`sh -c text`, `sh file`, `sh < text`: a process of its own."""
    takes_text, reads, rest = _options(argv)
    if takes_text and rest:
        return given(machine, source, rest[0], rest[1:])
    mark = len(machine.state.journal)
    if reads or not rest:
        found = read(machine, source, stdin, [argv[0], *rest], False)
    elif rest[0].text in STDIN:
        found = read(machine, source, stdin, rest, False)
    else:
        found = called(machine, source, rest, False)
    machine.state.taken_back(mark)
    return process(found)


def given(
    machine: Machine, source: Source, script: Field, arguments: Sequence[Field],
) -> Summary:
    """Run a text with `$0` and arguments, in a process of its own."""
    mark = len(machine.state.journal)
    machine.process += 1
    _arguments(machine, arguments)
    found = text(machine, source, script.bits)
    machine.process -= 1
    machine.state.taken_back(mark)
    return process(found)


def read(
    machine: Machine, source: Source, stdin: Sequence[Bit] | str | None,
    argv: Sequence[Field], sourced: bool,
) -> Summary:
    """Run what is read from the standard input."""
    if isinstance(stdin, str):
        return file(machine, stdin, argv, sourced)
    if not sourced:
        _arguments(machine, argv)
    machine.process += not sourced
    found = text(machine, source, stdin or ())
    machine.process -= not sourced
    return renamed(found, {RETURN: GO}) if RETURN in found else found


def called(
    machine: Machine, source: Source, argv: Sequence[Field], sourced: bool,
) -> Summary:
    """Run the file that the first word names: one of the repository, or a written one."""
    key = paths.written(machine, argv[0].bits)
    held = machine.state.get(key)
    if isinstance(held, Written):
        found = _written(machine, key, held, argv, sourced)
    else:
        found = file(machine, paths.repository_path(machine, argv[0].bits), argv, sourced)
    return because(found, Reason('call', source.locate(argv[0].start), 1, machine.level))


def _written(
    machine: Machine, key: str, held: Written, argv: Sequence[Field], sourced: bool,
) -> Summary:
    whole = ''.join(bit.text for bit in held.bits)
    if key in machine.following or len(machine.following) >= _SCRIPTS:
        return NOTHING
    if not sourced and not is_shell(whole.lstrip()):
        return NOTHING
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


def _arguments(machine: Machine, fields: Sequence[Field]) -> None:
    """`$0` and the positional parameters."""
    if fields:
        machine.state.set('0', known(fields[0].text) if fields[0].known else None)
    machine.state.set(ARGUMENTS, Array(tuple(item_of(field) for field in fields[1:])))


def file(
    machine: Machine, path: str | None, argv: Sequence[Field], sourced: bool,
) -> Summary:
    """Run a file of the repository; nothing if it is not there or not a shell script.

    `argv` begins with the name that it is called by. Raises TooLarge.
    """
    if path is None or path in machine.following or len(machine.following) >= _SCRIPTS:
        return NOTHING
    content = machine.read_script(path)
    if content is None or machine.depth >= DEPTH or not sourced and not is_shell(content):
        return NOTHING
    again = path in machine.scripts
    if not again:
        if len(content) > machine.unread and not any(each in content for each in _BUILDERS):
            return NOTHING
        machine.take(content, path)
        machine.scripts[path] = None
    elif machine.repeats <= 0:
        return _any_run(machine, path, content, sourced)
    machine.repeating += again
    found = _followed(machine, path, content, argv, sourced)
    machine.repeating -= again
    return found


def _any_run(machine: Machine, path: str, content: str, sourced: bool) -> Summary:
    """A file when too much was followed already: read once, without arguments."""
    if path not in machine.memo:
        machine.memo[path] = NOTHING
        machine.memo[path] = _followed(machine, path, content, None, sourced)
    return machine.memo[path]


def _followed(
    machine: Machine, path: str, content: str, argv: Sequence[Field] | None, sourced: bool,
) -> Summary:
    machine.following.append(path)
    outer = machine.state.get(ARGUMENTS)
    if argv is None:
        machine.state.set(ARGUMENTS, None)
    elif not sourced or len(argv) > 1:
        _arguments(machine, argv)
    machine.state.set('BASH_SOURCE', paths.absolute(path))
    if not sourced:
        machine.state.set('0', paths.absolute(path))
    source = Source(content, lambda offset: Place(path, offset), path)
    machine.depth += 1
    machine.process += not sourced
    found = interpret.statements(machine, source, _parsed(content).body)
    machine.process -= not sourced
    machine.depth -= 1
    machine.following.pop()
    if sourced:
        machine.state.set(ARGUMENTS, outer)
    return renamed(found, {RETURN: GO}) if RETURN in found else found
