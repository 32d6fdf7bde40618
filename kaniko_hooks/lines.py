"""Converts offsets to lines and columns for display.

A line ends with LF, CRLF or CR. Lines and columns count from 1, columns in
code points.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable
from functools import lru_cache

from kaniko_hooks.model import Place
from kaniko_hooks.named_tuple import NamedTuple

# A path in the repository -> the file's text without byte order mark, '' for a
# file that cannot be read: a finding may be about just that.
TextOf = Callable[[str], str]

_BREAK = re.compile('\r\n|[\r\n]')


class Lines(NamedTuple):
    """A text and the offsets at which its lines start."""

    text: str
    starts: tuple[int, ...]


@lru_cache(maxsize=256)
def lines_of(text: str) -> Lines:
    return Lines(text, (0, *(match.end() for match in _BREAK.finditer(text))))


def position(lines: Lines, offset: int) -> tuple[int, int]:
    """Line and column of an offset; one outside the text counts as its nearest end."""
    offset = min(max(offset, 0), len(lines.text))
    line = bisect_right(lines.starts, offset)
    return line, offset - lines.starts[line - 1] + 1


def line_text(lines: Lines, line: int) -> str:
    """A line without its line break; '' for one that the text does not have."""
    if not 1 <= line <= len(lines.starts):
        return ''
    end = lines.starts[line] if line < len(lines.starts) else len(lines.text)
    return lines.text[lines.starts[line - 1] : end].rstrip('\r\n')


def where(place: Place, text_of: TextOf) -> tuple[int, int]:
    """Line and column of a place."""
    return position(lines_of(text_of(place.file)), place.offset)
