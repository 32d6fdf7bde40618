"""What waits for a split job waits for all its parts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from kaniko_hooks.document.nodes import ScalarNode, SequenceNode
from kaniko_hooks.fix.layout import line_end, line_start, newline_of
from kaniko_hooks.fix.mentions import Mention
from kaniko_hooks.fix.splice import Edit, apply
from kaniko_hooks.fix.yaml_words import like


def follower_edits(text: str, found: Iterable[Mention], parts: Sequence[str]) -> Iterator[Edit]:
    """The edits of one file: each item that names the job is repeated for every part."""
    done: set[int] = set()
    for mention in found:
        if mention.scalar.start in done or mention.holder is None:
            continue
        done.add(mention.scalar.start)
        yield Edit(mention.scalar.start, mention.scalar.end, like(parts[0], mention.scalar.style))
        yield _repeated(text, mention, mention.holder, parts[1:])


def _repeated(text: str, mention: Mention, holder: SequenceNode, parts: Sequence[str]) -> Edit:
    node, name = holder.items[mention.position], mention.scalar
    end = _end(text, node.end, name)
    start = node.start
    before = ', '
    if not holder.flow:
        start = line_start(text, _dash(text, node.start))
        before = newline_of(text, start)
    copies = [_copy(text, start, end, name, part) for part in parts]
    at = end if holder.flow else line_end(text, end)
    return Edit(at, at, ''.join(before + copy for copy in copies))


def _end(text: str, end: int, name: ScalarNode) -> int:
    return max(name.end, end - len(text[:end]) + len(text[:end].rstrip()))


def _dash(text: str, start: int) -> int:
    """Where the item's dash stands, which may be on a line of its own."""
    return max(text.rfind('-', 0, start), 0)


def _copy(text: str, start: int, end: int, name: ScalarNode, part: str) -> str:
    edit = Edit(name.start - start, name.end - start, like(part, name.style))
    return apply(text[start:end], [edit])
