"""Drops the findings that a comment silences; comments that cannot work are findings."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from kaniko_hooks.document.compose import InvalidYaml, compose
from kaniko_hooks.document.nodes import MappingNode, Node, ScalarNode, Span, children, items_of
from kaniko_hooks.lines import line_text, lines_of, position
from kaniko_hooks.model import Container, Finding, Text
from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.suppression.directives import MARK, Directive, in_script, in_yaml

BAD = 'bad-suppression'
UNUSED = 'unused-suppression'


class _Scope(NamedTuple):
    """The part of a file that a directive is about.

    - `spans`: its line first, then the scalars and list items on it.
    - `key`: the key of a document on the line, in GitLab's files a job; `key_span` goes
      to the end of its value.
    """

    directive: Directive
    spans: list[Span]
    key: str = ''
    key_span: Span = (0, 0)


# Offsets in a file, sorted, each with the number of a finding that they belong to.
_Offsets = list[tuple[int, int]]


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
        builds, jobs = _offsets(findings, file)
        scopes, is_complete = _scopes(file, text, containers)
        for scope in scopes:
            directive = scope.directive
            numbers = {
                number
                for number in _matching(scope, findings, builds, jobs)
                if findings[number].rule in directive.rules
            }
            silenced |= numbers
            about += (_finding(BAD, directive, problem) for problem in directive.problems)
            used = {findings[number].rule for number in numbers}
            about += (
                _finding(UNUSED, directive, f'it silences no {rule} finding: delete the comment')
                for rule in dict.fromkeys(directive.rules)
                if rule not in used and rule in rules_on and is_complete
            )
    about.sort(key=lambda finding: (finding.place, finding.rule, finding.message))
    kept = [finding for number, finding in enumerate(findings) if number not in silenced]
    return kept + about


def _finding(rule: str, directive: Directive, message: str) -> Finding:
    headline, rules, _ = message.partition(' Rules: ')
    places = frozenset((directive.place,))
    return Finding(
        rule, directive.place, message, places=places, headline=headline if rules else ''
    )


def _offsets(findings: Sequence[Finding], file: str) -> tuple[_Offsets, _Offsets]:
    """Offsets of builds with their calls and reasons, and offsets of containers."""
    builds: set[tuple[int, int]] = set()
    containers: set[tuple[int, int]] = set()
    for number, finding in enumerate(findings):
        places = [finding.place]
        for execution in finding.run.executed if finding.run else ():
            places += (execution.build.place, execution.build.end, *execution.calls)
            places += (reason.place for reason in execution.reasons)
        builds.update((place.offset, number) for place in places if place.file == file)
        for container in finding.containers:
            places = [container.place, *container.places]
            containers.update((place.offset, number) for place in places if place.file == file)
    return sorted(builds), sorted(containers)


def _matching(
    scope: _Scope, findings: Sequence[Finding], builds: _Offsets, containers: _Offsets
) -> Iterator[int]:
    """The numbers of the findings whose builds or container the directive is about."""
    for span in scope.spans:
        yield from _within(builds, span)
    file, line = scope.directive.place.file, scope.spans[0]
    for number in _within(containers, line):
        # The container's own line; those of its templates are keys.
        place = findings[number].containers[0].place
        if place.file == file and line[0] <= place.offset < line[1]:
            yield number
    for number in _within(builds, scope.key_span):
        if findings[number].run is None:
            yield number
    for number in _within(containers, scope.key_span):
        # Jobs that extend another one, which is no template, are not silenced with it.
        if scope.key.startswith('.') or findings[number].containers[0].name == scope.key:
            yield number


def _within(offsets: _Offsets, span: Span) -> Iterator[int]:
    first, end = (bisect_left(offsets, (offset,)) for offset in span)
    return (number for _, number in offsets[first:end])


def _scopes(file: str, text: str, containers: Sequence[Container]) -> tuple[list[_Scope], bool]:
    """The directives of a file, and whether all that they could silence can be seen.

    GitLab's pipelines are always read whole. Of other systems only the named files
    are: another file may use this one, too. A file that is not YAML has no directives.
    """
    users = [container for container in containers if _uses(container, file)]
    is_complete = bool(users or containers) and all(
        user.visible and (user.system == 'gitlab-ci' or user.place.file == file)
        for user in users or containers
    )
    if not users and not file.endswith(('.yml', '.yaml')):
        directives = in_script(text, file)
        scopes = [_Scope(directive, [_line(text, directive.line)]) for directive in directives]
        return scopes, is_complete
    try:
        documents = compose(text, file)
    except InvalidYaml:
        return [], False
    return _yaml_scopes(file, text, users, documents), is_complete and bool(users)


def _uses(container: Container, file: str) -> bool:
    return any(place.file == file for place in (container.place, *container.places)) or any(
        command.place(0).file == file for command in _commands(container)
    )


def _commands(container: Container) -> Iterator[Text]:
    for script in container.scripts:
        yield from (command for command in script.commands if command.segments)


def _line(text: str, line: int) -> Span:
    """A line with its break: a build may end there."""
    lines = lines_of(text)
    start = lines.starts[line - 1] if line <= len(lines.starts) else len(text)
    return start, start + len(line_text(lines, line)) + 1


def _yaml_scopes(
    file: str, text: str, users: Sequence[Container], documents: Sequence[Node]
) -> list[_Scope]:
    nodes = _nodes(documents)
    scalars = {node.start: node for node in nodes if isinstance(node, ScalarNode)}
    # Templates give the same command to many containers.
    commands = {
        (command.place(0), command.value): command
        for user in users
        for command in _commands(user)
        if MARK in command.value
    }
    lines = lines_of(text)
    spans: dict[int, list[Span]] = {}
    items = [item for node in nodes for item in items_of(node)]
    for node in (*scalars.values(), *items):
        # A comment may stand behind the last line of a scalar.
        is_text = isinstance(node, ScalarNode) and node.style not in ('|', '>')
        for offset in {node.start, node.end if is_text else node.start}:
            spans.setdefault(position(lines, offset)[0], []).append((node.start, node.end))
    keys = {
        position(lines, key.start)[0]: (key.value, (key.start, value.end))
        for document in documents
        if isinstance(document, MappingNode)
        for key, value in document.pairs
        if isinstance(key, ScalarNode)
    }
    return [
        _Scope(
            directive,
            [_line(text, directive.line), *spans.get(directive.line, ())],
            *keys.get(directive.line, ()),
        )
        if directive.yaml
        else _Scope(directive, [_line(text, directive.line)])
        for directive in in_yaml(
            text, file, [scalars[start] for start in sorted(scalars)], commands.values()
        )
    ]


def _nodes(documents: Iterable[Node]) -> list[Node]:
    """All nodes of the documents, each once though aliases name it again."""
    nodes: dict[int, Node] = {}
    waiting = list(documents)
    while waiting:
        node = waiting.pop()
        if id(node) not in nodes:
            nodes[id(node)] = node
            waiting += children(node)
    return list(nodes.values())
