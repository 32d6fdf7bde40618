"""Calls of a script's own functions and aliases."""

from __future__ import annotations

from collections.abc import Sequence

from kaniko_hooks.model import ON, UNKNOWN, Build, Flags, Place, Reason
from kaniko_hooks.old_shell import interpret
from kaniko_hooks.old_shell.commands import nested
from kaniko_hooks.old_shell.conditions import arguments
from kaniko_hooks.old_shell.machine import DEPTH, Machine
from kaniko_hooks.old_shell.state import ARGUMENTS, EVERYWHERE, Defined, Held
from kaniko_hooks.old_shell.summary import (
    GO,
    NOTHING,
    RETURN,
    Summary,
    because,
    has_builds,
    renamed,
    repeated,
)
from kaniko_hooks.old_shell.syntax.source import Source
from kaniko_hooks.old_shell.values import Array, Bit, Field, Scalar, choice, item_of

# Functions that one call may be of.
_ALIKE = 20


def call(
    machine: Machine, source: Source, defined: Defined, variants: Sequence[list[Field]]
) -> Summary:
    """Inline a function with its arguments; one that calls itself builds many times."""
    node = defined.node
    place = source.locate(variants[0][0].start)
    if id(node) in machine.calls or machine.depth >= DEPTH:
        machine.recursive.add(id(node))
        arguments.forget(machine)
        return NOTHING
    if machine.repeats <= 0:
        return _any_call(machine, defined, place)
    state = machine.state
    outer = state.get(ARGUMENTS)
    state.set(
        ARGUMENTS,
        choice([Array(tuple(item_of(field) for field in variant[1:])) for variant in variants]),
    )
    found = because(_body(machine, defined), Reason('call', place, 1, machine.level))
    state.set(ARGUMENTS, outer)
    if id(node) in machine.recursive and has_builds(found):
        found = repeated(found, Reason('call', place))
    return found


def named_like(machine: Machine, name: Field) -> list[Defined]:
    """The functions that `build_$IMAGE` may be one of."""
    start, end = (bit.text * bit.known for bit in (name.bits[0], name.bits[-1]))
    if machine.repeats <= 0 or not start + end:
        return []
    machine.repeats -= len(machine.state.values) // 100
    start = '()' + start
    return [
        held
        for key, held in machine.state.values.items()
        if key.startswith(start)
        and key[len(start) :].endswith(end)
        and isinstance(held, Defined)
        and held.process in (machine.process, EVERYWHERE)
    ][:_ALIKE]


def _body(machine: Machine, defined: Defined) -> Summary:
    node, source = defined.node, defined.source
    mark = len(machine.state.journal)
    frame: dict[str, Held] = {}
    machine.calls.append(id(node))
    machine.locals.append(frame)
    outer, machine.loops = machine.loops, 0
    machine.repeating += 1
    machine.depth += 1
    found = interpret.command(machine, source, node.body, None)
    machine.depth -= 1
    machine.repeating -= 1
    machine.loops = outer
    machine.locals.pop()
    machine.calls.pop()
    for name, held in frame.items():
        machine.state.set(name, held)
    if RETURN not in found:
        return found
    arguments.unsettle(machine, mark)
    return renamed(found, {RETURN: GO})


def _any_call(machine: Machine, defined: Defined, place: Place) -> Summary:
    """A call when too much was followed already: read once, without arguments."""
    key = id(defined.node)
    arguments.forget(machine)
    if key not in machine.memo:
        machine.memo[key] = NOTHING
        machine.state.set(ARGUMENTS, None)
        machine.memo[key] = _body(machine, defined)
    return machine.memo[key]


def aliased(machine: Machine, source: Source, alias: Scalar, argv: Sequence[Field]) -> Summary:
    """The text of an alias, then the other words."""
    start = argv[0].start
    text = ''.join(fragment.text for fragment in alias.fragments).partition('=')[2]
    name = argv[0].text + ' '
    held = machine.state.get(name)
    machine.state.set(name, None)
    bits = [Bit(text, True, start, False, False)]
    for field in argv[1:]:
        quoted = "'" + field.text.replace("'", "'\\''") + "'"
        bits.append(Bit(' ' + quoted, True, field.start, False, True))
    found = nested.text(machine, source, bits)
    machine.state.set(name, held)
    return found


def meet(machine: Machine, build: Build) -> None:
    """Remember a build's place; several builds there are shown as one."""
    known = machine.found.get(build.place)
    if known is None:
        machine.found[build.place] = build
        return
    one, other = known.flags, build.flags
    if one == other:
        return
    cache = next((each for each in (ON, UNKNOWN) if each in (one.cache, other.cache)), one.cache)
    destinations = one.destinations
    if len(destinations) < 200:
        destinations = tuple(dict.fromkeys((*destinations, *other.destinations)))
    flags = Flags(cache, one.cleanup and other.cleanup, destinations)
    machine.found[build.place] = known._replace(flags=flags)
