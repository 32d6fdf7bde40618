"""Builds the guards of steps: conditions put together, what is certain taken out."""

from __future__ import annotations

from collections.abc import Sequence

from kaniko_hooks.model import AND, NOT, OR, Comparison, Group, Guard, Place


def both(parts: Sequence[Guard]) -> Guard:
    """All of them."""
    return _joined(AND, parts)


def any_of(parts: Sequence[Guard]) -> Guard:
    """At least one of them."""
    return _joined(OR, parts)


def negated(guard: Guard) -> Guard:
    """The opposite."""
    if isinstance(guard, bool):
        return not guard
    if isinstance(guard, Group) and guard.kind == NOT:
        return guard.parts[0]
    return None if guard is None else Group(NOT, (guard,))


def truth(subject: str, fixed: bool = True) -> Guard:
    """Whether a value, or a whole expression that is not taken apart, is true: not empty."""
    return negated(Comparison(subject, '', fixed=fixed))


def compared(subject: str, value: str, fixed: bool = True) -> Guard:
    """Whether a value is this text; 'true', 'false' and '' ask for its truth."""
    if value in ('true', 'false', ''):
        found = truth(subject, fixed)
        return found if value == 'true' else negated(found)
    return Comparison(subject, value, fixed=fixed)


def own(subject: str, calls: Sequence[Place]) -> str:
    """The name of a value that is another one in each call of what it is used in."""
    return ''.join(f'{place.file}:{place.offset} ' for place in calls) + subject


def _joined(kind: str, parts: Sequence[Guard]) -> Guard:
    decisive = kind == OR
    if any(part is decisive for part in parts):
        return decisive
    left = tuple(dict.fromkeys(part for part in parts if not isinstance(part, bool)))
    if not left:
        return not decisive
    return left[0] if len(left) == 1 else Group(kind, left)
