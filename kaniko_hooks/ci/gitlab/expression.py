"""`rules:if` of GitLab: `$A == "b" && ($C =~ /d/ || $E)`.

Rules: G: lib/gitlab/ci/pipeline/expression/. Simpler than there: an empty text is
never true, not even on the left of `&&`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from kaniko_hooks.ci.cond import (
    Dialect,
    InvalidExpression as InvalidExpression,
    parse as parse_term,
)
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
        found = Truth(pattern.holes[0].name if pattern.holes else pattern.value, subject)
        return negate(found) if name == '!~' else found


_DIALECT = _GitLab()


def parse(text: str) -> Cond:
    """The condition of an expression. Raises InvalidExpression.

    `Truth('', x)` is true if `x` is not empty, `Truth('/p/', x)` if the pattern or
    the variable of this name matches it.
    """
    return parse_term(text, _DIALECT).cond


def is_true(text: str, variable: Lookup, inputs: Lookup = lambda name: None) -> bool:
    """The result of an expression; look-ups give None for what is not set.

    Raises InvalidExpression.
    """

    def value(name: str) -> str | None:
        return inputs(name[7:]) if name.startswith('inputs.') else variable(name)

    return _holds(parse(text), value)


def _holds(cond: Cond, value: Lookup) -> bool:
    if isinstance(cond, Not):
        return not _holds(cond.part, value)
    if isinstance(cond, (And, Or)):
        test = all if isinstance(cond, And) else any
        return test(_holds(part, value) for part in cond.parts)
    if isinstance(cond, Eq):
        return _filled(cond.left, value) == _filled(cond.right, value)
    if isinstance(cond, Truth):
        text = _filled(cond.subject, value) or ''
        pattern = cond.name if cond.name[:1] in ('', '/') else value(cond.name) or ''
        return _matches(pattern, text) if cond.name else bool(text.strip())
    return bool(cond)


def _filled(text: Text, value: Lookup) -> str | None:
    return value(text.holes[0].name) if text.holes else text.value


def _matches(pattern: str, text: str) -> bool:
    match = re.fullmatch(r'/(.*)/([ismU]*)', pattern, re.DOTALL)
    if match is None:
        return False
    flags = re.IGNORECASE if 'i' in match[2] else 0
    return bool(matches(match[1].replace('\\/', '/'), text, flags))


def matches(pattern: str, text: str, flags: int = 0, unsure: bool = False) -> bool | None:
    """The result of searching an RE2 pattern in a text; None if it is no pattern.

    Python's engine can take for ever where RE2 can't: such a pattern is not
    tried on a text that is long enough to matter, the answer is `unsure`.
    """
    repeats = len(re.findall(r'[*+{?]', pattern))
    nested = re.search(r'\)[*+{]', pattern) is not None
    if len(text) > 16 and (nested or repeats > 4 or len(text) > 200):
        return unsure
    python = re.sub(r'\(\?<(?=\w)', '(?P<', pattern).replace('\\z', '\\Z')
    try:
        return re.search(python, text, flags) is not None
    except (re.error, RecursionError, OverflowError):
        return None
