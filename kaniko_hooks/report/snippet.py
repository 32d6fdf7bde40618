"""Lines of a file with marks below them, aligned as a terminal shows them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from kaniko_hooks.lines import Lines, TextOf, line_text, lines_of, position
from kaniko_hooks.model import Place
from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.terminal import cells, paint, safe, width

COLUMNS = 100
_BEFORE = 20  # columns kept before a mark that stands far to the right
_CUT = '...'
_LONG = 10 * COLUMNS


class Mark(NamedTuple):
    """What is shown: a line, and below it carets and a label if there is one."""

    place: Place
    end: int  # offset after the marked text; no further than the line is marked
    label: str = ''
    color: str = 'blue'


def snippet(marks: Sequence[Mark], text_of: TextOf, color: bool) -> list[str]:
    """The marked lines of all files, each file once, in the order of the marks."""
    files = list(dict.fromkeys(mark.place.file for mark in marks))
    shown: list[str] = []
    for file in files:
        lines = lines_of(text_of(file))
        if not lines.text:
            continue
        here = sorted((mark for mark in marks if mark.place.file == file), key=_by_offset)
        last = position(lines, here[-1].place.offset)[0]
        gutter = len(str(last)) + 2
        if len(files) > 1:
            shown.append(paint(' ' * gutter + '--> ', 'blue', color) + safe(file))
        shown.extend(_block(here, lines, gutter, color))
    return shown


def _by_offset(mark: Mark) -> tuple[int, str]:
    return mark.place.offset, mark.label


def _block(marks: Sequence[Mark], lines: Lines, gutter: int, color: bool) -> list[str]:
    shown: list[str] = []
    before = 0
    for line, group in groupby(marks, lambda mark: position(lines, mark.place.offset)[0]):
        if before and line > before + 1:
            shown.append(paint(' ' * (gutter - 1) + _CUT, 'blue', color))
        before = line
        text = line_text(lines, line)
        number = paint(f'{line:>{gutter}} |', 'blue', color)
        bar = paint(' ' * gutter + ' |', 'blue', color)
        source = None
        for mark in group:
            column = position(lines, mark.place.offset)[1] - 1
            row = _row(text, column, column + mark.end - mark.place.offset)
            if row.text != source:
                shown.append(f'{number} {row.text}'.rstrip())
                source = row.text
            if mark.label:
                carets = paint('^' * row.carets + ' ' + safe(mark.label), mark.color, color)
                shown.append(f'{bar} {" " * row.indent}{carets}')
    return shown


class _Row(NamedTuple):
    text: str
    indent: int
    carets: int


def _row(text: str, start: int, end: int) -> _Row:
    """A line, cut to what fits; `start` and `end` are marked, from 0."""
    end = max(start + 1, min(end, len(text.rstrip())))
    # A line can be as long as a file: only what is near the mark is looked at.
    skipped = max(0, start - COLUMNS) if len(text) > _LONG else 0
    more = len(text) > start + _LONG
    text, start, end = text[skipped : start + _LONG], start - skipped, end - skipped
    pieces = cells(text)
    widths = [width(piece) for piece in pieces]
    indent, carets = sum(widths[:start]), max(1, sum(widths[start:end]))
    if not skipped and not more and sum(widths) <= COLUMNS:
        return _Row(''.join(pieces), indent, carets)
    first = 0
    if skipped or indent + min(carets, COLUMNS // 2) > COLUMNS - len(_CUT):
        first, kept = start, 0
        while first and kept + widths[first - 1] <= _BEFORE:
            first -= 1
            kept += widths[first]
        indent = kept + (len(_CUT) if first or skipped else 0)
    shown = _CUT if first or skipped else ''
    room = COLUMNS - len(shown) - len(_CUT)
    stop = first
    while stop < len(pieces) and room >= widths[stop]:
        room -= widths[stop]
        stop += 1
    after = _CUT if more or stop < len(pieces) else ''
    shown += ''.join(pieces[first:stop])
    return _Row(shown + after, indent, max(1, min(carets, width(shown) - indent)))
