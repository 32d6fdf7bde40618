"""What `$(…)` prints, for the few commands whose output is known."""

from __future__ import annotations

from collections.abc import Sequence

from kaniko_hooks.model import Fragment
from kaniko_hooks.old_shell import paths
from kaniko_hooks.old_shell.commands import outputs
from kaniko_hooks.old_shell.expansion import expand, patterns
from kaniko_hooks.old_shell.machine import Machine
from kaniko_hooks.old_shell.state import DIRECTORY, Defined
from kaniko_hooks.old_shell.syntax import tree
from kaniko_hooks.old_shell.syntax.source import Source
from kaniko_hooks.old_shell.values import Bit, Field, Scalar, known, merged, scalar_of

# What prints the name of a command that is there.
_NAMED = (['which'], ['command', '-v'], ['type', '-p'])

_PRINTS = frozenset(('echo', 'printf', '[', 'test', 'true', ':'))


def value(machine: Machine, source: Source, piece: tree.Substitution) -> Scalar | None:
    """The output of the commands, None if it is not known."""
    if machine.depth > 8 or piece.text is not None:
        return None
    group = tree.Group(piece.body, False, (), piece.start, piece.end)
    if _only_prints(group, 0):
        return _stripped(outputs.printed(machine, source, group, None) or ())
    listed = [
        command
        for statement in piece.body
        for pipeline in statement.pipelines
        for command in pipeline.commands
    ]
    first = listed[0]
    if len(listed) > 1 or not isinstance(first, tree.Simple) or first.assignments:
        return _entered(machine, source, listed)
    name = _literal(first.words[0]) if first.words else 'cat'
    if name == 'cat' or isinstance(machine.state.get('()' + name), Defined):
        text = outputs.printed(machine, source, first, None)
        if text and any(isinstance(each, str) for each in text):
            machine.copied[source.text[piece.start : piece.end]] = text
            return None
        return _stripped(text) if text else None
    machine.depth += 1
    found = _output(machine, name, expand.fields(machine, source, first.words[1:]))
    machine.depth -= 1
    return found


def _only_prints(node: tree.Command, level: int) -> bool:
    """Whether all that a command prints can be told."""
    if isinstance(node, tree.Simple):
        return bool(node.words) and _literal(node.words[0]) in _PRINTS
    if isinstance(node, (tree.Test, tree.Function, tree.While)) or level > 8:
        return isinstance(node, tree.Test)
    if isinstance(node, tree.If):
        bodies = [body for arm in node.arms for body in arm] + [node.otherwise]
    elif isinstance(node, tree.Case):
        bodies = [arm.body for arm in node.arms]
    else:
        bodies = [node.body]
    return all(
        len(pipeline.commands) == 1 and _only_prints(pipeline.commands[0], level + 1)
        for body in bodies
        for statement in body
        for pipeline in statement.pipelines
    )


def _stripped(text: Sequence[Bit | str]) -> Scalar:
    """A text without the line ends at its end."""
    fragments = merged(Fragment(bit.text, bit.known) for bit in text if isinstance(bit, Bit))
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


def _entered(machine: Machine, source: Source, listed: Sequence[tree.Command]) -> Scalar | None:
    """`cd folder && pwd`."""
    first, last = listed[0], listed[-1]
    if not isinstance(first, tree.Simple) or len(first.words) < 2:
        return None
    if len(listed) != 2 or not isinstance(last, tree.Simple) or not last.words:
        return None
    if _literal(first.words[0]) != 'cd' or _literal(last.words[0]) != 'pwd':
        return None
    machine.depth += 1
    folder = expand.fields(machine, source, first.words[-1:])
    machine.depth -= 1
    path = paths.repository_path(machine, folder[0].bits) if len(folder) == 1 else None
    return None if path is None else paths.absolute(path)
