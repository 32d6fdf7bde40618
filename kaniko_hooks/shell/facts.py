"""Path conditions: what a run has assumed about unknown values.

A fact is a set of values that a text with holes may have: one of some, none of
some, and patterns that it matches or not. So arms of a `case` unite again, and
thousands of guards on one variable cost little. Facts are never changed in
place.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from kaniko_hooks.model import And, Cond, Eq, Not, opaque
from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.text import Text

_NO_VALUES: frozenset[str] = frozenset()
# Of one condition; with more of them nothing is known about it.
_MAX_CASES = 32


class Fact(NamedTuple):
    """The values that a term may have."""

    one_of: frozenset[str] | None = None  # None: any
    none_of: frozenset[str] = _NO_VALUES
    patterns: frozenset[tuple[str | int, bool]] = frozenset()  # an int: less than that

    def allows(self, value: str) -> bool:
        if self.one_of is not None:
            return value in self.one_of
        return value not in self.none_of and all(
            matches(value, pattern) is holds for pattern, holds in self.patterns
        )


ANY = Fact()
_FILLED = Fact(none_of=frozenset(('',)))

Term = tuple[str, ...]  # the key of a text with holes
Facts = dict[Term, Fact]


class Assumptions:
    """Splits facts by conditions.

    - `exclusive`: values of names of which never two hold; '' is any but the empty one.
    - `never_empty`: names that always have a value.
    """

    def __init__(self, exclusive: Iterable[Mapping[str, str]], never_empty: Iterable[str]) -> None:
        self.exclusive: dict[Term, list[Mapping[Term, str]]] = {}
        for values in exclusive:
            by_term: dict[Term, str] = {('', name, ''): value for name, value in values.items()}
            for term in by_term:
                self.exclusive.setdefault(term, []).append(by_term)
        self.never_empty = frozenset(('', name, '') for name in never_empty)

    def fact(self, facts: Facts, term: Term) -> Fact:
        """The values that a term may have."""
        return facts.get(term, _FILLED if term in self.never_empty else ANY)

    def split(self, facts: Facts, cond: Cond) -> tuple[list[Facts], list[Facts]]:
        """The facts where the condition holds, and those where it does not; none if never."""
        if cond is None:
            return [facts], [facts]
        if isinstance(cond, bool):
            return ([facts], []) if cond else ([], [facts])
        if isinstance(cond, Not):
            holds, fails = self.split(facts, cond.part)
            return fails, holds
        if isinstance(cond, And):
            return self._all(facts, cond.parts)
        if isinstance(cond, Eq):
            return self._same(facts, cond.left, cond.right)
        if cond.pattern == '*':
            return [facts], []
        return self._by_fact(facts, cond.subject, Fact(patterns=frozenset(((cond.pattern, True),))))

    def _all(self, facts: Facts, parts: Iterable[Cond]) -> tuple[list[Facts], list[Facts]]:
        holding, failing = [facts], []
        for part in parts:
            before, holding = holding, []
            for item in before:
                holds, fails = self.split(item, part)
                holding += holds
                failing += fails
            if len(holding) > _MAX_CASES:
                return [facts], [facts]
        return holding, failing

    def _same(self, facts: Facts, left: Text, right: Text) -> tuple[list[Facts], list[Facts]]:
        if left == right and not _varies(left):
            return [facts], []
        if right.holes and not left.holes:
            left, right = right, left
        if not right.holes:
            value = right.value
            if not value.startswith(left.prefix) or not value.endswith(left.key()[-1]):
                return [], [facts]
            return self._by_fact(facts, left, Fact(frozenset((value,))))
        if _varies(left) or _varies(right):
            return [facts], [facts]
        texts = sorted((left, right), key=Text.key)
        holds, fails = self.split(facts, opaque('=', *texts))
        first, second = (text.key() for text in texts)
        return [
            end
            for start in holds
            for middle in self._with(start, first, self.fact(facts, second))
            for end in self._with(middle, second, self.fact(middle, first))
        ], fails

    def _by_fact(self, facts: Facts, subject: Text, more: Fact) -> tuple[list[Facts], list[Facts]]:
        """The facts where the value of a text is as one test says, and where it is not."""
        if not subject.holes:
            return ([facts], []) if more.allows(subject.value) else ([], [facts])
        if _varies(subject):
            return [facts], [facts]
        opposite = Fact(
            none_of=more.one_of or _NO_VALUES,
            patterns=frozenset((pattern, not holds) for pattern, holds in more.patterns),
        )
        term = subject.key()
        return self._with(facts, term, more), self._with(facts, term, opposite)

    def _with(self, facts: Facts, term: Term, more: Fact) -> list[Facts]:
        """The facts with this one; none if that is a contradiction."""
        before = self.fact(facts, term)
        fact = _both(before, more)
        if fact is None:
            return []
        if fact == before:
            return [facts]
        result = {**facts, term: fact}
        for values in self.exclusive.get(term, ()):
            if sum(_has(self.fact(result, item), value) for item, value in values.items()) > 1:
                return []
        return [result]


def _varies(text: Text) -> bool:
    """A hole without a name is another value each time."""
    return not all(item.name for item in text.holes)


# One term


def _has(fact: Fact, value: str) -> bool:
    """The term has this value, or for '' any but that one."""
    return fact.one_of == frozenset((value,)) if value else not fact.allows('')


def _both(fact: Fact, more: Fact) -> Fact | None:
    """The values that both facts allow; None if there is none."""
    if more.one_of is not None:
        fact, more = more, fact
    if fact.one_of is not None:
        values = frozenset(filter(more.allows, fact.one_of))
        return Fact(values) if values else None
    if any(_contradict(first, second) for first in fact.patterns for second in more.patterns):
        return None
    excluded = fact.none_of.union(filter(fact.allows, more.none_of))
    return Fact(None, excluded, fact.patterns | more.patterns)


def _contradict(first: tuple[str | int, bool], second: tuple[str | int, bool]) -> bool:
    """No text is as both patterns say."""
    (pattern, holds), (other, other_holds) = first, second
    if isinstance(pattern, int) and isinstance(other, int):
        return holds is not other_holds and (pattern <= other if holds else other <= pattern)
    if holds is not other_holds or isinstance(pattern, int) or isinstance(other, int):
        return holds is not other_holds and pattern == other
    return holds and _disjoint(pattern, other)


# Those of extended patterns and of patterns in values among them.
_SPECIAL = frozenset('*?[(\\')


def is_pattern(text: str) -> bool:
    """A text in which the shell's pattern characters occur."""
    return not _SPECIAL.isdisjoint(text)


def _disjoint(pattern: str, other: str) -> bool:
    """No text matches both, by the characters that they begin or end with."""
    first, second = (re.split(r'[*?\[\]]', text) for text in (pattern, other))
    may_begin = first[0].startswith(second[0]) or second[0].startswith(first[0])
    may_end = first[-1].endswith(second[-1]) or second[-1].endswith(first[-1])
    return not (may_begin and may_end)


def escaped(text: str) -> str:
    """A pattern for just this text."""
    return ''.join(f'[{char}]' if char in '*?[(' else char for char in text)


def matches(text: str, pattern: str | int) -> bool:
    """A text matches a shell pattern (POSIX XCU 2.13), or is a number that is less than an int."""
    if isinstance(pattern, int):
        return re.fullmatch('-?[0-9]{1,19}', text) is not None and int(text) < pattern
    return _regex(pattern).match(text) is not None if is_pattern(pattern) else text == pattern


@lru_cache(maxsize=1024)
def _regex(pattern: str) -> re.Pattern[str]:
    # Few scripts have patterns of unknown values.
    from fnmatch import translate

    return re.compile(translate(pattern.replace('[^', '[!')))


# Several facts


def united(first: Facts, second: Facts) -> Facts | None:
    """Exactly the runs of both; None if facts cannot say that.

    They can if the facts differ in one term only.
    """
    differing = [term for term in first if first[term] != second.get(term)]
    if first.keys() != second.keys() or len(differing) != 1:
        return None
    (term,) = differing
    union, is_exact = _union(first[term], second[term])
    result = {**first, term: union}
    if union == ANY:
        del result[term]
    return result if is_exact else None


def _union(first: Fact, second: Fact) -> tuple[Fact, bool]:
    """The strongest fact for the values of both, and that it allows no others."""
    if first.one_of is not None and second.one_of is not None:
        return Fact(first.one_of | second.one_of), True
    if first.one_of is not None:
        first, second = second, first
    if second.one_of is not None:
        patterns = frozenset(
            (pattern, holds)
            for pattern, holds in first.patterns
            if all(matches(value, pattern) is holds for value in second.one_of)
        )
        fact = Fact(None, first.none_of - second.one_of, patterns)
        return fact, patterns == first.patterns
    difference = first.patterns ^ second.patterns
    is_opposite = {(pattern, not holds) for pattern, holds in difference} == difference
    is_exact = first.none_of == second.none_of and len(difference) == 2 and is_opposite
    fact = Fact(None, first.none_of & second.none_of, first.patterns & second.patterns)
    return fact, is_exact


def weakened(items: Sequence[Facts]) -> Facts:
    """Facts that hold in all of them."""
    result = items[0]
    for item in items[1:]:
        result = {
            term: _union(fact, item[term])[0] for term, fact in result.items() if term in item
        }
    return {term: fact for term, fact in result.items() if fact != ANY}
