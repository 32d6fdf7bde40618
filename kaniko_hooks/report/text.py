"""Findings for people: where, what, the lines, why, and what to do."""

from __future__ import annotations

import re

from kaniko_hooks.lines import TextOf, where
from kaniko_hooks.model import Build, Execution, Finding, Result
from kaniko_hooks.reasons import brief, count
from kaniko_hooks.report import order
from kaniko_hooks.report.snippet import Mark, snippet
from kaniko_hooks.terminal import paint, safe

_NAMES = 6
_NOTES = 5
_REASONS = 4
_CLEANUP = (
    '--cleanup is not enough: files of multi-stage and of failed builds can stay '
    '(--explain tells what was measured, --allow-cleanup accepts the fork that does better)'
)
_DESTINATION = 60
_WORD = re.compile(r'\S+')


def render(result: Result, text_of: TextOf, color: bool = False) -> str:
    """All findings, then what could not be seen and where to read more; '' if none."""
    findings = order.findings(result, text_of)
    if not findings:
        return ''
    blocks = ['\n'.join(_finding(each, text_of, color)) + '\n' for each in findings]
    last = _notes(result, text_of)
    for rule in sorted({finding.rule for finding in findings}):
        last.append(f'more about it: check-kaniko-builds --explain {rule}')
    return '\n'.join([*blocks, '\n'.join(last) + '\n'])


def summary(result: Result) -> str:
    """What came out, in one line without newline, for stderr."""
    containers = _number(len(order.building(result)), 'container')
    found = _number(len(result.findings), 'finding')
    if not result.findings:
        return f'no findings, {containers} with Kaniko builds'
    files = _number(len({finding.place.file for finding in result.findings}), 'file')
    fixable = sum(finding.fix is not None for finding in result.findings)
    fix = f' (fix-kaniko-builds can fix {fixable})' if fixable else ''
    return f'{found} in {files}{fix}, {containers} with Kaniko builds'


def _notes(result: Result, text_of: TextOf) -> list[str]:
    notes, shown = order.notes(result), []
    for note in notes[:_NOTES]:
        line, column = where(note.place, text_of)
        shown.append(f'{safe(note.place.file)}:{line}:{column}: note: {safe(note.message)}')
    if len(notes) > _NOTES:
        shown.append(f'and {len(notes) - _NOTES} more notes, see --format json')
    return shown


def _number(number: int, noun: str) -> str:
    return f'{number} {noun}' + ('' if number == 1 else 's')


def _finding(finding: Finding, text_of: TextOf, color: bool) -> list[str]:
    line, column = where(finding.place, text_of)
    place = paint(f'{safe(finding.place.file)}:{line}:{column}:', 'bold', color)
    rule = paint(finding.rule + ':', 'red', color)
    lines = [f'{place} {rule} {safe(finding.message)}']
    lines.extend(snippet(_marks(finding, text_of), text_of, color))
    if len(finding.containers) > 1:
        names = [safe(container.name) for container in finding.containers]
        more = f' and {len(names) - _NAMES} more' if len(names) > _NAMES else ''
        lines.append(_line('containers', ', '.join(names[:_NAMES]) + more, color))
    if any(execution.build.flags.cleanup for execution in order.executed(finding)):
        lines.append(_line('note', _CLEANUP, color))
    if finding.fix is not None:
        lines.append(_line('fix', finding.fix, color))
    elif finding.no_fix is not None:
        lines.append(_line('no automatic fix', finding.no_fix, color))
    return lines


def _line(name: str, text: str, color: bool) -> str:
    return f'  = {paint(name + ":", "bold", color)} {safe(text)}'


def _marks(finding: Finding, text_of: TextOf) -> list[Mark]:
    """The container's own line, the first and the offending build, and reasons."""
    executed = order.executed(finding)
    if not executed:
        return [Mark(finding.place, finding.place.offset, 'here', 'red')]
    marks = [Mark(each.place, each.place.offset) for each in finding.containers[:1]]
    first = executed[0]
    offending = next((e for e in executed if e.build.place == finding.place), executed[-1])
    reasons = [
        reason
        for each in (first, offending)
        for reason in each.reasons
        if reason.place != each.build.place
    ]
    for reason in list(dict.fromkeys(reasons))[:_REASONS]:
        marks.append(Mark(reason.place, reason.place.offset, brief(reason)))
    if first is offending:
        return [*marks, _build(first, text_of, 'build', 'red', len(executed) - 1)]
    return [
        *marks,
        _build(first, text_of, 'first build', 'blue'),
        _build(offending, text_of, 'second build, same container', 'red', len(executed) - 2),
    ]


def _build(execution: Execution, text_of: TextOf, label: str, color: str, others: int = 0) -> Mark:
    """The build's first word: with all of a long command marked, the label is far right."""
    build = execution.build
    often = f', {count(execution.times)}' if execution.times > 1 else ''
    here = [reason for reason in execution.reasons if reason.place == build.place]
    often += ''.join(f', {brief(reason)}' for reason in here)
    more = f' (and {others} more)' if others else ''
    word = _WORD.match(text_of(build.place.file), build.place.offset)
    return Mark(
        build.place,
        word.end() if word else build.place.offset,
        f'{label}{often}, cache {build.flags.cache}{_destination(build)}{more}',
        color,
    )


def _destination(build: Build) -> str:
    if not build.flags.destinations:
        return ''
    name = build.flags.destinations[0]
    name = name if len(name) <= _DESTINATION else '...' + name[3 - _DESTINATION :]
    return f': {name}'
