"""Commands that run another command: what they run, and how often."""
from __future__ import annotations

import re
from collections.abc import Sequence

from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.shell.values import Bit
from kaniko_hooks.shell.values import Field

_ASSIGNMENT = re.compile(r'[A-Za-z_]\w*=', re.ASCII)


class Wrapper(NamedTuple):
    valued: frozenset[str] = frozenset()  # options that take the next word
    operands: int = 0  # words before the command
    assigns: bool = False
    refuses: frozenset[str] = frozenset()  # with these options it runs nothing


def _wrapper(
    valued: str = '', operands: int = 0, assigns: bool = False, refuses: str = '',
) -> Wrapper:
    return Wrapper(frozenset(valued.split()), operands, assigns, frozenset(refuses.split()))


WRAPPERS = {
    'env': _wrapper('-u --unset -C --chdir', assigns=True),
    'exec': _wrapper('-a'),
    'command': _wrapper(refuses='-v -V'),
    'builtin': _wrapper(),
    'time': _wrapper('-f -o --format --output'),
    'nohup': _wrapper(),
    'sudo': _wrapper('-u -g -h -p -C -D -R -T -U --user --group --host', assigns=True,
                     refuses='-l -v -k -K --list'),
    'doas': _wrapper('-u -C'),
    'timeout': _wrapper('-k -s --kill-after --signal', 1),
    'nice': _wrapper('-n --adjustment'),
    'ionice': _wrapper('-c -n -p'),
    'stdbuf': _wrapper('-i -o -e'),
    'setsid': _wrapper(),
    'unbuffer': _wrapper(),
    'flock': _wrapper('-w -E --timeout', 1),
    'busybox': _wrapper(refuses='--list --install --help'),
    'tini': _wrapper('-p -e'),
    'dumb-init': _wrapper('-r --rewrite'),
}
_ONCE_PER_WORD = ('-I', '-i', '-n', '-L', '-l', '-P', '--replace', '--max-args', '--max-lines',
                  '--max-procs')
_XARGS_VALUED = frozenset(('-I', '-n', '-L', '-P', '-d', '-a', '-E', '-s', '--arg-file',
                           '--delimiter', '--max-args', '--max-procs', '--max-lines'))


class Wrapped(NamedTuple):
    argv: list[Field]
    assigned: tuple[tuple[str, Field], ...] = ()


def inner(argv: Sequence[Field], wrapper: Wrapper) -> Wrapped:
    """The command that a wrapper runs; without one an empty argv."""
    rest = list(argv[1:])
    assigned: list[tuple[str, Field]] = []
    while rest:
        option = rest[0].text
        if option == '--':
            del rest[0]
            break
        if option in wrapper.refuses:
            return Wrapped([])
        if option[:1] == '-' and len(option) > 1:
            del rest[:2 if option in wrapper.valued else 1]
            continue
        match = _ASSIGNMENT.match(option) if wrapper.assigns else None
        if match is None:
            break
        assigned.append((option[:match.end() - 1], _after(rest.pop(0), match.end())))
    return Wrapped(rest[wrapper.operands:], tuple(assigned))


def _after(field: Field, length: int) -> Field:
    """A field without its first characters."""
    bits: list[Bit] = []
    for bit in field.bits:
        kept = bit.text[length:] if length else bit.text
        at = bit.at + min(length, len(bit.text)) if bit.verbatim else bit.at
        length = max(length - len(bit.text), 0)
        if kept:
            bits.append(bit._replace(text=kept, at=at))
    return field._replace(bits=tuple(bits))


def xargs(argv: Sequence[Field]) -> tuple[list[Field], bool, str]:
    """The command of `xargs`, whether it runs many times, and the text it replaces."""
    rest = list(argv[1:])
    many = False
    replaced = ''
    while rest and rest[0].text[:1] == '-' and len(rest[0].text) > 1:
        option = rest.pop(0).text
        if option == '--':
            break
        many |= option.startswith(_ONCE_PER_WORD)
        if option.startswith(('-I', '-i', '--replace')):
            glued = option.partition('=')[2] if option.startswith('--') else option[2:]
            replaced = glued or (rest[0].text if option == '-I' and rest else '{}')
        if option in _XARGS_VALUED:
            del rest[:1]
    return rest, many, replaced


def find(argv: Sequence[Field]) -> list[tuple[list[Field], bool]]:
    """The commands of `find -exec … ;` and `+`, and whether they run many times."""
    found: list[tuple[list[Field], bool]] = []
    command: list[Field] | None = None
    for field in argv[1:]:
        if command is None:
            if field.text in ('-exec', '-execdir', '-ok', '-okdir'):
                command = []
        elif field.text == ';' or field.text == '+' and command and command[-1].text == '{}':
            found.append((command, field.text == ';'))
            command = None
        else:
            command.append(field)
    return found
