"""What each `kaniko-hooks: ignore[…]` comment of a file is about."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from kaniko_hooks.document.compose import InvalidYaml, compose
from kaniko_hooks.document.nodes import MappingNode, Node, ScalarNode, SequenceNode, Span, items_of
from kaniko_hooks.lines import Lines, line_text, lines_of, position
from kaniko_hooks.model import Command, Container
from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.suppression.directives import (
    MARK,
    Directive,
    in_script,
    in_yaml,
    nodes_of,
    scalars_of,
)


class Aim(NamedTuple):
    """What a directive is about: a line, and the builds in the spans that go with it."""

    directive: Directive
    spans: list[Span]  # of scalars and list items
    job: Job | None = None  # whose key is on the line, or an item that stands elsewhere


class Job(NamedTuple):
    """A key of the document, in GitLab's files a job, and where it is defined."""

    name: str
    span: Span  # from the key to the end of the value


class Aims(NamedTuple):
    """The directives of a file; `judged`: all that they could silence can be seen."""

    aims: list[Aim]
    judged: bool


def aims_of(file: str, text: str, containers: Sequence[Container]) -> Aims:
    """The directives of a CI file, or of a script that the containers run.

    A file that is not YAML has none: that is told elsewhere.
    """
    part_of = [
        each
        for each in containers
        if any(place.file == file for place in (each.place, *each.places))
        or any(command.file == file for command in _commands(each))
    ]
    if not part_of and not file.endswith(('.yml', '.yaml')):
        aims = [Aim(each, []) for each in in_script(text, file)]
        return Aims(aims, _judged(file, containers))
    try:
        documents = compose(text, file)
    except InvalidYaml:
        return Aims([], False)
    scalars = scalars_of(documents)
    # Aliases and templates hand the same command to many containers.
    commands = {
        (command.offset, command.text): command
        for each in part_of
        for command in _commands(each)
        if command.file == file and MARK in command.text
    }
    directives = in_yaml(text, file, scalars, list(commands.values()))
    return Aims(_aims(text, directives, scalars, documents), _judged(file, part_of))


def _judged(file: str, part_of: Sequence[Container]) -> bool:
    """Whether all containers are known that the file has a part in, and all of them.

    GitLab's pipelines are always read whole. Elsewhere only the named files are:
    others may use this file, too.
    """
    return bool(part_of) and all(
        each.visible and (each.system == 'gitlab-ci' or each.place.file == file) for each in part_of
    )


def _commands(container: Container) -> list[Command]:
    return [command for part in container.parts for command in part.commands]


def _aims(
    text: str,
    directives: Sequence[Directive],
    scalars: Sequence[ScalarNode],
    documents: Sequence[Node],
) -> list[Aim]:
    begin, end = _items(text, scalars, documents)
    jobs = _jobs(text, documents)
    aims: list[Aim] = []
    for each in directives:
        if not each.yaml:
            aims.append(Aim(each, []))
            continue
        spans = begin.get(each.line, []) + ([] if each.above else end.get(each.line, []))
        aims.append(Aim(each, spans, jobs.get(each.line)))
    return aims


def _items(
    text: str, scalars: Sequence[ScalarNode], documents: Sequence[Node]
) -> tuple[dict[int, list[Span]], dict[int, list[Span]]]:
    """The scalars and list items that begin, and the scalars that end, on each line."""
    lines = lines_of(text)
    begin: dict[int, list[Span]] = {}
    end: dict[int, list[Span]] = {}
    items = [item for node in nodes_of(documents) for item in items_of(node)]
    for node in [*scalars, *items]:
        begin.setdefault(position(lines, node.start)[0], []).append((node.start, node.end))
    for item in items:
        dash = _dash(lines, item.start)
        if dash:
            begin.setdefault(dash, []).append((item.start, item.end))
    for scalar in scalars:
        if scalar.style not in ('|', '>'):
            line = position(lines, scalar.end)[0]
            end.setdefault(line, []).append((scalar.start, scalar.end))
    return begin, end


def _dash(lines: Lines, start: int) -> int | None:
    """The line with the dash of an item that begins further down, after nothing but comments."""
    line, column = position(lines, start)
    before = line_text(lines, line)[: column - 1]
    if before.strip():
        return None
    while line > 1 and not before.partition('#')[0].strip():
        line -= 1
        before = line_text(lines, line)
    return line if before.partition('#')[0].rstrip().endswith('-') else None


def _jobs(text: str, documents: Sequence[Node]) -> dict[int, Job]:
    """The keys of the documents by line, and by the lines of list items that stand
    elsewhere: what those build, others may build as well."""
    lines = lines_of(text)
    jobs = [
        Job(key.value, (key.start, value.end))
        for document in documents
        if isinstance(document, MappingNode)
        for key, value in document.pairs
        if isinstance(key, ScalarNode)
    ]
    found = {position(lines, job.span[0])[0]: job for job in jobs}
    starts = [job.span[0] for job in jobs]
    for node in nodes_of(documents):
        for start in _elsewhere(node):
            index = bisect_right(starts, start) - 1
            if index >= 0 and start < jobs[index].span[1]:
                found.setdefault(position(lines, start)[0], jobs[index])
    return found


def _elsewhere(node: Node) -> list[int]:
    """Where the items of a list start that are an alias or a `!reference`."""
    if not isinstance(node, SequenceNode):
        return []
    named = [item.start for item in node.items if item.tag == '!reference']
    return named + [start for start, _ in node.aliases.values()]
