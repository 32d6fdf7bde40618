"""The result of a check in one line."""

from __future__ import annotations

from kaniko_hooks.advice import noun
from kaniko_hooks.model import Note, Result


def summary(result: Result) -> str:
    """The result in one line, for stderr."""
    containers = f'{_number(len(result.containers), "container")} with Kaniko builds'
    if not result.findings:
        nouns = {noun(container) for container, _ in result.containers} or {'job'}
        word = nouns.pop() if len(nouns) == 1 else 'container'
        unseen = [note.message for note in distinct_notes(result)]
        part = 'include' if all(message.startswith('include') for message in unseen) else 'part'
        rest = f'; {_number(len(unseen), part)} cannot be seen here' if unseen else ''
        return f'no findings: {containers} in {_number(result.read, word)}{rest}'
    files = _number(len({finding.place.file for finding in result.findings}), 'file')
    fixable = sum(finding.fix is not None for finding in result.findings)
    fix = f' (fix-kaniko-builds can fix {fixable})' if fixable else ''
    return f'{_number(len(result.findings), "finding")} in {files}{fix}, {containers}'


def _number(number: int, noun: str) -> str:
    return f'{number} {noun}' + ('' if number == 1 else 's')


def distinct_notes(result: Result) -> list[Note]:
    """The first note of each message; not those that a finding reports."""
    places = {finding.place for finding in result.findings}
    reported = {note.message for note in result.notes if note.place in places}
    notes: dict[str, Note] = {}
    for note in result.notes:
        if note.message not in reported:
            notes.setdefault(note.message, note)
    return list(notes.values())
