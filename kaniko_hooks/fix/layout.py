"""The lines of a job, of its script and of the items of its script.

The script may be in a template that nothing else uses.

A comment belongs to the item or key below it, but to the item directly above it if it
is indented deeper than the dash of that. The last item has all
comments that follow it and are indented deeper than `script:`. Spans end before the line
break of their last line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from kaniko_hooks.ci.gitlab.jobs import Pipeline
from kaniko_hooks.ci.gitlab.values import Entry, entry_of, node_of
from kaniko_hooks.document.nodes import MappingNode, Node, ScalarNode, SequenceNode, Span, text_of
from kaniko_hooks.fix import Refusal, Shared
from kaniko_hooks.fix.edits import line_end, line_start, newline_of, next_line
from kaniko_hooks.fix.references import line_of, mentions_of
from kaniko_hooks.fix.target import State, Target, is_merged
from kaniko_hooks.named_tuple import NamedTuple


class Item(NamedTuple):
    """One entry of a script, or all of one that is no list."""

    is_own: bool  # it is no alias, reference or text with inputs
    start: int  # of its lines, with comments above; in a flow list of its text
    end: int
    content_end: int


class Layout(NamedTuple):
    """A job as it is written, and its script."""

    key: ScalarNode
    body: MappingNode
    start: int  # of the line with the job's key
    end: int  # of the job's last line
    indent: str  # white space before the job's keys
    newline: str
    script_start: int  # of the line with its key
    script_end: int
    gap: str  # white space that a list's dash has more than its key
    items: Sequence[Item]
    holder_end: int  # of the last line of the job or template that has the script
    template: str | None = None  # the name of that


def layout_of(state: State, target: Target) -> Layout:
    """The lines of a job and of its script. Raises Refusal."""
    entry = entry_of(target.job.table, 'script')
    template = _template_with(target.pipelines[0], entry.key) if entry else None
    if template is None:
        return _layout(target.text, target.key, target.body)
    name, definition = template
    key, body = definition.key, node_of(definition.value)
    if key.file != target.file:
        raise Shared(f'its script is in {name} in {key.file}')
    assert isinstance(key, ScalarNode) and isinstance(body, MappingNode)
    place = _layout(target.text, key, body)
    _check_template(state, target, name, body)
    start, end, _ = _surroundings(target.text, target.key, target.body)
    return place._replace(key=target.key, body=target.body, start=start, end=end, template=name)


def _layout(text: str, key: ScalarNode, body: MappingNode) -> Layout:
    """The layout of the job of this key, which must have one `script`. Raises Refusal."""
    own = [index for index, (name, _) in enumerate(body.pairs) if text_of(name) == 'script']
    if not own:
        raise Shared('its script is defined elsewhere')
    if len(own) > 1:
        raise Refusal('it has two `script:` keys')
    name, value = body.pairs[own[0]]
    start, end, indent = _surroundings(text, key, body)
    script_start = line_start(text, name.start)
    if text[script_start : name.start] != indent or name.tag or name.anchor:
        raise Refusal('`script:` is not at the start of its line')
    if own[0] in body.aliases or value.tag:
        raise Shared('its script is an alias or a reference')
    if value.anchor:
        raise Refusal(f'its script defines the anchor &{value.anchor}')
    is_block = isinstance(value, SequenceNode) and not value.flow
    items = _items(text, name, value, len(indent) if is_block else None)
    last = items[-1].end if is_block else _content_end(text, value)
    script_end = _with_comments(text, line_end(text, last), len(indent))
    end = max(script_end, end)
    return Layout(
        key,
        body,
        start,
        end,
        indent,
        newline_of(text),
        script_start,
        script_end,
        ' ' * (_column(text, value) - len(indent)) if is_block else '  ',
        items,
        end,
    )


def _surroundings(text: str, key: ScalarNode, body: MappingNode) -> tuple[int, int, str]:
    """The start and end of a job's lines, and the white space before its keys.

    Raises Refusal.
    """
    if body.flow:
        raise Refusal('the job is written in braces, not in lines')
    start = line_start(text, key.start)
    if key.tag or key.anchor or text[start : key.start].strip(' '):
        raise Refusal('the key of the job is not alone on its line')
    end = _with_comments(text, line_end(text, max(body.end, key.end)), key.start - start)
    first = body.pairs[0][0].start
    return start, end, text[line_start(text, first) : first]


def _items(text: str, key: Node, value: Node, column: int | None) -> Sequence[Item]:
    """The entries of a script: of a block list, the keys of the job being at this column."""
    nodes: Sequence[Node] = [value]
    aliases: Mapping[int, Span] = {}
    if isinstance(value, SequenceNode):
        nodes, aliases = value.items, value.aliases
    items: list[Item] = []
    following = next_line(text, key.end)
    for index, node in enumerate(nodes):
        alias = aliases.get(index)
        start, content_end = alias or (node.start, _content_end(text, node))
        end = content_end
        if column is not None:
            start = following
            least = column if node is nodes[-1] else _column(text, value)
            end = _with_comments(text, line_end(text, content_end), least)
            following = next_line(text, end)
        elif items and '#' in text[items[-1].end : start]:
            raise Refusal('its script is a list in brackets with comments in it')
        is_text = isinstance(node, ScalarNode) and '$[[' not in node.value
        items.append(Item(is_text and alias is None, start, end, content_end))
    return items


def _column(text: str, node: Node) -> int:
    return node.start - line_start(text, node.start)


def _content_end(text: str, node: Node) -> int:
    """The end of a node's text, without the blank lines that a block scalar takes in."""
    if isinstance(node, ScalarNode) and node.style in ('|', '>'):
        return node.start + len(text[node.start : node.end].rstrip(' \t\r\n'))
    return node.end


def _with_comments(text: str, end: int, column: int) -> int:
    """Take in the comment lines directly below that are indented deeper than `column`."""
    comments = rf'(?:\r?\n[ \t]{{{column + 1},}}#[^\r\n]*)*'
    below = re.compile(comments).match(text, end)
    return below.end() if below else end


def _template_with(pipeline: Pipeline, script: Node) -> tuple[str, Entry] | None:
    """The hidden job that has a `script:` key, and its definition; None if none has."""
    for name, job in pipeline.hidden.items():
        for definition in job.definitions:
            body = node_of(definition.value)
            if body.file == script.file and body.start <= script.start < body.end:
                return name, definition
    return None


def _check_template(state: State, target: Target, name: str, body: MappingNode) -> None:
    """Raises Shared if others use the template."""
    own = range(target.body.start, target.body.end)
    for path, some in mentions_of(state, [name])[name].items():
        for mention in some:
            if path != target.file or mention.scalar.start not in own:
                line = line_of(state, path, mention)
                raise Shared(f'its script is in {name}, which {path}:{line} uses, too')
    if is_merged(state, body):
        raise Shared(f'its script is in {name}, which is merged as *{body.anchor}')
