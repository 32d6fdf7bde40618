"""Commands that run another command: what they run, and how often."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.old_shell.values import Bit, Field, number

_ASSIGNMENT = re.compile(r'[A-Za-z_]\w*=', re.ASCII)


class Wrapper(NamedTuple):
    valued: frozenset[str] = frozenset()  # options that take the next word
    operands: int = 0  # words before the command
    assigns: bool = False
    refuses: frozenset[str] = frozenset()  # with these options it runs nothing


def _wrapper(
    valued: str = '', operands: int = 0, assigns: bool = False, refuses: str = ''
) -> Wrapper:
    return Wrapper(frozenset(valued.split()), operands, assigns, frozenset(refuses.split()))


WRAPPERS = {
    'env': _wrapper('-u --unset -C --chdir', assigns=True),
    'catatonit': _wrapper(),
    'catchsegv': _wrapper(),
    'chroot': _wrapper(operands=1),
    'chrt': _wrapper('-T -P -D', 1),
    'eatmydata': _wrapper(),
    'fakechroot': _wrapper('-e -l -d -c -b'),
    'fakeroot': _wrapper('-l -s -i -b'),
    'gosu': _wrapper(operands=1),
    'linux32': _wrapper(),
    'linux64': _wrapper(),
    'ltrace': _wrapper('-o -e -l -n -p -s -u -x'),
    'numactl': _wrapper('-i -N -c -C -m -p'),
    'prlimit': _wrapper('-p -o'),
    'proot': _wrapper('-r -b -m -q -w -v -k -i -p -R -S'),
    'proxychains': _wrapper('-f'),
    'proxychains4': _wrapper('-f'),
    'runuser': _wrapper('-u -g -G --user --group --supp-group'),
    's6-setuidgid': _wrapper(operands=1),
    'setarch': _wrapper(operands=1),
    'setpriv': _wrapper('--reuid --regid --groups --inh-caps --ambient-caps --bounding-set'),
    'ssh-agent': _wrapper('-a -E -O -P -t'),
    'strace': _wrapper('-o -e -p -s -u -E -a -b -I -O -S -P'),
    'su-exec': _wrapper(operands=1),
    'systemd-run': _wrapper('-p -u -E -M -H --unit --property --slice --description'),
    'taskset': _wrapper(operands=1),
    'toybox': _wrapper(),
    'xvfb-run': _wrapper('-e -f -n -p -s -w --server-num --server-args --error-file'),
    'unshare': _wrapper('-S -G -R -w'),
    'exec': _wrapper('-a'),
    'command': _wrapper(refuses='-v -V'),
    'builtin': _wrapper(),
    'time': _wrapper('-f -o --format --output'),
    'nohup': _wrapper(),
    'sudo': _wrapper(
        '-u -g -h -p -C -D -R -T -U --user --group --host',
        assigns=True,
        refuses='-l -v -k -K --list',
    ),
    'doas': _wrapper('-u -C'),
    'timeout': _wrapper('-k -s --kill-after --signal', 1),
    'nice': _wrapper('-n --adjustment'),
    'ionice': _wrapper('-c -n -p'),
    'stdbuf': _wrapper('-i -o -e --input --output --error'),
    'setsid': _wrapper(),
    'unbuffer': _wrapper(),
    'flock': _wrapper('-w -E --timeout --wait --conflict-exit-code', 1),
    'busybox': _wrapper(refuses='--list --install --help'),
    'tini': _wrapper('-p -e'),
    'dumb-init': _wrapper('-r --rewrite'),
}
# They run what stands after `--`, or else after their own words.
for _name in (
    'aws-vault',
    'chamber',
    'doppler',
    'dotenv',
    'infisical',
    'op',
    'teller',
    'wait-for',
    'wait-for.sh',
    'wait-for-it',
    'wait-for-it.sh',
):
    WRAPPERS[_name] = _wrapper(operands=-1)
# With these options, or `su` without any, they start a shell that reads its input.
_SHELL_OPTIONS = frozenset(('-i', '-s', '--login', '--shell'))
LOGINS = frozenset(('sudo', 'doas', 'su'))
# They run a command again and again, or once per item.
AGAIN = {
    'parallel': _wrapper(
        '-j -P -a -d -N -n -L -S -I --jobs --delay --retries --joblog --timeout'
        ' --colsep --tmpdir --results --halt'
    ),
    'retry': _wrapper('-t -d -n -m -s -r -e --times --tries --retries --delay --max --sleep'),
    'watch': _wrapper('-n --interval'),
}
# They run a command in another container or on another host.
ELSEWHERE = frozenset(
    """
    act crictl ctr docker-compose earthly finch flyctl gitlab-runner incus k3s limactl lxc
    lxc-attach machinectl microk8s minikube multipass nerdctl nomad nsenter okteto
    podman-compose rsh systemd-nspawn telepresence tsh vagrant
""".split()
)
# A command that has a name like these only says what it is given.
SHOWING = (
    'log',
    'info',
    'debug',
    'warn',
    'err',
    'echo',
    'print',
    'say',
    'msg',
    'note',
    'notice',
    'title',
    'step',
    'section',
    'yell',
    'show',
    'assert',
)
# What they run is the text after `-c`, or after `-S` for `env`.
TEXTS = {
    'env': frozenset(('-S', '--split-string')),
    'flock': frozenset(('-c', '--command')),
    'runuser': frozenset(('-c', '--command', '--session-command')),
    'script': frozenset(('-c', '--command')),
    'sg': frozenset(('-c',)),
    'su': frozenset(('-c', '--command', '--session-command')),
}
_ONCE_PER_WORD = frozenset('IinLlP')
_ONCE_PER_WORD_LONG = ('--replace', '--max-args', '--max-lines', '--max-procs')
_XARGS_VALUED = frozenset(
    (
        '-I',
        '-n',
        '-L',
        '-P',
        '-d',
        '-a',
        '-E',
        '-s',
        '--arg-file',
        '--delimiter',
        '--max-args',
        '--max-procs',
        '--max-lines',
    )
)


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
        if option[:1] == '-' and (len(option) > 1 or wrapper.assigns):
            del rest[: 2 if _last(option, wrapper.valued) in wrapper.valued else 1]
            continue
        match = _ASSIGNMENT.match(option) if wrapper.assigns else None
        if match is None:
            break
        assigned.append((option[: match.end() - 1], _after(rest.pop(0), match.end())))
    if wrapper.operands < 0:
        dashes = [index for index, field in enumerate(argv) if field.text == '--']
        return Wrapped(list(argv[dashes[0] + 1 :]) if dashes else [])
    return Wrapped(rest[wrapper.operands :], tuple(assigned))


def logs_in(argv: Sequence[Field]) -> bool:
    """Whether `su`, `sudo -i` or `sudo -s` starts a shell."""
    words = [field.text for field in argv]
    if words[0].rpartition('/')[2] == 'su':
        return True
    return not _SHELL_OPTIONS.isdisjoint(words) and not inner(argv, WRAPPERS['sudo']).argv


def _last(option: str, valued: frozenset[str]) -> str:
    """The option that the next word may belong to: `-u` of `-Eu`, '' of `-uroot`."""
    if option[:2] == '--':
        return option
    for index, letter in enumerate(option[1:]):
        if f'-{letter}' in valued:
            return f'-{letter}' if index + 2 == len(option) else ''
    return option


def text(argv: Sequence[Field], base: str) -> tuple[Field, list[Field]] | None:
    """The script that `su -c` and its relatives run, and its arguments."""
    options = TEXTS.get(base, frozenset())
    for index, field in enumerate(argv[1:-1], 1):
        option = field.text
        if option[:1] == '-' and (
            option in options or option[1:2] != '-' and f'-{option[-1]}' in options
        ):
            return argv[index + 1], list(argv[index + 2 :])
    return None


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


class Xargs(NamedTuple):
    command: list[Field]
    many: bool  # it runs any number of times
    replaced: str  # the text that `-I` puts each line for
    each: int  # words that one command takes, 0 for all
    delimited: bool  # items end at a character of their own


def xargs(argv: Sequence[Field]) -> Xargs:
    """What `xargs` runs, and how often."""
    rest = list(argv[1:])
    many = False
    replaced = ''
    each = 0
    delimited = False
    while rest and rest[0].text[:1] == '-' and len(rest[0].text) > 1:
        option = rest.pop(0).text
        if option == '--':
            break
        letter, glued = _letter(option)
        many |= letter in _ONCE_PER_WORD or option.startswith(_ONCE_PER_WORD_LONG)
        delimited |= letter == 'd' or option.startswith('--delimiter')
        value = glued or (rest[0].text if rest else '')
        if letter in ('I', 'i') or option.startswith('--replace'):
            replaced = value if letter == 'I' and value else glued or '{}'
        if letter == 'n' or option.startswith('--max-args'):
            each = number(value) or 0
        if not glued and (f'-{letter}' in _XARGS_VALUED or option in _XARGS_VALUED):
            del rest[:1]
    return Xargs(rest, many, replaced, each, delimited)


def _letter(option: str) -> tuple[str, str]:
    """The last letter of `-rn1` that is an option, and what is glued to it."""
    if option.startswith('--'):
        return '--', option.partition('=')[2]
    for index, letter in enumerate(option):
        if index and (letter in 'iLl' or f'-{letter}' in _XARGS_VALUED):
            return letter, option[index + 1 :]
    return '--', ''


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
