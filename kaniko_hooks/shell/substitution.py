"""What `$(…)` prints, for the few commands whose output is known."""
from __future__ import annotations

from kaniko_hooks.shell import expand
from kaniko_hooks.shell import paths
from kaniko_hooks.shell import patterns
from kaniko_hooks.shell import tree
from kaniko_hooks.shell.machine import Machine
from kaniko_hooks.shell.source import Source
from kaniko_hooks.shell.state import DIRECTORY
from kaniko_hooks.shell.values import Bit
from kaniko_hooks.shell.values import Field
from kaniko_hooks.shell.values import Scalar
from kaniko_hooks.shell.values import known
from kaniko_hooks.shell.values import scalar_of


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
    machine.depth += 1
    found = _output(machine, name, expand.fields(machine, source, last.words[1:]))
    machine.depth -= 1
    return found


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


def output(fields: list[Field]) -> list[Field] | None:
    """The fields that an `echo` or `printf` with these fields prints, blanks between."""
    name, arguments = fields[0].text, fields[1:]
    if name == 'echo':
        while arguments and arguments[0].text in ('-n', '-e', '-ne', '-en', '-E'):
            arguments = arguments[1:]
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
