"""Conditions: tests of a shell, patterns of `case`, and the `if:` of CI systems.

A condition is a bool where that is certain, and None where nothing is known.
"""

from __future__ import annotations

from collections.abc import Iterable

from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.text import Text


class Eq(NamedTuple):
    """Both texts are the same."""

    left: Text
    right: Text


class Match(NamedTuple):
    """A text matches a pattern with the `*`, `?` and `[…]` of a shell, or is less than an int."""

    subject: Text
    pattern: str | int


class Truth(NamedTuple):
    """An opaque test: it has one answer for each name and text."""

    name: str
    subject: Text


class Not(NamedTuple):
    part: Cond


class And(NamedTuple):
    parts: tuple[Cond, ...]


class Or(NamedTuple):
    parts: tuple[Cond, ...]


Cond = Eq | Match | Truth | Not | And | Or | bool | None


def negate(cond: Cond) -> Cond:
    """The opposite."""
    if isinstance(cond, bool):
        return not cond
    if isinstance(cond, Not):
        return cond.part
    return None if cond is None else Not(cond)


def all_of(parts: Iterable[Cond]) -> Cond:
    """The conjunction; what is certain is taken out."""
    kept = [part for part in parts if part is not True]
    if False in kept:
        return False
    return kept[0] if len(kept) == 1 else And(tuple(kept)) if kept else True


def any_of(parts: Iterable[Cond]) -> Cond:
    """The disjunction; what is certain is taken out."""
    kept = [part for part in parts if part is not False]
    if True in kept:
        return True
    return kept[0] if len(kept) == 1 else Or(tuple(kept)) if kept else False
