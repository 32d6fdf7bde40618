"""Source-mapped text with holes: what scripts, words and values of variables are made of.

A text knows its characters, which of them are only the notation of an unknown
value (a hole), and the place in a file that each character comes from. Offsets
count code points.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Container, Iterable, Sequence
from operator import itemgetter

from kaniko_hooks.named_tuple import NamedTuple

# Characters of a hole's name. Names of what is worked out of others contain these.
_MAX_NAME = 1000
# The name of the hole for the folder of the container that holds the repository.
ROOT = 'repository root'


class Place(NamedTuple):
    """A place in a file of the repository."""

    file: str  # relative to the repository root, with '/'
    offset: int  # code points from the start of the text, a byte order mark not counted


class Hole(NamedTuple):
    """Characters of a text that stand for an unknown value."""

    start: int
    end: int
    name: str  # the same name is the same value


class Segment(NamedTuple):
    """The origin of the characters from `start` on, up to the next segment."""

    start: int
    locate: Callable[[int], Place]
    offset: int  # what `locate` takes for the first character
    linear: bool  # False: all characters come from that one place


class Text:
    """Characters, holes and places.

    Texts are equal if they are the same value: the same known characters, and
    holes with the same names between, however these are written.
    """

    __slots__ = ('value', 'holes', 'segments', '_key')

    def __init__(
        self, value: str, holes: tuple[Hole, ...] = (), segments: tuple[Segment, ...] = ()
    ) -> None:
        self.value = value
        self.holes = holes
        self.segments = segments
        self._key: tuple[str, ...] | None = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Text) and self.key() == other.key()

    def __hash__(self) -> int:
        return hash(self.key())

    def key(self) -> tuple[str, ...]:
        """Known characters and names of holes, in turn; the first and last are characters."""
        if self._key is None:
            key: list[str] = []
            at = 0
            for item in self.holes:
                key += (self.value[at : item.start], item.name)
                at = item.end
            self._key = (*key, self.value[at:])
        return self._key

    def __repr__(self) -> str:
        return f'Text{self.key()}'

    @property
    def weight(self) -> int:
        """The work that a copy of the text is, in about microseconds."""
        return len(self.holes) + len(self.segments) + len(self.value) // 1000

    @property
    def known(self) -> str | None:
        """The characters, None if some of them are unknown."""
        return None if self.holes else self.value

    @property
    def prefix(self) -> str:
        """The characters before the first hole."""
        return self.value[: self.holes[0].start] if self.holes else self.value

    @property
    def has_known(self) -> bool:
        """Some of the characters are known."""
        return sum(item.end - item.start for item in self.holes) < len(self.value)

    @property
    def is_hole(self) -> bool:
        """All of the text is one hole: nothing is known of it."""
        return len(self.holes) == 1 and self.holes[0][:2] == (0, len(self.value))

    @property
    def hole_name(self) -> str:
        """The name of the hole that is all of the text, '' for another text."""
        return self.holes[0].name if self.is_hole else ''

    def place(self, offset: int) -> Place:
        """The place of a character, or of the end. Only for a text with segments."""
        segment = self.segments[_index(self.segments, offset)]
        # Characters before the first segment come from nowhere: they stand where it begins.
        after = max(offset - segment.start, 0)
        return segment.locate(segment.offset + after * segment.linear)

    def part(self, start: int, end: int | None = None) -> Text:
        """The characters from `start` to `end`, or to the last; a hole that is cut stays one."""
        if end is None:
            end = len(self.value)
        if not start and end >= len(self.value):
            return self
        holes = self.holes
        if holes:
            holes = tuple(
                Hole(max(hole.start, start) - start, min(hole.end, end) - start, hole.name)
                for hole in holes[_index(holes, start) : _index(holes, end) + 1]
                if hole.start < end and hole.end > start
            )
        segments = self.segments
        if len(segments) > 1 or segments and start:
            first = _index(segments, start)
            last = _index(segments, end) + 1
            segments = tuple(_shifted(item, start) for item in segments[first:last])
        return Text(self.value[start:end], holes, segments)

    def at(self, locate: Callable[[int], Place], offset: int) -> Text:
        """The same characters, all of them standing at one place."""
        return Text(self.value, self.holes, (Segment(0, locate, offset, False),))

    def replaced(self, replacements: Sequence[tuple[int, int, Text]]) -> Text:
        """With the given ranges replaced; they must be sorted and apart.

        The characters of a replacement stand where its range begins.
        """
        if not replacements:
            return self
        pieces: list[Text] = []
        last = 0
        for start, end, text in replacements:
            pieces.append(self.part(last, start))
            pieces.append(text.at(self.place, start) if self.segments else text)
            last = end
        pieces.append(self.part(last))
        return concat(pieces)

    def split(self, separators: Container[str]) -> list[Text]:
        """The texts between separators; the characters of holes are none."""
        cuts = [at for at, char in enumerate(self.value) if char in separators]
        if self.holes:
            cuts = [at for at in cuts if not self.in_hole(at)]
        return [
            self.part(start, end)
            for start, end in zip([0, *(at + 1 for at in cuts)], [*cuts, len(self.value)])
        ]

    def before(self, separators: Container[str]) -> Text:
        """The text up to the first separator, or all of it."""
        cuts = (at for at, char in enumerate(self.value) if char in separators)
        return self.part(0, next((at for at in cuts if not self.in_hole(at)), None))

    def in_hole(self, offset: int) -> bool:
        """The character at an offset is one of a hole."""
        return bool(self.part(offset, offset + 1).holes)

    def join(self, texts: Iterable[Text]) -> Text:
        """The texts with this one between them, as `str.join`."""
        pieces = [piece for text in texts for piece in (self, text)]
        return concat(pieces[1:])

    def stripped(self) -> Text:
        """Without white space at both ends."""
        start = len(self.value) - len(self.value.lstrip())
        return self.part(start, max(len(self.value.rstrip()), start))


def hole(name: str, shown: str = '') -> Text:
    """An unknown value; `shown` is how it is written, if not by its name."""
    if len(name) > _MAX_NAME:
        name = f'{name[:_MAX_NAME]}… {hash(name)}'
    value = shown or name or '?'
    return Text(value, (Hole(0, len(value), name),))


def after_root(path: Text) -> Text | None:
    """The rest of a path that begins with the repository's folder, None for another path."""
    if path.holes and not path.prefix and path.holes[0].name == ROOT:
        return path.part(path.holes[0].end)
    return None


def concat(texts: Iterable[Text]) -> Text:
    """The texts one after the other."""
    values: list[str] = []
    holes: list[Hole] = []
    segments: list[Segment] = []
    length = 0
    for text in texts:
        values.append(text.value)
        if length:
            holes += [Hole(start + length, end + length, name) for start, end, name in text.holes]
            segments += [_shifted(item, -length) for item in text.segments]
        else:
            holes += text.holes
            segments += text.segments
        length += len(text.value)
    return Text(''.join(values), tuple(holes), tuple(segments))


def _index(spans: Sequence[Segment | Hole], offset: int) -> int:
    """The number of the last span that begins at or before an offset; the first if none does."""
    return max(bisect_right(spans, offset, key=itemgetter(0)) - 1, 0)


def _shifted(segment: Segment, by: int) -> Segment:
    """The segment of a text whose first `by` characters are cut off."""
    start, locate, offset, linear = segment
    start -= by
    if start >= 0:
        return Segment(start, locate, offset, linear)
    return Segment(0, locate, offset - start if linear else offset, linear)
