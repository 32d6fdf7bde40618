"""`rules: if` of GitLab, as its documentation states it."""

from __future__ import annotations

import re
from collections.abc import Mapping

_VALUE = r"""\$\{?\w+\}?|"[^"]*"|'[^']*'|/(?:[^/\\]|\\.)*/i?|null"""
_COMPARISON = re.compile(rf'({_VALUE})(?:\s*(==|!=|=~|!~)\s*({_VALUE}))?')


def holds(text: str, variables: Mapping[str, str]) -> bool:
    """True where the condition is true. Raises ValueError where it cannot be read."""
    truths = _COMPARISON.sub(lambda match: str(int(_compare(match, variables))), text)
    if re.search(r'[^01&|()\s]', truths):
        raise ValueError(f'cannot read the condition {text!r}')
    return bool(eval(truths.replace('&&', ' and ').replace('||', ' or ')))


def _compare(match: re.Match[str], variables: Mapping[str, str]) -> bool:
    left, operator, right = match[1], match[2], match[3]
    value = _value(left, variables)
    if not operator:
        return bool(value)
    if operator in ('==', '!='):
        return (value == _value(right, variables)) == (operator == '==')
    pattern = right if right.startswith('/') else _value(right, variables) or '//'
    body, _, flag = pattern[1:].rpartition('/')
    return bool(re.search(body, value or '', flag and re.IGNORECASE or 0)) == (operator == '=~')


def _value(token: str, variables: Mapping[str, str]) -> str | None:
    if token.startswith('$'):
        return variables.get(token.strip('${}'))
    return None if token == 'null' else token[1:-1]
