"""The `kaniko-hooks: ignore[RULE] reason` comments of a file."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from kaniko_hooks.document.nodes import ScalarNode
from kaniko_hooks.document.scalars import content_start
from kaniko_hooks.lines import line_text, position, starts
from kaniko_hooks.model import Place, Text
from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.options import MARK, RULES

# An attempt to silence; any other text is prose about the hooks.
_ATTEMPT = r'(?:ignor|disabl|skip|suppress|allow|noqa)|[\w-]+[ \t]*\[|' + '|'.join(RULES)
_DIRECTIVE = re.compile(rf'#[ \t]*{MARK}[ \t]*((?:{_ATTEMPT})[^\r\n]*)')
_IGNORE = re.compile(r'ignore[ \t]*\[([^\]]*)\]')
_FOLDED = (
    'in a folded scalar this makes the rest of the command a comment: put it above the list item'
)
_NO_NAMES = 'write ignore[RULE] with the name of a rule in brackets, then the reason'


class Directive(NamedTuple):
    """A comment that silences.

    - `line`: the one that it is about: its own or, if it has no other text, the next.
    - `yaml`: it is a comment of YAML, and so about the nodes of its line.
    - `problems`: reasons why it cannot work as it is written.
    """

    place: Place
    rules: tuple[str, ...]
    line: int
    yaml: bool
    problems: tuple[str, ...] = ()


def in_script(text: str, file: str) -> list[Directive]:
    """The directives of a shell script."""
    return [
        _directive(text, Place(file, start), comment, yaml=False)
        for start, _, comment in _in_shell(text)
    ]


def in_yaml(
    text: str, file: str, scalars: Sequence[ScalarNode], commands: Iterable[Text]
) -> list[Directive]:
    """The directives of a YAML file: its own comments, and those of its shell commands.

    `scalars` and `commands` are those of the file, `scalars` in the order of the text.
    """
    scalar_starts = [scalar.start for scalar in scalars]

    def scalar_at(offset: int) -> ScalarNode | None:
        index = bisect_right(scalar_starts, offset) - 1
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
        if is_comment:
            place = Place(file, start)
            directives[place] = _directive(text, place, match[1], yaml=True)
    for command in commands:
        for start, end, comment in _in_shell(command.value):
            place, last = command.place(start), command.place(end - 1)
            scalar = scalar_at(place.offset)
            # Lines that YAML joins are one line of the shell.
            is_joined = position(text, last.offset)[0] > position(text, place.offset)[0]
            is_folded = is_joined or scalar is not None and scalar.style == '>'
            directive = _directive(text, place, comment, yaml=False)
            if is_folded:
                directive = directive._replace(rules=(), problems=(_FOLDED,))
            directives.setdefault(place, directive)
    return [directives[place] for place in sorted(directives)]


def _in_shell(script: str) -> Iterator[tuple[int, int, str]]:
    """Start, end and text of every directive in a shell script."""
    # Few files have a comment of ours: only they need the parser.
    from kaniko_hooks.shell.parser import parse

    for start, end in parse(Text(script)).comments:
        for match in _DIRECTIVE.finditer(script, start, end):
            yield match.start(), end, match[1]


def _directive(text: str, place: Place, comment: str, yaml: bool) -> Directive:
    line = _subjects(text)[position(text, place.offset)[0]]
    match = _IGNORE.match(comment)
    names = [name.strip() for name in match[1].split(',') if name.strip()] if match else []
    rules = tuple(name for name in names if name in RULES)
    problems = tuple(_unknown(name) for name in names if name not in RULES)
    return Directive(place, rules, line, yaml, problems if names else (_NO_NAMES,))


def _unknown(name: str) -> str:
    import difflib

    nearest = difflib.get_close_matches(name, RULES, 1, 0.3)
    hint = f'did you mean {nearest[0]!r}?' if nearest else f'the rules are {", ".join(RULES)}'
    return f'there is no rule {name!r}; {hint}'


@lru_cache(maxsize=4)
def _subjects(text: str) -> list[int]:
    """The line that a comment on each line is about, by number.

    It is the line itself; below a line of comments the next other line; and at a dash
    that is alone on its line the first line of the list item.
    """
    count = len(starts(text))
    subjects = [count + 1] * (count + 2)
    item = count + 1
    for line in range(count, 0, -1):
        shown = line_text(text, line).strip()
        code = shown.partition('#')[0].strip()
        if code == '-':
            subjects[line] = item
        else:
            subjects[line] = subjects[line + 1] if shown.startswith('#') else line
            item = line if code else item
    return subjects
