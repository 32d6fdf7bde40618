"""Commands that run another one again and again, or once per item: `xargs`, `find`, …"""

from __future__ import annotations

import re
from collections.abc import Sequence

from kaniko_hooks.model import Reason
from kaniko_hooks.old_shell.commands import calls, nested, wrappers
from kaniko_hooks.old_shell.machine import Machine, Stdin
from kaniko_hooks.old_shell.summary import NOTHING, Summary, process, repeated, sequence
from kaniko_hooks.old_shell.syntax.source import Source
from kaniko_hooks.old_shell.values import WORDS, Bit, Field

# The end of an item, with `-0` as well.
_END = re.compile('[\n\0]')


def xargs(
    machine: Machine, source: Source, argv: Sequence[Field], stdin: Stdin, level: int
) -> Summary:
    """Once with all the words that it reads, or many times; once, too, for a single item."""
    read = wrappers.xargs(argv)
    if not read.command:
        return NOTHING
    lines = [] if read.delimited else _lines(stdin)
    if read.replaced and lines:
        listed = [[_filled(field, read.replaced, line) for field in read.command] for line in lines]
    elif read.replaced:
        listed = [[_unknown(field, read.replaced) for field in read.command]]
    else:
        words = [word for line in lines for word in _words(line, read.command[-1])]
        if not words or len(words) > WORDS:
            bit = Bit('$(cat)', False, read.command[-1].start, False, read.each == 1)
            words = [read.command[-1]._replace(bits=(bit,), splits=read.each != 1)]
            lines = []
        size = read.each or len(words)
        listed = [read.command + words[at : at + size] for at in range(0, len(words), size)]
    total = NOTHING
    for command in listed:
        found = calls.run_once(machine, source, [command], None, level + 1)
        total = sequence(total, process(found))
    once = not read.many or len(listed) == 1 and lines and (read.replaced or read.each)
    if once or total is NOTHING:
        return total
    return repeated(total, Reason('xargs', source.locate(argv[0].start)))


def _lines(stdin: Stdin) -> list[list[Bit]]:
    """The lines of a text that is read, those without text left out; none if it is not told."""
    found: list[list[Bit]] = [[]]
    for bit in stdin or ():
        if isinstance(bit, str):
            return []
        at = 0
        for index, text in enumerate(_END.split(bit.text) if bit.known else (bit.text,)):
            if index:
                found.append([])
            if text:
                start = bit.at + at if bit.verbatim else bit.at
                found[-1].append(bit._replace(text=text, at=start))
            at += len(text) + 1
    return [line for line in found if line]


def _words(line: Sequence[Bit], beside: Field) -> list[Field]:
    return [
        beside._replace(bits=(Bit(word, bit.known, bit.at, False, False),), splits=not bit.known)
        for bit in line
        for word in (bit.text.split() if bit.known else (bit.text,))
    ]


def _filled(field: Field, replaced: str, line: Sequence[Bit]) -> Field:
    """A word in which `xargs -I` puts a line."""
    bits: list[Bit] = []
    for bit in _unknown(field, replaced).bits:
        bits += line if bit.text == replaced and not bit.known else (bit,)
    return field._replace(bits=tuple(bits))


def _unknown(field: Field, replaced: str) -> Field:
    """A word in which `xargs -I` or `find` puts a name."""
    bits: list[Bit] = []
    for bit in field.bits:
        pieces = bit.text.split(replaced) if bit.known else [bit.text]
        at = bit.at
        for index, text in enumerate(pieces):
            if index:
                bits.append(Bit(replaced, False, at, bit.verbatim, True))
                at += len(replaced)
            if text or len(pieces) == 1:
                bits.append(bit._replace(text=text, at=at))
            at += len(text)
    return field._replace(bits=tuple(bits))


def find(machine: Machine, source: Source, argv: Sequence[Field], level: int) -> Summary:
    """The commands of `-exec`, once for each file, or once with `+`."""
    total = NOTHING
    machine.unseen += any(field.text == '-delete' for field in argv)
    for command, many in wrappers.find(argv):
        listed = [_unknown(field, '{}') for field in command]
        if not many:
            listed[-1] = listed[-1]._replace(splits=True)
        found = process(calls.run_once(machine, source, [listed], None, level + 1))
        if many and found is not NOTHING:
            found = repeated(found, Reason('find', source.locate(argv[0].start)))
        total = sequence(total, found)
    return total


def again(machine: Machine, source: Source, argv: Sequence[Field], stdin: Stdin) -> Summary:
    """`parallel`, `retry`, `watch`: their words are one command line, run any number of times."""
    base = argv[0].text.rpartition('/')[2]
    command = wrappers.inner(argv, wrappers.AGAIN[base]).argv
    while command and command[0].text.isdigit():
        del command[0]
    end = next((at for at, field in enumerate(command) if field.text.startswith(':::')), None)
    given = [] if end is None else command[end + 1 :]
    words = [_unknown(field, '{}') for field in command[:end]]
    total = NOTHING
    for text in [nested.joined(words)] if words else [[*field.bits] for field in given]:
        line = argv[0]._replace(bits=tuple(text))
        total = sequence(total, nested.given(machine, source, line, ()))
    if not command:
        total = nested.shell(machine, source, argv[:1], stdin)
    if total is NOTHING:
        return total
    reason = Reason(base, source.locate(argv[0].start))
    return repeated(total, reason)
