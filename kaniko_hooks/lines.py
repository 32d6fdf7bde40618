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

# A path in the repository -> the file's text without byte order mark, '' for a
# file that cannot be read: a finding may be about just that.
TextOf = Callable[[str], str]

_BREAK = re.compile('\r\n|[\r\n]')


@lru_cache(maxsize=256)
def starts(text: str) -> tuple[int, ...]:
    """The offsets at which the lines of a text start."""
    return (0, *(match.end() for match in _BREAK.finditer(text)))


def position(text: str, offset: int) -> tuple[int, int]:
    """Line and column of an offset; one outside the text counts as its nearest end."""
    offset = min(max(offset, 0), len(text))
    line = bisect_right(starts(text), offset)
    return line, offset - starts(text)[line - 1] + 1


def line_text(text: str, line: int) -> str:
    """A line of the text, without its line break."""
    begins = starts(text)
    end = begins[line] if line < len(begins) else len(text)
    return text[begins[line - 1] : end].rstrip('\r\n')


def where(place: Place, text_of: TextOf) -> tuple[int, int]:
    """Line and column of a place."""
    return position(text_of(place.file), place.offset)
