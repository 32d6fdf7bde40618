"""The values of a configuration as GitLab holds them, each with the node it is from.

They are never changed: merging and interpolating make new ones and share what
stays the same. Rule of merging: ActiveSupport's `deep_merge`.
"""

from __future__ import annotations

from collections.abc import Iterator

from kaniko_hooks.document.nodes import Node, ScalarNode
from kaniko_hooks.document.psych import Typed, inspect, to_s
from kaniko_hooks.document.substitution import Piece
from kaniko_hooks.model import Place
from kaniko_hooks.named_tuple import NamedTuple


class Leaf(NamedTuple):
    """A scalar. Its text is the node's without `skipped` characters, then each
    layer of `pieces` replaced, as interpolation does one block after another.
    """

    value: Typed
    node: ScalarNode
    skipped: int = 0
    pieces: tuple[tuple[Piece, ...], ...] = ()


class Items(NamedTuple):
    """A sequence."""

    items: tuple[Value, ...]
    node: Node


class Reference(NamedTuple):
    """`!reference [a, b]`; a path of None is not a list of strings."""

    path: tuple[str, ...] | None
    node: Node


class NonString(NamedTuple):
    """A key that is neither a string nor a symbol."""

    text: str


Key = str | NonString


class Entry(NamedTuple):
    key: Node  # where the key stands
    value: Value


class Table(NamedTuple):
    """A mapping; of a key that is written twice, the last one."""

    entries: dict[Key, Entry]
    node: Node


Value = Leaf | Items | Table | Reference


def place_of(value: Value | Node) -> Place:
    """Where the value begins."""
    node = value.node if isinstance(value, (Leaf, Items, Table, Reference)) else value
    return Place(node.file, node.start)


def entry_of(value: Value | None, name: str) -> Entry | None:
    """The entry of a table under a key; None where there is no such thing."""
    return value.entries.get(name) if isinstance(value, Table) else None


def get(value: Value | None, *path: str) -> Value | None:
    """The value under the keys of `path`; None where there is none."""
    for name in path:
        entry = entry_of(value, name)
        if entry is None:
            return None
        value = entry.value
    return value


def is_null(value: Value | None) -> bool:
    """Whether a value is missing or null: GitLab takes both as unspecified."""
    return value is None or (isinstance(value, Leaf) and value.value is None)


def is_alphanumeric(value: Value) -> bool:
    """Whether a value is a string or a whole number, which GitLab calls alphanumeric."""
    return (
        isinstance(value, Leaf)
        and isinstance(value.value, (str, int))
        and not isinstance(value.value, bool)
    )


def specified(value: Value | None) -> Value | None:
    """The value, None where it is null."""
    return None if is_null(value) else value


def string_of(value: Value | None) -> str | None:
    """The text of a string, None for anything else."""
    return value.value if isinstance(value, Leaf) and isinstance(value.value, str) else None


def items_of(value: Value | None) -> tuple[Value, ...]:
    """The items of a list, one for any other value, none for null."""
    if isinstance(value, Items):
        return value.items
    return () if value is None or is_null(value) else (value,)


def entries_of(value: Value | None) -> Iterator[tuple[str, Entry]]:
    """The entries of a table that have a string as key."""
    if isinstance(value, Table):
        for key, entry in value.entries.items():
            if isinstance(key, str):
                yield key, entry


def merged(base: Table, over: Table) -> Table:
    """Both tables in one: tables under the same key merge, else `over` wins."""
    entries = dict(base.entries)
    merge_into(entries, over)
    return Table(entries, over.node)


def merge_into(entries: dict[Key, Entry], over: Table) -> None:
    """Merges a table into entries that belong to the caller."""
    for key, entry in over.entries.items():
        old = entries.get(key)
        if old is not None and isinstance(old.value, Table) and isinstance(entry.value, Table):
            entry = Entry(entry.key, merged(old.value, entry.value))
        entries[key] = entry


def plain(value: Value) -> object:
    """The value as nested dicts, lists and scalars, for comparing."""
    if isinstance(value, Table):
        return {
            key if isinstance(key, str) else key.text: plain(entry.value)
            for key, entry in value.entries.items()
        }
    if isinstance(value, Items):
        return [plain(item) for item in value.items]
    return value.value if isinstance(value, Leaf) else ('!reference', value.path)


def ruby_text(value: Value, inner: bool = False) -> str:
    """The value as Ruby's `to_s` writes it (inside a list or a hash: `inspect`)."""
    if isinstance(value, Leaf):
        return inspect(value.value) if inner else to_s(value.value)
    if isinstance(value, Items):
        return f'[{", ".join(ruby_text(item, True) for item in value.items)}]'
    if isinstance(value, Table):
        pairs = (f':{key}=>{ruby_text(entry.value, True)}' for key, entry in entries_of(value))
        return f'{{{", ".join(pairs)}}}'
    return '!reference'
