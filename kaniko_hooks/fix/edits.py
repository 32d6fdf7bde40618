"""Edits of a text, and words as YAML scalars."""

from __future__ import annotations

import re
from collections.abc import Iterable

from kaniko_hooks.named_tuple import NamedTuple

# The characters of a plain scalar that need no thought, in a flow list either.
_PLAIN = re.compile(
    r'(?:[\w.]|[^\x00-\x7f])(?:[^\x00-\x1f\x7f"\'{}\[\],&*!|>%@`#:\\]|:(?=[^\s"\'{}\[\],]))*\Z'
)
# https://yaml.org/type/: those of YAML 1.1 that are no strings, and what may be a number or a
# date. Wider than any reader: quoting too much is harmless.
_NOT_A_STRING = re.compile(
    r'(?:y|yes|n|no|true|false|on|off|null|nil|\.(?:inf|nan)?|\.?[0-9][-+0-9a-fotxz_.,: ]*)\Z',
    re.IGNORECASE,
)


class Edit(NamedTuple):
    """Replaces the characters from `start` to `end`; an empty span inserts.

    Insertions at one place keep the order in which they were made.
    """

    start: int
    end: int
    text: str


def apply(text: str, edits: Iterable[Edit], start: int = 0, end: int | None = None) -> str:
    """The text, or the characters from `start` to `end`, after all edits.

    Their offsets are those of `text`, and no two may overlap.
    """
    pieces: list[str] = []
    at = start
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        pieces += (text[at : edit.start], edit.text)
        at = edit.end
    pieces.append(text[at:end])
    return ''.join(pieces)


def like(text: str, style: str = '') -> str:
    """A string in the style ('', "'" or '"') of the scalar whose place it takes.

    Plain if that is surely a string, else quoted.
    """
    if style == "'" and text.isprintable():
        return "'" + text.replace("'", "''") + "'"
    is_plain = (
        style != '"'
        and text.isprintable()
        and text == text.strip()
        and _PLAIN.match(text)
        and not _NOT_A_STRING.match(text)
    )
    if is_plain:
        return text
    # Most rewrites quote nothing.
    import json

    return json.dumps(text, ensure_ascii=False)


def line_start(text: str, at: int) -> int:
    return text.rfind('\n', 0, at) + 1


def line_end(text: str, at: int) -> int:
    return at + len(text[at : next_line(text, at)].rstrip('\r\n'))


def next_line(text: str, at: int) -> int:
    end = text.find('\n', at)
    return end + 1 if end >= 0 else len(text)


def newline_of(text: str) -> str:
    """The line break of a file."""
    return '\r\n' if '\r\n' in text else '\n'
