"""What `$(…)` prints, for the few commands whose output is known."""
from __future__ import annotations

from collections.abc import Sequence

from kaniko_hooks.model import Fragment
from kaniko_hooks.shell import expand
from kaniko_hooks.shell import outputs
from kaniko_hooks.shell import paths
from kaniko_hooks.shell import patterns
from kaniko_hooks.shell import tree
from kaniko_hooks.shell.machine import Machine
from kaniko_hooks.shell.source import Source
from kaniko_hooks.shell.state import DIRECTORY
from kaniko_hooks.shell.state import Defined
from kaniko_hooks.shell.values import Bit
from kaniko_hooks.shell.values import Field
from kaniko_hooks.shell.values import Scalar
from kaniko_hooks.shell.values import known
from kaniko_hooks.shell.values import merged
from kaniko_hooks.shell.values import scalar_of

# What prints the name of a command that is there.
_NAMED = (['which'], ['command', '-v'], ['type', '-p'])


def value(machine: Machine, source: Source, piece: tree.Substitution) -> Scalar | None:
    """The output of the commands, None if it is not known."""
    commands = [
        command
        for statement in piece.body
        for pipeline in statement.pipelines
        for command in pipeline.commands
    ]
    if not 1 <= len(commands) <= 2 or len(piece.body) > 1 or machine.depth > 8:
        return None
    last = commands[-1]
    if not isinstance(last, tree.Simple) or not last.words or last.assignments:
        return None
    if len(commands) == 2:
        return _entered(machine, source, commands[0], last)
    name = _literal(last.words[0])
    if name in ('echo', 'printf'):
        return printed(machine, source, last)
    if name == 'cat' or isinstance(machine.state.get('()' + name), Defined):
        text = outputs.printed(machine, source, last, None)
        return None if text is None or isinstance(text, str) else _stripped(text)
    machine.depth += 1
    found = _output(machine, name, expand.fields(machine, source, last.words[1:]))
    machine.depth -= 1
    return found


def _stripped(bits: Sequence[Bit]) -> Scalar:
    """A text without the line ends at its end."""
    fragments = merged(Fragment(bit.text, bit.known) for bit in bits)
    if fragments and fragments[-1].known:
        fragments[-1] = Fragment(fragments[-1].text.rstrip('\n'), True)
    return Scalar(tuple(merged(fragments)))


def _literal(word: tree.Word) -> str:
    piece = word.pieces[0] if len(word.pieces) == 1 else None
    return piece.value if isinstance(piece, tree.Text) else ''


def _output(machine: Machine, name: str, arguments: list[Field]) -> Scalar | None:
    if name == 'pwd':
        here = machine.state.get(DIRECTORY)
        path = here.fragments if isinstance(here, Scalar) else None
        return None if path is None else paths.absolute(''.join(each.text for each in path))
    if name == 'git' and [each.text for each in arguments] == ['rev-parse', '--show-toplevel']:
        return paths.absolute('')
    if arguments and [name, *[each.text for each in arguments[:-1]]] in _NAMED:
        return scalar_of(arguments[-1:])
    if name not in ('dirname', 'basename', 'realpath', 'readlink') or not arguments:
        return None
    path_value = scalar_of(arguments[-1:])
    if name in ('realpath', 'readlink'):
        return path_value
    operator, argument = ('%', '/*') if name == 'dirname' else ('##', '*/')
    if '/' in ''.join(each.text for each in path_value.fragments if each.known):
        return patterns.without_folder(path_value, operator, argument)
    if not all(each.known for each in path_value.fragments):
        return None
    return known('.') if name == 'dirname' else path_value


def _entered(
    machine: Machine, source: Source, first: tree.Command, last: tree.Simple,
) -> Scalar | None:
    """`cd folder && pwd`."""
    if not isinstance(first, tree.Simple) or len(first.words) < 2:
        return None
    if _literal(first.words[0]) != 'cd' or _literal(last.words[0]) != 'pwd':
        return None
    machine.depth += 1
    folder = expand.fields(machine, source, first.words[-1:])
    machine.depth -= 1
    path = paths.repository_path(machine, folder[0].bits) if len(folder) == 1 else None
    return None if path is None else paths.absolute(path)


def printed(machine: Machine, source: Source, command: tree.Simple) -> Scalar | None:
    """What `echo` and a simple `printf` print, without the last line end."""
    machine.depth += 1
    fields = expand.fields(machine, source, command.words)
    machine.depth -= 1
    kept = output(fields)
    return None if kept is None else scalar_of(kept)


def lines(fields: list[Field]) -> list[Bit] | None:
    """The same as pieces of text; `printf '%s\\n'` puts each field on a line of its own."""
    kept = output(fields)
    if kept is None:
        return None
    between = '\n' if fields[0].text == 'printf' else ' '
    found: list[Bit] = []
    for field in kept:
        found += [Bit(between, True, field.start, False, True)] * bool(found)
        found += field.bits
    return found


def output(fields: list[Field]) -> list[Field] | None:
    """The fields that an `echo` or `printf` with these fields prints, blanks between."""
    name, arguments = fields[0].text, fields[1:]
    if name == 'echo':
        escapes = False
        while arguments and arguments[0].text in ('-n', '-e', '-ne', '-en', '-E'):
            escapes |= 'e' in arguments[0].text
            arguments = arguments[1:]
        if escapes:
            return [each._replace(bits=_unescaped(each.bits)) for each in arguments]
        return arguments
    if name != 'printf' or not arguments:
        return None
    text = arguments[0].text
    if '%' not in text:
        cut = arguments[0].bits
        return [arguments[0]._replace(bits=_unescaped(cut))] if len(arguments) == 1 else None
    if text.replace('\\n', '').replace('\n', '').strip() == '%s':
        return arguments[1:]
    return None


def _unescaped(bits: tuple[Bit, ...]) -> tuple[Bit, ...]:
    return tuple(
        bit._replace(text=bit.text.replace('\\n', ' \n')) if '\\n' in bit.text else bit
        for bit in bits
    )
