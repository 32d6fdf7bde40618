"""YAML text -> nodes with spans, from libyaml's events.

Neither of PyYAML's composers will do: both refuse a redefined anchor, which is
valid YAML, the pure one recurses and the C one ends the interpreter on deep
input. So the events are put together here, without recursion.
"""

from __future__ import annotations

from functools import lru_cache

import yaml

from kaniko_hooks.document.nodes import MappingNode, Node, ScalarNode, SequenceNode, Span

MAX_DEPTH = 200
MAX_EVENTS = 500_000

_LOADER: type[yaml.SafeLoader] | type[yaml.CSafeLoader] = getattr(
    yaml, 'CSafeLoader', yaml.SafeLoader
)
_Start = yaml.SequenceStartEvent | yaml.MappingStartEvent


class InvalidYaml(Exception):
    """The text is not YAML; `offset` is the place, 0 if it is not known."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset


@lru_cache(maxsize=1024)
def compose(text: str, file: str, first: bool = False) -> list[Node]:
    """The documents of a text without byte order mark. Raises InvalidYaml.

    With `first`, nothing after the first document is parsed. An empty document is
    an empty plain scalar.
    """
    builder = _Builder(text, file)
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            builder.add(event)
            if first and isinstance(event, yaml.DocumentEndEvent):
                break
    except yaml.reader.ReaderError as error:
        character = error.character  # bytes where it has no encoding
        shown = f'U+{character:04X}' if isinstance(character, int) else repr(character)
        message = f'character {shown} is not allowed in YAML{" (UTF-16?)" * (character == 0)}'
        raise InvalidYaml(message, error.position) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        if mark and mark.index >= len(text.rstrip()):
            # What is never closed is more useful than the end of the text.
            mark = error.context_mark or mark
        message = ' '.join(filter(None, (error.problem, error.context)))
        if mark and text.startswith('\t', mark.index):
            message = 'a tab cannot indent a line'
        raise InvalidYaml(message or 'not YAML', mark.index if mark else 0) from None
    except (OverflowError, ValueError):  # of the pure parser
        raise InvalidYaml('an escape that stands for no character', 0) from None
    return builder.documents


class _Open:
    """A collection whose end has not come yet."""

    def __init__(self, node: SequenceNode | MappingNode) -> None:
        self.node = node
        self.key: Node | None = None
        self.end = -1

    def add(self, node: Node, alias: Span | None, end: int) -> None:
        self.end = max(self.end, end)
        is_key = isinstance(self.node, MappingNode) and self.key is None
        if alias and not is_key:
            self.node.aliases[len(self.node[0])] = alias
        if isinstance(self.node, SequenceNode):
            self.node.items.append(node)
        elif self.key is None:
            self.key = node
        else:
            self.node.pairs.append((self.key, node))
            self.key = None


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
        start, end = _at(event.start_mark), _at(event.end_mark)
        if self.events > MAX_EVENTS:
            raise InvalidYaml('too many nodes', start)
        if isinstance(event, yaml.ScalarEvent):
            self._add_scalar(event, start, end)
        elif isinstance(event, yaml.AliasEvent):
            node = self.anchors.get(event.anchor or '')
            if node is None:
                raise InvalidYaml(f'found undefined alias {event.anchor!r}', start)
            self._place(node, (start, end), end)
        elif isinstance(event, _Start):
            self._start(event, start)
        elif isinstance(event, (yaml.SequenceEndEvent, yaml.MappingEndEvent)):
            self._end(end)
        elif isinstance(event, yaml.DocumentStartEvent):
            self.anchors = {}

    def _add_scalar(self, event: yaml.ScalarEvent, start: int, end: int) -> None:
        style = (event.style or '').strip(':')  # the pure parser calls plain ':'
        node = ScalarNode(event.value, self.file, start, end, style, event.tag, event.anchor)
        if event.anchor:
            self.anchors[event.anchor] = node
        if style in ('|', '>'):
            end = start + len(self.text[start:end].rstrip())
        self._place(node, None, end)

    def _start(self, event: _Start, start: int) -> None:
        if len(self.open) >= MAX_DEPTH:
            raise InvalidYaml('nested too deeply', start)
        kind = MappingNode if isinstance(event, yaml.MappingStartEvent) else SequenceNode
        flow = bool(event.flow_style)
        node = kind([], {}, self.file, start, -1, flow, event.tag, event.anchor)
        if event.anchor:
            # An alias may stand inside the collection that it names.
            self.anchors[event.anchor] = node
        self.open.append(_Open(node))

    def _end(self, end: int) -> None:
        opened = self.open.pop()
        node = opened.node
        if not node.flow:
            end = max(opened.end, node.start)
        node = node._replace(end=end)
        # The same collection, unless the anchor was defined again inside.
        if node.anchor and self.anchors[node.anchor][0] is node[0]:
            self.anchors[node.anchor] = node
        self._place(node, None, end)

    def _place(self, node: Node, alias: Span | None, end: int) -> None:
        if self.open:
            self.open[-1].add(node, alias, end)
        else:
            self.documents.append(node)


def _at(mark: yaml.error.Mark | yaml._yaml.Mark | None) -> int:
    # The parser marks every event; only events made by hand have none.
    assert mark is not None
    return mark.index
