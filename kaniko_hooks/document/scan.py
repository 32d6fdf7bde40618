"""A scalar's value as it is rebuilt from the file's text, with an offset for each character."""

from __future__ import annotations

import re

# The line breaks of YAML 1.1.
BREAK = re.compile('\r\n|[\r\n\x85\u2028\u2029]')


class Scan:
    """The value as rebuilt so far, in pieces, and an offset for each character."""

    __slots__ = ('pieces', 'offsets', 'end')

    def __init__(self, end: int) -> None:
        self.pieces: list[str] = []
        self.offsets: list[int] = []
        self.end = end

    def add(self, piece: str, start: int) -> None:
        """A piece that stands in the text as it is."""
        self.pieces.append(piece)
        self.offsets.extend(range(start, start + len(piece)))

    def put(self, piece: str, start: int) -> None:
        """A piece that one place of the text stands for."""
        self.pieces.append(piece)
        self.offsets.extend([start] * len(piece))


def newline(piece: str) -> str:
    """What a line break is in a value."""
    return piece if piece in '\u2028\u2029' else '\n'
