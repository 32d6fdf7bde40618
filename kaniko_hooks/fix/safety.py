"""Judgements on what commands do, by the evaluator's reports.

Three questions: may a command run once for each image instead of once for all,
does it give another value each time, and which files and images does it name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from kaniko_hooks import kaniko
from kaniko_hooks.fix.steps import Step, scripts_of, words_of
from kaniko_hooks.model import Field, Script
from kaniko_hooks.shell import paths
from kaniko_hooks.shell.env import Env
from kaniko_hooks.shell.programs import BUILTIN, LOCAL, OTHER, PURE, REPEATS
from kaniko_hooks.shell.reports import BuildEvent, ProgramUse
from kaniko_hooks.shell.tree import Simple
from kaniko_hooks.text import Text

# Files that a build writes.
OUTPUTS = frozenset(
    """
    digest-file image-name-with-digest-file image-name-tag-with-digest-file oci-layout-path
    tar-path tarPath
    """.split()
)

_GIT_READS = frozenset(
    'blame cat-file describe diff grep log ls-files rev-list rev-parse show status'.split()
)
_GIT_LOCAL = frozenset('add apply checkout clean config fetch reset restore stash switch'.split())
_NOT_BUILDING = frozenset(('login', 'logout', 'version', 'help', 'completion', '--version'))
# A handler of `trap` that is none, or that only removes files.
_REMOVAL = re.compile(r'-?|\s*rm\s[^;&|`<>()\n]*')
_FIND_CHANGES = frozenset(('-delete', '-fprint', '-fprintf', '-fls'))
# Options of curl and wget that send something, and those that name the file.
_SENDS = re.compile(
    r'--(?:post|data|form|upload|request|method|body|json)|-[a-zA-Z]*[dFTX]|-[a-zA-Z]*(?:XPOST)'
)
_INTO_FILE = re.compile(r'--(?:output|output-document|remote-name)(?:=|\Z)|-[a-zA-Z]*[oO]\Z|-[oO].')

# Programs that write their last operand; those that write none; redirections that write.
_WRITES_LAST = frozenset('cp install ln mv'.split())
_WRITES_NOTHING = frozenset('rm rmdir chmod chown'.split())
_WRITES = frozenset(('>', '>|', '&>'))

# Programs that print another value each time, and files that are another one.
_DRAWING = frozenset(('date', 'uuidgen', 'shuf', 'openssl'))
_DRAWN_FILES = re.compile(r'/dev/u?random|/proc/.*(?:random|uptime|stat)|rand\(|%\(')
# Variables whose value is another one in each job.
DRAWN_NAMES = frozenset(
    """
    RANDOM SRANDOM SECONDS EPOCHSECONDS EPOCHREALTIME CI_JOB_ID CI_JOB_URL CI_JOB_STARTED_AT
    CI_JOB_TOKEN CI_BUILD_ID CI_BUILD_TOKEN CI_JOB_JWT CI_JOB_JWT_V1 CI_JOB_JWT_V2
    """.split()
)
# Programs that act on one image, and those that may name it without its registry.
_IMAGE_TOOLS = frozenset(
    """
    aws az cosign crane dockle docker gcloud gcrane grype img notation oras podman regctl skopeo
    snyk syft trivy buildah nerdctl
    """.split()
)
_WITHOUT_REGISTRY = frozenset(('aws', 'az', 'gcloud'))
_ADDING = frozenset('add-tag attach attest copy cp create-repository sign tag'.split())


def base_name(use: ProgramUse) -> str:
    """The name of a program without its folder; '' if it is not known."""
    return (use.fields[0].text.known or '').rpartition('/')[2]


def kind_of(use: ProgramUse) -> str:
    """PURE, LOCAL, BUILTIN or OTHER: the row of the table, refined by sub-commands."""
    base = base_name(use)
    words = [field.text.known or '' for field in use.fields[1:]]
    command = next((word for word in words if word[:1] != '-'), '')
    if use.kind == REPEATS:
        changes = not _FIND_CHANGES.isdisjoint(words)
        return (LOCAL if changes else PURE) if base in ('find', 'xargs') else OTHER
    if use.kind in (PURE, LOCAL, BUILTIN):
        return use.kind
    if base == 'git':
        return PURE if command in _GIT_READS else LOCAL if command in _GIT_LOCAL else OTHER
    if base in kaniko.NAMES:
        return LOCAL if words[:1] and words[0] in _NOT_BUILDING else OTHER
    if base == 'openssl':
        return PURE
    if base == 'env' and not command:
        return PURE
    if base in ('curl', 'wget') and _is_download(use.fields[1:]):
        return LOCAL
    return OTHER


def _is_download(words: Sequence[Field]) -> bool:
    """curl or wget gets a file, and sends nothing."""
    texts = [field.text.value for field in words]
    if any(_SENDS.match(text) for text in texts):
        return False
    return any(_INTO_FILE.match(text) for text in texts)


def outward(step: Step) -> list[ProgramUse]:
    """The programs of a step that may do more than change files of the container."""
    return [use for use in step.programs if kind_of(use) == OTHER]


def may_stop(step: Step) -> bool:
    """A step may be there to stop what follows it: a test, a scan, a command that nobody knows."""
    return any(
        base_name(use) in _TESTERS or kind_of(use) == OTHER and not _only_adds(use)
        for use in step.programs
    )


def _only_adds(use: ProgramUse) -> bool:
    """A program gives an image a further name or a signature, or makes a place for it."""
    return not _ADDING.isdisjoint(field.text.value for field in use.fields[1:4])


def is_image_tool(step: Step) -> bool:
    """The programs of a step do nothing but to act on the image that they name."""
    return all(base_name(use) in _IMAGE_TOOLS for use in outward(step))


def sets_trap(step: Step) -> bool:
    """The step sets a `trap` that does more than to remove files."""
    traps = [use for use in step.programs if use.kind == BUILTIN and base_name(use) == 'trap']
    return any(
        len(use.fields) > 2 and not _REMOVAL.fullmatch(use.fields[1].text.value) for use in traps
    )


def only_prints(step: Step) -> bool:
    """The step prints something and changes nothing that a later command could find."""
    report = step.report
    if not report.programs or report.writes or report.files:
        return False
    if not report.changes <= {'stdin', 'stdout', 'epoch'} or _exits_itself(step):
        return False
    kinds = {(kind_of(use), base_name(use)) for use in report.programs}
    return all(kind == PURE or name in ('echo', 'printf', 'pwd') for kind, name in kinds) and any(
        name not in _TESTERS for _, name in kinds
    )


# Programs that are run for their status.
_TESTERS = frozenset('[ [[ cmp diff grep egrep fgrep ping jq pgrep test true false'.split())


def _exits_itself(step: Step) -> bool:
    return any(base_name(use) in ('exit', 'return') for use in step.programs)


def removes_leftovers(step: Step) -> bool:
    """The step only removes what an earlier build has left in /kaniko and in the root folder."""
    uses = step.programs
    if len(uses) != 1 or base_name(uses[0]) != 'rm' or uses[0].kind != LOCAL:
        return False
    words = [field.text for field in uses[0].fields[1:] if field.text.value[:1] != '-']
    return all(word.known is not None and word.value[:1] == '/' for word in words) and any(
        re.match(r'/kaniko/(?:\d|\[|\*|stages|layers|Dockerfile)', word.value) for word in words
    )


def draws(step: Step) -> bool:
    """The step gives another value each time that it runs.

    The name of a temporary file is one only where it is written to a file.
    """
    report = step.report
    return (
        any(map(_draws, report.programs))
        or any(_DRAWN_FILES.search(text.value) for _, text, _ in report.targets)
        or bool(report.files)
        and any(base_name(use) == 'mktemp' for use in report.programs)
        and not report.writes
    )


def _draws(use: ProgramUse) -> bool:
    base = base_name(use)
    words = [field.text.value for field in use.fields[1:]]
    if base in _DRAWING:
        return base != 'openssl' or 'rand' in words
    if any(_DRAWN_FILES.search(word) for word in words):
        return use.kind != BUILTIN or '%(' in ''.join(words)
    # A program that nobody knows may print anything.
    return kind_of(use) == OTHER


# Paths


class Paths:
    """What the flags and paths of a job's commands name."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._flags: dict[int, tuple[BuildEvent, list[kaniko.Flag]]] = {}

    def flags(self, event: BuildEvent) -> list[kaniko.Flag]:
        """The flags of a build."""
        if id(event) not in self._flags:
            self._flags[id(event)] = event, kaniko.parse(event.build.argv[1:])
        return self._flags[id(event)][1]

    def of(self, path: Text, env: Env) -> list[str]:
        """The spellings of a path: relative to the repository's root, or absolute."""
        return [paths.key(target) for target in paths.resolved(self._script, env, path)]

    def outputs(self, event: BuildEvent) -> set[str]:
        """The files that a build writes."""
        return {
            path
            for flag in self.flags(event)
            if flag.name in OUTPUTS
            for path in self.of(flag.value, event.env)
        }

    def certain_outputs(self, step: Step) -> set[str]:
        """The files that a step writes whenever it succeeds."""
        plain = isinstance(step.only_command, Simple) and len(step.builds) == 1
        if not plain or step.report.calls or scripts_of(step):
            return set()
        return self.outputs(step.builds[0])

    def written(self, step: Step) -> set[str]:
        """The files that a step writes, as far as they are named."""
        result = set(step.report.files)
        for event in step.builds:
            result |= self.outputs(event)
        for use in step.programs:
            if kind_of(use) == LOCAL:
                result.update(self._targets(use))
        return {path for path in result if not path.startswith(('/dev/', '/proc/'))}

    def written_before(self, step: Step, event: BuildEvent) -> set[str]:
        """The files that a step writes before it builds."""
        before = step.report.before.files
        return {path for path, texts in event.env.files.items() if before.get(path) != texts}

    def of_other_iterations(self, step: Step, event: BuildEvent, name: str) -> set[str]:
        """The files that the other iterations of a loop over `name` write."""
        value = event.env.variables.get(name)
        paths = {
            path
            for use in step.programs
            if kind_of(use) == LOCAL and use.env.variables.get(name) != value
            for path in self._targets(use)
        }
        for other in step.builds:
            if other.env.variables.get(name) != value:
                paths |= self.outputs(other)
        return paths - self.outputs(event)

    def _targets(self, use: ProgramUse) -> Iterator[str]:
        """The files that a program of the container writes, as far as they are named."""
        words = [field.text for field in use.fields[1:] if field.text.value[:1] != '-']
        base = base_name(use)
        if base in _WRITES_LAST:
            words = words[-1:]
        for word in words if base not in _WRITES_NOTHING else ():
            yield from self.of(word, use.env)

    def may_make(self, use: ProgramUse, file: str) -> bool:
        """A program of the container may write a file; only those that copy name their target."""
        words = [field.text for field in use.fields[1:]]
        if base_name(use) in ('curl', 'wget'):
            name = file.rpartition('/')[2]
            return any(
                name in word.value or word.holes and word.holes[-1].end == len(word.value)
                for word in words
            )
        into_folder = any(word.value.startswith(('-t', '--target')) for word in words)
        if base_name(use) not in _WRITES_LAST or into_folder:
            return True
        return any('\0' in path or is_inside(file, path) for path in self._targets(use))

    def names(self, step: Step, files: Iterable[str]) -> bool:
        """A command of the step names one of the files, or a folder or pattern for it."""
        wanted = list(files)
        if not wanted:
            return False
        return any(may_be_in(file, path) for path in set(self._named(step)) for file in wanted)

    def _named(self, step: Step) -> Iterator[str]:
        for use in step.programs:
            fields = use.fields[1:]
            if base_name(use) in _WRITES_LAST:
                fields = fields[:-1]
            for field in fields:
                yield from self._of_word(field.text, use.env)
        for operator, target, env in step.report.targets:
            if operator not in _WRITES:
                yield from self.of(target, env)
        for event in step.builds:
            for flag in self.flags(event):
                if flag.name not in OUTPUTS and flag.name not in ('context', 'destination'):
                    yield from self._of_word(flag.value, event.env)

    def _of_word(self, word: Text, env: Env) -> Iterator[str]:
        """A word as a path; what follows `=`, `:` or `@` may be one, too."""
        if not word.value or not word.value.strip('.-/'):
            return
        yield from self.of(word, env)
        for part in word.split('=@:,')[1:]:
            if part.value.strip('.-/'):
                yield from self.of(part, env)


def may_be_in(file: str, path: str) -> bool:
    """A file may be what a path names, or lie below it."""
    if file == path or file.startswith(f'{path}/'):
        return True
    if '\0' not in path and '\0' not in file:
        return any(char in path for char in '*?[') and _matches(file, path)
    # Of unknown names only what is known can differ.
    start, _, _ = path.partition('\0')
    own_start, _, _ = file.partition('\0')
    end, own_end = path.rpartition('\0')[2], file.rpartition('\0')[2]
    if not (start.startswith(own_start) or own_start.startswith(start)):
        return False
    if '\0' in path and not end:
        return bool(start)
    return own_end.endswith(end) or end.endswith(own_end) if end and own_end else False


def _matches(file: str, pattern: str) -> bool:
    """A pattern of the shell may match a file, or a folder that it is in."""
    names, patterns = file.split('/'), pattern.split('/')
    if len(patterns) > len(names):
        return False
    import fnmatch

    return all(map(fnmatch.fnmatchcase, names, patterns))


def is_inside(file: str, folder: str) -> bool:
    """A written file may be in a folder that is a build's context."""
    if folder in ('', '.'):
        return file[:1] != '/'
    if '\0' in folder or file.startswith('\0'):
        start = folder.partition('\0')[0]
        if file.startswith('\0') or not start:
            return folder[:1] != '/' or file.startswith('\0')
        return file.startswith(start) or start.startswith(file.partition('\0')[0])
    return file == folder or file.startswith(f'{folder}/')


# Images


def spelled(text: Text) -> str:
    """An image's name for comparisons: the names of holes between NULs."""
    key = text.key()
    return '\0'.join(
        re.sub('[/:@]', '_', piece) if number % 2 else piece for number, piece in enumerate(key)
    )


def names_unit(step: Step, images: Sequence[frozenset[str]]) -> set[int]:
    """The units whose images a step names; `images` are the spelled names of each unit's.

    A whole name with its tag counts before one without, that before the last word of one.
    """
    texts = [spelled(text) for text in words_of(step)]
    for shorten in (lambda name: name, repository_of, last_word):
        hits = {
            number
            for number, names in enumerate(images)
            for name in names
            if shorten(name) and any(_contains(text, shorten(name)) for text in texts)
        }
        if hits:
            return hits
    return set()


def is_about(uses: Sequence[ProgramUse], images: Iterable[str]) -> bool:
    """Programs act on one of the images: they name it with its registry, or as tools for images."""
    for use in uses:
        texts = [spelled(field.text) for field in use.fields[1:]]
        names = [*map(repository_of, images)]
        if base_name(use) in _WITHOUT_REGISTRY:
            names += filter(None, map(last_word, images))
        if not any(_contains(text, name) for text in texts for name in names):
            return False
    return True


def images_of(events: Sequence[BuildEvent], paths: Paths) -> frozenset[str]:
    """The spelled destinations of builds."""
    return frozenset(
        spelled(flag.value)
        for event in events
        for flag in paths.flags(event)
        if flag.name == 'destination'
    )


def _contains(text: str, name: str) -> bool:
    if name not in text:
        return False
    return re.search(rf'(?<![\w.-]){re.escape(name)}(?![\w-]|\.\w)', text) is not None


def repository_of(image: str) -> str:
    """An image's name without tag and digest."""
    name = image.partition('@')[0]
    head, colon, tag = name.rpartition(':')
    return head if colon and '/' not in tag else name


def last_word(image: str) -> str:
    """The last path segment of an image's name, '' if nothing of it is known."""
    segment = repository_of(image).rpartition('/')[2]
    return '' if '\0' in segment else segment
