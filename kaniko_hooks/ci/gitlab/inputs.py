"""Inputs: `spec:inputs` of a header, and `$[[ inputs.x | function ]]` in the content.

Rules: G: lib/ci/inputs/, lib/gitlab/ci/config/interpolation/. Blocks are replaced
one after the other by Ruby's `gsub` with its backslashes; a string that is one
block gets the typed value. A block without a value stays as it is written.

Not here: checks of types, options and regexes, `rules` of an input, inputs of
`spec:include`, the functions `posix_escape`, `posix_quote` and `split`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from kaniko_hooks.ci.gitlab.files import Document, Files
from kaniko_hooks.ci.gitlab.values import (
    MAX_STEPS,
    Entry,
    InvalidPipeline,
    Items,
    Leaf,
    Rewriter,
    Table,
    Value,
    entries_of,
    get,
    items_of,
    node_of,
    place_of,
    ruby_text,
    string_of,
)
from kaniko_hooks.ci.gitlab.variables import expanded
from kaniko_hooks.document.nodes import ScalarNode
from kaniko_hooks.model import Text
from kaniko_hooks.text import hole

_MAX_SIZE = 1024 * 1024  # G: interpolation/block.rb, of one string
_MAX_WORK = 20 * _MAX_SIZE  # characters times blocks of one string

_BLOCK = re.compile(r'\$\[\[\s*(\S.{0,1000}?\S)\s*\]\]')


def interpolated(
    files: Files, document: Document, inputs: Value | None, variables: Mapping[str, str]
) -> Table:
    """The content of a document with its inputs, also in keys, but not inside `!reference`.

    `inputs` are the values that the file is included with, `variables` those that
    the function `expand_vars` knows.
    """
    values = _input_values(files, document.header, inputs)
    return _Interpolator(files, values, variables).table(document.content)


def _input_values(files: Files, header: Table | None, inputs: Value | None) -> dict[str, Value]:
    values: dict[str, Value] = {}
    for name, entry in entries_of(get(header, 'spec', 'inputs')):
        spec, passed = entry.value, get(inputs, name)
        value = get(spec, 'default') if passed is None and get(spec, 'rules') is None else passed
        kind = string_of(get(spec, 'type')) or 'string'
        if value is None or (kind == 'array' and not isinstance(value, Items)):
            continue
        if kind == 'string':
            value = _string(ruby_text(value), value)
        has_options = passed is None and len(items_of(get(spec, 'options'))) > 1
        if has_options and isinstance(value, ScalarNode):
            # A pipeline may be started with another one.
            written = files.scalar_text(value)
            text = hole(f'$[[ inputs.{name} ]]', written.value).at(written.place, 0)
            value = Leaf(value.value, value, text)
        values[name] = value
    return values


def _string(text: str, value: Value) -> Value:
    """A text that is made of a value, at its place."""
    if string_of(value) == text:
        return value
    node = node_of(value)
    if not isinstance(node, ScalarNode):
        node = ScalarNode('', node.file, node.start, node.start, '', None, None)
    return Leaf(text, node)


class _Interpolator(Rewriter):
    """Interpolates one file."""

    def __init__(
        self, files: Files, inputs: Mapping[str, Value], variables: Mapping[str, str]
    ) -> None:
        super().__init__()
        self.files = files
        self.inputs = inputs
        self.variables = variables
        self.items = 0  # of lists that replace a block

    def name(self, name: str, entry: Entry) -> str:
        if '$[[' in name and isinstance(entry.key, ScalarNode):
            return ruby_text(self.scalar(entry.key))
        return name

    def scalar(self, value: ScalarNode | Leaf) -> Value:
        text = value.value
        if not isinstance(text, str) or '$[[' not in text:
            return value
        blocks = {match.group(): match[1] for match in _BLOCK.finditer(text)}
        if text in blocks:
            result = self._block(blocks[text]) or value
            self.items += len(items_of(result))
            if self.items > MAX_STEPS:
                raise InvalidPipeline('the list is too large', place_of(value))
            return result
        if len(text) * len(blocks) > _MAX_WORK:
            return value
        whole = self.files.scalar_text(value)
        for block, content in blocks.items():
            replacement = self._block(content)
            if replacement is not None:
                whole = _substituted(whole, block, replacement)
            if len(whole.value) > _MAX_SIZE:
                return value
        node = value if isinstance(value, ScalarNode) else value.node
        return Leaf(whole.value, node, whole)

    def _block(self, content: str) -> Value | None:
        """The value of a block; None if it has none here."""
        access, *functions = (part.strip() for part in content.split('|'))
        value = self.inputs.get(access.removeprefix('inputs.'))
        if not access.startswith('inputs.') or value is None:
            return None
        for function in filter(None, functions):
            text = string_of(value)
            result = None if text is None else self._applied(function, text)
            if result is None:
                return None
            value = _string(result, value)
        return value

    def _applied(self, function: str, text: str) -> str | None:
        truncate = re.fullmatch(r'truncate\(\s*(\d+)\s*,\s*(\d+)\s*\)?', function)
        if truncate:
            start, length = int(truncate[1]), int(truncate[2])
            return text[start : start + length]
        if function == 'expand_vars':
            return expanded(text, self.variables, keep_unknown=True)
        return None


def _substituted(text: Text, block: str, replacement: Value) -> Text:
    """The text with every occurrence of a block replaced, as Ruby's `gsub(block, value)`."""
    value = ruby_text(replacement)
    if '\\' in value:
        meanings = {'\\': '\\', '0': block, '&': block}
        value = re.sub(r'\\([\\0-9&])', lambda match: meanings.get(match[1], ''), value)
    matches = re.finditer(re.escape(block), text.value)
    new = replacement.text if isinstance(replacement, Leaf) else None
    return text.replaced([(*match.span(), new or Text(value)) for match in matches])
