"""An argv: a built-in, a function, a wrapper, a script, or a build."""
from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from kaniko_hooks.model import Build
from kaniko_hooks.model import Flags
from kaniko_hooks.model import Fragment
from kaniko_hooks.model import MANY
from kaniko_hooks.model import Reason
from kaniko_hooks.model import UNKNOWN
from kaniko_hooks.model import Word
from kaniko_hooks.shell import branching
from kaniko_hooks.shell import functions
from kaniko_hooks.shell import nested
from kaniko_hooks.shell import parameters
from kaniko_hooks.shell import wrappers
from kaniko_hooks.shell.builtins import BUILTINS
from kaniko_hooks.shell.machine import Machine
from kaniko_hooks.shell.machine import Stdin
from kaniko_hooks.shell.machine import Traced
from kaniko_hooks.shell.source import Source
from kaniko_hooks.shell.state import ARGUMENTS
from kaniko_hooks.shell.state import DIRECTORY
from kaniko_hooks.shell.state import Defined
from kaniko_hooks.shell.state import EVERYWHERE
from kaniko_hooks.shell.state import Missing
from kaniko_hooks.shell.state import Written
from kaniko_hooks.shell.summary import EXIT
from kaniko_hooks.shell.summary import FAIL
from kaniko_hooks.shell.summary import NOTHING
from kaniko_hooks.shell.summary import Summary
from kaniko_hooks.shell.summary import either
from kaniko_hooks.shell.summary import one
from kaniko_hooks.shell.summary import process
from kaniko_hooks.shell.summary import renamed
from kaniko_hooks.shell.summary import repeated
from kaniko_hooks.shell.summary import sequence
from kaniko_hooks.shell.values import Bit
from kaniko_hooks.shell.values import Field
from kaniko_hooks.shell.values import Scalar
from kaniko_hooks.shell.values import shown

_WRAPPERS = 8


def run(
    machine: Machine, source: Source, variants: Sequence[list[Field]],
    stdin: Stdin,
) -> Summary:
    """Run an argv; several variants of it are one command, or one of several."""
    names = {variant[0].text if variant else '' for variant in variants}
    if len(names) > 1:
        return either(branching.branches(machine, [
            partial(_run, machine, source, [variant], stdin) for variant in variants
        ]))
    return _run(machine, source, variants, stdin)


def _run(
    machine: Machine, source: Source, variants: Sequence[list[Field]],
    stdin: Stdin, level: int = 0,
) -> Summary:
    argv = variants[0]
    if not argv or level > _WRAPPERS:
        return NOTHING
    name = argv[0].text
    state = machine.state
    defined = None if level else state.get('()' + name)
    if isinstance(defined, Defined) and defined.process in (machine.process, EVERYWHERE):
        return functions.call(machine, source, defined, variants)
    alias = None if level else state.get(name + ' ')
    if isinstance(alias, Scalar):
        return functions.aliased(machine, source, alias, argv)
    if name in ('.', 'source') and len(argv) > 1 and argv[1].text in nested.STDIN:
        return nested.read(machine, source, stdin, argv[1:], True)
    if name in BUILTINS:
        return BUILTINS[name](machine, source, argv)
    base = name.rpartition('/')[2]
    text = wrappers.text(argv, base) if base in wrappers.TEXTS else None
    if text:
        return nested.given(machine, source, text[0], text[1])
    if base in wrappers.WRAPPERS:
        return _wrapped(machine, source, variants, stdin, level)
    if base == 'xargs':
        return _xargs(machine, source, argv, stdin, level)
    if base == 'find':
        return _find(machine, source, argv, level)
    if base in nested.SHELLS:
        return nested.shell(machine, source, argv, stdin)
    found = _build(machine, source, variants)
    if found is None and '/' in name:
        mark = len(state.journal)
        found = process(nested.called(machine, source, argv, False))
        state.taken_back(mark)
    return found or NOTHING


def _wrapped(
    machine: Machine, source: Source, variants: Sequence[list[Field]],
    stdin: Stdin, level: int,
) -> Summary:
    base = variants[0][0].text.rpartition('/')[2]
    found = [wrappers.inner(variant, wrappers.WRAPPERS[base]) for variant in variants]
    mark = len(machine.state.journal)
    for name, field in found[0].assigned:
        fragments = tuple(Fragment(bit.text, bit.known) for bit in field.bits)
        machine.state.set(name, Scalar(fragments))
    if base in ('exec', 'command', 'builtin'):
        summary = _run(machine, source, [each.argv for each in found], stdin, level + 1)
        if base == 'exec' and found[0].argv:
            return renamed(summary, {way: EXIT for way in summary if way != FAIL})
        return summary
    summary = _run(machine, source, [each.argv for each in found], stdin, level + 1)
    machine.state.taken_back(mark)
    return process(summary)


def _xargs(
    machine: Machine, source: Source, argv: Sequence[Field],
    stdin: Stdin, level: int,
) -> Summary:
    command, many, replaced = wrappers.xargs(argv)
    if not command:
        return NOTHING
    start, end = command[-1].start, command[-1].end
    if many:
        command = [_unknown(field, replaced) for field in command] if replaced else command
    elif stdin is None or any(isinstance(each, str) for each in stdin):
        bit = Bit('$(cat)', False, start, False, False)
        command = [*command, Field((bit,), True, start, end)]
    else:
        for bit in (each for each in stdin if isinstance(each, Bit)):
            words = bit.text.split() if bit.known else [bit.text]
            command += [
                Field((Bit(word, bit.known, bit.at, False, False),), not bit.known, start, end)
                for word in words
            ]
    found = process(_run(machine, source, [command], None, level + 1))
    if not many or found is NOTHING:
        return found
    return repeated(found, Reason('xargs', source.locate(argv[0].start)))


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


def _find(
    machine: Machine, source: Source, argv: Sequence[Field], level: int,
) -> Summary:
    total = NOTHING
    for command, many in wrappers.find(argv):
        listed = [_unknown(field, '{}') for field in command]
        if not many:
            listed[-1] = listed[-1]._replace(splits=True)
        found = process(_run(machine, source, [listed], None, level + 1))
        if many and found is not NOTHING:
            found = repeated(found, Reason('find', source.locate(argv[0].start), MANY))
        total = sequence(total, found)
    return total


def _build(
    machine: Machine, source: Source, variants: Sequence[list[Field]],
) -> Summary | None:
    """The build that an argv does, None if it is none."""
    def variable(name: str) -> Word | None:
        value = parameters.look_up(machine, name)
        if isinstance(value, Missing):
            return None
        if isinstance(value, Scalar):
            return Word(value.fragments)
        return Word((Fragment('$' + name, False),))

    words = [shown([variant]) for variant in variants]
    read = [machine.read_build(argv, machine.image, variable) for argv in words]
    if machine.image is not None:
        blind = [machine.read_build(argv, None, variable) for argv in words]
        machine.used_image |= blind != read
    flags = [each for each in read if each is not None]
    if not flags:
        return None
    states = {each.cache for each in flags}
    merged = Flags(
        flags[0].cache if len(states) == 1 else UNKNOWN,
        all(each.cleanup for each in flags),
        flags[0].destinations,
    )
    argv = variants[0]
    start = source.locate(argv[0].start)
    build = Build(start, source.locate(argv[-1].end), shown(variants), merged)
    functions.meet(machine, build)
    if machine.trace is not None:
        machine.trace.append(_traced(machine, build))
    return one(build)


def _traced(machine: Machine, build: Build) -> Traced:
    """The build with the variables and the directory that it is run with."""
    variables: dict[str, Word | None] = {}
    for name, held in machine.state.values.items():
        if name[:1] in '.(>=' or name.endswith(' ') or name == ARGUMENTS:
            continue
        if not isinstance(held, (Missing, Defined, Written)):
            variables[name] = Word(held.fragments) if isinstance(held, Scalar) else None
    here = machine.state.get(DIRECTORY)
    directory = None
    if isinstance(here, Scalar):
        directory = ''.join(each.text for each in here.fragments)
    return Traced(build, variables, directory)
