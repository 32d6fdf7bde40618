"""Words and names as YAML scalars that every reader of YAML 1.1 takes for strings."""

from __future__ import annotations

import re

# https://yaml.org/type/: what YAML 1.1 reads as bool, null, int, float, merge,
# value or timestamp. Wider than any one reader: quoting too much is harmless.
_NOT_A_STRING = re.compile(
    r'(?:y|yes|n|no|true|false|on|off|null|~|<<|=|nil'
    r'|[-+]?0b[01_]+|[-+]?0?o?[0-7_]+|[-+]?[0-9][0-9_,]*|[-+]?0x[0-9a-f_]+'
    r'|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?'
    r'|[-+]?(?:[0-9][0-9_,]*)?\.[0-9_]*(?:e[-+]?[0-9]+)?|[-+]?[0-9][0-9_]*e[-+]?[0-9]+'
    r'|[-+]?\.inf|\.nan'
    r'|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt \t].*)?)\Z',
    re.IGNORECASE,
)
# The characters of a plain scalar that need no thought, in a flow list either.
_PLAIN = re.compile(r'[A-Za-z0-9_./][\w./+=@%^-]*(?::[\w./+=@%^-]+)*\Z', re.ASCII)
_PLAIN_NAME = re.compile(
    r'(?:[\w.]|[^\x00-\x7f])(?:[^\x00-\x1f\x7f"\'{}\[\],&*!|>%@`#:\\]|:(?=[^\s"\'{}\[\],]))*\Z'
)


def word(text: str) -> str:
    """A word as an item of a flow list: plain if that is surely a string, else quoted."""
    if _PLAIN.match(text) and not _NOT_A_STRING.match(text):
        return text
    return quoted(text)


def quoted(text: str) -> str:
    """A scalar of one line in double quotes; all but printable ASCII is kept or escaped."""
    shown = ''.join(
        '\\' + letter
        if letter in '"\\'
        else letter
        if letter.isprintable()
        else f'\\x{ord(letter):02X}'
        if ord(letter) < 0x100
        else f'\\u{ord(letter):04X}'
        if ord(letter) < 0x10000
        else f'\\U{ord(letter):08X}'
        for letter in text
    )
    return f'"{shown}"'


def like(text: str, style: str) -> str:
    """A name in the style ('', "'" or '"') of the scalar whose place it takes."""
    if style == "'" and text.isprintable():
        return "'" + text.replace("'", "''") + "'"
    plain = (
        style != '"'
        and text.isprintable()
        and text == text.strip()
        and _PLAIN_NAME.match(text)
        and not _NOT_A_STRING.match(text)
    )
    return text if plain else quoted(text)
