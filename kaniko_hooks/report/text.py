"""Findings for people: place, message, lines, and what to do; the result in one line."""

from __future__ import annotations

import os
import re
from shlex import quote

from kaniko_hooks.about import page, without_installation
from kaniko_hooks.advice import noun
from kaniko_hooks.lines import TextOf, where
from kaniko_hooks.model import Execution, Finding, Note, Reason, Result
from kaniko_hooks.options import Options
from kaniko_hooks.report.snippet import Mark, snippet
from kaniko_hooks.rule import HARM, often
from kaniko_hooks.terminal import COLUMNS, paint, safe

_NAMES = 6
_NOTES = 5
_REASONS = 4
_FILES = 3
_CLEANUP = (
    '--cleanup is not enough: files of multi-stage and of failed builds can stay; '
    "--allow-cleanup accepts it in osscontainertools' Kaniko v1.27.0 or later"
)
_NO_OPTIONS = Options()
_WORD = re.compile(r'\S+')


def render(
    result: Result,
    text_of: TextOf,
    color: bool = False,
    width: int = COLUMNS,
    options: Options = _NO_OPTIONS,
    root: str = '',
) -> str:
    """All findings, notes, and next steps; '' without findings."""
    if not result.findings:
        return ''
    blocks = ['\n'.join(_finding(finding, text_of, color, width)) for finding in result.findings]
    rest = [*_notes(result, text_of), *_next_steps(result, options, root)]
    return '\n\n'.join([*blocks, '\n'.join(rest)]) + '\n'


def summary(result: Result) -> str:
    """The result in one line, for stderr."""
    number = len(result.containers)
    containers = f'{_number(number, "container")} with Kaniko builds'
    if not result.findings:
        nouns = {noun(container) for container, _ in result.containers} or {'job'}
        word = nouns.pop() if len(nouns) == 1 else 'container'
        unseen = [note.message for note in _distinct_notes(result)]
        part = 'include' if all(message.startswith('include') for message in unseen) else 'part'
        rest = f'; {_number(len(unseen), part)} cannot be seen here' if unseen else ''
        return f'no findings: {containers} in {_number(result.containers_read, word)}{rest}'
    files = _number(len({finding.place.file for finding in result.findings}), 'file')
    fixable = sum(finding.fix is not None for finding in result.findings)
    fix = f' (fix-kaniko-builds can fix {fixable})' if fixable else ''
    rest = f', {containers}' if number else ''
    return f'{_number(len(result.findings), "finding")} in {files}{fix}{rest}'


def _number(number: int, word: str) -> str:
    return f'{number} {word}' + ('' if number == 1 else 's')


def _distinct_notes(result: Result) -> list[Note]:
    """The first note of each message; not those that a finding reports."""
    places = {finding.place for finding in result.findings}
    reported = {note.message for note in result.notes if note.place in places}
    notes: dict[str, Note] = {}
    for note in result.notes:
        if note.message not in reported:
            notes.setdefault(note.message, note)
    return list(notes.values())


def _notes(result: Result, text_of: TextOf) -> list[str]:
    notes, lines = _distinct_notes(result), []
    for note in notes[:_NOTES]:
        line, column = where(note.place, text_of)
        lines.append(f'{safe(note.place.file)}:{line}:{column}: note: {safe(note.message)}')
    if len(notes) > _NOTES:
        lines.append(f'and {len(notes) - _NOTES} more notes, see --format json')
    return lines


def _next_steps(result: Result, options: Options, root: str) -> list[str]:
    """Pointers to documentation and commands that work in the client that shows them."""
    # Clients install hooks outside of PATH.
    installed = not os.environ.get('PRE_COMMIT')
    rules = sorted({finding.rule for finding in result.findings})
    lines = [f'{rule}: {HARM[rule]}' for rule in rules if rule in HARM]
    for rule in rules:
        command = f'check-kaniko-builds --explain {rule}'
        lines.append(f'details: {command if installed else page(rule)}')
    for purpose, command, findings in (
        ('rewrite', 'fix-kaniko-builds', [finding for finding in result.findings if finding.fix]),
        (
            'rewrite, to be reviewed',
            'fix-kaniko-builds --unsafe',
            [finding for finding in result.findings if '--unsafe' in (finding.no_fix or '')],
        ),
    ):
        if findings:
            files = {finding.containers[0].place.file for finding in findings}
            if installed:  # clients show it to a person at the root
                files = {os.path.relpath(os.path.join(root, file)) for file in files}
            command = ' '.join([command, *_arguments(options, files)])
            lines.append(f'{purpose}: {command if installed else without_installation(command)}')
    return lines


def _arguments(options: Options, files: set[str]) -> list[str]:
    """The options of the check that the fix needs, too, and the files.

    No files, which means all, if they are many.
    """
    words = ['--strict'] * options.strict + ['--allow-cleanup'] * options.allow_cleanup
    for path in options.gitlab_configs:
        words += ['--gitlab-config', path]
    words += sorted(files) if len(files) <= _FILES else []
    return [safe(quote(word)) for word in words]


def _finding(finding: Finding, text_of: TextOf, color: bool, width: int) -> list[str]:
    line, column = where(finding.place, text_of)
    place = paint(f'{safe(finding.place.file)}:{line}:{column}:', 'bold', color)
    rule = paint(finding.rule + ':', 'red', color)
    lines = [f'{place} {rule} {safe(finding.headline or finding.message)}']
    lines += snippet(_marks(finding, text_of), text_of, color, width)
    if len(finding.containers) > 1:
        names = [container.label or container.name for container in finding.containers]
        more = f' and {len(names) - _NAMES} more' if len(names) > _NAMES else ''
        lines.append(_line('containers', ', '.join(names[:_NAMES]) + more, color))
    if finding.run and any(execution.build.flags.cleanup for execution in finding.run.executed):
        lines.append(_line('note', _CLEANUP, color))
    if finding.fix is not None:
        lines.append(_line('fix', f'fix-kaniko-builds would {finding.fix}', color))
    elif finding.no_fix is not None:
        lines.append(_line('no automatic fix', finding.no_fix, color))
    return lines


def _line(name: str, text: str, color: bool) -> str:
    return f'  = {paint(name + ":", "bold", color)} {safe(text)}'


def _marks(finding: Finding, text_of: TextOf) -> list[Mark]:
    """The container's own line, the first and the offending build, and reasons."""
    if finding.run is None:
        return [Mark(finding.place, finding.place.offset, 'here', color='red')]
    executed = finding.run.executed
    marks = [Mark(container.place, container.place.offset) for container in finding.containers[:1]]
    first = executed[0]
    offending = next((e for e in executed if e.build.place == finding.place), executed[-1])
    reasons = [
        reason
        for execution in (first, offending)
        for reason in execution.reasons
        if reason.place != execution.build.place
    ]
    for reason in list(dict.fromkeys(reasons))[:_REASONS]:
        marks.append(Mark(reason.place, reason.place.offset, _brief(reason)))
    if first is offending:
        return [*marks, _build(first, text_of, '', 'red', len(executed) - 1)]
    return [
        *marks,
        _build(first, text_of, 'first ', 'blue'),
        _build(offending, text_of, 'second ', 'red', len(executed) - 2),
    ]


def _brief(reason: Reason) -> str:
    """A reason as the label of its own line."""
    if reason.kind == 'retry':
        return 'if the first fails'
    if reason.kind == 'call':
        return 'called here'
    if reason.words:
        return f'{often(reason.times)}: {", ".join(reason.words)}'
    return 'many times' if reason.kind in ('loop', 'watch') else 'once for each item'


def _build(execution: Execution, text_of: TextOf, which: str, color: str, others: int = 0) -> Mark:
    """The build's first word: with all of a long command marked, the label is far right."""
    build = execution.build
    times = f' {often(execution.times)}' if execution.times > 1 else ''
    here = [reason for reason in execution.reasons if reason.place == build.place]
    times += ''.join(f', {_brief(reason)}' for reason in here)
    more = f' and {others} more' if others else ''
    word = _WORD.match(text_of(build.place.file), build.place.offset)
    return Mark(
        build.place,
        word.end() if word else build.place.offset,
        f'{which}build{times}{more}, cache {build.flags.cache}',
        ''.join(build.flags.destinations[:1]),
        color,
    )
