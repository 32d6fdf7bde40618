"""Programs and builds that a step runs, as a rewrite looks at them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from kaniko_hooks import kaniko
from kaniko_hooks.model import Field, Script, Setting
from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.shell import paths, programs
from kaniko_hooks.shell.env import Env
from kaniko_hooks.shell.programs import BUILTIN, LOCAL, OTHER, PURE, REPEATS
from kaniko_hooks.shell.reports import BuildEvent, StatementReport
from kaniko_hooks.text import Text, hole

_GIT_READS = frozenset(
    """
    blame cat-file describe diff diff-tree for-each-ref grep log ls-files ls-tree merge-base
    name-rev rev-list rev-parse shortlog show status
    """.split()
)
_GIT_LOCAL = frozenset('add apply checkout clean config fetch reset restore stash switch'.split())
# Commands that only print something.
_PRINTS = (
    r'[\w-]+ (?:--version|-V)'
    r'|(?:aws|az|cosign|crane|docker|gcloud|git|helm|kubectl|oras|podman|skopeo|trivy) version'
    r'|aws ecr get-login-password(?: -[\w-]+ \S+)*|openssl x509 (?:.* )?-noout(?: .*)?'
    r'|git (?:tag (?:-l|--list|--points-at|--contains|--merged|--sort=\S+)|branch --show-current)'
    r'(?: .*)?|env(?: -\S+)*'
)
# Commands that keep credentials of registries, change the working tree from what the
# repository refers to, or copy files of the container.
_CHANGES_FILES = (
    r'(?s)(?:az|az acr|buildah|cosign|crane auth|docker|gcloud auth|helm registry|nerdctl|oras'
    r'|podman|regctl registry|skopeo) log(?:in|out)\b.*'
    r'|gcloud auth (?:activate-service-account|configure-docker)\b.*'
    r'|git (?:lfs (?:checkout|fetch|install|pull)|submodule (?:init|sync|update))'
    r'(?!.* --remote)(?: .*)?'
    r'|rsync [^:]*'
)
_NOT_BUILDING = frozenset(('login', 'logout', 'version', 'help', 'completion', '--version'))
# Options of awk, sort and yq by which they change a file instead of printing.
_IN_PLACE = frozenset(('inplace', '-o', '-i', '--inplace'))
# Programs of awk and sed that run commands.
_RUNS = {
    'awk': r'system\s*\(|\|&?\s*(?:"|getline)',
    'sed': r'(?s)\A(?:(?!\bs\W).)*\bs\W.*\W[gpiIm\d]*e[gpiIm\d]*\s*(?:[;}\n]|\Z)',
}
_FIND_CHANGES = frozenset(('-delete', '-fprint', '-fprintf', '-fls'))
# Options of curl and wget that send something, and those that name the file.
_SENDS = (
    r'--(?:post|data|form|upload|request|method|body|json)|-[a-zA-Z]*[dFTX]|-[a-zA-Z]*(?:XPOST)'
)
_INTO_FILE = r'--(?:output|output-document|remote-name)(?:=|\Z)|-[a-zA-Z]*[oO]\Z|-[oO].'
_NO_FILE = r'(?:^|^-[a-zA-Z]*[oO]|=)(?:-|/dev/\w+)$'
# A download, last in its list, that goes into a file outside the project.
_SAVED = re.compile(
    r'(?:(?:(?!curl|wget)[^|;])*&&\s*)?(?:curl|wget) [^|;&<>]*'
    r'(?:>>?\s*|\|\s*(?:tee|tar)\s(?:[^|;&<>]*\s)?)["\']?/(?!dev/)[^|;&<>]*'
    r'(?:>\s*/dev/null\s*)?(?:\|\|\s*(?:true|:))?'
)

# Programs that write their last operand, only what they name, or nothing.
WRITES_LAST = frozenset('cp install ln mv'.split())
_WRITES_NAMED = WRITES_LAST | frozenset(
    """
    awk bunzip2 bzip2 chmod chown curl dos2unix envsubst executor gunzip gzip kaniko mkdir rm rmdir
    sed sort tee touch truncate umask unix2dos update-ca-certificates wget xz yq zstd
    """.split()
)
WRITES_NOTHING = frozenset('rm rmdir chmod chown'.split())
# Redirections that write.
WRITING = frozenset(('>', '>|', '>>', '&>'))
# Places of the container's own. Others may be on volumes, and what is there lasts.
_OWN = re.compile(
    r'/(?:bin|builds|busybox|dev(?!/(?:tcp|udp)/)|etc|home|kaniko|lib\w*|opt|proc|root|run|sbin|tmp'
    r'|usr|var|workspace|~)(?:/|\Z)|/(?!cache|data|media|mnt|nfs|share|srv|vol)[^/]*\Z'
)


class ProgramCall(NamedTuple):
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

    @property
    def operands(self) -> list[Text]:
        """The arguments that are no options."""
        return [text for text in self.arguments if text.value[:1] != '-']

    @property
    def written(self) -> Sequence[Text]:
        """The operands that it may write."""
        words = self.operands
        if self.name == 'tar':
            named = zip(self.words, self.arguments[1:])
            archives = [text for word, text in named if re.fullmatch('-?[acjJptvxz]*f', word)]
            return archives if self.packs else [text for text in words if text not in archives]
        if self.name in WRITES_LAST:
            return words[-1:]
        if self.name == 'sed':
            in_place = any(word.startswith(('-i', '--in')) for word in self.words)
            return words[1:] if in_place else ()
        return () if self.name in WRITES_NOTHING else words

    @property
    def read(self) -> Sequence[Text]:
        """The arguments that may name what it reads."""
        return self.arguments[:-1] if self.name in WRITES_LAST else self.arguments

    @property
    def copied_name(self) -> str:
        """The name that the one operand of `cp` or its like gets in a folder; '' if not known."""
        is_copy = self.name in WRITES_LAST and len(self.operands) == 2
        name = self.operands[0].split('/')[-1].known if is_copy else None
        return name if name and re.fullmatch(r'\.?\w[\w.-]*', name) else ''

    @property
    def writes_named(self) -> bool:
        """It writes nothing but its operands."""
        return self.packs or self.name in _WRITES_NAMED

    @property
    def packs(self) -> bool:
        """It is a `tar` that makes an archive."""
        mode = r'(?:\A-?|(?<= )-)[ABD-Zabd-z]*c[A-Za-z]*(?= |\Z)|--create'
        return self.name == 'tar' and re.search(mode, ' '.join(self.words)) is not None

    @property
    def removed(self) -> Sequence[Text]:
        """The operands that it removes or gives other rights."""
        if self.name not in (*WRITES_NOTHING, 'mv'):
            return ()
        return self.operands[self.name[:2] == 'ch' :]

    @property
    def makes_folders(self) -> bool:
        """It makes folders, whether or not they exist."""
        return self.name == 'mkdir' and any(re.match('-[a-z]*p|--parents', w) for w in self.words)


class BuildCall(NamedTuple):
    """One execution of a build, and the environment that it and its statement found."""

    argv: tuple[Field, ...]
    flags: tuple[kaniko.Flag, ...]
    file: str
    env: Env
    before: Env

    def value(self, name: str) -> Text | None:
        """The value of a flag that counts, None if the flag is not there."""
        return next(reversed(self.values(name)), None)

    def values(self, *names: str) -> list[Text]:
        """The values of flags, in order."""
        return [flag.value for flag in self.flags if flag.name in names]

    def variable(self, name: str, settings: Mapping[str, Setting]) -> Text:
        """The value of a variable in the environment of the build."""
        value = self.env.variables.get(name)
        if value is None and name in settings and len(settings[name].values) == 1:
            value = settings[name].values[0]
        return value if isinstance(value, Text) else hole(name)

    @property
    def arguments_by_name(self) -> set[str]:
        """The arguments of the Dockerfile that have the values of variables of these names."""
        return {text.value for text in self.values('build-arg') if '=' not in text.value}


def programs_of(report: StatementReport, script: Script) -> tuple[ProgramCall, ...]:
    """The programs of a statement; those that change a volume may do more than LOCAL ones."""
    writes_volume = any(
        operator in WRITING and _is_on_volume(target, env, script)
        for operator, target, env in report.targets
    )
    is_saved = _SAVED.fullmatch(report.source.value[report.node.start : report.node.end])
    result = []
    for kind, fields, place, env in report.programs:
        name = programs.base_name(fields[0])
        texts = tuple(field.text for field in fields)
        program = ProgramCall(name, _kind(name, kind, texts[1:]), texts, place.file, env)
        if is_saved and program.name in ('curl', 'wget') and not _sends(program.words):
            program = program._replace(kind=LOCAL)
        if writes_volume or program.kind == LOCAL and _changes_volume(program, script):
            program = program._replace(kind=OTHER)
        result.append(program)
    return tuple(result)


def _changes_volume(use: ProgramCall, script: Script) -> bool:
    words = [*use.written, *use.removed]
    if not use.writes_named:
        words.append(Text('.'))
    return not use.makes_folders and any(_is_on_volume(word, use.env, script) for word in words)


def _is_on_volume(path: Text, env: Env, script: Script) -> bool:
    """A path is absolute, and in no folder that the container has for itself."""
    return any(
        target.prefix[:1] == '/' and not _OWN.match(target.value)
        for target in paths.resolved(script, env, path)
    )


def build_of(event: BuildEvent) -> BuildCall:
    build, env, before = event
    return BuildCall(build.argv, tuple(kaniko.parse(build.argv[1:])), build.place.file, env, before)


def _kind(name: str, kind: str, arguments: Sequence[Text]) -> str:
    """The row of the table, refined by sub-commands."""
    words = [text.known or '' for text in arguments]
    if kind == REPEATS:
        changes = not _FIND_CHANGES.isdisjoint(words)
        asks = any(word.startswith('-ok') for word in words)
        return (LOCAL if changes else PURE) if name in ('find', 'xargs') and not asks else OTHER
    if name in _RUNS and any(re.search(_RUNS[name], text.value) for text in arguments):
        return OTHER
    if name in ('awk', 'sort', 'yq') and not _IN_PLACE.isdisjoint(words):
        return LOCAL
    if kind in (PURE, LOCAL, BUILTIN):
        return kind
    text = ' '.join((name, *(text.value for text in arguments)))
    if re.fullmatch(_PRINTS, text):
        return PURE
    if re.fullmatch(_CHANGES_FILES, text):
        return LOCAL
    if name == 'git':
        command = next((word for word in words if word[:1] != '-'), '')
        return PURE if command in _GIT_READS else LOCAL if command in _GIT_LOCAL else OTHER
    if name in kaniko.NAMES:
        return LOCAL if words[:1] and words[0] in _NOT_BUILDING else OTHER
    if name in ('curl', 'wget') and _is_download([text.value for text in arguments]):
        return LOCAL
    return OTHER


def _is_download(words: Sequence[str]) -> bool:
    """curl or wget gets a file, and sends nothing."""
    if _sends(words) or any(re.search(_NO_FILE, word) for word in words):
        return False
    return any(re.match(_INTO_FILE, word) for word in words)


def _sends(words: Sequence[str]) -> bool:
    return any(re.match(_SENDS, word) for word in words)
