"""`rules:if` of GitLab: `$A == "b" && ($C =~ /d/ || $E)`.

Rules: G: lib/gitlab/ci/pipeline/expression/. Simpler than there: an empty text is
never true, not even on the left of `&&`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from kaniko_hooks.ci.cond import Dialect, InvalidExpression, parse as parse_term
from kaniko_hooks.cond import And, Cond, Eq, Not, Or, Truth, negate
from kaniko_hooks.text import Text, hole

Lookup = Callable[[str], str | None]


class _GitLab(Dialect):
    """Names begin with `$`; `null` is a hole that no variable fills."""

    def value(self, name: str) -> Text:
        if name[0] != '$' and name != 'null':
            raise InvalidExpression(name)
        return hole(name.strip('$[] '))

    def truth(self, value: Text) -> Cond:
        return Truth('', value)

    def call(self, name: str, arguments: Sequence[Text], result: Text) -> Cond:
        subject, pattern = arguments
        match = Truth(pattern.holes[0].name if pattern.holes else pattern.value, subject)
        return negate(match) if name == '!~' else match


_DIALECT = _GitLab()


def parse(text: str) -> Cond:
    """The condition of an expression. Raises InvalidExpression.

    `Truth('', x)` is true if `x` is not empty, `Truth('/p/', x)` if the pattern or
    the variable of this name matches it.
    """
    return parse_term(text, _DIALECT).cond


def holds(text: str, variables: Mapping[str, str] | None) -> bool | None:
    """The result of an expression in the pipeline with these variables.

    Without variables, None if it depends on one; None also for what is no expression.
    """
    names: list[str] = []

    def look_up(name: str) -> str | None:
        if name == 'null' or variables is not None:
            return (variables or {}).get(name)
        names.append(name)
        return None

    try:
        result = _holds(parse(text), look_up)
    except InvalidExpression:
        return None
    return None if names else result


def _holds(cond: Cond, look_up: Lookup) -> bool:
    if isinstance(cond, Not):
        return not _holds(cond.part, look_up)
    if isinstance(cond, (And, Or)):
        test = all if isinstance(cond, And) else any
        return test(_holds(part, look_up) for part in cond.parts)
    if isinstance(cond, Eq):
        return _value(cond.left, look_up) == _value(cond.right, look_up)
    if isinstance(cond, Truth):
        text = _value(cond.subject, look_up) or ''
        pattern = cond.name if cond.name[:1] in ('', '/') else look_up(cond.name) or ''
        return _matches(pattern, text) if cond.name else bool(text.strip())
    return bool(cond)


def _value(text: Text, look_up: Lookup) -> str | None:
    return look_up(text.holes[0].name) if text.holes else text.value


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
