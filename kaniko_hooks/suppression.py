"""Findings that a comment silences are dropped; comments that cannot work are findings."""
from __future__ import annotations

from collections.abc import Callable
from collections.abc import Collection
from collections.abc import Sequence
from typing import NamedTuple

from kaniko_hooks.directives import MARK
from kaniko_hooks.directives import Directive
from kaniko_hooks.directives import in_script
from kaniko_hooks.directives import in_yaml
from kaniko_hooks.directives import nodes_of
from kaniko_hooks.directives import scalars_of
from kaniko_hooks.document.compose import InvalidYaml
from kaniko_hooks.document.compose import compose
from kaniko_hooks.document.nodes import Mapping
from kaniko_hooks.document.nodes import Node
from kaniko_hooks.document.nodes import Scalar
from kaniko_hooks.document.nodes import Span
from kaniko_hooks.document.nodes import items_of
from kaniko_hooks.lines import lines_of
from kaniko_hooks.lines import position
from kaniko_hooks.model import Build
from kaniko_hooks.model import Command
from kaniko_hooks.model import Container
from kaniko_hooks.model import Execution
from kaniko_hooks.model import Finding
from kaniko_hooks.model import Place

BAD = 'bad-suppression'
UNUSED = 'unused-suppression'


def apply(
        findings: Sequence[Finding], containers: Sequence[Container], files: dict[str, str],
        rules_on: Collection[str], reworded: Callable[[Finding], Finding] = lambda finding: finding,
) -> list[Finding]:
    """The findings that no comment silences, then those about the comments.

    `files` are the texts to look in: CI files and the scripts that were
    followed. `reworded` makes the message of a finding that lost containers.
    `rules_on` are the rules whose comments can be unused.
    """
    used: set[tuple[Place, str]] = set()
    kept = list(findings)
    comments: list[Finding] = []
    for file, text in files.items():
        if MARK not in text:
            continue
        scope = _scope(file, text, containers)
        for directive in scope.directives:
            comments.extend(_finding(BAD, directive, each) for each in directive.problems)
            aim = _aim(directive, scope, text)
            silenced = [rule for rule in directive.rules if _silences(rule, aim, findings)]
            kept = [
                left for each in kept
                for left in (_left(each, aim, reworded) if each.rule in silenced else [each])
            ]
            comments.extend(
                _finding(UNUSED, directive, f'there is no {rule} here to silence: delete it')
                for rule in dict.fromkeys(directive.rules)
                if rule not in silenced and rule in rules_on and scope.judged
            )
    return kept + sorted(comments, key=lambda each: (each.place, each.rule, each.message))


class _Scope(NamedTuple):
    """One file: its directives, and what they can be about."""

    directives: list[Directive]
    judged: bool  # every container that the file has a part in is fully visible
    begin: dict[int, list[Span]] = {}  # line -> the scalars and list items that begin on it
    end: dict[int, list[Span]] = {}  # line -> the scalars that end on it
    templates: dict[int, Span] = {}  # line of a hidden job's key -> the job


class _Aim(NamedTuple):
    """What a directive is about: builds and reasons on a line or in spans, containers."""

    file: str
    text: str
    line: int
    above: bool
    spans: list[Span]
    template: Span | None


def _scope(file: str, text: str, containers: Sequence[Container]) -> _Scope:
    part_of = [
        each for each in containers
        if any(place.file == file for place in (each.place, *each.places)) or
        any(command.file == file for command in _commands(each))
    ]
    if not part_of and not file.endswith(('.yml', '.yaml')):
        # A script that some of the containers run.
        judged = bool(containers) and all(each.visible for each in containers)
        return _Scope(in_script(text, file), judged)
    try:
        documents = compose(text, file)
    except InvalidYaml:
        return _Scope([], False)
    scalars = scalars_of(documents)
    # Aliases and templates hand the same command to many containers.
    commands = {
        (command.offset, command.text): command
        for each in part_of for command in _commands(each)
        if command.file == file and MARK in command.text
    }
    begin, end = _items(text, scalars, documents)
    return _Scope(
        in_yaml(text, file, scalars, list(commands.values())),
        bool(part_of) and all(each.visible for each in part_of),
        begin, end, _templates(text, documents),
    )


def _commands(container: Container) -> list[Command]:
    return [command for part in container.parts for command in part.commands]


def _items(
        text: str, scalars: Sequence[Scalar], documents: Sequence[Node],
) -> tuple[dict[int, list[Span]], dict[int, list[Span]]]:
    """The scalars and list items that begin, and the scalars that end, on each line."""
    lines = lines_of(text)
    begin: dict[int, list[Span]] = {}
    end: dict[int, list[Span]] = {}
    items = [item for node in nodes_of(documents) for item in items_of(node)]
    for node in [*scalars, *items]:
        begin.setdefault(position(lines, node.start)[0], []).append((node.start, node.end))
    for scalar in scalars:
        if scalar.style not in ('|', '>'):
            line = position(lines, scalar.end)[0]
            end.setdefault(line, []).append((scalar.start, scalar.end))
    return begin, end


def _templates(text: str, documents: Sequence[Node]) -> dict[int, Span]:
    lines = lines_of(text)
    return {
        position(lines, key.start)[0]: (key.start, value.end)
        for document in documents if isinstance(document, Mapping)
        for key, value in document.pairs
        if isinstance(key, Scalar) and key.value.startswith('.')
    }


def _aim(directive: Directive, scope: _Scope, text: str) -> _Aim:
    line, spans = directive.line, []
    if directive.yaml:
        spans = scope.begin.get(line, []) + ([] if directive.above else scope.end.get(line, []))
    return _Aim(
        directive.place.file, text, line, directive.above, spans,
        scope.templates.get(line) if directive.yaml else None,
    )


def _silences(rule: str, aim: _Aim, findings: Sequence[Finding]) -> bool:
    return any(
        _concerns(each, aim) or any(_holds(aim, container) for container in each.containers)
        for each in findings if each.rule == rule
    )


def _left(
        finding: Finding, aim: _Aim, reworded: Callable[[Finding], Finding],
) -> list[Finding]:
    """What is left of a finding: all, less containers, or nothing."""
    if _concerns(finding, aim):
        return []
    left = tuple(each for each in finding.containers if not _holds(aim, each))
    if left == finding.containers:
        return [finding]
    return [reworded(finding._replace(containers=left))] if left else []


def _concerns(finding: Finding, aim: _Aim) -> bool:
    """Whether a build of the finding is meant, or the very line that cannot be read."""
    if finding.run is None:
        return _on_line(aim, finding.place)
    return any(_meant(aim, each) for each in finding.run.executions if each.times)


def _meant(aim: _Aim, execution: Execution) -> bool:
    """The build's own line, its list item, or the line that makes it run again."""
    build = execution.build
    return _on_line(aim, build.place) or _ends_there(aim, build) or any(
        build.place.file == aim.file and start <= build.place.offset < end
        for start, end in aim.spans
    ) or any(_on_line(aim, reason.place) for reason in execution.reasons)


def _ends_there(aim: _Aim, build: Build) -> bool:
    return not aim.above and _on_line(aim, build.end)


def _on_line(aim: _Aim, place: Place) -> bool:
    return place.file == aim.file and \
        position(lines_of(aim.text), place.offset)[0] == aim.line


def _holds(aim: _Aim, container: Container) -> bool:
    """Whether the directive is on the container's own line, or on its template's."""
    if _on_line(aim, container.place):
        return True
    return aim.template is not None and any(
        place.file == aim.file and aim.template[0] <= place.offset < aim.template[1]
        for place in container.places
    )


def _finding(rule: str, directive: Directive, message: str) -> Finding:
    return Finding(rule, directive.place, message, places=frozenset((directive.place,)))
