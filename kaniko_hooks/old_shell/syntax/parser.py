"""Text of a POSIX sh, busybox ash or bash script -> syntax tree.

It tolerates errors: one costs a command, not the script. It reads in time
linear in the text. The grammar is that of POSIX XCU 2.10 and of the Bash manual.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from kaniko_hooks.old_shell.syntax import compound
from kaniko_hooks.old_shell.syntax.cursor import Broken, Cursor, ahead, blanks, problem
from kaniko_hooks.old_shell.syntax.redirections import read_heredocs
from kaniko_hooks.old_shell.syntax.tree import Command, Pipeline, Script, Statement

PARENTHESIS = frozenset(')')
_TOP: frozenset[str] = frozenset()

_TERMINATOR = re.compile(r'\)|;;&|;;|;&|(?:then|else|elif|fi|do|done|esac|\})(?=[\s;&|()<>]|\Z)')
_PREFIX = re.compile(
    r'(!|time(?:[ \t]+-p)?(?:[ \t]+--)?|coproc(?:[ \t]+[A-Za-z_]\w*(?=[ \t]+[{(]))?)'
    r'(?=[ \t(]|\\\r?\n)'
)


def parse(text: str, opaque: Mapping[int, int] | None = None) -> Script:
    """The syntax tree of a script.

    - `text`: the script; offsets in the tree count its code points.
    - `opaque`: start -> end of pieces whose value is not known and that are not
      to be read as shell.
    """
    cursor = Cursor(text, opaque or {})
    body: list[Statement] = []
    while cursor.at < cursor.end:
        try:
            _list(cursor, _TOP, body)
        except Broken as broken:
            _recover(cursor, broken.at)
    return Script(text, tuple(body), tuple(cursor.problems))


def _recover(cursor: Cursor, start: int) -> None:
    """Go on with the line after the one where an unclosed construct begins."""
    cursor.end = len(cursor.text)
    cursor.depth = 0
    cursor.closers.clear()
    cursor.pending.clear()
    if cursor.rewinds:
        cursor.rewinds -= 1
        cursor.at = start
    line = cursor.text.find('\n', cursor.at)
    cursor.at = cursor.end if line < 0 else line + 1


def within(cursor: Cursor, start: int, end: int) -> tuple[Statement, ...]:
    """The commands in a stretch of the text."""
    outer, cursor.end, cursor.at = cursor.end, end, start
    closers, cursor.closers = cursor.closers, []
    body: list[Statement] = []
    _list(cursor, _TOP, body)
    cursor.end, cursor.closers = outer, closers
    return tuple(body)


def statements(cursor: Cursor, stops: frozenset[str]) -> tuple[Statement, ...]:
    """The list up to one of the words in `stops`, or up to one that closes
    something around it; that word is left."""
    found: list[Statement] = []
    _list(cursor, stops, found)
    return tuple(found)


def _list(cursor: Cursor, stops: frozenset[str], found: list[Statement]) -> None:
    cursor.closers.append(stops)
    while True:
        lines(cursor)
        if cursor.at >= cursor.end:
            break
        before = cursor.at
        match = _TERMINATOR.match(cursor.text, before, cursor.end)
        if match is None:
            _statement(cursor, found)
        elif any(match.group() in each for each in cursor.closers):
            break
        if cursor.at == before:
            problem(cursor, 'unexpected ' + cursor.text[before])
            cursor.at = match.end() if match else before + 1
    cursor.closers.pop()


def lines(cursor: Cursor) -> None:
    """Step over blanks, comments and line ends, reading heredocs that wait."""
    blanks(cursor)
    while cursor.at < cursor.end and cursor.text[cursor.at] == '\n':
        cursor.at += 1
        if cursor.pending:
            read_heredocs(cursor)
        blanks(cursor)


def _statement(cursor: Cursor, found: list[Statement]) -> None:
    """Pipelines joined by `&&` and `||`, and the `;` or `&` after them."""
    start = cursor.at
    pipelines: list[Pipeline] = []
    operators: list[str] = []
    end = start
    while True:
        pipeline = _pipeline(cursor)
        if pipeline:
            pipelines.append(pipeline)
            end = pipeline.end
        operator = cursor.text[cursor.at : min(cursor.at + 2, cursor.end)]
        if operator not in ('&&', '||'):
            break
        cursor.at += 2
        if pipeline:
            operators.append(operator)
        lines(cursor)
    background = operator[:1] == '&' and bool(pipelines)
    if pipelines and (background or operator[:1] == ';' and operator != ';;' and operator != ';&'):
        cursor.at += 1
    if pipelines:
        del operators[len(pipelines) - 1 :]
        found.append(Statement(tuple(pipelines), tuple(operators), background, start, end))


def _pipeline(cursor: Cursor) -> Pipeline | None:
    start = cursor.at
    negated = False
    match = _PREFIX.match(cursor.text, cursor.at, cursor.end)
    while match:
        negated ^= match.group() == '!'
        cursor.at = match.end()
        blanks(cursor)
        match = _PREFIX.match(cursor.text, cursor.at, cursor.end)
    commands: list[Command] = []
    while True:
        found = compound.command(cursor)
        if found:
            commands.append(found)
        blanks(cursor)
        if not ahead(cursor, '|') or ahead(cursor, '||'):
            break
        cursor.at += 2 if ahead(cursor, '|&') else 1
        lines(cursor)
    if not commands:
        return None
    return Pipeline(tuple(commands), negated, start, commands[-1].end)
