"""`rules:if` of GitLab: `$A == "b" && ($C =~ /d/ || $E)`.

Rules: G: lib/gitlab/ci/pipeline/expression/. Simpler than there: an empty text is
never true, not even on the left of `&&`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from kaniko_hooks.ci.cond import Dialect, InvalidExpression, parse
from kaniko_hooks.model import Cond
from kaniko_hooks.text import Text, hole

_NULL = hole('null')  # the value of `null`, and of a variable that is not set


class _GitLab(Dialect):
    """Names begin with `$`; without variables their values are unknown."""

    def __init__(self, variables: Mapping[str, str] | None) -> None:
        self.variables = variables

    def value(self, name: str) -> Text:
        if name == 'null':
            return _NULL
        if name[0] != '$':
            raise InvalidExpression(name)
        name = name.strip('$[] ')
        if self.variables is None:
            return hole(f'${name}')
        return Text(self.variables[name]) if name in self.variables else _NULL

    def equal(self, left: Text, right: Text) -> Cond:
        return left.known == right.known if self._are_known(left, right) else None

    def truth(self, value: Text) -> Cond:
        return bool((value.known or '').strip()) if self._are_known(value) else None

    def call(self, name: str, arguments: Sequence[Text], result: Text) -> Cond:
        if name not in ('=~', '!~'):
            raise InvalidExpression(name)
        if not self._are_known(*arguments):
            return None
        subject, pattern = (argument.known or '' for argument in arguments)
        return _matches(pattern, subject) == (name == '=~')

    def _are_known(self, *values: Text) -> bool:
        certain = (value.known is not None or value == _NULL for value in values)
        return self.variables is not None or all(certain)


def holds(text: str, variables: Mapping[str, str] | None) -> bool | None:
    """The result of an expression in the pipeline with these variables.

    Without variables, None if it depends on one; None also for what is no expression.
    """
    try:
        cond = parse(text, _GitLab(variables)).cond
    except InvalidExpression:
        return None
    return cond if isinstance(cond, bool) else None


def _matches(pattern: str, text: str) -> bool:
    """The result of searching an RE2 pattern in a text.

    Python's engine can take for ever where RE2 can't: such a pattern is not tried on a
    text that is long enough to matter.
    """
    match = re.fullmatch(r'/(.*)/([ismU]*)', pattern, re.DOTALL)
    if match is None:
        return False
    body = match[1].replace('\\/', '/')
    repeats = len(re.findall(r'[*+{?]', body))
    nested = re.search(r'\)[*+{]', body) is not None
    if len(text) > 16 and (nested or repeats > 4 or len(text) > 200):
        return False
    python = re.sub(r'\(\?<(?=\w)', '(?P<', body).replace('\\z', '\\Z')
    try:
        return re.search(python, text, re.IGNORECASE if 'i' in match[2] else 0) is not None
    except (re.error, RecursionError, OverflowError):
        return False
