"""Regular expressions of `[[ … =~ … ]]` (POSIX XBD 9.4) as patterns of the shell.

Not read are anchors in the middle and what POSIX leaves undefined (`\\w`, `a**`).
"""

from __future__ import annotations

import re

_CLASS = r'\[:(?:digit|alpha|alnum|lower|upper|space):\]'
_ATOM = rf"\\[^\w\s<>`'(|)]|\[\^?(?:{_CLASS}|[\w./:@+\s-])+\]|[^][\\*+?{{}}()|^$]"
_REPEATS = r'[*+?]|\{\d{1,3}(?:,\d{0,3})?\}'
_REPEATED = rf'({_ATOM}|\))({_REPEATS})?'
_BRANCH = rf'(\^?)((?:(?:{_ATOM})(?:{_REPEATS})?)*)(\$?)'
_GROUP = rf'\(([^()]*)\)({_REPEATS})?'
_MAX_LENGTH = 300
_MAX_PATTERNS = 32


def patterns(expression: str) -> tuple[list[str], bool]:
    """Patterns of which a text matches one if it matches an expression; and if only then.

    A repetition becomes `*`, which matches more. No patterns: the expression is not read.
    """
    if len(expression) > _MAX_LENGTH or re.search(r'(?:^|[(|^])[*+?{]|\\[(|)]', expression):
        return [], False
    pending = [expression]
    result: list[str] = []
    while pending:
        way = pending.pop()
        group = re.search(_GROUP, way)
        if group:
            for inner in group[1].split('|'):
                if group[2]:
                    inner = f'{inner}.*' if group[2] == '+' else '.*'
                pending.append(f'{way[: group.start()]}{inner}{way[group.end() :]}')
        else:
            result += map(_pattern, way.split('|'))
        if '' in result or len(pending) + len(result) > _MAX_PATTERNS:
            return [], False
    pieces = re.findall(_REPEATED, expression)
    return result, all(not repeats or atom == '.' and repeats in '*+' for atom, repeats in pieces)


def _pattern(branch: str) -> str:
    """The pattern of a sequence of atoms; '' if it is not read."""
    match = re.fullmatch(_BRANCH, branch)
    if match is None:
        return ''
    pattern = ''.join(map(_piece, re.finditer(_REPEATED, match[2])))
    return f'{"" if match[1] else "*"}{pattern}{"" if match[3] else "*"}'


def _piece(match: re.Match[str]) -> str:
    if match[2] and match[2] != '+':
        return '*'
    atom = '?' if match[1] == '.' else match[1]
    if atom[0] == '\\' and atom[1] not in '*?[(\\':
        atom = atom[1]
    return f'{atom}*' if match[2] else atom
