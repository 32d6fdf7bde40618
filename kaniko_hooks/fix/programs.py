"""The programs that a rewrite knows, beyond the table of the shell: a set for each question.

A new program goes into each set whose question has the answer yes for it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from kaniko_hooks import kaniko
from kaniko_hooks.shell.programs import BUILTIN, LOCAL, OTHER, PURE, REPEATS
from kaniko_hooks.text import Text

# Sub-commands of git that read, and those that change the clone.
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
# Arguments by which programs write to a file instead of printing.
_WRITES = {
    'awk': r'(?s)inplace\Z|.*\bprintf?\b[^;}]{0,1000}>',
    'sort': '-[a-zA-Z]*o|--output',
    'tree': '-[a-zA-Z]*o',
    'yq': '-[a-zA-Z]*i|--inplace',
}
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

# Programs that write their last operand, only what they name, or nothing.
WRITES_LAST = frozenset('cp install ln mv'.split())
WRITES_NAMED = WRITES_LAST | frozenset(
    """
    awk bunzip2 bzip2 chmod chown curl dos2unix envsubst executor gunzip gzip kaniko mkdir rm rmdir
    sed sort tee touch truncate ulimit umask unix2dos update-ca-certificates wget xz yq zstd
    """.split()
)
WRITES_NOTHING = frozenset('rm rmdir chmod chown'.split())
# Sub-commands that give an image a further name or a signature, or make a place for it.
ADDING = frozenset('add-tag attach attest copy cp create-repository sign tag'.split())
# Programs that are run for their status.
TESTERS = frozenset(
    '[ [[ cmp diff egrep false fgrep grep hadolint jq pgrep ping shellcheck shfmt test true'.split()
)
# Programs that act on one image, and those that may name it without its registry.
IMAGE_TOOLS = frozenset(
    """
    aws az cosign crane dockle docker gcloud gcrane grype img notation oras podman regctl skopeo
    snyk syft trivy buildah nerdctl
    """.split()
)
WITHOUT_REGISTRY = frozenset(('aws', 'az', 'gcloud'))
# Options of these that name a file to write, and sub-commands that write their last operand.
OUTPUT_OPTION = r'(?:-o|--(?:bundle|file|output[\w-]*))(?:=|\Z)'
SAVING = frozenset(('export', 'pull'))
# Sub-commands of git that change no file of the repository.
GIT_APART = frozenset(('config', 'fetch', 'lfs', 'push', 'tag'))
# Programs whose operands are files, and folders where an image's own commands seldom work.
TAKES_FILES = frozenset('cat cd cp ln mv rsync tar zip'.split())
# Arguments with which programs print times, or what others may change in between.
VARYING_ARGUMENTS = {
    'awk': r'(?:strf|sys)time\(|rand\(',
    'find': r'(?:^| )-(?:newer|[acm](?:min|time)|ls|printf)',
    'git': r'%[ac]r|\b(?:relative|human|since|until)\b|\b(?:origin|upstream)/|FETCH_HEAD|@\{',
    'ls': r'(?:^| )-\w*[cglnotu]|--(?:full-time|time|sort)',
    'printf': r'%\(',
    'sort': r'(?:^| )-\w*R|--random',
    'stat': '%[W-Zw-z]',
    'uname': r'(?:^| )-\w*[anrv]',
}


def kind_of(name: str, kind: str, arguments: Sequence[Text]) -> str:
    """The kind of a program that has a row of a kind, by its arguments: PURE, LOCAL or OTHER."""
    words = [text.known or '' for text in arguments]
    if kind == REPEATS:
        changes = not _FIND_CHANGES.isdisjoint(words)
        asks = any(word.startswith('-ok') for word in words)
        return (LOCAL if changes else PURE) if name in ('find', 'xargs') and not asks else OTHER
    if name in _RUNS and any(re.search(_RUNS[name], text.value) for text in arguments):
        return OTHER
    if name in _WRITES and any(re.match(_WRITES[name], text.value) for text in arguments):
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
    if any(re.match(_SENDS, word) or re.search(_NO_FILE, word) for word in words):
        return False
    return any(re.match(_INTO_FILE, word) for word in words)
