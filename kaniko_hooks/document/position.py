"""Where each character of a scalar's value stands in the file's text.

A scalar is scanned again as YAML 1.1 says (libyaml's scanner), and the answer
is given only if the scan rebuilds the value exactly.
"""

from __future__ import annotations

import re

from kaniko_hooks.document.nodes import ScalarNode
from kaniko_hooks.model import Command
from kaniko_hooks.text import Place, Segment, Text

# White space is what YAML calls so; Python knows more.
_PROPERTIES = (
    '(?:[!&][^ \t\r\n\x85\u2028\u2029]*[ \t\r\n\x85\u2028\u2029]*'
    '(?:#[^\r\n\x85\u2028\u2029]*[ \t\r\n\x85\u2028\u2029]*)*)*'
)
_HEADER = '[|>][-+0-9]*[ \t]*(?:#[^\r\n\x85\u2028\u2029]*)?'


def command(text: str, node: ScalarNode) -> Command:
    """A scalar of the file with this text, as a command of a script part."""
    start = content_start(text, node)
    return Command(node.value, node.file, start, _Locator(text, node, start))


def scalar_text(text: str, node: ScalarNode) -> Text:
    """The value of a scalar of the file with this text, with the place of each character."""
    locator = _Locator(text, node, None)
    file = node.file
    return Text(node.value, (), (Segment(0, lambda offset: Place(file, locator(offset)), 0, True),))


class _Locator:
    """Offsets of one scalar, worked out when the first is asked for."""

    __slots__ = ('text', 'node', 'start', 'offsets')

    def __init__(self, text: str, node: ScalarNode, start: int | None) -> None:
        self.text = text
        self.node = node
        self.start = start
        self.offsets: list[int] | None = None

    def __call__(self, offset: int) -> int:
        if self.offsets is None:
            if offset == 0 and not self.node.value[:1].isspace():
                return content_start(self.text, self.node)  # without a scan
            self.offsets = value_offsets(self.text, self.node)
            if self.offsets is None:
                start = self.start
                self.offsets = [content_start(self.text, self.node) if start is None else start]
        return self.offsets[min(offset, len(self.offsets) - 1)]


def content_start(text: str, node: ScalarNode) -> int:
    """Where the value of a scalar begins: after tag, anchor, quote or header."""
    at = min(_after_properties(text, node.start), node.end)
    if node.style in ('"', "'"):
        return at + 1
    if node.style not in ('|', '>'):
        return at
    if node.value[:1].isspace():
        # Blanks of the value look like those of the indentation.
        offsets = value_offsets(text, node)
        if offsets:
            return offsets[0]
    at = _after_header(text, at)
    return at + len(text[at : node.end]) - len(text[at : node.end].lstrip())


def value_offsets(text: str, node: ScalarNode) -> list[int] | None:
    """The offset in `text` of every character of the node's value, and of its end.

    None where the scan does not rebuild the value.
    """
    # Only what is shown or edited needs these.
    from kaniko_hooks.document import flow_scalar
    from kaniko_hooks.document.block_scalar import block

    at = min(_after_properties(text, node.start), node.end)
    if node.style in ('|', '>'):
        content = _after_header(text, at)
        scan = block(text, text[at:content].split('#')[0], content, node)
    elif node.style == '"':
        scan = flow_scalar.double_quoted(text, at, node.end)
    elif node.style == "'":
        scan = flow_scalar.single_quoted(text, at, node.end)
    else:
        scan = flow_scalar.plain(text, at, node.end)
    return scan.offsets + [scan.end] if ''.join(scan.pieces) == node.value else None


def _after_properties(text: str, at: int) -> int:
    if text[at : at + 1] not in ('!', '&'):
        return at
    match = re.compile(_PROPERTIES).match(text, at)
    assert match is not None
    return match.end()


def _after_header(text: str, at: int) -> int:
    match = re.compile(_HEADER).match(text, at)
    return match.end() if match else at
