"""YAML text -> nodes with spans, from libyaml's events.

Neither of PyYAML's composers will do: both refuse a redefined anchor, which is
valid YAML, the pure one recurses and the C one ends the interpreter on deep
input. So the events are put together here, without recursion.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import yaml

from kaniko_hooks.document.nodes import MappingNode, Node, ScalarNode, SequenceNode, Span

MAX_DEPTH = 200
MAX_EVENTS = 500_000

_LOADER: type[yaml.SafeLoader] | type[yaml.CSafeLoader] = getattr(
    yaml, 'CSafeLoader', yaml.SafeLoader
)


class InvalidYaml(Exception):
    """The text is not YAML; `offset` says where, as far as that is known."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset


def compose(text: str, file: str, first: bool = False) -> list[Node]:
    """The documents of a text (without byte order mark); `file` names its place.

    With `first`, what comes after the first document is not even parsed. An
    empty document is an empty plain scalar. Raises InvalidYaml.
    """
    builder = _Builder(text, file)
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            builder.add(event)
            if first and isinstance(event, yaml.DocumentEndEvent):
                break
    except yaml.reader.ReaderError as error:
        raise InvalidYaml(
            f'character {_character(error.character)} is not allowed in YAML', error.position
        ) from None
    except yaml.MarkedYAMLError as error:
        raise InvalidYaml(*_described(error)) from None
    except RecursionError:
        raise InvalidYaml('nested too deeply', 0) from None
    return builder.documents


def composed(text: str, file: str, first: bool = False) -> list[Node]:
    """The same nodes for all that ask: whose a file is, what is in it, and the fix."""
    # Without a border there is one document at most.
    return _composed(text, file, first and ('---' in text or '...' in text))


@lru_cache(maxsize=1024)
def _composed(text: str, file: str, first: bool) -> list[Node]:
    return compose(text, file, first)


def _character(character: object) -> str:
    return f'U+{character:04X}' if isinstance(character, int) else repr(character)


def _described(error: yaml.MarkedYAMLError) -> tuple[str, int]:
    mark = error.problem_mark or error.context_mark
    said = [word for word in (error.problem, error.context) if word]
    return ' '.join(said) or 'not YAML', mark.index if mark else 0


class _Builder:
    """Puts events together; the open collections are its stack."""

    def __init__(self, text: str, file: str) -> None:
        self.text = text
        self.file = file
        self.documents: list[Node] = []
        self.anchors: dict[str, Node] = {}
        self.open: list[_Open] = []
        self.events = 0

    def add(self, event: yaml.Event) -> None:
        self.events += 1
        if self.events > MAX_EVENTS:
            raise InvalidYaml('too many nodes', _at(event.start_mark))
        if isinstance(event, yaml.ScalarEvent):
            self._add_scalar(event)
        elif isinstance(event, yaml.AliasEvent):
            span = (_at(event.start_mark), _at(event.end_mark))
            named = self.anchors.get(event.anchor or '')
            if named is None:
                raise InvalidYaml(f'found undefined alias {event.anchor!r}', span[0])
            self._place(named, span, span)
        elif isinstance(event, (yaml.SequenceStartEvent, yaml.MappingStartEvent)):
            self._start(event)
        elif isinstance(event, (yaml.SequenceEndEvent, yaml.MappingEndEvent)):
            self._end(event)
        elif isinstance(event, yaml.DocumentStartEvent):
            self.anchors = {}

    def _add_scalar(self, event: yaml.ScalarEvent) -> None:
        style = event.style or ''
        start, end = _at(event.start_mark), _at(event.end_mark)
        node = ScalarNode(
            event.value,
            self.file,
            start,
            end,
            '' if style == ':' else style,
            event.tag,
            event.anchor,
        )
        if event.anchor:
            self.anchors[event.anchor] = node
        if style in ('|', '>'):
            end = start + len(self.text[start:end].rstrip())
        self._place(node, None, (start, end))

    def _start(self, event: yaml.SequenceStartEvent | yaml.MappingStartEvent) -> None:
        if len(self.open) >= MAX_DEPTH:
            raise InvalidYaml('nested too deeply', _at(event.start_mark))
        opened = _Open(isinstance(event, yaml.MappingStartEvent), event)
        if event.anchor:
            # An alias may stand inside what it names: the node has to exist now.
            self.anchors[event.anchor] = opened.node(self.file, -1)
        self.open.append(opened)

    def _end(self, event: yaml.SequenceEndEvent | yaml.MappingEndEvent) -> None:
        opened = self.open.pop()
        start = _at(opened.event.start_mark)
        end = _at(event.end_mark) if opened.event.flow_style else max(opened.end, start)
        node = opened.node(self.file, end)
        anchor = opened.event.anchor
        if anchor and _same_lists(self.anchors[anchor], node):
            self.anchors[anchor] = node
        self._place(node, None, (start, end))

    def _place(self, node: Node, alias: Span | None, span: Span) -> None:
        if self.open:
            self.open[-1].add(node, alias, span)
        else:
            self.documents.append(node)


class _Open:
    """A collection whose end has not come yet."""

    def __init__(
        self, is_mapping: bool, event: yaml.SequenceStartEvent | yaml.MappingStartEvent
    ) -> None:
        self.is_mapping = is_mapping
        self.event = event
        self.key: Node | None = None
        self.items: list[Node] = []
        self.pairs: list[tuple[Node, Node]] = []
        self.aliases: dict[int, Span] = {}
        self.end = -1

    def add(self, node: Node, alias: Span | None, span: Span) -> None:
        self.end = max(self.end, span[1])
        if not self.is_mapping:
            if alias:
                self.aliases[len(self.items)] = alias
            self.items.append(node)
        elif self.key is None:
            self.key = node
        else:
            if alias:
                self.aliases[len(self.pairs)] = alias
            self.pairs.append((self.key, node))
            self.key = None

    def node(self, file: str, end: int) -> Node:
        start, event = _at(self.event.start_mark), self.event
        flow = bool(event.flow_style)
        if self.is_mapping:
            return MappingNode(
                self.pairs, self.aliases, file, start, end, flow, event.tag, event.anchor
            )
        return SequenceNode(
            self.items, self.aliases, file, start, end, flow, event.tag, event.anchor
        )


def _at(mark: yaml.error.Mark | yaml._yaml.Mark | None) -> int:
    # The parser marks every event; only events made by hand have none.
    assert mark is not None
    return mark.index


def _same_lists(one: Node, other: Node) -> bool:
    """Whether two nodes are the same collection, before and after its end."""
    if isinstance(one, MappingNode) and isinstance(other, MappingNode):
        return one.pairs is other.pairs
    return (
        isinstance(one, SequenceNode)
        and isinstance(other, SequenceNode)
        and one.items is other.items
    )


def children(node: Node) -> Iterator[Node]:
    """The nodes directly in a collection: keys, values, items."""
    if isinstance(node, MappingNode):
        for key, value in node.pairs:
            yield key
            yield value
    elif isinstance(node, SequenceNode):
        yield from node.items
