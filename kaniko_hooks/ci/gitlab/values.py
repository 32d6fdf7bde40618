"""Values of a configuration, each with the YAML node that it comes from.

They are never changed: merging and interpolation make new ones, and share what
stays the same.
"""

from __future__ import annotations

from collections.abc import Callable, ItemsView

from kaniko_hooks.document.nodes import Node, ScalarNode
from kaniko_hooks.document.psych import Scalar, to_s
from kaniko_hooks.model import Place, Text
from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.repository import Unreadable

MAX_STEPS = 100_000  # to flatten a list


class InvalidPipeline(Exception):
    """The configuration cannot be read; GitLab would refuse it, too.

    `message` is the reason. `file` (relative to the repository root), `offset`
    (in code points) and `line` (from 1) are its place. `files` are the files of the
    pipeline that were read before.
    """

    def __init__(self, message: str, place: Place) -> None:
        super().__init__(message)
        self.message = message
        self.place = place
        self.file, self.offset = place
        self.line = 1
        self.files: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f'{self.file}:{self.line}: {self.message}'


class Leaf(NamedTuple):
    """A scalar whose value is not the text of its node: `yes`, `012`, or interpolated."""

    value: Scalar
    node: ScalarNode
    text: Text | None = None  # of an interpolated string


class Items(NamedTuple):
    """A sequence."""

    items: tuple[Value, ...]
    node: Node


class Reference(NamedTuple):
    """`!reference [a, b]`; the path is None if it is not a list of strings."""

    path: tuple[str, ...] | None
    node: Node


class Entry(NamedTuple):
    """A key of a mapping with its value."""

    key: Node
    value: Value


class Table(NamedTuple):
    """A mapping; of duplicate keys it has the last."""

    entries: dict[str, Entry]
    node: Node


# A ScalarNode is a string as it is written: most values need no object of their own.
Value = ScalarNode | Leaf | Items | Table | Reference


def node_of(value: Value | Node) -> Node:
    """The node of a value."""
    return value.node if isinstance(value, (Leaf, Items, Table, Reference)) else value


def place_of(value: Value | Node) -> Place:
    """The place where a value begins."""
    node = node_of(value)
    return Place(node.file, node.start)


def entry_of(value: Value | None, name: str) -> Entry | None:
    """The entry of a table under a key, None if there is none."""
    return value.entries.get(name) if isinstance(value, Table) else None


def get(value: Value | None, *path: str) -> Value | None:
    """The value under the keys of `path`, None if there is none or it is null."""
    for name in path:
        entry = entry_of(value, name)
        if entry is None:
            return None
        value = entry.value
    return None if is_null(value) else value


def is_null(value: Value | None) -> bool:
    """True for a value that is missing or null: GitLab treats both as unspecified."""
    return value is None or (isinstance(value, Leaf) and value.value is None)


def is_false(value: Value | None) -> bool:
    """True for the boolean `false`."""
    return isinstance(value, Leaf) and value.value is False


def string_of(value: Value | None) -> str | None:
    """The text of a string, None for any other value."""
    if isinstance(value, (ScalarNode, Leaf)) and isinstance(value.value, str):
        return value.value
    return None


def items_of(value: Value | None) -> list[Value]:
    """The items of a list and of the lists in it, or the value itself; no nulls.

    GitLab flattens scripts, rules and what takes the place of a block `$[[ … ]]`.
    Raises Unreadable for too many of them.
    """
    items: list[Value] = []
    waiting = [value]
    for _ in range(MAX_STEPS):
        if not waiting:
            return items
        item = waiting.pop()
        if isinstance(item, Items):
            waiting.extend(reversed(item.items))
        elif item is not None and not is_null(item):
            items.append(item)
    raise Unreadable('has a list that is too large')


def inherits(job: Table, kind: str) -> Callable[[str], bool]:
    """A test for keywords of `default:` or global variables that a job inherits (`inherit:`)."""
    names = get(job, 'inherit', kind)
    if isinstance(names, Items):
        return frozenset(map(string_of, names.items)).__contains__
    return lambda name: not is_false(names)


def entries_of(value: Value | None) -> ItemsView[str, Entry]:
    """The keys and entries of a table, none for any other value."""
    return (value.entries if isinstance(value, Table) else {}).items()


def merge_into(entries: dict[str, Entry], over: Table) -> None:
    """Merges a table into entries that belong to the caller.

    Tables under the same key merge, everything else replaces (ActiveSupport's
    `deep_merge`).
    """
    for key, entry in over.entries.items():
        old = entries.get(key)
        if old is not None and isinstance(old.value, Table) and isinstance(entry.value, Table):
            inner = dict(old.value.entries)
            merge_into(inner, entry.value)
            entry = Entry(entry.key, Table(inner, entry.value.node))
        entries[key] = entry


def plain(value: Value) -> object:
    """The value as nested dicts, lists and scalars, for comparisons."""
    if isinstance(value, Table):
        return {key: plain(entry.value) for key, entry in value.entries.items()}
    if isinstance(value, Items):
        return [plain(item) for item in value.items]
    return ('!reference', value.path) if isinstance(value, Reference) else value.value


def ruby_text(value: Value, inner: bool = False) -> str:
    """The value as Ruby's `to_s` prints it; inside a list or hash, as `inspect` does."""
    if isinstance(value, Items):
        return f'[{", ".join(ruby_text(item, True) for item in value.items)}]'
    if isinstance(value, Table):
        pairs = (f':{key}=>{ruby_text(entry.value, True)}' for key, entry in entries_of(value))
        return f'{{{", ".join(pairs)}}}'
    return to_s('!reference' if isinstance(value, Reference) else value.value, inner)


class Rewriter:
    """Makes values of others; one that aliases share is made once."""

    def __init__(self) -> None:
        self.done: dict[int, Value] = {}

    def value(self, value: Value) -> Value:
        if isinstance(value, (ScalarNode, Leaf)):
            return self.scalar(value)
        if id(value) not in self.done:
            if isinstance(value, Table):
                result: Value = self.table(value)
            elif isinstance(value, Items):
                result = Items(tuple(map(self.value, value.items)), value.node)
            else:
                result = self.reference(value)
            self.done[id(value)] = result
        return self.done[id(value)]

    def table(self, table: Table) -> Table:
        entries: dict[str, Entry] = {}
        for name, entry in table.entries.items():
            entries[self.name(name, entry)] = Entry(entry.key, self.value(entry.value))
        return Table(entries, table.node)

    def name(self, name: str, entry: Entry) -> str:
        return name

    def scalar(self, value: ScalarNode | Leaf) -> Value:
        return value

    def reference(self, reference: Reference) -> Value:
        return reference
