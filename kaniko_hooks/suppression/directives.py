"""The `kaniko-hooks: ignore[…]` comments of a file, and the lines they are about."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from functools import lru_cache

from kaniko_hooks.document.nodes import Node, ScalarNode
from kaniko_hooks.document.position import content_start
from kaniko_hooks.lines import Lines, line_text, lines_of, position
from kaniko_hooks.model import Command, Place
from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.options import RULES
from kaniko_hooks.shell.syntax.comments import comments

MARK = 'kaniko-hooks:'
_DIRECTIVE = re.compile(r'#[ \t]*kaniko-hooks:[ \t]*([^\r\n]*)')
_IGNORE = re.compile(r'ignore[ \t]*\[([^\]]*)\]')
# What looks like an attempt to silence; any other text is prose about the hooks.
_ATTEMPT = re.compile(
    r'(?:ignor|disabl|skip|suppress|allow|noqa)|[\w-]+[ \t]*\[|' + '|'.join(RULES)
)


class Directive(NamedTuple):
    """One comment: what it silences, on which line, and what is wrong with it.

    `line` is its own line where it stands behind something, otherwise the one
    that it stands above.
    """

    place: Place
    rules: tuple[str, ...]
    line: int
    above: bool
    yaml: bool  # a comment of YAML, so about the node of that line
    problems: tuple[str, ...] = ()


def in_script(text: str, file: str) -> list[Directive]:
    """The directives of a shell script."""
    lines = lines_of(text)
    return [
        _directive(lines, Place(file, start + match.start()), match, False)
        for start, end in comments(text)
        for match in _DIRECTIVE.finditer(text[start:end])
        if _ATTEMPT.match(match[1])
    ]


def in_yaml(
    text: str, file: str, scalars: Sequence[ScalarNode], commands: Iterable[Command]
) -> list[Directive]:
    """The directives of a YAML file: comments of its own, and of its commands.

    `scalars` are those of the file in the order of the text. What stands in a
    scalar that is no command is just text.
    """
    lines = lines_of(text)
    found: dict[Place, Directive] = {}
    starts = [scalar.start for scalar in scalars]
    for match in _DIRECTIVE.finditer(text):
        offset = match.start()
        if _is_comment(text, offset, _around(scalars, starts, offset)) and _ATTEMPT.match(match[1]):
            place = Place(file, offset)
            found[place] = _directive(lines, place, match, True)
    for command in commands:
        around = _around(scalars, starts, command.offset)
        folded = around is not None and around.style == '>'
        for each in _in_command(lines, command, folded):
            found.setdefault(each.place, each)
    return [found[place] for place in sorted(found)]


def scalars_of(documents: Iterable[Node]) -> list[ScalarNode]:
    """All scalars of the documents, each once, in the order of the text."""
    found: dict[int, ScalarNode] = {}
    for node in nodes_of(documents):
        if isinstance(node, ScalarNode):
            found[node.start] = node
    return [found[start] for start in sorted(found)]


def nodes_of(documents: Iterable[Node]) -> list[Node]:
    """All nodes of the documents, each once though aliases name it again."""
    from kaniko_hooks.document.compose import children

    found: dict[int, Node] = {}
    waiting = list(documents)
    while waiting:
        node = waiting.pop()
        if id(node) not in found:
            found[id(node)] = node
            waiting.extend(children(node))
    return list(found.values())


def _around(scalars: Sequence[ScalarNode], starts: Sequence[int], offset: int) -> ScalarNode | None:
    index = bisect_right(starts, offset) - 1
    if index < 0 or offset >= scalars[index].end:
        return None
    return scalars[index]


def _is_comment(text: str, offset: int, around: ScalarNode | None) -> bool:
    """Whether '#' starts a comment of YAML or stands in one: outside of scalars, or
    behind the header of a block scalar."""
    if around is None:
        return offset == 0 or text[offset - 1] in ' \t\r\n#'
    return around.style in ('|', '>') and offset < content_start(text, around)


def _in_command(lines: Lines, command: Command, folded: bool) -> list[Directive]:
    found = []
    for start, end in comments(command.text):
        for match in _DIRECTIVE.finditer(command.text[start:end]):
            place = Place(command.file, command.locate(start + match.start()))
            last = command.locate(end - 1)
            # Lines that YAML joins are one line of the shell.
            swallows = folded or position(lines, last)[0] > position(lines, place.offset)[0]
            if _ATTEMPT.match(match[1]):
                found.append(_directive(lines, place, match, False, swallows))
    return found


def _directive(
    lines: Lines, place: Place, match: re.Match[str], yaml: bool, swallows: bool = False
) -> Directive:
    line, column = position(lines, place.offset)
    before = line_text(lines, line)[: column - 1].strip()
    above = not before or before.startswith('#')
    rules, problems = _rules(match[1])
    if swallows:
        rules, problems = (
            (),
            (
                'in a folded scalar this makes the rest of the command a comment: '
                'put it above the list item',
            ),
        )
    about = _below(lines.text)[line] if above else line
    return Directive(place, rules, about, above, yaml, problems)


def _rules(said: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The known rules of an `ignore[…]`, and what is wrong with it."""
    match = _IGNORE.match(said)
    names = [name.strip() for name in match[1].split(',') if name.strip()] if match else []
    if not names:
        return (), ('write ignore[RULE] with the name of a rule in brackets, then the reason',)
    return (
        tuple(name for name in names if name in RULES),
        tuple(f'there is no rule {name!r}' for name in names if name not in RULES),
    )


@lru_cache(maxsize=4)
def _below(text: str) -> list[int]:
    """For each line the one that a comment there is directly above; more comments
    may be between."""
    lines = lines_of(text)
    below = [len(lines.starts) + 1]
    for line in range(len(lines.starts), -1, -1):
        is_comment = line_text(lines, line + 1).lstrip().startswith('#')
        below.append(below[-1] if is_comment else line + 1)
    return below[:0:-1]
