"""`!reference [a, b]` resolved in the table after `extends`.

Rules: G: lib/gitlab/ci/config/yaml/tags/{base,reference,resolver}.rb.
"""

from __future__ import annotations

from collections.abc import Iterator

from kaniko_hooks.ci.gitlab.values import (
    Entry,
    InvalidPipeline,
    Items,
    Leaf,
    Reference,
    Table,
    Value,
    get,
    is_false,
    place_of,
)
from kaniko_hooks.document.nodes import ScalarNode

# Levels of lists, hashes and references in one another; GitLab's only limit is Ruby's stack.
_MAX_DEPTH = 200


def resolved(table: Table, lenient: bool) -> Table:
    """The table with every reference replaced. Raises InvalidPipeline.

    With `lenient`, a reference without a target stays.
    """
    result = _Resolver(table, lenient).value(table)
    assert isinstance(result, Table)
    return result


def references(table: Table, value: Value | None) -> Iterator[Reference]:
    """The references in a value, and those in their targets in the table."""
    seen: set[int] = set()
    waiting = [value]
    while waiting:
        current = waiting.pop()
        if current is None or isinstance(current, (ScalarNode, Leaf)) or id(current) in seen:
            continue
        seen.add(id(current))
        if isinstance(current, Items):
            waiting.extend(current.items)
        elif isinstance(current, Table):
            waiting.extend(entry.value for entry in current.entries.values())
        else:
            yield current
            waiting.append(get(table, *(current.path or ('',))))


class _Resolver:
    """Resolves the references of one table, each once."""

    def __init__(self, table: Table, lenient: bool) -> None:
        self.top = table
        self.lenient = lenient
        self.done: dict[int, Value] = {}
        self.open: set[int] = set()

    def value(self, value: Value, depth: int = 0) -> Value:
        if isinstance(value, (ScalarNode, Leaf)):
            return value
        if id(value) not in self.done:
            if depth > _MAX_DEPTH:
                raise InvalidPipeline('nested too deeply', place_of(value))
            self.done[id(value)] = self._resolved(value, depth + 1)
        return self.done[id(value)]

    def _resolved(self, value: Items | Table | Reference, depth: int) -> Value:
        if isinstance(value, Items):
            return Items(tuple(self.value(item, depth) for item in value.items), value.node)
        if isinstance(value, Table):
            entries = {
                key: Entry(entry.key, self.value(entry.value, depth))
                for key, entry in value.entries.items()
            }
            return Table(entries, value.node)
        return self._target(value, depth)

    def _target(self, reference: Reference, depth: int) -> Value:
        if reference.path is None:
            raise InvalidPipeline('!reference is not valid', place_of(reference))
        target = get(self.top, *reference.path)
        if target is None or is_false(target):
            problem = 'could not be found'
        elif id(reference) in self.open:
            problem = 'is part of a circular chain'
        else:
            self.open.add(id(reference))
            value = self.value(target, depth)
            self.open.remove(id(reference))
            return value
        if self.lenient:
            return reference
        path = ', '.join(f'"{name}"' for name in reference.path)
        raise InvalidPipeline(f'!reference [{path}] {problem}', place_of(reference))
