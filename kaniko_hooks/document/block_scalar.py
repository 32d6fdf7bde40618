"""Scans literal and folded scalars, as libyaml's scanner does."""

from __future__ import annotations

from kaniko_hooks.document.nodes import ScalarNode
from kaniko_hooks.document.scan import BREAK, Scan, newline


def block(text: str, header: str, at: int, node: ScalarNode) -> Scan:
    """A literal or folded scalar whose header (`|`, `>-`, …) ends at `at`."""
    lines = _lines(text, at, node.end)
    indent = _indent(text, lines, node.value)
    scan = Scan(node.end)
    leading: tuple[str, int] | None = None
    trailing: list[tuple[str, int]] = []
    blank_before = True
    for start, stop, piece in lines:
        content = min(start + indent, stop)
        if text[start:content].strip(' ') or start + indent >= stop:
            # Less than the indentation: a blank line.
            trailing.append((piece, stop))
            continue
        blank_here = text[content] in ' \t'
        folds = node.style == '>' and not blank_before and not blank_here
        if leading and folds and leading[0] not in '\u2028\u2029':
            if not trailing:
                scan.put(' ', leading[1])
        elif leading:
            scan.put(newline(leading[0]), leading[1])
        for each, place in trailing:
            scan.put(newline(each), place)
        scan.add(text[content:stop], content)
        leading, trailing, blank_before = (piece, stop), [], blank_here
    if '-' not in header and leading and leading[0]:
        scan.put(newline(leading[0]), leading[1])
    if '+' in header:
        for each, place in trailing:
            scan.put(newline(each) if each else '', place)
    return scan


def _lines(text: str, at: int, end: int) -> list[tuple[int, int, str]]:
    """The lines after a block scalar's header: start, end and line break."""
    match = BREAK.match(text, at)
    if match is None:
        return []
    lines = []
    at = match.end()
    while at < end:
        match = BREAK.search(text, at, end)
        stop = match.start() if match else end
        lines.append((at, stop, match.group() if match else ''))
        at = match.end() if match else end
    return lines


def _indent(text: str, lines: list[tuple[int, int, str]], value: str) -> int:
    """Columns that belong to YAML: what the source has more than the value."""
    blank, columns = value[: len(value) - len(value.lstrip(' \n\u2028\u2029'))], 0
    for start, stop, _ in lines:
        line = text[start:stop]
        if line.strip(' '):
            return len(line) - len(line.lstrip(' ')) - (len(blank) - len(blank.rstrip(' ')))
        columns = max(columns, len(line))
    return columns  # spaces alone are indentation, however many
