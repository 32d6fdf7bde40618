"""Lines of a file with marks below them.

Not here: letters that take two columns of a terminal, or none.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from kaniko_hooks.lines import TextOf, line_text, position
from kaniko_hooks.model import Place
from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.terminal import paint, safe

_BEFORE = 8  # columns kept before a mark that stands far to the right
_ROOM = 40  # columns for a label, if it needs as many
_CUT = '...'
_TAB = ' ' * 4


class Mark(NamedTuple):
    """A line to show, with carets and a label below it if there is one.

    `detail` is a path behind the label; in its middle it may be cut.
    """

    place: Place
    end: int  # offset after the marked text; no further than the line is marked
    label: str = ''
    detail: str = ''
    color: str = 'blue'


def snippet(marks: Sequence[Mark], text_of: TextOf, color: bool, columns: int) -> list[str]:
    """The marked lines of all files, each file once, in the order of the marks.

    No line is wider than `columns`.
    """
    files = list(dict.fromkeys(mark.place.file for mark in marks))
    shown: list[str] = []
    for file in files:
        text = text_of(file)
        if not text:
            continue
        here = sorted(
            (mark for mark in marks if mark.place.file == file),
            key=lambda mark: (mark.place.offset, mark.label),
        )
        gutter = len(str(position(text, here[-1].place.offset)[0])) + 2
        if len(files) > 1:
            shown.append(paint(' ' * gutter + '--> ', 'blue', color) + safe(file))
        shown += _block(here, text, gutter, color, columns - gutter - 3)
    return shown


def _block(marks: Sequence[Mark], text: str, gutter: int, color: bool, columns: int) -> list[str]:
    shown: list[str] = []
    bar = paint(' ' * gutter + ' |', 'blue', color)
    before = 0
    for line, group in groupby(marks, lambda mark: position(text, mark.place.offset)[0]):
        if before and line > before + 1:
            shown.append(paint(' ' * (gutter - 1) + _CUT, 'blue', color))
        before = line
        number = paint(f'{line:>{gutter}} |', 'blue', color)
        source = None
        for mark in group:
            column = position(text, mark.place.offset)[1] - 1
            label = safe(mark.label + (f': {mark.detail}' if mark.detail else ''))
            room = min(len(label) + 1, _ROOM) if label else 0
            end = column + mark.end - mark.place.offset
            row = _row(line_text(text, line), column, end, columns, room)
            if row.text != source:
                shown.append(f'{number} {row.text}'.rstrip())
                source = row.text
            if label:
                carets = '^' * max(1, min(row.carets, columns - row.indent - room))
                below = f'{carets} {_label(mark, columns - row.indent - len(carets) - 1)}'
                shown.append(f'{bar} {" " * row.indent}{paint(below, mark.color, color)}')
    return shown


def _label(mark: Mark, room: int) -> str:
    label = safe(mark.label)
    left = room - len(label) - 2
    if mark.detail and left > len(_CUT) * 2:
        label += f': {shortened(safe(mark.detail), left)}'
    return label if len(label) <= room else label[: room - len(_CUT)] + _CUT


def shortened(path: str, room: int) -> str:
    """The path without folders in its middle: 'registry.example.com/.../app:1.0'."""
    first, *folders = path.split('/')
    folders = folders[-room:]  # of a path that is too long no more can be shown
    while len(path) > room and len(folders) > 1:
        del folders[0]
        path = '/'.join((first, _CUT, *folders))
    if len(path) > room and folders:
        path = f'{_CUT}/{folders[-1]}'
    return path


class _Row(NamedTuple):
    text: str
    indent: int
    carets: int


def _row(text: str, start: int, end: int, columns: int, room: int) -> _Row:
    """A line, cut to `columns`; `start` and `end` are marked, from 0.

    Behind the marks is `room` for their label.
    """
    # A line can be as long as a file: only what is near the mark is looked at.
    end = max(start + 1, min(end, start + columns, len(text.rstrip())))
    before, marked, after = (
        safe(part.replace('\t', _TAB))
        for part in (
            text[max(0, start - columns) : start],
            text[start:end],
            text[end : end + columns],
        )
    )
    if len(before) > _BEFORE and len(before) + min(len(marked), columns // 2) + room > columns:
        before = _CUT + before[-_BEFORE:]
    shown = before + marked + after
    if len(shown) > columns:
        shown = shown[: columns - len(_CUT)] + _CUT
    return _Row(shown, len(before), max(1, min(len(marked), len(shown) - len(before))))
