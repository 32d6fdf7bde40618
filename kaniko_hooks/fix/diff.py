"""The changes of a rewrite as a unified diff."""

from __future__ import annotations

from difflib import unified_diff

from kaniko_hooks.terminal import paint, safe

_COLORS = {'+': 'green', '-': 'red', '@': 'blue'}


def unified(path: str, old: str, new: str, color: bool) -> str:
    """The diff of one file, each line ending with a newline; '' if nothing changes.

    In colour it is for a terminal, so nothing in it may control one; without,
    it is a patch that git applies.
    """
    shown = []
    lines = unified_diff(_lines(old), _lines(new), f'a/{path}', f'b/{path}')
    for number, line in enumerate(lines):
        text, ended = line.removesuffix('\n'), line.endswith('\n')
        if color:
            name = 'bold' if number < 2 else _COLORS.get(text[:1], '')
            tabbed = '\t'.join(map(safe, text.removesuffix('\r').split('\t')))
            text = paint(tabbed, name, True) if name else tabbed
        shown.append(f'{text}\n' if ended else f'{text}\n\\ No newline at end of file\n')
    return ''.join(shown)


def _lines(text: str) -> list[str]:
    """Lines end with LF only: what git and patch take for one."""
    *whole, rest = text.split('\n')
    return [f'{line}\n' for line in whole] + ([rest] if rest else [])
