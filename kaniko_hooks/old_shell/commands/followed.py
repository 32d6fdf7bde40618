"""Scripts of the repository that a script runs."""

from __future__ import annotations

from collections.abc import Sequence

from kaniko_hooks.model import Place
from kaniko_hooks.old_shell import interpret, paths
from kaniko_hooks.old_shell.commands import nested
from kaniko_hooks.old_shell.conditions import arguments
from kaniko_hooks.old_shell.machine import DEPTH, Machine
from kaniko_hooks.old_shell.state import ARGUMENTS
from kaniko_hooks.old_shell.summary import GO, NOTHING, RETURN, Summary, renamed
from kaniko_hooks.old_shell.syntax.source import Source
from kaniko_hooks.old_shell.values import Field

# What a script says that builds, or that calls one.
_BUILDERS = ('kaniko', 'executor')


def file(machine: Machine, path: str | None, argv: Sequence[Field], sourced: bool) -> Summary:
    """Run a file of the repository; nothing if it is not there or not a shell script.

    `argv` begins with the name that it is called by. Raises TooLarge.
    """
    content = None
    # A script may call itself, mostly to do something else: `$0 login`.
    if machine.following.count(path or '') < 2 and len(machine.following) < nested.SCRIPTS:
        content = None if path is None else machine.read_script(path)
    if path is None or content is None:
        arguments.forget(machine)
        return NOTHING
    if machine.depth >= DEPTH or not sourced and not nested.is_shell(content):
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
    machine: Machine, path: str, content: str, argv: Sequence[Field] | None, sourced: bool
) -> Summary:
    mark = len(machine.state.journal)
    machine.following.append(path)
    outer = machine.state.get(ARGUMENTS)
    if argv is None:
        machine.state.set(ARGUMENTS, None)
    elif not sourced or len(argv) > 1:
        nested.set_arguments(machine, argv)
    machine.state.set('BASH_SOURCE', paths.absolute(path))
    if not sourced:
        machine.state.set('0', paths.absolute(path))
    source = Source(content, lambda offset: Place(path, offset), path)
    machine.depth += 1
    found = interpret.statements(machine, source, nested.parsed(content).body)
    machine.depth -= 1
    machine.following.pop()
    if sourced:
        machine.state.set(ARGUMENTS, outer)
    if RETURN not in found:
        return found
    arguments.unsettle(machine, mark)
    return renamed(found, {RETURN: GO})
