"""Commands that only look: their answer is the same until something else runs.

`if grep -q x file` and, further down, `if ! grep -q x file` never both hold.
"""

from __future__ import annotations

from collections.abc import Sequence

from kaniko_hooks.old_shell.conditions import subjects
from kaniko_hooks.old_shell.state import DIRECTORY
from kaniko_hooks.old_shell.syntax import tree

# They change no file, whatever their arguments are.
HARMLESS = frozenset(
    """
    : [ base64 basename cat cut date df dirname du echo egrep false fgrep grep hash head id jobs
    jq ls printf ps sleep sort tail test tr true type ulimit umask uname wait wc which
""".split()
)
# Of these the same words have the same result, too.
_SAME = frozenset(
    """
    basename cat cut dirname echo egrep fgrep grep hash head jq printf sort tail tr type wc which
""".split()
)
_READS = frozenset(('<', '<&', '<<', '<<-', '<<<'))


def subject(node: tree.Pipeline) -> subjects.Subject | None:
    """What a pipeline looks at: `grep -q x file`, `echo "$A" | grep -q x`, `command -v x`."""
    words: list[str] = []
    variables: set[str] = {DIRECTORY}
    for command in node.commands:
        if not isinstance(command, tree.Simple) or not _only_looks(command):
            return None
        for word in command.words:
            found = subjects.shape(word)
            if found is None:
                return None
            words.append(found.name)
            variables |= found.variables
        words.append('|')
    return subjects.Subject(' '.join(words), frozenset(variables), True)


def _only_looks(command: tree.Simple) -> bool:
    redirections = command.redirections
    if not command.words or command.assignments or not quiet(redirections):
        return False
    if any(each.operator in _READS for each in redirections):
        return False
    first = [subjects.literal(word) for word in command.words[:2]]
    return first[0] in _SAME or first == ['command', '-v']


def quiet(redirections: Sequence[tree.Redirection]) -> bool:
    """Whether no file is written: `> /dev/null 2>&1`, `< file`."""
    return all(
        each.operator in _READS
        or subjects.literal(each.target) == '/dev/null'
        or each.operator == '>&'
        and (subjects.literal(each.target) or 'x')[0] in '-0123456789'
        for each in redirections
    )
