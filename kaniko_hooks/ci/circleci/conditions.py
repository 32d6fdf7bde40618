"""CircleCI's logic statements (`when`, `unless`) -> the guard of steps.

Source: circleci.com/docs/configuration-reference, "Logic statements" and
"Using expressions in your configuration".
"""

from __future__ import annotations

import re

from kaniko_hooks.ci.circleci.parameters import FALSE, Scope
from kaniko_hooks.ci.conditions import any_of, both, compared, negated, own, truth
from kaniko_hooks.document.fields import fields
from kaniko_hooks.document.nodes import Node, ScalarNode, items_of
from kaniko_hooks.model import Guard

_COMPARED = re.compile(r'([A-Za-z_][\w-]*(?:\.[\w-]+)+)\s*([!=]=)\s*("[^"]*"|[\w-]+)')
_VALUE = re.compile(r'\b(?:pipeline|parameters)\.')
# Aliases can make a statement as large as you like, or without end.
_DEPTH = 3
_ITEMS = 20


def condition(node: Node | None, scope: Scope, depth: int = 0) -> Guard:
    """A statement as a guard."""
    if isinstance(node, ScalarNode):
        return _expression(scope.text(node) or '', scope)
    for name, field in fields(node).items() if depth < _DEPTH else ():
        items = items_of(field.value)[:_ITEMS]
        if name == 'not':
            return negated(condition(field.value, scope, depth + 1))
        if name in ('and', 'or'):
            found = [condition(item, scope, depth + 1) for item in items]
            return both(found) if name == 'and' else any_of(found)
        if name == 'equal' and all(isinstance(item, ScalarNode) for item in items):
            return _equal([scope.text(item) or '' for item in items], scope)
    whole = _written(node)
    return None if whole is None else truth(_subject(whole, scope))


def _expression(text: str, scope: Scope) -> Guard:
    """A text as a guard: a value, or an expression with or without `<< >>` around it."""
    if not _VALUE.search(text):
        return _value(text, scope)
    inner = re.sub(r'^<<|>>$', '', text).strip()
    for word, joined in (('or', any_of), ('and', both)):
        pieces = re.split(rf'\s{word}\s', inner)
        if len(pieces) > 1 and '(' not in inner:
            return joined([_expression(piece, scope) for piece in pieces])
    is_negated = False
    while inner.startswith('not '):
        inner, is_negated = inner[4:].lstrip(), not is_negated
    found = _comparison(inner, scope)
    return negated(found) if is_negated else found


def _comparison(text: str, scope: Scope) -> Guard:
    match = _COMPARED.fullmatch(text)
    if not match:
        return _value(scope.filled(f'<<{text}>>'), scope)
    found = _equal([scope.filled(f'<<{match[1]}>>'), match[3].strip('"')], scope)
    return found if match[2] == '==' else negated(found)


def _value(text: str, scope: Scope) -> Guard:
    return truth(_subject(text, scope)) if '<<' in text else text not in FALSE


def _equal(texts: list[str], scope: Scope) -> Guard:
    """Whether all are the same; one that is not known is compared with the others."""
    known = list(dict.fromkeys(text for text in texts if '<<' not in text))
    if len(known) > 1:
        return False
    subjects = dict.fromkeys(_subject(text, scope) for text in texts if '<<' in text)
    if known:
        return both([compared(subject, known[0]) for subject in subjects])
    return truth(f'equal {" ".join(subjects)}') if len(subjects) > 1 else True


def _subject(text: str, scope: Scope) -> str:
    """A text as the name of its value, of which each call of a command has another one."""
    text = re.sub(r'\s+', '', text)
    return own(text, scope.calls) if '<<parameters.' in text else text


def _written(node: Node | None, depth: int = 0) -> str | None:
    """A statement that is not taken apart as one text; None if it is too deep."""
    if isinstance(node, ScalarNode):
        return node.value
    if depth > _DEPTH:
        return None
    found = [('', item) for item in items_of(node)[:_ITEMS]]
    found += [(f'{name}:', field.value) for name, field in fields(node).items()]
    texts = []
    for name, inner in found:
        text = _written(inner, depth + 1)
        if text is None:
            return None
        texts.append(name + text)
    return ','.join(texts)
