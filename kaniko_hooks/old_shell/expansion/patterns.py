"""Operators of `${name…}` that change a value (POSIX XCU 2.6.2, Bash manual 3.5.3)."""

from __future__ import annotations

import re

from kaniko_hooks.model import Fragment
from kaniko_hooks.old_shell.state import Missing
from kaniko_hooks.old_shell.values import Scalar

_SLICE = re.compile(r'\s*([0-9]{1,9})\s*(?::\s*([0-9]{1,9})\s*)?')


def changed(text: str, operator: str, argument: str) -> str | None:
    """The changed value; None where this does not say."""
    if operator in ('#', '##', '%', '%%'):
        return _trimmed(text, operator, argument)
    if operator in ('/', '//'):
        pattern, _, replacement = argument.partition('/')
        compiled = _regex(pattern, True)
        if pattern[:1] in ('#', '%'):
            return _anchored(text, pattern, replacement) if operator == '/' else None
        if compiled is None or not pattern:
            return None
        return compiled.sub(lambda _: replacement, text, 0 if operator == '//' else 1)
    if argument and operator in ('^', '^^', ',', ',,'):
        return None
    if operator in ('^^', ',,'):
        return text.upper() if operator == '^^' else text.lower()
    if operator in ('^', ','):
        return (text[:1].upper() if operator == '^' else text[:1].lower()) + text[1:]
    found = bounds(argument) if operator == ':' else None
    if found is None:
        return None
    start, length = found
    return text[start:] if length is None else text[start : start + length]


def bounds(argument: str) -> tuple[int, int | None] | None:
    """Where `${name:1:2}` starts, and its length, None for all the rest."""
    match = _SLICE.fullmatch(argument)
    if match is None:
        return None
    return int(match.group(1)), int(match.group(2)) if match.group(2) else None


def _anchored(text: str, pattern: str, replacement: str) -> str | None:
    """`${name/#pattern/text}` and `${name/%pattern/text}`."""
    starts = pattern[0] == '#'
    rest = _trimmed(text, '##' if starts else '%%', pattern[1:])
    if rest is None or rest == text and pattern[1:]:
        return rest
    return replacement + rest if starts else rest + replacement


def matches(text: str, pattern: str) -> bool | None:
    """Whether the whole text matches; None where this does not say."""
    compiled = _regex(pattern, True)
    return None if compiled is None else compiled.fullmatch(text) is not None


def _trimmed(text: str, operator: str, pattern: str) -> str | None:
    compiled = _regex(pattern, operator in ('##', '%%'))
    if compiled is None or len(text) > 2000:
        return None
    if operator[0] == '#':
        match = compiled.match(text)
        return text[match.end() :] if match else text
    starts = range(len(text) + 1)
    for start in starts if operator == '%%' else reversed(starts):
        if compiled.fullmatch(text, start):
            return text[:start]
    return text


def _regex(pattern: str, greedy: bool) -> re.Pattern[str] | None:
    """A glob with at most two `*`, so that matching stays cheap."""
    if '[' in pattern or '\\' in pattern or pattern.count('*') > 2:
        return None
    many = '.*' if greedy else '.*?'
    found = ''.join(
        many if each == '*' else '.' if each == '?' else re.escape(each) for each in pattern
    )
    return re.compile(found, re.DOTALL)


def without_folder(
    value: Scalar | Missing | None, operator: str, argument: str | None
) -> Scalar | None:
    """`${path%/*}` and `${path##*/}` of a path whose beginning is not known."""
    if not isinstance(value, Scalar) or not value.fragments or not value.fragments[-1].known:
        return None
    last = value.fragments[-1].text
    if (operator, argument) == ('%', '/*') and '/' in last:
        rest = Fragment(last.rpartition('/')[0], True)
        return Scalar((*value.fragments[:-1], rest))
    if (operator, argument) == ('##', '*/') and '/' in last:
        return Scalar((Fragment(last.rpartition('/')[2], True),))
    return None
