"""Judgements on commands: whether one may run for each image instead of once for all."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kaniko_hooks import kaniko
from kaniko_hooks.fix.steps import Step
from kaniko_hooks.model import Field
from kaniko_hooks.shell import programs
from kaniko_hooks.shell.programs import BUILTIN, LOCAL, OTHER, PURE, REPEATS
from kaniko_hooks.shell.reports import ProgramUse

_GIT_READS = frozenset(
    'blame cat-file describe diff grep log ls-files rev-list rev-parse show status'.split()
)
_GIT_LOCAL = frozenset('add apply checkout clean config fetch reset restore stash switch'.split())
_NOT_BUILDING = frozenset(('login', 'logout', 'version', 'help', 'completion', '--version'))
# A handler of `trap` that is none, or that only removes files.
_REMOVAL = re.compile(r'-?|\s*rm\s[^;&|`<>()\n]*')
# Options of awk, sort and yq by which they change a file instead of printing.
_IN_PLACE = frozenset(('inplace', '-o', '-i', '--inplace'))
_FIND_CHANGES = frozenset(('-delete', '-fprint', '-fprintf', '-fls'))
# Options of curl and wget that send something, and those that name the file.
_SENDS = re.compile(
    r'--(?:post|data|form|upload|request|method|body|json)|-[a-zA-Z]*[dFTX]|-[a-zA-Z]*(?:XPOST)'
)
_INTO_FILE = re.compile(r'--(?:output|output-document|remote-name)(?:=|\Z)|-[a-zA-Z]*[oO]\Z|-[oO].')
_NO_FILE = re.compile(r'(?:^|^-[a-zA-Z]*[oO]|=)(?:-|/dev/\w+)$')

# An expansion that ends the script if a variable is not set.
_DEMAND = re.compile(r'\$\{\w+:?\?')

# Redirections that write.
WRITING = frozenset(('>', '>|', '>>', '&>'))

_ADDING = frozenset('add-tag attach attest copy cp create-repository sign tag'.split())


def base_name(use: ProgramUse) -> str:
    """The name of a program without its folder; '' if it is not known."""
    return programs.base_name(use.fields[0])


def kind_of(use: ProgramUse) -> str:
    """PURE, LOCAL, BUILTIN or OTHER: the row of the table, refined by sub-commands."""
    base = base_name(use)
    words = [field.text.known or '' for field in use.fields[1:]]
    command = next((word for word in words if word[:1] != '-'), '')
    if use.kind == REPEATS:
        changes = not _FIND_CHANGES.isdisjoint(words)
        return (LOCAL if changes else PURE) if base in ('find', 'xargs') else OTHER
    if base in ('awk', 'sort', 'yq') and not _IN_PLACE.isdisjoint(words):
        return LOCAL
    if use.kind in (PURE, LOCAL, BUILTIN):
        return use.kind
    if base == 'git':
        return PURE if command in _GIT_READS else LOCAL if command in _GIT_LOCAL else OTHER
    if base in kaniko.NAMES:
        return LOCAL if words[:1] and words[0] in _NOT_BUILDING else OTHER
    if base == 'env' and not command:
        return PURE
    if base in ('curl', 'wget') and _is_download(use.fields[1:]):
        return LOCAL
    return OTHER


def _is_download(words: Sequence[Field]) -> bool:
    """curl or wget gets a file, and sends nothing."""
    texts = [field.text.value for field in words]
    if any(_SENDS.match(text) or _NO_FILE.search(text) for text in texts):
        return False
    return any(_INTO_FILE.match(text) for text in texts)


def outward(step: Step) -> list[ProgramUse]:
    """The programs of a step that may do more than change files of the container."""
    if any(re.match('/dev/(?:tcp|udp)/', target.value) for _, target, _ in step.report.targets):
        return step.programs
    return [use for use in step.programs if kind_of(use) == OTHER]


def may_stop(step: Step) -> bool:
    """A step may be there to stop what follows it: a test, a scan, a command that nobody knows."""
    return _DEMAND.search(step.text) is not None or any(
        base_name(use) in _TESTERS or kind_of(use) == OTHER and not _only_adds(use)
        for use in step.programs
    )


def _only_adds(use: ProgramUse) -> bool:
    """A program gives an image a further name or a signature, or makes a place for it."""
    return not _ADDING.isdisjoint(field.text.value for field in use.fields[1:4])


def sets_trap(step: Step) -> bool:
    """The step sets a `trap` that does more than to remove files."""
    traps = [use for use in step.programs if use.kind == BUILTIN and base_name(use) == 'trap']
    return any(
        len(use.fields) > 2 and not _REMOVAL.fullmatch(use.fields[1].text.value) for use in traps
    )


def only_prints(step: Step) -> bool:
    """The step prints something and changes nothing that a later command could find."""
    report = step.report
    if report.most_builds or not report.programs or report.writes or report.files:
        return False
    if writes_files(step) or _DEMAND.search(step.text):
        return False
    if not report.changes <= {'stdin', 'stdout', 'epoch'} or _exits_itself(step):
        return False
    kinds = {(kind_of(use), base_name(use)) for use in report.programs}
    return all(kind == PURE or name in ('echo', 'printf', 'pwd') for kind, name in kinds) and any(
        name not in _TESTERS for _, name in kinds
    )


def writes_files(step: Step) -> bool:
    """The output of a step goes to a file, even if that has the same text already."""
    return any(
        operator in WRITING and not re.match('/dev/(?!shm/)', text.value)
        for operator, text, _ in step.report.targets
    )


def makes_only(step: Step) -> bool:
    """The step prints, also into files, and makes folders."""
    return step.report.changes <= {'stdin', 'stdout', 'epoch', 'files'} and all(
        kind_of(use) == PURE or base_name(use) in ('echo', 'printf') or makes_folders(use)
        for use in step.programs
    )


def makes_folders(use: ProgramUse) -> bool:
    """A program makes folders, whether or not they exist."""
    words = [field.text.value for field in use.fields[1:]]
    return base_name(use) == 'mkdir' and any(re.match('-[a-z]*p|--parents', w) for w in words)


# Programs that are run for their status.
_TESTERS = frozenset('[ [[ cmp diff grep egrep fgrep ping jq pgrep test true false'.split())


def _exits_itself(step: Step) -> bool:
    return any(base_name(use) in ('exit', 'return') for use in step.programs)


def removes_leftovers(step: Step) -> bool:
    """The step only removes what an earlier build has left in /kaniko and in the root folder.

    It may not be in the folder where runners keep projects, nor a temporary file.
    """
    if [base_name(use) for use in step.programs] != ['rm'] or step.only_command is None:
        return False
    words = re.sub('["\']', '', step.text).split()
    paths = [word for word in words[1:] if word[:1] != '-']
    return all(re.fullmatch(r'/(?!builds/|tmp/)[^$`()<>&|;]*', path) for path in paths) and any(
        re.match(r'/kaniko/(?:\d|\[|\*|stages|layers|Dockerfile)', path) for path in paths
    )
