"""`!reference [a, b]` -> what stands there, in the table after `extends`.

Rules: G: lib/gitlab/ci/config/yaml/tags/{base,reference,resolver}.rb.
"""

from __future__ import annotations

from collections.abc import Iterator

from kaniko_hooks.ci.gitlab.errors import InvalidPipeline
from kaniko_hooks.ci.gitlab.values import (
    Entry,
    Items,
    Key,
    Leaf,
    Reference,
    Table,
    Value,
    get,
    place_of,
)

# Levels of lists, hashes and references in one another; Ruby's stack is the only limit there.
_MAX_DEPTH = 250


def resolved(table: Table, lenient: bool) -> Table:
    """The table with every reference replaced. Raises InvalidPipeline.

    With `lenient`, a reference stays where its target is not there.
    """
    made = _Resolver(table, lenient).value(table, 0)
    assert isinstance(made, Table)
    return made


def references(value: Value | None) -> Iterator[Reference]:
    """Every reference in a value, each alias once."""
    waiting = [] if value is None else [value]
    seen: set[int] = set()
    while waiting:
        each = waiting.pop()
        if id(each) in seen or isinstance(each, Leaf):
            continue
        seen.add(id(each))
        if isinstance(each, Reference):
            yield each
        elif isinstance(each, Items):
            waiting.extend(each.items)
        else:
            waiting.extend(entry.value for entry in each.entries.values())


def references_below(table: Table, value: Value | None) -> Iterator[Reference]:
    """The references in a value, and those in what they name; each path once."""
    seen: set[tuple[str, ...]] = set()
    waiting = [value]
    while waiting:
        for reference in references(waiting.pop()):
            yield reference
            if reference.path and reference.path not in seen:
                seen.add(reference.path)
                waiting.append(get(table, *reference.path))


class _Resolver:
    """Remembers what is resolved, and which references are being resolved."""

    def __init__(self, table: Table, lenient: bool) -> None:
        self.table = table
        self.lenient = lenient
        self.done: dict[int, Value] = {}
        self.open: set[int] = set()

    def value(self, value: Value, depth: int) -> Value:
        if isinstance(value, Leaf):
            return value
        if id(value) not in self.done:
            if depth > _MAX_DEPTH:
                raise InvalidPipeline('nested too deeply', place_of(value))
            if isinstance(value, Reference):
                self.done[id(value)] = self._target(value, depth)
            else:
                self.done[id(value)] = self._collection(value, depth)
        return self.done[id(value)]

    def _collection(self, value: Items | Table, depth: int) -> Value:
        if isinstance(value, Items):
            items = []
            for item in value.items:
                items.append(self.value(item, depth + 1))
            same = all(new is old for new, old in zip(items, value.items))
            return value if same else Items(tuple(items), value.node)
        entries: dict[Key, Entry] = {}
        same = True
        for key, entry in value.entries.items():
            new = self.value(entry.value, depth + 1)
            entries[key] = entry if new is entry.value else Entry(entry.key, new)
            same = same and new is entry.value
        return value if same else Table(entries, value.node)

    def _target(self, reference: Reference, depth: int) -> Value:
        if reference.path is None:
            raise InvalidPipeline('!reference is not valid', place_of(reference))
        shown = ', '.join(f'"{name}"' for name in reference.path)
        if id(reference) in self.open:
            if self.lenient:
                return reference
            raise InvalidPipeline(
                f'!reference [{shown}] is part of a circular chain', place_of(reference)
            )
        target = get(self.table, *reference.path)
        if target is None or (
            isinstance(target, Leaf) and (target.value is None or target.value is False)
        ):
            if self.lenient:
                return reference
            raise InvalidPipeline(f'!reference [{shown}] could not be found', place_of(reference))
        self.open.add(id(reference))
        found = self.value(target, depth + 1)
        self.open.remove(id(reference))
        return found
