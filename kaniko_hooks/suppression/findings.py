"""Findings that a comment silences are dropped; comments that cannot work are findings."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from kaniko_hooks.lines import lines_of, position
from kaniko_hooks.model import Container, Execution, Finding, Place
from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.suppression.aims import Aim, aims_of
from kaniko_hooks.suppression.directives import MARK, Directive

BAD = 'bad-suppression'
UNUSED = 'unused-suppression'


def apply(
    findings: Sequence[Finding],
    containers: Sequence[Container],
    files: Mapping[str, str],
    rules_on: Collection[str],
    reworded: Callable[[Finding], Finding] = lambda finding: finding,
) -> list[Finding]:
    """The findings that no comment silences, then those about the comments.

    `files` are the texts to look in: CI files and the scripts that were
    followed. `reworded` makes the message of a finding that lost containers.
    `rules_on` are the rules whose comments can be unused.
    """
    marked = {file: text for file, text in files.items() if MARK in text}
    kept: list[Finding | None] = list(findings)
    comments: list[Finding] = []
    for file, text in marked.items():
        index = _index(findings, file, text)
        aims, judged = aims_of(file, text, containers)
        for aim in aims:
            directive = aim.directive
            comments.extend(_finding(BAD, directive, each) for each in directive.problems)
            silenced = set()
            for number in _candidates(aim, index):
                finding, left = findings[number], kept[number]
                if finding.rule in directive.rules and _silences(finding, aim, text):
                    silenced.add(finding.rule)
                    kept[number] = left and _left(left, aim, text, reworded)
            comments.extend(
                _finding(
                    UNUSED,
                    directive,
                    f'there is no {rule} finding here to silence: delete the comment',
                )
                for rule in dict.fromkeys(directive.rules)
                if rule not in silenced and rule in rules_on and judged
            )
    comments.sort(key=lambda each: (each.place, each.rule, each.message))
    return [each for each in kept if each is not None] + comments


class _Index(NamedTuple):
    """The findings that have something to do with a line, or with an offset."""

    lines: dict[int, set[int]]
    offsets: list[tuple[int, int]]  # sorted: offset, number of the finding


def _index(findings: Sequence[Finding], file: str, text: str) -> _Index:
    lines: dict[int, set[int]] = {}
    offsets = {
        (place.offset, number)
        for number, finding in enumerate(findings)
        for place in _places(finding)
        if place.file == file
    }
    for offset, number in offsets:
        lines.setdefault(position(lines_of(text), offset)[0], set()).add(number)
    return _Index(lines, sorted(offsets))


def _places(finding: Finding) -> Iterator[Place]:
    """Every place by which a comment can mean the finding."""
    yield finding.place
    for container in finding.containers:
        yield container.place
        yield from container.places
    for execution in finding.run.executions if finding.run else ():
        yield execution.build.place
        yield execution.build.end
        yield from execution.calls
        for reason in execution.reasons:
            yield reason.place


def _candidates(aim: Aim, index: _Index) -> list[int]:
    found = set(index.lines.get(aim.directive.line, ()))
    for start, end in aim.spans + ([aim.job.span] if aim.job else []):
        first, last = (bisect_left(index.offsets, (offset,)) for offset in (start, end))
        found.update(number for _, number in index.offsets[first:last])
    return sorted(found)


def _silences(finding: Finding, aim: Aim, text: str) -> bool:
    return _concerns(finding, aim, text) or any(
        _holds(aim, container, text) for container in finding.containers
    )


def _left(
    finding: Finding, aim: Aim, text: str, reworded: Callable[[Finding], Finding]
) -> Finding | None:
    """What is left of a finding: less containers, or nothing."""
    if _concerns(finding, aim, text):
        return None
    left = tuple(each for each in finding.containers if not _holds(aim, each, text))
    return reworded(finding._replace(containers=left)) if left else None


def _concerns(finding: Finding, aim: Aim, text: str) -> bool:
    """Whether a build of the finding is meant, or what cannot be read: its line or its job."""
    if finding.run is None:
        return (
            _on_line(aim, finding.place, text)
            or aim.job is not None
            and _within(finding.place, aim, aim.job.span)
        )
    return any(_meant(aim, each, text) for each in finding.run.executions if each.times)


def _meant(aim: Aim, execution: Execution, text: str) -> bool:
    """The build's own line, its list item, or a line that leads to it or makes it run again."""
    build = execution.build
    places = [build.place, *execution.calls, *(reason.place for reason in execution.reasons)]
    if not aim.directive.above:
        places.append(build.end)
    return any(_on_line(aim, place, text) for place in places) or any(
        _within(build.place, aim, span) for span in aim.spans
    )


def _holds(aim: Aim, container: Container, text: str) -> bool:
    """Whether the directive is on the container's own line, or is about the job or a
    template of it, wherever that is defined."""
    if _on_line(aim, container.place, text):
        return True
    job = aim.job
    return (
        job is not None
        and (job.name == container.name or job.name.startswith('.'))
        and any(_within(place, aim, job.span) for place in (container.place, *container.places))
    )


def _on_line(aim: Aim, place: Place, text: str) -> bool:
    return (
        place.file == aim.directive.place.file
        and position(lines_of(text), place.offset)[0] == aim.directive.line
    )


def _within(place: Place, aim: Aim, span: tuple[int, int]) -> bool:
    return place.file == aim.directive.place.file and span[0] <= place.offset < span[1]


def _finding(rule: str, directive: Directive, message: str) -> Finding:
    return Finding(rule, directive.place, message, places=frozenset((directive.place,)))
