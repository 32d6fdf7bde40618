"""Where a shell finds a command that has no path: in the folders of PATH."""

from __future__ import annotations

from collections.abc import Iterator

from kaniko_hooks.old_shell import paths
from kaniko_hooks.old_shell.machine import Machine
from kaniko_hooks.old_shell.state import Written
from kaniko_hooks.old_shell.values import Bit, Field, Scalar

# What PATH has in the images that CI runs in, as keys of written files.
FOLDERS = (
    '>/usr/local/sbin',
    '>/usr/local/bin',
    '>/usr/sbin',
    '>/usr/bin',
    '>/sbin',
    '>/bin',
    '>/kaniko',
    '>/busybox',
)


def found(machine: Machine, command: Field) -> Field:
    """A command with its whole path, if the script wrote it into a folder of PATH, or put
    the repository's folder that has it into PATH."""
    if '/' in command.text:
        return command
    for folder in FOLDERS:
        key = f'{folder}/{command.text}'
        if isinstance(machine.state.get(key), Written):
            return command._replace(bits=(Bit(key[1:], True, command.start, False, True),))
    for bits in _added(machine, command):
        named = paths.repository_path(machine, bits)
        if named is not None and machine.read_script(named) is not None:
            return command._replace(bits=bits)
    return command


def _added(machine: Machine, command: Field) -> Iterator[tuple[Bit, ...]]:
    """The command in each of the folders that the script itself gives PATH."""
    held = machine.state.get('PATH')
    folder: list[Bit] = []
    fragments = held.fragments if isinstance(held, Scalar) else ()
    for fragment in fragments:
        texts = fragment.text.split(':') if fragment.known else [fragment.text]
        for index, text in enumerate(texts):
            if index:
                yield _within(folder, command)
                folder = []
            folder.append(Bit(text, fragment.known, command.start, False, True))
    if fragments:
        yield _within(folder, command)


def _within(folder: list[Bit], command: Field) -> tuple[Bit, ...]:
    return (*folder, Bit('/' + command.text, True, command.start, False, True))
