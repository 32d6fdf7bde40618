"""An argv: a built-in, a function, a wrapper, a script, or a build."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from kaniko_hooks.model import UNKNOWN, Build, Flags, Fragment, Word
from kaniko_hooks.old_shell import branching, paths
from kaniko_hooks.old_shell.commands import functions, items, lookup, nested, simple, wrappers
from kaniko_hooks.old_shell.commands.builtins import BUILTINS
from kaniko_hooks.old_shell.conditions import arguments
from kaniko_hooks.old_shell.expansion import parameters
from kaniko_hooks.old_shell.machine import Machine, Stdin, Traced
from kaniko_hooks.old_shell.state import ARGUMENTS, DIRECTORY, EVERYWHERE, Defined, Missing, Written
from kaniko_hooks.old_shell.summary import EXIT, FAIL, NOTHING, Summary, one, process, renamed
from kaniko_hooks.old_shell.syntax.source import Source
from kaniko_hooks.old_shell.values import Field, Scalar, shown

_WRAPPERS = 8


def run(machine: Machine, source: Source, variants: Sequence[list[Field]], stdin: Stdin) -> Summary:
    """Run an argv; several variants of it are one command, or one of several."""
    names = {variant[0].text if variant else '' for variant in variants}
    if len(names) > 1:
        return branching.one_of(
            machine, [partial(run_once, machine, source, [variant], stdin) for variant in variants]
        )
    return run_once(machine, source, variants, stdin)


def run_once(
    machine: Machine, source: Source, variants: Sequence[list[Field]], stdin: Stdin, level: int = 0
) -> Summary:
    argv = variants[0]
    if not argv or level > _WRAPPERS:
        return NOTHING
    name = argv[0].text
    state = machine.state
    defined = None if level else state.get('()' + name)
    if isinstance(defined, Defined) and defined.process in (machine.process, EVERYWHERE):
        return functions.call(machine, source, defined, variants)
    if not argv[0].known and not level:
        arguments.forget(machine)
        named = functions.named_like(machine, argv[0])
        if named:
            return branching.one_of(
                machine,
                [partial(functions.call, machine, source, each, variants) for each in named],
            )
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
    if base in wrappers.LOGINS and stdin and wrappers.logs_in(argv):
        return nested.shell(machine, source, argv[:1], stdin)
    if base in wrappers.WRAPPERS:
        return _wrapped(machine, source, variants, stdin, level)
    if base == 'xargs':
        return items.xargs(machine, source, argv, stdin, level)
    if base == 'find':
        return items.find(machine, source, argv, level)
    if base in wrappers.AGAIN:
        return items.again(machine, source, argv, stdin)
    if base in nested.SHELLS:
        return nested.shell(machine, source, argv, stdin)
    path = lookup.found(machine, argv[0])
    written = isinstance(state.get(paths.written(machine, path.bits)), Written)
    found = None if written else _build(machine, source, variants)
    if found is None and '/' in path.text:
        run = partial(nested.called, machine, source, [path, *argv[1:]], False)
        found = nested.started(machine, run)
    if found is None or found is NOTHING:
        return _unseen(machine, source, variants)
    return found


def _unseen(machine: Machine, source: Source, variants: Sequence[list[Field]]) -> Summary:
    """What a command does that is not known: if an executor and its destination are among
    its words, it runs them. Others that take a command run it elsewhere, or only show it."""
    machine.unseen += 1
    argv = variants[0]
    base = argv[0].text.rpartition('/')[2]
    elsewhere = base in simple.INERT or base in wrappers.ELSEWHERE
    if not argv[0].known or elsewhere or base.startswith(wrappers.SHOWING):
        return NOTHING
    for index, field in enumerate(argv):
        text = field.text
        if '/' in text and text[0] != '-' and text.rpartition('/')[2] != base:
            inner = [variant[index:] for variant in variants if len(variant) > index]
            if any(each.destinations for each in _flags(machine, inner)):
                return _build(machine, source, inner) or NOTHING
    return NOTHING


def _wrapped(
    machine: Machine, source: Source, variants: Sequence[list[Field]], stdin: Stdin, level: int
) -> Summary:
    base = variants[0][0].text.rpartition('/')[2]
    found = [wrappers.inner(variant, wrappers.WRAPPERS[base]) for variant in variants]
    mark = len(machine.state.journal)
    for name, field in found[0].assigned:
        fragments = tuple(Fragment(bit.text, bit.known) for bit in field.bits)
        machine.state.set(name, Scalar(fragments))
    # In some variants a word that may be none is all that there is to run.
    listed = [each.argv for each in found if each.argv] or [[]]
    if base in ('exec', 'command', 'builtin'):
        summary = run_once(machine, source, listed, stdin, level + 1)
        if base == 'exec' and found[0].argv:
            return renamed(summary, {way: EXIT for way in summary if way != FAIL})
        return summary
    summary = run_once(machine, source, listed, stdin, level + 1)
    machine.state.left(mark)
    return process(summary)


def _build(machine: Machine, source: Source, variants: Sequence[list[Field]]) -> Summary | None:
    """The build that an argv does, None if it is none."""
    flags = _flags(machine, variants)
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


def _flags(machine: Machine, variants: Sequence[list[Field]]) -> list[Flags]:
    """The flags of the builds that the variants of an argv do."""

    def variable(name: str) -> Word | None:
        value = parameters.look_up(machine, name)
        if isinstance(value, Missing):
            return None
        if isinstance(value, Scalar):
            return Word(value.fragments)
        return Word((Fragment('$' + name, False),))

    words = [_located(machine, shown([variant])) for variant in variants]
    read = [machine.read_build(argv, machine.image, variable) for argv in words]
    if machine.image is not None:
        blind = [machine.read_build(argv, None, variable) for argv in words]
        machine.used_image |= blind != read
    return [each for each in read if each is not None]


def _located(machine: Machine, argv: tuple[Word, ...]) -> tuple[Word, ...]:
    """An argv of which the command has its whole path: `./executor` in /kaniko."""
    fragments = argv[0].fragments
    path = paths.outside(machine, fragments) if '/' in argv[0].text else None
    return argv if path is None else (Word((Fragment(path, True),)), *argv[1:])


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
    inside = directory is None or not directory.startswith('/')
    return Traced(build, variables, directory if inside else None)
