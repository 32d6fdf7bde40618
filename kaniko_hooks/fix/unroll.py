"""A loop -> the edits that make a matrix of its words and a script of its body."""

from __future__ import annotations

import re
from collections.abc import Iterable

from kaniko_hooks.document.nodes import ScalarNode
from kaniko_hooks.fix.layout import Layout, line_end, line_start, next_line, offsets_of
from kaniko_hooks.fix.loop import Loop
from kaniko_hooks.fix.splice import Edit
from kaniko_hooks.fix.yaml_words import word
from kaniko_hooks.old_shell.syntax.tree import For


def loop_edits(text: str, place: Layout, loop: Loop) -> list[Edit]:
    """The edits of the job's file: the words become a matrix, the body the script."""
    return [_matrix(text, place, loop), *_unrolled(text, place, loop)]


def _matrix(text: str, place: Layout, loop: Loop) -> Edit:
    indent, new = place.indent, place.newline
    start = _above_comments(text, place)
    unit = indent[place.key.start - place.start :] or '  '
    listed = ', '.join(map(word, loop.values))
    lines = (
        f'{indent}parallel:',
        f'{indent}{unit}matrix:',
        f'{indent}{unit}{place.gap}{place.dash}{word(loop.command.name)}: [{listed}]',
    )
    return Edit(start, start, ''.join(f'{line}{new}' for line in lines))


def _above_comments(text: str, place: Layout) -> int:
    """Where the comments above `script:` begin."""
    start = place.script_start
    # The line of the job's key ends it.
    while text.startswith(f'{place.indent}#', line_start(text, start - 1)):
        start = line_start(text, start - 1)
    return start


def _unrolled(text: str, place: Layout, loop: Loop) -> Iterable[Edit]:
    """`for … do` and `done` go; the lines of the body move to the left."""
    item = place.items[loop.step.item]
    assert isinstance(item.node, ScalarNode)  # a loop is found in nothing else
    value, offsets = item.node.value, offsets_of(text, item.node)
    command = loop.command
    inner = [each.piece for each in loop.inner if each.piece is not None]
    begin = _body_start(value, command, inner[0].first)
    finish = command.end - len('done')
    finish = len(value[:finish].rstrip(' \t\n;'))
    yield Edit(offsets[command.start], offsets[begin], '')
    yield Edit(offsets[finish], min(offsets[command.end], item.content_end), '')
    columns = _columns(text, offsets[command.start], offsets[inner[0].first])
    yield from _dedented(text, columns, offsets[begin], offsets[finish])


def _body_start(value: str, command: For, first: int) -> int:
    """The first statement of the body, or the comment lines above it."""
    at = max([command.start, *(each.end for each in command.words or ())])
    match = re.compile(r'\bdo[ \t]*(?:\n[ \t]*)?(?=#)').search(value, at, first)
    return match.end() if match else first


def _columns(text: str, outer: int, inner: int) -> int:
    """How much further to the right the body stands than the loop."""
    if '\n' not in text[outer:inner]:
        return 0
    return (inner - line_start(text, inner)) - (outer - line_start(text, outer))


def _dedented(text: str, columns: int, begin: int, end: int) -> Iterable[Edit]:
    """Move the lines of the body to the left, but for its first, which begins elsewhere."""
    at = next_line(text, line_end(text, begin))
    while at < end and columns > 0:
        line = text[at : line_end(text, at)]
        blank = len(line) - len(line.lstrip(' \t'))
        if blank < len(line):
            yield Edit(at, at + min(columns, blank), '')
        at = next_line(text, at)
