"""Which files of the repository a pattern names, in `include:` and in `rules:exists`."""

from __future__ import annotations

import re
from collections.abc import Iterable


def included(pattern: str, files: Iterable[str]) -> list[str]:
    """Files that `include: local` with `*` names, in the order of `files`.

    `*` stays in one folder, `**` does not; nothing else is special (G:
    app/models/repository.rb, search_files_by_wildcard_path).
    """
    parts = (
        {'**': '.*?', '*': '[^/]*?'}.get(part) or re.escape(part)
        for part in re.split(r'(\*\*|\*)', pattern)
    )
    return _found(''.join(parts), pattern, files)


def exists(pattern: str, files: Iterable[str]) -> bool:
    """Whether a file fits a glob of `rules:exists` (Ruby's `File.fnmatch?`)."""
    return bool(_found(_translated(pattern), pattern, files))


def folder_of(pattern: str) -> str | None:
    """The folder below which a glob of `rules:exists` looks; None for a path of one file."""
    fixed = re.split(r'[*?\[{]', pattern, maxsplit=1)[0]
    return None if fixed == pattern else fixed.rpartition('/')[0]


def _found(expression: str, pattern: str, files: Iterable[str]) -> list[str]:
    # Many stars on a long path could take for ever.
    if pattern.count('*') > 12:
        return []
    try:
        regex = re.compile(expression, re.DOTALL)
    except re.error:
        return []
    return [file for file in files if regex.fullmatch(file)]


_TOKEN = re.compile(r'\*\*/|\*+|\?|\[[^]/]+\]|\{[^{}]*\}|.', re.DOTALL)


def _translated(pattern: str) -> str:
    return ''.join(_translated_token(token) for token in _TOKEN.findall(pattern))


def _translated_token(token: str) -> str:
    if token == '**/':
        return '(?:.*/)?'
    if token[0] == '*':
        return '[^/]*'
    if token == '?':
        return '[^/]'
    if len(token) > 1 and token[0] == '[':
        return '[' + re.sub(r'^!', '^', token[1:-1]).replace('\\', '\\\\') + ']'
    if len(token) > 1:
        return f'(?:{"|".join(map(_translated, token[1:-1].split(",")))})'
    return re.escape(token)
