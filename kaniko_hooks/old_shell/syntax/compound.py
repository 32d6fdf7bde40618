"""Commands: simple ones and the compound ones of POSIX sh and bash."""

from __future__ import annotations

import re

from kaniko_hooks.old_shell.syntax import conditions, expansions, parser, words
from kaniko_hooks.old_shell.syntax.cursor import Cursor, ahead, blanks, deeper, problem, unclosed
from kaniko_hooks.old_shell.syntax.redirections import redirection
from kaniko_hooks.old_shell.syntax.simple import simple
from kaniko_hooks.old_shell.syntax.tree import (
    Arm,
    Case,
    CaseArm,
    Command,
    For,
    Function,
    Group,
    If,
    Pipeline,
    Redirection,
    Statement,
    Test,
    While,
    Word,
)

_RESERVED = re.compile(
    r'(?:if|case|for|select|while|until|\{|\[\[|function)(?=[\s;&|()<>]|\Z)|\(\(?'
)
_FUNCTION = re.compile(r'([^\s|&;()<>$`"\'\\{}=]+)[ \t]*\([ \t]*\)')
_FUNCTION_NAME = re.compile(r'function[ \t]+([^\s|&;()<>$`"\'\\]+)(?:[ \t]*\([ \t]*\))?')
_NAME = re.compile(r'[A-Za-z_]\w*')
_IN = re.compile(r'in(?=[\s;&|()<>]|\Z)')

_THEN = frozenset(('then',))
_ELSE = frozenset(('elif', 'else', 'fi'))
_FI = frozenset(('fi',))
_DO = frozenset(('do',))
_DONE = frozenset(('done',))
_BRACE = frozenset('}')
_ARM = frozenset((';;', ';&', ';;&', 'esac'))


def command(cursor: Cursor) -> Command | None:
    """The command that starts here, None if none does."""
    match = _RESERVED.match(cursor.text, cursor.at, cursor.end)
    if match is None:
        function = _FUNCTION.match(cursor.text, cursor.at, cursor.end)
        return _function(cursor, function) if function else simple(cursor)
    if match.group() == 'function':
        function = _FUNCTION_NAME.match(cursor.text, cursor.at, cursor.end)
        return _function(cursor, function) if function else simple(cursor)
    deeper(cursor)
    found = _compound(cursor, match.group())
    cursor.depth -= 1
    return found


def _compound(cursor: Cursor, token: str) -> Command:
    start = cursor.at
    if token == '((':
        end = expansions.arithmetic_end(cursor, start)
        if end:
            found = conditions.calculation(cursor, start, end)
            return Test(found, True, *_rest(cursor, start))
        token = '('
    cursor.at += len(token)
    if token == 'if':
        return _if(cursor, start)
    if token == 'case':
        return _case(cursor, start)
    if token in ('for', 'select'):
        return _for(cursor, start, token == 'select')
    if token in ('while', 'until'):
        condition = parser.statements(cursor, _DO)
        return _while(cursor, start, condition, token == 'until')
    if token == '[[':
        return Test(conditions.test(cursor), False, *_rest(cursor, start))
    subshell = token == '('
    body = parser.statements(cursor, parser.PARENTHESIS if subshell else _BRACE)
    closer = ')' if subshell else '}'
    if not _closed(cursor, closer) and subshell:
        raise unclosed(cursor, start, 'subshell')
    return Group(body, subshell, *_rest(cursor, start))


def _closed(cursor: Cursor, word: str) -> bool:
    """Step over the closing word; without it the construct ends where it stands."""
    if ahead(cursor, word):
        cursor.at += len(word)
        return True
    problem(cursor, f'missing {word}')
    return False


def _rest(cursor: Cursor, start: int) -> tuple[tuple[Redirection, ...], int, int]:
    """Redirections after a compound command, its start and end."""
    found: list[Redirection] = []
    while True:
        end = cursor.at
        blanks(cursor)
        each = redirection(cursor)
        if each is None:
            return tuple(found), start, found[-1].end if found else end
        found.append(each)


def _if(cursor: Cursor, start: int) -> If:
    arms: list[Arm] = []
    otherwise: tuple[Statement, ...] = ()
    while True:
        condition = parser.statements(cursor, _THEN)
        body: tuple[Statement, ...] = ()
        if _closed(cursor, 'then'):
            body = parser.statements(cursor, _ELSE)
        arms.append(Arm(condition, body))
        if not ahead(cursor, 'elif'):
            break
        cursor.at += 4
    if ahead(cursor, 'else'):
        cursor.at += 4
        otherwise = parser.statements(cursor, _FI)
    _closed(cursor, 'fi')
    return If(tuple(arms), otherwise, *_rest(cursor, start))


def _while(cursor: Cursor, start: int, condition: tuple[Statement, ...], until: bool) -> While:
    return While(condition, _do(cursor), until, *_rest(cursor, start))


def _do(cursor: Cursor) -> tuple[Statement, ...]:
    """`do … done`; bash's `{ … }` as well."""
    parser.lines(cursor)
    if ahead(cursor, ';'):
        cursor.at += 1
        parser.lines(cursor)
    opener, closer = ('{', '}') if ahead(cursor, '{') else ('do', 'done')
    if not _closed(cursor, opener):
        return ()
    body = parser.statements(cursor, _BRACE if closer == '}' else _DONE)
    _closed(cursor, closer)
    return body


def _for(cursor: Cursor, start: int, select: bool) -> Command:
    blanks(cursor)
    if ahead(cursor, '(('):
        end = expansions.arithmetic_end(cursor, cursor.at)
        if end:
            at = cursor.at
            head = Test(conditions.calculation(cursor, at, end), True, (), at, end)
            pipeline = Pipeline((head,), False, at, end)
            return _while(cursor, start, (Statement((pipeline,), (), False, at, end),), False)
    match = _NAME.match(cursor.text, cursor.at, cursor.end)
    name = match.group() if match else ''
    cursor.at = match.end() if match else cursor.at
    parser.lines(cursor)
    listed: list[Word] | None = None
    if _IN.match(cursor.text, cursor.at, cursor.end):
        cursor.at += 2
        listed = []
        blanks(cursor)
        each = words.word(cursor)
        while each:
            listed.append(each)
            blanks(cursor)
            each = words.word(cursor)
    body = _do(cursor)
    found = None if listed is None else tuple(listed)
    return For(name, found, body, select, *_rest(cursor, start))


def _case(cursor: Cursor, start: int) -> Case:
    parser.lines(cursor)
    subject = words.word(cursor) or Word((), cursor.at, cursor.at)
    parser.lines(cursor)
    arms: list[CaseArm] = []
    if _closed(cursor, 'in'):
        parser.lines(cursor)
        while cursor.at < cursor.end and not ahead(cursor, 'esac'):
            before = cursor.at
            arms.append(_arm(cursor))
            parser.lines(cursor)
            if cursor.at == before:
                break
    _closed(cursor, 'esac')
    return Case(subject, tuple(arms), *_rest(cursor, start))


def _arm(cursor: Cursor) -> CaseArm:
    if ahead(cursor, '('):
        cursor.at += 1
    patterns: list[Word] = []
    while True:
        blanks(cursor)
        pattern = words.word(cursor)
        if pattern:
            patterns.append(pattern)
        blanks(cursor)
        if not ahead(cursor, '|'):
            break
        cursor.at += 1
    body: tuple[Statement, ...] = ()
    falls = False
    if _closed(cursor, ')'):
        body = parser.statements(cursor, _ARM)
        falls = ahead(cursor, ';&') or ahead(cursor, ';;&')
        for token in (';;&', ';;', ';&'):
            if ahead(cursor, token):
                cursor.at += len(token)
                break
    return CaseArm(tuple(patterns), body, falls)


def _function(cursor: Cursor, match: re.Match[str]) -> Command | None:
    """A definition; a name without a body is nothing."""
    start = cursor.at
    cursor.at = match.end()
    deeper(cursor)
    parser.lines(cursor)
    body = command(cursor)
    cursor.depth -= 1
    if body is None:
        problem(cursor, 'function without a body')
        return None
    return Function(match.group(1), body, start, body.end)
