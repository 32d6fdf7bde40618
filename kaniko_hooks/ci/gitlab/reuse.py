"""Content that entries take from others: by `extends`, then by `!reference [a, b]`.

Rules: G: lib/gitlab/ci/config/extendable/entry.rb and
lib/gitlab/ci/config/yaml/tags/{base,reference,resolver}.rb.
"""

from __future__ import annotations

from collections.abc import Iterator

from kaniko_hooks.ci.gitlab.values import (
    Entry,
    InvalidPipeline,
    Reference,
    Rewriter,
    Table,
    Value,
    entry_of,
    get,
    is_false,
    items_of,
    merge_into,
    place_of,
    ruby_text,
)
from kaniko_hooks.model import Place

MAX_NESTING_LEVELS = 10  # of `extends`


def parents(value: Value) -> list[str]:
    """The names that an entry's `extends` lists."""
    extends = entry_of(value, 'extends')
    return list(map(ruby_text, items_of(extends.value))) if extends else []


def ancestors(table: Table, name: str) -> Iterator[str]:
    """The entries that an entry extends, and those they extend, each once."""
    seen = {name}
    waiting = [name]
    while waiting:
        entry = entry_of(table, waiting.pop())
        for parent in parents(entry.value) if entry else ():
            if parent not in seen:
                seen.add(parent)
                waiting.append(parent)
                yield parent


def extended(table: Table, problems: list[InvalidPipeline]) -> Table:
    """The table with every entry extended.

    A parent that is unknown or no hash is a problem. Raises InvalidPipeline.
    """
    extender = _Extender(table, problems)
    entries: dict[str, Entry] = {}
    for name, entry in table.entries.items():
        if isinstance(entry.value, Table):
            entry = Entry(entry.key, extender.extended(name, entry.value)[0])
        entries[name] = entry
    return Table(entries, table.node)


class _Extender:
    """Extends the entries of a table, each once."""

    def __init__(self, table: Table, problems: list[InvalidPipeline]) -> None:
        self.table = table
        self.problems = problems
        self.done: dict[str, tuple[Table, int]] = {}
        self.open: set[str] = set()

    def extended(self, name: str, value: Table) -> tuple[Table, int]:
        """An entry with what it extends, and the levels of `extends` in it."""
        extends = value.entries.get('extends')
        if extends is None:
            return value, 0
        if name not in self.done:
            place = place_of(extends.value)
            self.open.add(name)
            entries: dict[str, Entry] = {}
            above = [0]
            for parent in parents(value):
                base = self._base(name, parent, place)
                if base is not None:
                    table, level = self.extended(parent, base)
                    merge_into(entries, table)
                    above.append(level)
            if max(above) > MAX_NESTING_LEVELS:
                raise InvalidPipeline(f'{name}: nesting too deep in `extends`', place)
            merge_into(entries, value)
            self.open.remove(name)
            self.done[name] = Table(entries, value.node), max(above) + 1
        return self.done[name]

    def _base(self, name: str, parent: str, place: Place) -> Table | None:
        base = entry_of(self.table, parent)
        if base is None:
            problem = f'unknown keys in `extends` ({parent})'
        elif not isinstance(base.value, Table):
            problem = f'invalid base hashes in `extends` ({parent})'
        elif parent in self.open:
            problem = 'circular dependency detected in `extends`'
        else:
            return base.value
        if '$[[' not in parent:  # an input without a value here
            self.problems.append(InvalidPipeline(f'{name}: {problem}', place))
        return None


def resolved(table: Table, problems: list[InvalidPipeline]) -> Table:
    """The table with every reference replaced.

    One without a target stays, which is a problem. Raises InvalidPipeline.
    """
    return _Resolver(table, problems).table(table)


class _Resolver(Rewriter):
    """Resolves the references of one table."""

    def __init__(self, table: Table, problems: list[InvalidPipeline]) -> None:
        super().__init__()
        self.top = table
        self.problems = problems
        self.open: set[int] = set()

    def reference(self, reference: Reference) -> Value:
        if reference.path is None:
            raise InvalidPipeline('!reference is not valid', place_of(reference))
        target = get(self.top, *reference.path)
        if target is None or is_false(target):
            problem = 'could not be found'
        elif id(reference) in self.open:
            problem = 'is part of a circular chain'
        else:
            self.open.add(id(reference))
            value = self.value(target)
            self.open.remove(id(reference))
            return value
        path = ', '.join(f'"{name}"' for name in reference.path)
        self.problems.append(InvalidPipeline(f'!reference [{path}] {problem}', place_of(reference)))
        return reference
