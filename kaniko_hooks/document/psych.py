"""The value of a plain scalar as Psych reads it, Ruby's parser of YAML 1.1.

`:foo` is a symbol, `1,000` a number, and a date is refused (Psych 5,
lib/psych/scalar_scanner.rb).
"""

from __future__ import annotations

import re

Scalar = str | int | float | bool | None

_WORDS: dict[str, Scalar] = {
    '~': None,
    'null': None,
    'yes': True,
    'true': True,
    'on': True,
    'no': False,
    'false': False,
    'off': False,
}
_NUMERIC = '-+.:0123456789'  # what numbers, times and symbols begin with
_LONGEST_NUMBER = 300  # Python refuses to print very large ones, or to make floats of them
_ENDLESS = ('.inf', '+.inf', '-.inf', '.nan')
# Rare, so they are compiled when they are first needed.
_TIME = r'-?\d{4}-\d{1,2}-\d{1,2}(?:[Tt]|\s+)\d{1,2}:\d\d:\d\d(?:\.\d*)?\s*(?:Z|[-+]\d[\d:]*)?'
_DATE = r'\d{4}-(?:1[012]|0?\d)-(?:[12]\d|3[01]|0?\d)'
_BASE_60 = r'[-+]?[0-9][0-9_]*(?::[0-5]?[0-9]){1,2}(?:\.[0-9_]*)?'
_FLOAT = r'[-+]?(?:[0-9][0-9_,]*)?\.[0-9]*(?:[eE][-+][0-9]+)?'
_INTEGER = r'[-+]?(?:0b[01_,]+|0[0-7_,]+|0|[1-9](?:[0-9]|[,_][0-9])*|0x[0-9a-fA-F_,]+)'


def typed(text: str) -> Scalar:
    """The value of a plain scalar; a string is `text` itself. Raises ValueError: dates, times."""
    if not text:
        return None
    if text[0] not in _NUMERIC:
        return _WORDS.get(text.lower(), text)
    if text[0] == ':':
        symbol = re.fullmatch(r':(["\'])(.*)\1', text)
        return symbol[2] if symbol else text[1:] or text
    if len(text) > _LONGEST_NUMBER or not any(map(str.isdigit, text[:3])):
        return float(text.replace('.', '')) if text.lower() in _ENDLESS else text
    if re.fullmatch(_TIME, text, re.ASCII):
        raise ValueError('Tried to load unspecified class: Time')
    if re.fullmatch(_DATE, text, re.ASCII):
        raise ValueError('Tried to load unspecified class: Date')
    return _number(text)


def _number(text: str) -> Scalar:
    digits = text.replace('_', '').replace(',', '')
    try:
        if re.fullmatch(_BASE_60, text):
            # Hours, minutes and seconds; two parts are hours and minutes.
            number = float if '.' in text else int
            return sum(
                number(part) * seconds for part, seconds in zip(digits.split(':'), (3600, 60, 1))
            )
        if re.fullmatch(_FLOAT, text):
            return float(digits)
        if re.fullmatch(_INTEGER, text):
            first = digits.lstrip('-+')
            return int(digits, {'0b': 2, '0x': 16}.get(first[:2], 8 if first[0] == '0' else 10))
    except ValueError:
        pass
    return text


def to_s(value: Scalar, inner: bool) -> str:
    """The value as Ruby's `to_s` prints it; inside a list or hash, as `inspect` does."""
    if value is None:
        return 'nil' if inner else ''
    if isinstance(value, bool):
        return 'true' if value else 'false'
    if isinstance(value, float):
        text = repr(value)
        endless = {'inf': 'Infinity', '-inf': '-Infinity', 'nan': 'NaN'}
        return endless.get(text) or (text if '.' in text else text.replace('e', '.0e'))
    if inner and isinstance(value, str):
        escaped = value.replace('\\', '\\\\').replace('"', '\\"').replace('\n', '\\n')
        return f'"{escaped}"'
    return str(value)
