"""Drops the findings that a comment silences; comments that cannot work are findings."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from kaniko_hooks.bridge import with_scripts
from kaniko_hooks.document.compose import InvalidYaml, compose
from kaniko_hooks.document.nodes import MappingNode, Node, ScalarNode, Span, children, items_of
from kaniko_hooks.lines import Lines, line_text, lines_of, position
from kaniko_hooks.model import Container, Finding, Text
from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.suppression.directives import MARK, Directive, in_script, in_yaml

BAD = 'bad-suppression'
UNUSED = 'unused-suppression'


class _Key(NamedTuple):
    """A key of a document with its value; in GitLab's files a job."""

    name: str
    start: int
    end: int


class _Scope(NamedTuple):
    """What a directive is about: the builds in `spans`, the job of a key."""

    directive: Directive
    spans: list[Span]
    key: _Key | None = None


class _Index(NamedTuple):
    """Offsets in a file that belong to findings, sorted, with the numbers of these."""

    builds: list[tuple[int, int]]
    containers: list[tuple[int, int]]


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
    containers = [with_scripts(container) for container in containers]
    silenced: set[int] = set()
    about: list[Finding] = []
    for file, text in files.items():
        index = _index(findings, file)
        users = [container for container in containers if _uses(container, file)]
        scopes, complete = _scopes(file, text, users or containers, bool(users))
        for scope in scopes:
            directive = scope.directive
            numbers = {
                number
                for number in _matching(scope, findings, index)
                if findings[number].rule in directive.rules
            }
            silenced |= numbers
            about += (_finding(BAD, directive, problem) for problem in directive.problems)
            used = {findings[number].rule for number in numbers}
            about += (
                _finding(UNUSED, directive, f'it silences no {rule} finding: delete the comment')
                for rule in dict.fromkeys(directive.rules)
                if rule not in used and rule in rules_on and complete
            )
    about.sort(key=lambda each: (each.place, each.rule, each.message))
    kept = [each for number, each in enumerate(findings) if number not in silenced]
    return kept + about


def _finding(rule: str, directive: Directive, message: str) -> Finding:
    headline, rules, _ = message.partition(' Rules: ')
    return Finding(
        rule,
        directive.place,
        message,
        places=frozenset((directive.place,)),
        headline=headline if rules else '',
    )


def _uses(container: Container, file: str) -> bool:
    return any(place.file == file for place in (container.place, *container.places)) or any(
        command.place(0).file == file for command in _commands(container)
    )


def _commands(container: Container) -> Iterator[Text]:
    for script in container.scripts:
        yield from (command for command in script.commands if command.segments)


def _scopes(
    file: str, text: str, users: Sequence[Container], is_ci: bool
) -> tuple[list[_Scope], bool]:
    """The directives of a file, and whether all that they could silence can be seen.

    GitLab's pipelines are always read whole. Of other systems only the named files
    are: another file may use this one, too. A file that is not YAML has no directives.
    """
    complete = bool(users) and all(
        each.visible and (each.system == 'gitlab-ci' or each.place.file == file) for each in users
    )
    if not is_ci and not file.endswith(('.yml', '.yaml')):
        return [_Scope(each, [_line(text, each.line)]) for each in in_script(text, file)], complete
    try:
        documents = compose(text, file)
    except InvalidYaml:
        return [], False
    nodes = _nodes(documents)
    scalars = {node.start: node for node in nodes if isinstance(node, ScalarNode)}
    # Templates give the same command to many containers.
    commands = {
        (command.place(0), command.value): command
        for container in users
        for command in _commands(container)
        if MARK in command.value
    }
    directives = in_yaml(text, file, [scalars[at] for at in sorted(scalars)], commands.values())
    spans, keys = _spans(text, nodes), _keys(text, documents)
    return [
        _Scope(
            each,
            [_line(text, each.line), *(spans.get(each.line, ()) if each.yaml else ())],
            keys.get(each.line) if each.yaml else None,
        )
        for each in directives
    ], complete and is_ci


def _nodes(documents: Iterable[Node]) -> list[Node]:
    """All nodes of the documents, each once though aliases name it again."""
    nodes: dict[int, Node] = {}
    waiting = list(documents)
    while waiting:
        node = waiting.pop()
        if id(node) not in nodes:
            nodes[id(node)] = node
            waiting.extend(children(node))
    return list(nodes.values())


def _line(text: str, line: int) -> Span:
    """A line with its break: a build may end there."""
    lines = lines_of(text)
    start = lines.starts[line - 1] if line <= len(lines.starts) else len(text)
    return start, start + len(line_text(lines, line)) + 1


def _spans(text: str, nodes: Sequence[Node]) -> dict[int, list[Span]]:
    """By line: scalars and list items that begin on it, and scalars that end on it."""
    lines = lines_of(text)
    spans: dict[int, list[Span]] = {}

    def add(offset: int, node: Node) -> None:
        spans.setdefault(position(lines, offset)[0], []).append((node.start, node.end))

    for node in nodes:
        if isinstance(node, ScalarNode):
            add(node.start, node)
            if node.style not in ('|', '>'):
                add(node.end, node)
        for item in items_of(node):
            add(item.start, item)
            add(_dash(lines, item.start), item)
    return spans


def _keys(text: str, documents: Sequence[Node]) -> dict[int, _Key]:
    """The keys of the documents by line."""
    lines = lines_of(text)
    return {
        position(lines, key.start)[0]: _Key(key.value, key.start, value.end)
        for document in documents
        if isinstance(document, MappingNode)
        for key, value in document.pairs
        if isinstance(key, ScalarNode)
    }


def _dash(lines: Lines, start: int) -> int:
    """The offset of a list item's dash, if nothing but comments are between, or `start`."""
    line, column = position(lines, start)
    before = line_text(lines, line)[: column - 1]
    while line > 1 and not before.partition('#')[0].strip():
        line -= 1
        before = line_text(lines, line)
    is_dash = before.partition('#')[0].rstrip().endswith('-')
    return lines.starts[line - 1] if is_dash else start


def _index(findings: Sequence[Finding], file: str) -> _Index:
    builds: set[tuple[int, int]] = set()
    containers: set[tuple[int, int]] = set()
    for number, finding in enumerate(findings):
        places = [finding.place]
        for execution in finding.run.executed if finding.run else ():
            build = execution.build
            places += (build.place, build.end, *execution.calls)
            places += (reason.place for reason in execution.reasons)
        builds.update((place.offset, number) for place in places if place.file == file)
        for container in finding.containers:
            own = (container.place, *container.places)
            containers.update((place.offset, number) for place in own if place.file == file)
    return _Index(sorted(builds), sorted(containers))


def _matching(scope: _Scope, findings: Sequence[Finding], index: _Index) -> Iterator[int]:
    """The numbers of the findings whose builds or container the directive is about."""
    for span in scope.spans:
        yield from _within(index.builds, span)
    line, key, file = scope.spans[0], scope.key, scope.directive.place.file
    for number in _within(index.containers, line):
        # The container's own line; those of its templates are keys.
        place = findings[number].containers[0].place
        if place.file == file and line[0] <= place.offset < line[1]:
            yield number
    if key is not None:
        span = (key.start, key.end)
        yield from (each for each in _within(index.builds, span) if findings[each].run is None)
        for number in _within(index.containers, span):
            # Jobs that extend another one, which is no template, are not silenced with it.
            if key.name.startswith('.') or findings[number].containers[0].name == key.name:
                yield number


def _within(offsets: Sequence[tuple[int, int]], span: Span) -> Iterator[int]:
    first, end = (bisect_left(offsets, (offset,)) for offset in span)
    return (number for _, number in offsets[first:end])
