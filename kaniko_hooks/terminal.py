"""Text for a terminal: how wide that is, nothing in it that controls, colour."""

from __future__ import annotations

import os
import sys

COLUMNS = 80  # where a width is not known
_NARROW = 40

_CONTROLS = ('Cc', 'Cf', 'Cs', 'Zl', 'Zp')

_CODES = {'bold': '1', 'red': '1;31', 'blue': '34', 'green': '32', 'yellow': '33'}


def use_color(option: str) -> bool:
    """Decides if the output is coloured; `option` is auto, always or never.

    https://no-color.org and https://force-color.org: NO_COLOR and FORCE_COLOR count if
    they are set and not empty, in this order.
    """
    if option != 'auto':
        return option == 'always'
    if os.environ.get('NO_COLOR'):
        return False
    if os.environ.get('FORCE_COLOR'):
        return True
    return os.environ.get('TERM') != 'dumb' and sys.stdout.isatty()


def columns() -> int:
    """The width of the terminal that the output goes to, or COLUMNS."""
    from shutil import get_terminal_size  # Most runs report nothing.

    # A terminal may say that it has no columns, and Python 3.10 hands that on.
    return max(get_terminal_size((COLUMNS, 0)).columns or COLUMNS, _NARROW)


def paint(text: str, color: str, on: bool) -> str:
    """The text in a colour ('bold', 'red', …), or as it is."""
    return f'\x1b[{_CODES[color]}m{text}\x1b[0m' if on and text else text


def safe(text: str) -> str:
    r"""The text with everything escaped that could control a terminal.

    So are characters that reorder or hide text, and surrogates for bytes of a file
    name: they may be an attack. A tab becomes `\t`.
    """
    if text.isascii() and text.isprintable():
        return text
    return ''.join(_escaped(letter) for letter in text)


def _escaped(letter: str) -> str:
    import unicodedata  # Nearly all text is ASCII.

    if unicodedata.category(letter) not in _CONTROLS:
        return letter
    return letter.encode('unicode_escape').decode('ascii')
