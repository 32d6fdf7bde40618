"""`kaniko-hooks: ignore[RULE] reason` comments: they silence findings, or are findings."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache, partial

from kaniko_hooks.document.compose import InvalidYaml, compose
from kaniko_hooks.document.nodes import MappingNode, Node, ScalarNode, items_of, walk
from kaniko_hooks.document.scalars import content_start
from kaniko_hooks.lines import line_text, position, starts
from kaniko_hooks.model import Container, Finding, Place, Text
from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.options import MARK, RULES
from kaniko_hooks.text import Segment

BAD = 'bad-suppression'
UNUSED = 'unused-suppression'

# An attempt to silence; any other text is prose about the hooks.
_ATTEMPT = r'(?:ignor|disabl|skip|suppress|allow|noqa)|[\w-]+[ \t]*\[|' + '|'.join(RULES)
_DIRECTIVE = re.compile(rf'#[ \t]*{MARK}[ \t]*((?:{_ATTEMPT})[^\r\n]*)')
_IGNORE = re.compile(r'ignore[ \t]*\[([^\]]*)\]')
_FOLDED = (
    'in a folded scalar this makes the rest of the command a comment: put it above the list item'
)
_NO_NAMES = 'write ignore[RULE] with the name of a rule in brackets, then the reason'


class _Directive(NamedTuple):
    """A comment that silences. Lines are numbers.

    - `problems`: reasons why it cannot work as it is written.
    - `lines`: the one that it is about (its own or, if it has no other text, the next),
      and those of the scalars and list items that begin on it.
    - `key`: the key of a document on that line, in GitLab's files a job.
    - `key_lines`: of this key and its value.
    """

    place: Place
    rules: tuple[str, ...]
    problems: tuple[str, ...]
    lines: Collection[int]
    key: str
    key_lines: Collection[int]


def without_suppressed(
    findings: Sequence[Finding],
    containers: Sequence[Container],
    files: Mapping[str, str],
    rules_on: Collection[str],
) -> list[Finding]:
    """The findings that no comment silences, then those about the comments.

    Each finding is about one container, or about none. `files` are the texts to look
    in: CI files and called scripts. Only comments for `rules_on` can be unused.
    """
    silenced: set[int] = set()
    about: list[Finding] = []
    for file, text in files.items():
        directives, is_complete = _directives(file, text, containers)
        for directive, numbers in zip(directives, _matching(directives, findings, file, text)):
            about += (_finding(BAD, directive, problem) for problem in directive.problems)
            used = {findings[number].rule for number in numbers}
            silenced |= {at for at in numbers if findings[at].rule in directive.rules}
            about += (
                _finding(UNUSED, directive, f'it silences no {rule} finding: delete the comment')
                for rule in dict.fromkeys(directive.rules)
                if rule not in used and rule in rules_on and is_complete
            )
    about.sort(key=lambda finding: (finding.place, finding.rule, finding.message))
    kept = [finding for number, finding in enumerate(findings) if number not in silenced]
    return kept + about


def _finding(rule: str, directive: _Directive, message: str) -> Finding:
    return Finding(rule, directive.place, message, places=frozenset((directive.place,)))


def _matching(
    directives: Sequence[_Directive], findings: Sequence[Finding], file: str, text: str
) -> list[set[int]]:
    """For each directive the numbers of the findings whose builds or container it is about."""
    on_line: dict[int, list[int]] = {}
    for index, directive in enumerate(directives):
        for line in {*directive.lines, *directive.key_lines}:
            on_line.setdefault(line, []).append(index)
    matching: list[set[int]] = [set() for _ in directives]

    def here(places: Iterable[Place]) -> set[int]:
        return {position(text, place.offset)[0] for place in places if place.file == file}

    for number, finding in enumerate(findings):
        builds = here(_places_of_builds(finding))
        below_key = builds
        if finding.run is not None:
            below_key = here(place for user in finding.containers for place in user.definition)
        names = {container.name for container in finding.containers}
        for index in {index for line in builds | below_key for index in on_line.get(line, ())}:
            directive = directives[index]
            # Jobs that extend another one, which is no template, are not silenced with it.
            is_about = finding.run is None or directive.key[:1] == '.' or directive.key in names
            if not builds.isdisjoint(directive.lines) or (
                is_about and not below_key.isdisjoint(directive.key_lines)
            ):
                matching[index].add(number)
    return matching


def _places_of_builds(finding: Finding) -> Iterator[Place]:
    """The places of containers, builds, their calls and reasons, and what is about neither."""
    yield finding.place
    yield from (container.place for container in finding.containers)
    for execution in finding.run.executed if finding.run else ():
        yield from (execution.build.place, execution.build.end, *execution.calls)
        yield from (reason.place for reason in execution.reasons)


def _directives(
    file: str, text: str, containers: Sequence[Container]
) -> tuple[list[_Directive], bool]:
    """The directives of a file, and whether all that they could silence can be seen.

    GitLab's pipelines are always read whole. Of other systems only the named files
    are: another file may use this one, too. A file that is not YAML has no directives.
    """
    users = [user for user in containers if file in {place.file for place in user.definition}]
    is_complete = bool(users or containers) and all(
        user.visible and (user.system == 'gitlab-ci' or user.place.file == file)
        for user in users or containers
    )
    if not users and not file.endswith(('.yml', '.yaml')):
        script = Text(text, (), (Segment(0, partial(Place, file), 0, True),))
        return _directives_of(file, text, None, [script]), is_complete
    try:
        documents = compose(text, file)
    except InvalidYaml:
        return [], False
    # Templates give the same command to many containers.
    commands = {
        (command.place(0), command.value): command
        for user in users
        for command in user.written_commands
        if MARK in command.value and command.place(0).file == file
    }
    return _directives_of(file, text, documents, commands.values()), is_complete and bool(users)


def _directives_of(
    file: str, text: str, documents: Sequence[Node] | None, commands: Iterable[Text]
) -> list[_Directive]:
    """The directives of a file, which is YAML if it has documents, and of its shell commands."""

    def lines_between(start: int, end: int) -> range:
        return range(position(text, start)[0], position(text, max(start, end - 1))[0] + 1)

    nodes = list(walk(documents or ()))
    scalars = {node.start: node for node in nodes if isinstance(node, ScalarNode)}
    node_lines: dict[int, range] = {}
    for node in (*scalars.values(), *(item for parent in nodes for item in items_of(parent))):
        between = lines_between(node.start, node.end)
        node_lines[between[0]] = max(between, node_lines.get(between[0], between), key=len)
    keys = {
        position(text, key.start)[0]: (key.value, lines_between(key.start, value.end))
        for document in documents or ()
        if isinstance(document, MappingNode)
        for key, value in document.pairs
        if isinstance(key, ScalarNode)
    }
    comments = _comments(text, scalars, documents is not None, commands)
    directives = []
    for offset, (comment, is_joined) in sorted(comments.items()):
        line = _subjects(text)[position(text, offset)[0]]
        rules, problems = _read(comment, is_joined)
        lines = node_lines.get(line, (line,))
        key, key_lines = keys.get(line, ('', ()))
        directives.append(_Directive(Place(file, offset), rules, problems, lines, key, key_lines))
    return directives


def _comments(
    text: str, scalars: Mapping[int, ScalarNode], is_yaml: bool, commands: Iterable[Text]
) -> dict[int, tuple[str, bool]]:
    """The comments for us by their offsets, and whether YAML joins them with other lines."""
    scalar_starts = sorted(scalars)

    def scalar_at(offset: int) -> ScalarNode | None:
        index = bisect_right(scalar_starts, offset) - 1
        scalar = scalars[scalar_starts[index]] if index >= 0 else None
        return scalar if scalar and offset < scalar.end else None

    comments: dict[int, tuple[str, bool]] = {}
    for match in _DIRECTIVE.finditer(text) if is_yaml else ():
        start = match.start()
        scalar = scalar_at(start)
        if scalar is None:
            is_comment = start == 0 or text[start - 1] in ' \t\r\n#'
        else:
            # Only behind the header of a block scalar is one possible.
            is_comment = scalar.style in ('|', '>') and start < content_start(text, scalar)
        if is_comment:
            comments[start] = match[1], False
    for command in commands:
        for start, end, comment in _in_shell(command.value):
            at, last = command.place(start).offset, command.place(end - 1).offset
            scalar = scalar_at(at)
            is_joined = scalar is not None and scalar.style == '>'
            is_joined = is_joined or position(text, at)[0] < position(text, last)[0]
            comments.setdefault(at, (comment, is_joined))
    return comments


def _in_shell(script: str) -> Iterator[tuple[int, int, str]]:
    """Start, end and text of every directive in a shell script."""
    # Few files have a comment of ours: only they need the parser.
    from kaniko_hooks.shell import TooMuch
    from kaniko_hooks.shell.parser import parse

    try:
        comments = parse(Text(script)).comments
    except TooMuch:
        return
    for start, end in comments:
        for match in _DIRECTIVE.finditer(script, start, end):
            yield match.start(), end, match[1]


def _read(comment: str, is_joined: bool) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The rules that a comment names, and its problems."""
    if is_joined:
        return (), (_FOLDED,)
    match = _IGNORE.match(comment)
    names = [name.strip() for name in match[1].split(',') if name.strip()] if match else []
    rules = tuple(name for name in names if name in RULES)
    problems = tuple(
        f'there is no rule {name!r}; the rules are {", ".join(RULES)}'
        for name in names
        if name not in RULES
    )
    return rules, problems if names else (_NO_NAMES,)


@lru_cache(maxsize=4)
def _subjects(text: str) -> list[int]:
    """The line that a comment on each line is about, by number.

    It is the line itself, and below a line of comments the next other line.
    """
    count = len(starts(text))
    subjects = [count + 1] * (count + 2)
    for line in range(count, 0, -1):
        is_comment = line_text(text, line).lstrip().startswith('#')
        subjects[line] = subjects[line + 1] if is_comment else line
    return subjects
