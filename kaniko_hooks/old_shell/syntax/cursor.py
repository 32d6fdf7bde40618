"""Where the reader of a shell script stands, and how it steps over blanks."""

from __future__ import annotations

import re
from collections.abc import Mapping

from kaniko_hooks.old_shell.syntax.tree import Heredoc, SyntaxProblem

# Real scripts nest less than ten deep; Python's stack must hold what remains.
DEPTH = 40
# A reader that goes back after an error must not do so for every line.
REWINDS = 20

# The runner puts a line end after the last command: a backslash there continues it.
_BLANKS = re.compile(r'(?:[ \t\r\f\v]|\\\r?(?:\n|\Z))+')
_COMMENT = re.compile(r'#[^\n]*')
_OPAQUE = re.compile(
    r'\$\{\{(?:[^}\n]|\}(?!\})){0,400}\}\}'  # GitHub Actions, Azure Pipelines
    r'|\$\[\[[^\n]{0,400}?\]\]'  # GitLab
    r'|\{\{(?:[^}\n]|\}(?!\})){0,400}\}\}'  # Helm, Argo, Jinja
    r'|<<[ \t]*(?:parameters|pipeline|matrix|item)\.[\w.\-]+[ \t]*>>'  # CircleCI
    r'|\$\((?:tt\.|inputs\.)?(?:params|workspaces|results|context)[.\[][^()\s]{1,400}\)'  # Tekton
)


class Broken(Exception):
    """A construct that is not closed; `at` is where reading goes on."""

    def __init__(self, at: int) -> None:
        super().__init__()
        self.at = at


class Cursor:
    """The text, the place in it, and what is open there."""

    __slots__ = (
        'text',
        'at',
        'end',
        'problems',
        'pending',
        'depth',
        'closers',
        'rewinds',
        'opaque',
    )

    def __init__(self, text: str, opaque: Mapping[int, int]) -> None:
        self.text = text
        self.at = 0
        self.end = len(text)
        self.problems: list[SyntaxProblem] = []
        self.pending: list[tuple[str, bool, bool, Heredoc]] = []
        self.depth = 0
        self.closers: list[frozenset[str]] = []
        self.rewinds = REWINDS
        self.opaque = opaque


def problem(cursor: Cursor, message: str) -> None:
    cursor.problems.append(SyntaxProblem(cursor.at, message))


def unclosed(cursor: Cursor, start: int, what: str) -> Broken:
    """What to raise when the text ends before a construct that begins at `start`."""
    cursor.problems.append(SyntaxProblem(start, f'unclosed {what}'))
    return Broken(start)


def deeper(cursor: Cursor) -> None:
    """Count one more level; too many end the outermost command."""
    cursor.depth += 1
    if cursor.depth > DEPTH:
        problem(cursor, 'nested too deep')
        raise Broken(cursor.at)


def blanks(cursor: Cursor) -> None:
    """Step over blanks, continued lines and a comment."""
    match = _BLANKS.match(cursor.text, cursor.at, cursor.end)
    if match:
        cursor.at = match.end()
    match = _COMMENT.match(cursor.text, cursor.at, cursor.end)
    if match:
        cursor.at = match.end()


def ahead(cursor: Cursor, token: str) -> bool:
    return cursor.text.startswith(token, cursor.at, cursor.end)


def opaque_end(cursor: Cursor) -> int:
    """The end of the opaque text that starts here, 0 if none does."""
    if cursor.at in cursor.opaque:
        return cursor.opaque[cursor.at]
    match = _OPAQUE.match(cursor.text, cursor.at, cursor.end)
    return match.end() if match else 0
