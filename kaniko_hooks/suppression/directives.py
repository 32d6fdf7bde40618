"""The `kaniko-hooks: ignore[RULE] reason` comments of a file."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from functools import lru_cache

from kaniko_hooks.document.nodes import ScalarNode
from kaniko_hooks.document.scalars import content_start
from kaniko_hooks.lines import Lines, line_text, lines_of, position
from kaniko_hooks.model import Place, Text
from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.options import RULES

MARK = 'kaniko-hooks:'
_DIRECTIVE = re.compile(r'#[ \t]*kaniko-hooks:[ \t]*([^\r\n]*)')
_IGNORE = re.compile(r'ignore[ \t]*\[([^\]]*)\]')
# An attempt to silence; any other text is prose about the hooks.
_ATTEMPT = re.compile(
    r'(?:ignor|disabl|skip|suppress|allow|noqa)|[\w-]+[ \t]*\[|' + '|'.join(RULES)
)


_FOLDED = (
    'in a folded scalar this makes the rest of the command a comment: put it above the list item'
)
_NO_NAMES = 'write ignore[RULE] with the name of a rule in brackets, then the reason'


class Directive(NamedTuple):
    """A comment that silences.

    - `line`: the one that it is about: its own or, if it has no other text, the next.
    - `yaml`: whether it is a comment of YAML, so that it is about the nodes of its line.
    - `problems`: why it cannot work as it is written.
    """

    place: Place
    rules: tuple[str, ...]
    line: int
    yaml: bool
    problems: tuple[str, ...] = ()


def shell_comments(script: str) -> Sequence[tuple[int, int]]:
    """Start and end of every comment of a shell script."""
    # Few files hold a comment of ours: only they need the parser.
    from kaniko_hooks.shell.parser import parse

    return parse(Text(script)).comments


def in_script(text: str, file: str) -> list[Directive]:
    """The directives of a shell script."""
    lines = lines_of(text)
    return [
        _directive(lines, Place(file, start + match.start()), match[1], yaml=False)
        for start, end in shell_comments(text)
        for match in _DIRECTIVE.finditer(text[start:end])
        if _ATTEMPT.match(match[1])
    ]


def in_yaml(
    text: str, file: str, scalars: Sequence[ScalarNode], commands: Iterable[Text]
) -> list[Directive]:
    """The directives of a YAML file: its own comments, and those of its shell commands.

    `scalars` are those of the file in the order of the text.
    """
    lines = lines_of(text)
    starts = [scalar.start for scalar in scalars]

    def scalar_at(offset: int) -> ScalarNode | None:
        index = bisect_right(starts, offset) - 1
        return scalars[index] if index >= 0 and offset < scalars[index].end else None

    directives: dict[Place, Directive] = {}
    for match in _DIRECTIVE.finditer(text):
        start = match.start()
        scalar = scalar_at(start)
        if scalar is None:
            is_comment = start == 0 or text[start - 1] in ' \t\r\n#'
        else:
            # Only behind the header of a block scalar is one possible.
            is_comment = scalar.style in ('|', '>') and start < content_start(text, scalar)
        if is_comment and _ATTEMPT.match(match[1]):
            place = Place(file, start)
            directives[place] = _directive(lines, place, match[1], yaml=True)
    for command in commands:
        for start, end in shell_comments(command.value):
            for match in _DIRECTIVE.finditer(command.value[start:end]):
                place, last = command.place(start + match.start()), command.place(end - 1)
                if place.file != file or place in directives or not _ATTEMPT.match(match[1]):
                    continue
                scalar = scalar_at(place.offset)
                # Lines that YAML joins are one line of the shell.
                joined = position(lines, last.offset)[0] > position(lines, place.offset)[0]
                folded = joined or scalar is not None and scalar.style == '>'
                directives[place] = _directive(lines, place, match[1], False, folded)
    return [directives[place] for place in sorted(directives)]


def _directive(
    lines: Lines, place: Place, text: str, yaml: bool, folded: bool = False
) -> Directive:
    line = _subjects(lines.text)[position(lines, place.offset)[0]]
    match = _IGNORE.match(text)
    names = [name.strip() for name in match[1].split(',') if name.strip()] if match else []
    rules = tuple(name for name in names if name in RULES)
    problems = tuple(_unknown(name) for name in names if name not in RULES)
    if folded:
        rules, problems = (), (_FOLDED,)
    elif not names:
        problems = (_NO_NAMES,)
    return Directive(place, rules, line, yaml, problems)


def _unknown(name: str) -> str:
    import difflib

    nearest = difflib.get_close_matches(name, RULES, 1, 0.3)
    hint = f', did you mean {nearest[0]!r}?' if nearest else '.'
    return f'there is no rule {name!r}{hint} Rules: {", ".join(RULES)}'


@lru_cache(maxsize=4)
def _subjects(text: str) -> list[int]:
    """The line that a comment on each line is about, by number.

    It is the line itself; below a line of comments the next other line; and at a dash
    that is alone on its line the first line of the list item.
    """
    lines = lines_of(text)
    count = len(lines.starts)
    subjects = [count + 1] * (count + 2)
    item = count + 1
    for line in range(count, 0, -1):
        shown = line_text(lines, line).strip()
        code = shown.partition('#')[0].strip()
        if code == '-':
            subjects[line] = item
        else:
            subjects[line] = subjects[line + 1] if shown.startswith('#') else line
            item = line if code else item
    return subjects
