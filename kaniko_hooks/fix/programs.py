"""The programs that a rewrite knows, beyond the table of the shell: by kind, and by question.

A new program goes into each set whose question has the answer yes for it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from kaniko_hooks import kaniko
from kaniko_hooks.shell.programs import BUILTIN, LOCAL, OTHER, PURE
from kaniko_hooks.text import Text

# Programs that act on one image.
IMAGE_TOOLS = frozenset(
    """
    aws az cosign crane dockle docker gcloud gcrane grype img notation oras podman regctl skopeo
    snyk syft trivy buildah nerdctl
    """.split()
)
_ANY = r'[\w-]+'
# Kinds of programs by their names and a pattern for the beginning of the arguments, of which
# the first that fits counts. White space within an argument is a line break.
_BY_ARGUMENTS = (
    # They run commands.
    (OTHER, 'awk', r'.*(?:system\s*\(|\|&?\s*(?:"|getline))'),
    (OTHER, 'find', r'.* -ok'),
    (OTHER, 'sed', r'(?:.* )?(?:(?! |\bs\W).)*\bs\W[^ ]*\W[gpiIm\d]*e[gpiIm\d]*\n*(?:[;}\n ]|\Z)'),
    # They write to a file instead of printing.
    (LOCAL, 'awk', r'(?:.* )?inplace\b|.*\bprintf?\b[^;}]{0,1000}>'),
    (LOCAL, 'find|xargs', r'(?:.* )?-(?:delete|fprint|fls)'),
    (LOCAL, 'sort', r'(?:.* )?(?:-[a-zA-Z]*o|--output)'),
    (LOCAL, 'yq', r'(?:.* )?(?:-[a-zA-Z]*i|--inplace)'),
    # They only print something.
    (PURE, 'find|xargs', ''),
    (PURE, _ANY, r'(?:--version|-V)\Z'),
    (PURE, 'aws|az|cosign|crane|docker|gcloud|git|helm|kubectl|oras|podman|trivy', r'version\Z'),
    (PURE, 'aws', r'ecr get-login-password(?: -[\w-]+ \S+)*\Z'),
    (PURE, 'env', r'(?:-\S+(?: |\Z))*\Z'),
    (PURE, 'openssl', r'x509 (?:.* )?-noout(?: |\Z)'),
    (PURE, 'git', r'tag (?:-l|--(?:list|points-at|contains|merged|sort=))'),
    (PURE, 'git', r'branch --show-current'),
    (
        PURE,
        'git',
        r'(?:-[^ ]+ )*(?:blame|cat-file|describe|diff|diff-tree|for-each-ref|grep|log|ls-files'
        r'|ls-tree|merge-base|name-rev|rev-list|rev-parse|shortlog|show|status)(?: |\Z)',
    ),
    # They keep credentials of registries.
    (LOCAL, '|'.join(kaniko.NAMES), r'(?:log(?:in|out)|version|help|completion)(?: |\Z)'),
    (LOCAL, '|'.join(('helm', *IMAGE_TOOLS)), r'(?:(?:acr|auth|registry) )?log(?:in|out)\b'),
    (LOCAL, 'gcloud', r'auth (?:activate-service-account|configure-docker)\b'),
    # They change the working tree from what the repository refers to.
    (LOCAL, 'git', r'lfs (?:checkout|fetch|install|pull)(?: |\Z)'),
    (LOCAL, 'git', r'submodule (?:init|sync|update)(?!.* --remote)(?: |\Z)'),
    (
        LOCAL,
        'git',
        r'(?:-[^ ]+ )*(?:add|apply|checkout|clean|config|fetch|reset|restore|stash|switch)(?: |\Z)',
    ),
    # They copy files of the container, or get some and send nothing.
    (LOCAL, 'rsync', r'[^:]*\Z'),
    (
        LOCAL,
        'curl|wget',
        r'(?!(?:.* )?(?:--(?:post|data|form|upload|request|method|body|json)|-[a-zA-Z]*[dFTX]))'
        r'(?!(?:.*[ =])?(?:-[a-zA-Z]*[oO])?(?:-|/dev/\w+)(?: |\Z))(?:.* )?'
        r'(?:--(?:output|output-document|remote-name)(?:[= ]|\Z)|-[a-zA-Z]*[oO](?: |\Z)|-[oO])',
    ),
)

# Programs that write their last operand, more than they name, or nothing.
WRITES_LAST = frozenset('cp install ln mv'.split())
WRITES_MORE = frozenset('cpio dd find git patch rsync split tar unzip xargs'.split())
WRITES_NOTHING = frozenset('rm rmdir chmod chown'.split())
# Sub-commands that give an image a further name or a signature, or make a place for it.
ADDING = frozenset('add-tag attach attest copy cp create-repository sign tag'.split())
# Programs that are run for their status.
TESTERS = frozenset(
    '[ [[ cmp diff egrep false fgrep grep hadolint jq pgrep ping shellcheck shfmt test true'.split()
)
# Programs for images that may name one without its registry.
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
    line = ' '.join(re.sub(r'\s', '\n', text.value) for text in arguments)
    for result, names, pattern in _BY_ARGUMENTS:
        is_named = name in names.split('|') or names == _ANY and re.fullmatch(_ANY, name)
        if is_named and re.match(pattern, line, re.DOTALL):
            return result
    return kind if kind in (PURE, LOCAL, BUILTIN) else OTHER
