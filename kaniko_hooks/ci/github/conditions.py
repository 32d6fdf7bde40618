"""GitHub's `if:` -> the guard of a step.

Source: docs.github.com/actions/reference/workflows-and-actions/expressions
(operators, status functions, texts compared without regard to case).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from kaniko_hooks.ci.conditions import any_of, both, compared, negated, own, truth
from kaniko_hooks.ci.github.expressions import REFERENCE, Context, input_name
from kaniko_hooks.ci.values import MAX_NESTING
from kaniko_hooks.model import Comparison, Guard
from kaniko_hooks.named_tuple import NamedTuple

_STATUS = re.compile(r'\b(?:always|failure|cancelled)\s*\(\s*\)', re.IGNORECASE)
_STATUS_CALL = re.compile(r'(?:always|failure|cancelled|success)\s*\(\s*\)', re.IGNORECASE)
_PIECE = re.compile(r"'(?:[^']|'')*'|\|\||&&|[()]|[^'|&()]+|.", re.DOTALL)
_COMPARED = re.compile(r"([\w.-]+)\s*([!=]=)\s*('(?:[^']|'')*'|[\w.-]+)")
_LITERAL = re.compile(r"'.*'|[\d.-]+|true|false|null", re.DOTALL)
_BEGINS = re.compile(r"startsWith\(\s*([\w.-]+)\s*,\s*'([^']*)'\s*\)", re.IGNORECASE)
_REF_HAS = re.compile(r"contains\(\s*(github\.ref)\s*,\s*'(refs/[^']*)'\s*\)", re.IGNORECASE)
# A context or a function, and those whose value no step of a job changes.
_NAME = re.compile(r"'[^']*'|(?<![\w.-])([A-Za-z_][\w-]*)\s*[.(\[]")
_FIXED = frozenset(
    (
        'github',
        'inputs',
        'matrix',
        'vars',
        'needs',
        'steps',
        'secrets',
        'strategy',
        'contains',
        'startswith',
        'endswith',
        'fromjson',
        'tojson',
        'format',
        'join',
    )
)
_OWN = re.compile(r'\b(?:inputs|steps)\.')
_LONGEST = 2_000
_TAG = Comparison('github.ref', 'refs/tags/', prefix=True)


class Condition(NamedTuple):
    """What an `if:` says; `never` as a guard is False."""

    guard: Guard = True
    always: bool = False  # also after a failure

    def also(self, outer: Condition) -> Condition:
        """This and another one."""
        return Condition(both((outer.guard, self.guard)), self.always or outer.always)


def condition(text: str | None, context: Context) -> Condition:
    """What an `if:` says."""
    if text is None:
        return Condition()
    for found in REFERENCE.finditer(text):
        text = text.replace(found[0], found[1])
    return Condition(_guard(text, context), _STATUS.search(text) is not None)


def _guard(text: str, context: Context, depth: int = 0) -> Guard:
    text = _bare(text)
    if depth > MAX_NESTING or len(text) > _LONGEST:
        return None
    for operator, joined in (('||', any_of), ('&&', both)):
        pieces = _split(text, operator)
        if len(pieces) > 1:
            return joined([_guard(piece, context, depth + 1) for piece in pieces])
    if text.startswith('!') and not re.search(r'[=!<>]=|[<>]', _outside(text[1:])):
        return negated(_guard(text[1:], context, depth + 1))
    if _STATUS_CALL.fullmatch(text):
        return None
    return _test(text, context)


def _test(text: str, context: Context) -> Guard:
    text = input_name(text, context)
    begins = _BEGINS.fullmatch(text) or _REF_HAS.fullmatch(text)
    if begins:
        subject = begins[1].lower()
        return Comparison(_own(subject, context), begins[2].lower(), True, _is_fixed(subject))
    match = _COMPARED.fullmatch(text)
    if not match:
        if text.lower() in ('true', 'false'):
            return text.lower() == 'true'
        subject = re.sub(r'\s+', ' ', text)
        return truth(_own(subject.lower(), context), _is_fixed(subject))
    found = _comparison(match[1].lower(), match[3].lower(), context)
    return found if match[2] == '==' else negated(found)


def _comparison(subject: str, operand: str, context: Context) -> Guard:
    if not _LITERAL.fullmatch(operand):
        expression = f'{subject} == {operand}'
        return truth(_own(expression, context), _is_fixed(expression))
    value = operand.strip("'")
    if subject == 'github.ref_type' and value in ('tag', 'branch'):
        return _TAG if value == 'tag' else negated(_TAG)
    known = context.values.get(subject, ())
    if context.calls and subject.startswith('inputs.') and len(known) == 1:
        return known[0].lower() == value
    return compared(_own(subject, context), value, _is_fixed(subject))


def _own(subject: str, context: Context) -> str:
    """A subject that is another one in each call of an action."""
    return own(subject, context.calls) if _OWN.search(subject) else subject


def _is_fixed(expression: str) -> bool:
    return (
        all(not match[1] or match[1].lower() in _FIXED for match in _NAME.finditer(expression))
        and re.search(r'\bhashFiles\b', expression, re.IGNORECASE) is None
    )


def _split(text: str, operator: str) -> list[str]:
    """The operands of an operator outside of brackets."""
    found = ['']
    for piece, depth in _pieces(text):
        if piece == operator and not depth:
            found.append('')
        else:
            found[-1] += piece
    return found


def _outside(text: str) -> str:
    """What stands outside of brackets and quotes."""
    return ''.join(
        piece for piece, depth in _pieces(text) if not depth and not piece.startswith("'")
    )


def _pieces(text: str) -> Iterator[tuple[str, int]]:
    """Quoted texts, operators and what stands between, and how deep in brackets."""
    depth = 0
    for match in _PIECE.finditer(text):
        depth -= match[0] == ')'
        yield match[0], depth
        depth += match[0] == '('


def _bare(text: str) -> str:
    """Without `${{ }}` and brackets around the whole."""
    for _ in range(MAX_NESTING):
        text = text.strip()
        whole = re.fullmatch(r'\$\{\{((?:(?!\}\}).)*)\}\}', text, re.DOTALL)
        if whole:
            text = whole[1]
        elif text.startswith('(') and _outside(text) == '()':
            text = text[1:-1]
        else:
            break
    return text
