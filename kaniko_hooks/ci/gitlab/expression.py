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
    """Names begin with `$`; all values are known."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self.variables = variables

    def value(self, name: str) -> Text:
        if name == 'null':
            return _NULL
        if name[0] != '$':
            raise InvalidExpression(name)
        value = self.variables.get(name.strip('$[] '))
        return _NULL if value is None else Text(value)

    def equal(self, left: Text, right: Text) -> Cond:
        return left == right

    def truth(self, value: Text) -> Cond:
        return bool((value.known or '').strip())

    def call(self, name: str, arguments: Sequence[Text], result: Text) -> Cond:
        if name not in ('=~', '!~'):
            raise InvalidExpression(name)
        subject, pattern = (argument.known or '' for argument in arguments)
        return _matches(pattern, subject) == (name == '=~')


def holds(text: str, variables: Mapping[str, str]) -> bool | None:
    """The result of an expression in the pipeline with these variables; None for no expression."""
    try:
        return parse(text, _GitLab(variables)).cond is True
    except InvalidExpression:
        return None


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
    try:
        return re.search(body, text, re.IGNORECASE if 'i' in match[2] else 0) is not None
    except (re.error, RecursionError, OverflowError):
        return False
