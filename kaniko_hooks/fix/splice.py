"""Edits of a text: spans replaced, everything else kept as it is."""

from __future__ import annotations

from collections.abc import Iterable

from kaniko_hooks.fix.refusal import Refusal
from kaniko_hooks.named_tuple import NamedTuple


class Edit(NamedTuple):
    """Replace what stands from `start` to `end`; an empty span inserts.

    Insertions at one place keep the order in which they were made.
    """

    start: int
    end: int
    text: str


def apply(text: str, edits: Iterable[Edit]) -> str:
    """The text after all edits, whose offsets are those of `text`. Raises Refusal
    where two edits want the same characters."""
    pieces: list[str] = []
    at = 0
    for edit in sorted(edits, key=lambda each: (each.start, each.end)):
        if edit.start < at:
            raise Refusal('its lines are written in a way that cannot be edited')
        pieces += (text[at : edit.start], edit.text)
        at = edit.end
    pieces.append(text[at:])
    return ''.join(pieces)


def inside(edits: Iterable[Edit], start: int, end: int) -> list[Edit]:
    """The edits that stand within a span, with offsets from its start."""
    return [
        Edit(edit.start - start, edit.end - start, edit.text)
        for edit in edits
        if start <= edit.start and edit.end <= end
    ]
