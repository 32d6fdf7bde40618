"""Replaces pieces of a command's text, keeping where each character stands.

CI systems put values into texts before a shell sees them: `$[[ inputs.x ]]`,
`${{ env.X }}`, `<< parameters.x >>`, `$(params.x)`, `$_X`.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Sequence

from kaniko_hooks.model import Command
from kaniko_hooks.named_tuple import NamedTuple


class Piece(NamedTuple):
    """Characters `start` to `end` of a text, and what stands there instead."""

    start: int
    end: int
    text: str


def substitute(command: Command, pieces: Sequence[Piece]) -> Command:
    """The command with its pieces replaced; they must be sorted and apart.

    A character of a replacement is located where its piece begins.
    """
    if not pieces:
        return command
    texts: list[str] = []
    starts: list[int] = []  # offsets in the new text ...
    origins: list[tuple[int, bool]] = []  # ... and in the old one; whether it is verbatim
    at = length = 0
    for piece in pieces:
        for text, origin, verbatim in (
            (command.text[at : piece.start], at, True),
            (piece.text, piece.start, False),
        ):
            if text:
                texts.append(text)
                starts.append(length)
                origins.append((origin, verbatim))
                length += len(text)
        at = piece.end
    texts.append(command.text[at:])
    starts.append(length)
    origins.append((at, True))
    return Command(
        ''.join(texts), command.file, command.offset, _Locator(command.locate, starts, origins)
    )


def replace(
    command: Command, pattern: re.Pattern[str], value: Callable[[re.Match[str]], str | None]
) -> Command:
    """The command with each match of a pattern replaced, where its value is known.

    What has no known value (None) stays as it is written.
    """
    found = ((match, value(match)) for match in pattern.finditer(command.text))
    return substitute(
        command,
        [Piece(match.start(), match.end(), text) for match, text in found if text is not None],
    )


class _Locator:
    """Offset in a text with replacements -> offset in the file."""

    __slots__ = ('locate', 'starts', 'origins')

    def __init__(
        self, locate: Callable[[int], int], starts: list[int], origins: list[tuple[int, bool]]
    ) -> None:
        self.locate = locate
        self.starts = starts
        self.origins = origins

    def __call__(self, offset: int) -> int:
        index = max(bisect_right(self.starts, offset) - 1, 0)
        origin, verbatim = self.origins[index]
        return self.locate(origin + offset - self.starts[index] if verbatim else origin)
