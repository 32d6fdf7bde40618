"""The changes of a rewrite as a unified diff.

Lines that occur only once are matched first, as `git diff --patience` does, and
`difflib` gets what is between them: for all of a file it would take time that grows
with the square of the number of changes.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import Match, SequenceMatcher

from kaniko_hooks.terminal import paint, safe

_COLORS = {'+': 'green', '-': 'red', '@': 'blue'}


def unified(path: str, old: str, new: str, color: bool) -> str:
    """The diff of one file, each line ending with a newline; '' if nothing changes.

    In colour it is for a terminal, so nothing in it may control one; without,
    it is a patch that git applies.
    """
    shown = []
    for number, line in enumerate(_diff(path, _lines(old), _lines(new))):
        text, ended = line.removesuffix('\n'), line.endswith('\n')
        if color:
            name = 'bold' if number < 2 else _COLORS.get(text[:1], '')
            tabbed = '\t'.join(map(safe, text.removesuffix('\r').split('\t')))
            text = paint(tabbed, name, True) if name else tabbed
        shown.append(f'{text}\n' if ended else f'{text}\n\\ No newline at end of file\n')
    return ''.join(shown)


def _lines(text: str) -> list[str]:
    """Lines end with LF only: what git and patch take for one."""
    *whole, rest = text.split('\n')
    return [f'{line}\n' for line in whole] + ([rest] if rest else [])


def _diff(path: str, old: Sequence[str], new: Sequence[str]) -> Iterator[str]:
    groups = list(_Matcher(old, new).get_grouped_opcodes())
    if groups:
        yield from (f'--- a/{path}\n', f'+++ b/{path}\n')
    for group in groups:
        (_, start, _, new_start, _), (_, _, end, _, new_end) = group[0], group[-1]
        yield f'@@ -{_span(start, end)} +{_span(new_start, new_end)} @@\n'
        for tag, start, end, new_start, new_end in group:
            yield from ((' ' if tag == 'equal' else '-') + line for line in old[start:end])
            if tag != 'equal':
                yield from ('+' + line for line in new[new_start:new_end])


def _span(start: int, end: int) -> str:
    """Lines as a diff counts them: from 1, and from the line before where there are none."""
    length = end - start
    return str(start + 1) if length == 1 else f'{start + bool(length)},{length}'


class _Matcher(SequenceMatcher[str]):
    """Matches lines that occur only once before others."""

    def __init__(self, old: Sequence[str], new: Sequence[str]) -> None:
        super().__init__()
        self.old = old
        self.new = new

    def get_matching_blocks(self) -> list[Match]:
        """The stretches that are the same, in order; the last one is empty."""
        old, new = self.old, self.new
        blocks: list[Match] = []
        at = new_at = 0
        for start, new_start in (*_anchors(old, new), (len(old), len(new))):
            if start < at:
                continue  # in the stretch before
            end, new_end = start, new_start
            while start > at and new_start > new_at and old[start - 1] == new[new_start - 1]:
                start, new_start = start - 1, new_start - 1
            while end < len(old) and new_end < len(new) and old[end] == new[new_end]:
                end, new_end = end + 1, new_end + 1
            between = SequenceMatcher(None, old[at:start], new[new_at:new_start])
            for inner in between.get_matching_blocks()[:-1]:
                blocks.append(Match(at + inner.a, new_at + inner.b, inner.size))
            blocks.append(Match(start, new_start, end - start))
            at, new_at = end, new_end
        return [*filter(lambda block: block.size, blocks), Match(len(old), len(new), 0)]


def _anchors(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """The most lines that both texts have once, in the same order: indexes in both."""
    counts, new_counts = Counter(old), Counter(new)
    places = {line: index for index, line in enumerate(new) if new_counts[line] == 1}
    pairs = [
        (index, places[line])
        for index, line in enumerate(old)
        if line in places and counts[line] == 1
    ]
    # Of the sequences of each length, the one that ends first.
    ends: list[int] = []
    last: list[int] = []  # the index of its last pair
    before: list[int | None] = []  # for each pair that of the pair before it
    for number, (_, place) in enumerate(pairs):
        length = bisect_left(ends, place)
        before.append(last[length - 1] if length else None)
        ends[length : length + 1] = [place]
        last[length : length + 1] = [number]
    result = []
    current = last[-1] if last else None
    while current is not None:
        result.append(pairs[current])
        current = before[current]
    return result[::-1]
