"""Whether a container certainly runs one build at most, told without a shell reader.

Reading scripts is most of what a check costs, and most containers have one
build in a plain script. Every way to run a build is refused here but one: the
executor, written out, where a command stands, and all other commands known.
"""

from __future__ import annotations

import re

from kaniko_hooks.model import SCRIPT, Container

_EXECUTORS = ('/kaniko/executor', 'executor')
_HARMLESS = frozenset(
    """
    : [ [[ apk apt-get aws awk base64 basename cat cd chmod chown cp crane curl cut date dirname
    docker echo exit export false gcloud git grep head id jq ls mkdir mv printenv printf pwd
    readonly rm sed set sleep sort tail tar test touch tr true umask uname unset unzip wc wget
    whoami
""".split()
)
# After these another command stands.
_KEYWORDS = frozenset(('!', '{', '}', 'if', 'then', 'elif', 'else', 'fi'))
_QUOTED = re.compile(r'"(?:[^"\\`$\n]|\\[^\n]|\$(?!\())*"|\'[^\'\n]*\'')
_MAX_LENGTH = 20_000
# The `&` of ` 2>&1` and ` >&2` ends no command.
_ENDS = re.compile(r'[\n;|()]|(?<! 2>)(?<! >)&')


def one_build_at_most(container: Container) -> bool:
    """True if no run of the container has two builds; False if that needs a closer look."""
    executors = 0
    for part in container.parts:
        if part.form != SCRIPT:
            return False
        found = _executors('\n'.join(command.text.strip() for command in part.commands))
        if found is None:
            return False
        executors += found
    return executors < 2


def _executors(script: str) -> int | None:
    """How often the executor stands where a command does; None if that may not be all."""
    plain = _without_quotes(script)
    # A function may have any name.
    if plain is None or '()' in ''.join(plain.split()) or not _substitutions_end_words(plain):
        return None
    count = 0
    for command in _ENDS.split(plain):
        name = _name(command)
        if name in _EXECUTORS:
            count += 1
        elif name and name not in _HARMLESS:
            return None
    return count


def _without_quotes(script: str) -> str | None:
    """The script with a NUL for each quoted text, without comments; None if that is not sure."""
    odd = any(hint in script for hint in ('\0', '<<', "$'", '$"'))
    if odd or len(script) > _MAX_LENGTH or '#' in script and '\\\n' in script:
        return None
    lines = script.replace('\\\n', '').split('\n')
    code = '\n'.join(line for line in lines if line.lstrip(' \t')[:1] != '#')
    # No quoted text has a line end, or a quote stays: all lines begin outside of quotes.
    code = _QUOTED.sub('\0', code)
    if any(mark in code for mark in ('"', "'", '\\', '`', '#')):
        return None
    return code


def _substitutions_end_words(code: str) -> bool:
    """Whether no text is joined to a `)`: it would look like a command."""
    return all(piece[:1] in ' \t\n;&|)' for piece in code.split(')')[1:])


def _name(command: str) -> str:
    """The word that names a command; '' for keywords and assignments alone."""
    # Only these two part words in a shell.
    for word in command.replace('\t', ' ').split(' '):
        name, equals, _ = word.partition('=')
        if word and word not in _KEYWORDS and not (equals and name.isidentifier()):
            return word
    return ''
