"""Puts inputs into a file's values: `$[[ inputs.x | function ]]`.

Rules: G: lib/gitlab/ci/config/interpolation/. Blocks are replaced one after the
other, by Ruby's `gsub` with its backslashes; a string that is one block takes
the typed value.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from kaniko_hooks.ci.gitlab.errors import InvalidPipeline
from kaniko_hooks.ci.gitlab.values import (
    Entry,
    Items,
    Key,
    Leaf,
    NonString,
    Table,
    Value,
    items_of,
    place_of,
    ruby_text,
)
from kaniko_hooks.document.nodes import ScalarNode
from kaniko_hooks.document.substitution import Piece

MAX_FUNCTIONS = 3
MAX_BLOCKS = 10_000
MAX_SIZE = 1024 * 1024
_MAX_WORK = 50_000_000  # characters times blocks of one string

_BLOCK = re.compile(r'\$\[\[\s*(\S.*?\S)\s*\]\]')
_TRUNCATE = re.compile(r'truncate\(\s*(\d+)\s*,\s*(\d+)\s*\)?')
_SPLIT = re.compile(r"split\('([^']+)'\)")
_VARIABLE = re.compile(r'\$(?:([a-zA-Z_]\w*)|\{([a-zA-Z_]\w*)\})|%([a-zA-Z_]\w*)%', re.ASCII)
_UNSAFE = re.compile(r'[^A-Za-z0-9_\-.,:+/@\n]')
_BACKSLASH = re.compile(r'\\([\\0-9&`\'])')


def interpolated(
    value: Table, inputs: Mapping[str, Value], variables: Mapping[str, str], strict: bool
) -> Table:
    """The table with every block replaced, in keys too, but not inside `!reference`.

    `variables` are those that `expand_vars` knows. A block that GitLab would
    refuse stays as it is written; with `strict` it raises InvalidPipeline.
    """
    made = _Interpolator(inputs, variables, strict).value(value)
    assert isinstance(made, Table)
    return made


class _Interpolator:
    """Remembers what is done, so that an alias is worked through once."""

    def __init__(
        self, inputs: Mapping[str, Value], variables: Mapping[str, str], strict: bool
    ) -> None:
        self.inputs = inputs
        self.variables = variables
        self.strict = strict
        self.blocks: dict[str, Value | str | None] = {}
        self.done: dict[int, Value] = {}

    def value(self, value: Value) -> Value:
        if isinstance(value, Leaf):
            return self._leaf(value)
        if id(value) not in self.done:
            self.done[id(value)] = self._collection(value)
        return self.done[id(value)]

    def _collection(self, value: Value) -> Value:
        if isinstance(value, Items):
            items: list[Value] = []
            for item in value.items:
                made = self.value(item)
                # A list that an input makes of an item is spliced in.
                spliced = isinstance(item, Leaf) and isinstance(made, Items)
                items.extend(items_of(made) if spliced else (made,))
            return Items(tuple(items), value.node)
        if isinstance(value, Table):
            return Table(
                dict(
                    (self._key(key, entry), Entry(entry.key, self.value(entry.value)))
                    for key, entry in value.entries.items()
                ),
                value.node,
            )
        return value

    def _key(self, key: Key, entry: Entry) -> Key:
        if not isinstance(key, str) or '$[[' not in key or not isinstance(entry.key, ScalarNode):
            return key
        made = self._leaf(Leaf(key, entry.key))
        if isinstance(made, Leaf) and isinstance(made.value, str):
            return made.value
        return NonString(ruby_text(made))

    def _leaf(self, leaf: Leaf) -> Value:
        text = leaf.value
        if not isinstance(text, str) or '$[[' not in text:
            return leaf
        if len(text) > MAX_SIZE or len(text) * text.count('$[[') > _MAX_WORK:
            self._refuse('config node too large', leaf)
            return leaf
        matches = list(_BLOCK.finditer(text))
        if len(matches) == 1 and matches[0].group() == text:
            value = self._block(matches[0], leaf)
            return leaf if value is None else value
        layers = leaf.pieces
        for match in matches:
            value = self._block(match, leaf)
            if value is not None:
                pieces = _replaced(text, match.group(), ruby_text(value))
                layers += (pieces,)
                text = _spliced(text, pieces)
        return Leaf(text, leaf.node, leaf.skipped, layers)

    def _block(self, match: re.Match[str], leaf: Leaf) -> Value | None:
        """A block's value; None where it stays as it is written."""
        if match.group() not in self.blocks:
            self.blocks[match.group()] = self._evaluated(match[1])
            if len(self.blocks) > MAX_BLOCKS:
                self._refuse('too many interpolation blocks', leaf)
        found = self.blocks[match.group()]
        if isinstance(found, str):
            self._refuse(found, leaf)
            return None
        return found

    def _refuse(self, message: str, leaf: Leaf) -> None:
        if self.strict:
            raise InvalidPipeline(message, place_of(leaf))

    def _evaluated(self, data: str) -> Value | str | None:
        """The value of a block, None if it is not ours to replace, a text if it is wrong."""
        access, *functions = (part.strip() for part in data.rstrip('| \t').split('|'))
        names = access.split('.')
        if names[0] in ('matrix', 'component'):
            return None
        if len(names) < 2:
            return 'invalid interpolation access pattern'
        name = '.'.join(names[1:])
        if names[0] != 'inputs' or name not in self.inputs:
            return f'unknown interpolation key: `{names[0] if names[0] != "inputs" else name}`'
        if len(functions) > MAX_FUNCTIONS:
            return 'too many functions in interpolation block'
        value = self.inputs[name]
        for function in functions:
            made = self._applied(function, value)
            if isinstance(made, str):
                return made
            value = made
        return value

    def _applied(self, function: str, value: Value) -> Value | str:
        truncate, split = _TRUNCATE.fullmatch(function), _SPLIT.fullmatch(function)
        name = 'truncate' if truncate else 'split' if split else function
        if name not in ('expand_vars', 'posix_escape', 'posix_quote', 'truncate', 'split'):
            return (
                f'no function matching `{function}`: check that the function name, '
                'arguments, and types are correct'
            )
        if not isinstance(value, Leaf) or not isinstance(value.value, str):
            return (
                f'error in `{name}` function: invalid input type: {name} can only be used '
                'with string inputs'
            )
        text = value.value
        if truncate:
            start, length = int(truncate[1]), int(truncate[2])
            return Leaf(text[start : start + length], value.node)
        if split:
            parts = (part.strip() for part in text.split(split[1]))
            return Items(tuple(Leaf(part, value.node) for part in parts if part), value.node)
        return Leaf(escaped(text) if name != 'expand_vars' else self._expanded(text), value.node)

    def _expanded(self, text: str) -> str:
        return _VARIABLE.sub(
            lambda match: self.variables.get(match[1] or match[2] or match[3], match[0]), text
        )


def escaped(text: str) -> str:
    """The text as one word of a shell (Ruby's `Shellwords.escape`)."""
    return _UNSAFE.sub(r'\\\g<0>', text).replace('\n', "'\n'") or "''"


def _replaced(text: str, block: str, value: str) -> tuple[Piece, ...]:
    """What Ruby's `gsub(block, value)` replaces."""
    pieces, start = [], text.find(block)
    while start >= 0:
        end = start + len(block)
        pieces.append(Piece(start, end, _unescaped(value, block, text, start, end)))
        start = text.find(block, end)
    return tuple(pieces)


def _unescaped(value: str, block: str, text: str, start: int, end: int) -> str:
    def meaning(match: re.Match[str]) -> str:
        known = {'\\': '\\', '0': block, '&': block, '`': text[:start], "'": text[end:]}
        return known.get(match[1], '')

    return _BACKSLASH.sub(meaning, value) if '\\' in value else value


def _spliced(text: str, pieces: tuple[Piece, ...]) -> str:
    parts, at = [], 0
    for piece in pieces:
        parts += [text[at : piece.start], piece.text]
        at = piece.end
    return ''.join([*parts, text[at:]])
