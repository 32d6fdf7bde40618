"""`extends`: every entry with its parents merged under it.

Rules: G: lib/gitlab/ci/config/extendable/entry.rb.
"""

from __future__ import annotations

from collections.abc import Iterator

from kaniko_hooks.ci.gitlab.errors import InvalidPipeline
from kaniko_hooks.ci.gitlab.values import (
    Entry,
    Key,
    Leaf,
    Table,
    entry_of,
    items_of,
    merge_into,
    place_of,
    ruby_text,
)

MAX_NESTING_LEVELS = 10


def parents(value: object) -> tuple[str, ...]:
    """The names that an entry's `extends` lists, as GitLab looks them up."""
    extends = entry_of(value, 'extends') if isinstance(value, Table) else None
    if extends is None:
        return ()
    if isinstance(extends.value, Table):
        return tuple(ruby_text(extends.value) for _ in extends.value.entries)
    return tuple(
        ruby_text(item) if isinstance(item, Leaf) else f'{ruby_text(item)}'
        for item in items_of(extends.value)
    )


def ancestors(table: Table, name: str) -> Iterator[str]:
    """The entries that an entry extends, and those they extend; each once."""
    seen = {name}
    waiting = [name]
    while waiting:
        entry = entry_of(table, waiting.pop())
        for parent in parents(entry.value) if entry else ():
            if parent not in seen:
                seen.add(parent)
                waiting.append(parent)
                yield parent


def extended(table: Table, lenient: bool) -> Table:
    """The table with every entry extended. Raises InvalidPipeline.

    With `lenient`, parents that are unknown or no hashes are passed over.
    """
    extender = _Extender(table, lenient)
    entries: dict[Key, Entry] = {}
    for key, entry in table.entries.items():
        value = entry.value
        if isinstance(key, str) and isinstance(value, Table) and 'extends' in value.entries:
            entry = Entry(entry.key, extender.extended(key, value, 0)[0])
        entries[key] = entry
    return Table(entries, table.node)


class _Extender:
    """Remembers what is extended, and how many levels there are below it."""

    def __init__(self, table: Table, lenient: bool) -> None:
        self.table = table
        self.lenient = lenient
        self.done: dict[str, tuple[Table, int]] = {}
        self.open: set[str] = set()

    def extended(self, name: str, value: Table, above: int) -> tuple[Table, int]:
        if 'extends' not in value.entries:
            return value, 0
        place = place_of(value.entries['extends'].value)
        levels = self.done[name][1] if name in self.done else 1
        if above + levels > MAX_NESTING_LEVELS + 1:
            raise InvalidPipeline(f'{name}: nesting too deep in `extends`', place)
        if name not in self.done:
            self.open.add(name)
            self.done[name] = self._merged(name, value, above)
            self.open.remove(name)
        return self.done[name]

    def _merged(self, name: str, value: Table, above: int) -> tuple[Table, int]:
        entries: dict[Key, Entry] = {}
        levels = 0
        for parent, base in self._bases(name, value):
            table, below = self.extended(parent, base, above + 1)
            levels = max(levels, below)
            merge_into(entries, table)
        merge_into(entries, value)
        return Table(entries, value.node), levels + 1

    def _bases(self, name: str, value: Table) -> list[tuple[str, Table]]:
        """The parents of an entry, all of them hashes."""
        names = parents(value)
        found = [(parent, entry_of(self.table, parent)) for parent in names]
        tables = [
            (parent, entry.value)
            for parent, entry in found
            if entry is not None and isinstance(entry.value, Table)
        ]
        if self.lenient:
            return [(parent, base) for parent, base in tables if parent not in self.open]
        place = place_of(value.entries['extends'].value)
        unknown = [parent for parent, entry in found if entry is None]
        if unknown:
            raise InvalidPipeline(
                f'{name}: unknown keys in `extends` ({", ".join(unknown)})', place
            )
        if len(tables) < len(found):
            wrong = [
                parent
                for parent, entry in found
                if entry is not None and not isinstance(entry.value, Table)
            ]
            raise InvalidPipeline(
                f'{name}: invalid base hashes in `extends` ({", ".join(wrong)})', place
            )
        if any(parent in self.open for parent, _ in tables):
            raise InvalidPipeline(f'{name}: circular dependency detected in `extends`', place)
        return tables
