"""The place in the file's text of each character of a scalar's value.

libyaml gives the value and the span of a scalar, no more. So the span is scanned again,
guided by the value.
"""

from __future__ import annotations

import re

from kaniko_hooks.document.nodes import ScalarNode
from kaniko_hooks.text import Place, Segment, Text

# White space and line breaks are YAML 1.1's; Python has more.
_BREAKS = '\r\n\x85\u2028\u2029'
_BREAK = f'(?:\r\n|[{_BREAKS}])'
_KEPT = '\n\u2028\u2029'  # as they are in values
_PROPERTIES = rf'(?:[!&][^ \t{_BREAKS}]*[ \t{_BREAKS}]*(?:#[^{_BREAKS}]*[ \t{_BREAKS}]*)*)*'
# Line breaks with the white space around them, what is one character of the value, and
# what is verbatim.
_FOLDED = rf'(?P<breaks>{{0}}[ \t]*(?:{_BREAK}[ \t]*)+)|(?P<one>{{1}})'
_VERBATIM = rf'|[^ \t{_BREAKS}\'"\\]+|[ \t]+|.'
_FLOW = {
    '': _FOLDED.format('', '(?!)') + _VERBATIM,
    "'": _FOLDED.format('', "''") + _VERBATIM,
    '"': _FOLDED.format(rf'(?:\\(?={_BREAK}))?', r'\\(?:x.{2}|u.{4}|U.{8}|.)') + _VERBATIM,
}


def scalar_text(text: str, node: ScalarNode) -> Text:
    """The value of a scalar of the file with this text, with the place of each character."""
    offsets: list[int] = []

    def place(offset: int) -> Place:
        # Most places are never looked up, and most others are the first one.
        if offset == 0 and not node.value[:1].isspace():
            return Place(node.file, content_start(text, node))
        if not offsets:
            offsets.extend(value_offsets(text, node) or (content_start(text, node),))
        return Place(node.file, offsets[min(offset, len(offsets) - 1)])

    return Text(node.value, (), (Segment(0, place, 0, True),))


def content_start(text: str, node: ScalarNode) -> int:
    """The offset of a scalar's value: behind tag, anchor, quote or header."""
    at = _after_properties(text, node)
    if node.style in ('|', '>'):
        lines = _lines(text, at, node.end)
        at = lines[0][0] if lines else node.end
        return at + len(text[at : node.end]) - len(text[at : node.end].lstrip())
    return at + len(node.style)


def value_offsets(text: str, node: ScalarNode) -> list[int] | None:
    """The offset in `text` of every character of the node's value, and of its end.

    None where the text is not the one of the node.
    """
    scan = _block if node.style in ('|', '>') else _flow
    offsets = scan(text, node, _after_properties(text, node))
    if offsets is None or len(offsets) != len(node.value):
        return None
    return [*offsets, node.end - len(node.style) * (scan is _flow)]


def _after_properties(text: str, node: ScalarNode) -> int:
    """The offset behind tag and anchor."""
    # Few scalars have them, and the pattern takes long to compile.
    if text[node.start : node.start + 1] not in ('!', '&'):
        return node.start
    match = re.compile(_PROPERTIES).match(text, node.start, node.end)
    return match.end() if match else node.start


def _flow(text: str, node: ScalarNode, start: int) -> list[int] | None:
    """A plain or quoted scalar: one line break is a space, n + 1 of them are n newlines."""
    offsets: list[int] = []
    quote = len(node.style)
    for match in re.compile(_FLOW[node.style]).finditer(text, start + quote, node.end - quote):
        if match['one']:
            offsets.append(match.start())
        elif match['breaks']:
            breaks = list(re.compile(_BREAK).finditer(text, *match.span()))
            # The first one is dropped, behind a backslash even if it is the only one.
            first = match[0][0] == '\\' or len(breaks) > 1 and breaks[0][0] not in _KEPT[1:]
            offsets += [line_break.start() for line_break in breaks[first:]]
        elif node.value.startswith(match[0], len(offsets)):
            offsets += range(*match.span())
        else:
            return None
    return offsets


def _block(text: str, node: ScalarNode, start: int) -> list[int] | None:
    """A literal or folded scalar: lines without their indentation."""
    offsets: list[int] = []
    value = node.value
    breaks = _KEPT + ' ' * (node.style == '>')
    lines = _lines(text, start, node.end)
    indent = _indent(text, lines, value)
    for start, end in lines:
        first = min(start + indent, end)
        if not value.startswith(text[first:end], len(offsets)):
            return None
        offsets += range(first, end)
        # Where lines are folded or chomped, the value has no line break.
        if len(offsets) < len(value) and value[len(offsets)] in breaks:
            offsets.append(end)
    return offsets


def _lines(text: str, at: int, end: int) -> list[tuple[int, int]]:
    """Start and end of each line behind the one that `at` is in."""
    pattern = r'\r\n|[\r\n]' if text.isascii() else _BREAK
    breaks = [match.span() for match in re.compile(pattern).finditer(text, at, end)]
    starts = [after for _, after in breaks]
    return list(zip(starts, [before for before, _ in breaks[1:]] + [end]))


def _indent(text: str, lines: list[tuple[int, int]], value: str) -> int:
    """Columns that belong to YAML: those that the text has more than the value."""
    blank = value[: len(value) - len(value.lstrip(f' {_KEPT}'))]
    columns = 0
    for start, end in lines:
        line = text[start:end]
        if line.strip(' '):
            return len(line) - len(line.lstrip(' ')) - (len(blank) - len(blank.rstrip(' ')))
        columns = max(columns, len(line))
    return columns  # spaces alone are indentation, however many
