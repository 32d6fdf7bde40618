"""Programs and builds that a step runs, as a rewrite looks at them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kaniko_hooks import kaniko
from kaniko_hooks.model import Field
from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.shell import programs
from kaniko_hooks.shell.env import Env
from kaniko_hooks.shell.programs import BUILTIN, LOCAL, OTHER, PURE, REPEATS
from kaniko_hooks.shell.reports import BuildEvent, ProgramUse
from kaniko_hooks.text import Text

_GIT_READS = frozenset(
    'blame cat-file describe diff grep log ls-files rev-list rev-parse show status'.split()
)
_GIT_LOCAL = frozenset('add apply checkout clean config fetch reset restore stash switch'.split())
_NOT_BUILDING = frozenset(('login', 'logout', 'version', 'help', 'completion', '--version'))
# Options of awk, sort and yq by which they change a file instead of printing.
_IN_PLACE = frozenset(('inplace', '-o', '-i', '--inplace'))
_FIND_CHANGES = frozenset(('-delete', '-fprint', '-fprintf', '-fls'))
# Options of curl and wget that send something, and those that name the file.
_SENDS = re.compile(
    r'--(?:post|data|form|upload|request|method|body|json)|-[a-zA-Z]*[dFTX]|-[a-zA-Z]*(?:XPOST)'
)
_INTO_FILE = re.compile(r'--(?:output|output-document|remote-name)(?:=|\Z)|-[a-zA-Z]*[oO]\Z|-[oO].')
_NO_FILE = re.compile(r'(?:^|^-[a-zA-Z]*[oO]|=)(?:-|/dev/\w+)$')


class Program(NamedTuple):
    """A program that was run.

    - `name`: without its folder; '' if it is not known.
    - `kind`: PURE, LOCAL, BUILTIN or OTHER, which may depend on its sub-command.
    - `texts`: its words, with the program itself; `file`: where it is called.
    """

    name: str
    kind: str
    texts: tuple[Text, ...]
    file: str
    env: Env

    @property
    def arguments(self) -> tuple[Text, ...]:
        return self.texts[1:]

    @property
    def words(self) -> list[str]:
        """The arguments as they are spelled."""
        return [text.value for text in self.arguments]


class Build(NamedTuple):
    """One execution of a build, and the environment that it found."""

    argv: tuple[Field, ...]
    flags: tuple[kaniko.Flag, ...]
    file: str
    env: Env

    def value(self, name: str) -> Text | None:
        """The value of a flag that counts, None if the flag is not there."""
        return next(reversed(self.values(name)), None)

    def values(self, *names: str) -> list[Text]:
        """The values of flags, in order."""
        return [flag.value for flag in self.flags if flag.name in names]

    @property
    def arguments_by_name(self) -> set[str]:
        """The arguments of the Dockerfile that have the values of variables of these names."""
        return {text.value for text in self.values('build-arg') if '=' not in text.value}


def program_of(use: ProgramUse) -> Program:
    name = programs.base_name(use.fields[0])
    texts = tuple(field.text for field in use.fields)
    return Program(name, _kind(name, use.kind, texts[1:]), texts, use.place.file, use.env)


def build_of(event: BuildEvent) -> Build:
    build = event.build
    return Build(build.argv, tuple(kaniko.parse(build.argv[1:])), build.place.file, event.env)


def _kind(name: str, kind: str, arguments: Sequence[Text]) -> str:
    """The row of the table, refined by sub-commands."""
    words = [text.known or '' for text in arguments]
    command = next((word for word in words if word[:1] != '-'), '')
    if kind == REPEATS:
        changes = not _FIND_CHANGES.isdisjoint(words)
        return (LOCAL if changes else PURE) if name in ('find', 'xargs') else OTHER
    if name in ('awk', 'sort', 'yq') and not _IN_PLACE.isdisjoint(words):
        return LOCAL
    if kind in (PURE, LOCAL, BUILTIN):
        return kind
    if name == 'git':
        return PURE if command in _GIT_READS else LOCAL if command in _GIT_LOCAL else OTHER
    if name in kaniko.NAMES:
        return LOCAL if words[:1] and words[0] in _NOT_BUILDING else OTHER
    if name == 'env' and not command:
        return PURE
    if name in ('curl', 'wget') and _is_download([text.value for text in arguments]):
        return LOCAL
    return OTHER


def _is_download(words: Sequence[str]) -> bool:
    """curl or wget gets a file, and sends nothing."""
    if any(_SENDS.match(word) or _NO_FILE.search(word) for word in words):
        return False
    return any(map(_INTO_FILE.match, words))
