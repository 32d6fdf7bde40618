"""`--format json`: every container that builds, every finding, stable.

`schemas/report.json` of the repository describes the fields.
"""

from __future__ import annotations

from kaniko_hooks.lines import TextOf, where
from kaniko_hooks.model import MANY, Container, Execution, Finding, Note, Place, Result, Run

VERSION = 1


def render(result: Result, text_of: TextOf) -> dict[str, object]:
    """One object, the same for the same repository."""
    return {
        'version': VERSION,
        'containers': [_container(*pair, text_of) for pair in result.containers],
        'findings': [_finding(finding, text_of) for finding in result.findings],
        'notes': [_note(note, text_of) for note in result.notes],
    }


def _container(container: Container, run: Run, text_of: TextOf) -> dict[str, object]:
    return {
        'system': container.system,
        'name': container.name,
        'file': container.place.file,
        'line': where(container.place, text_of)[0],
        'template': container.template,
        'builds_in_worst_run': _times(run.builds_in_worst_run),
        'verdict': run.verdict,
        'builds': [_build(execution, text_of) for execution in run.executions],
    }


def _times(number: int) -> int | str:
    return 'many' if number >= MANY else number


def _build(execution: Execution, text_of: TextOf) -> dict[str, object]:
    build = execution.build
    return {
        **_place(build.place, text_of),
        'times': _times(execution.times),
        'cache': build.flags.cache,
        'cleanup': build.flags.cleanup,
        'destinations': list(build.flags.destinations),
    }


def _finding(finding: Finding, text_of: TextOf) -> dict[str, object]:
    return {
        'rule': finding.rule,
        **_place(finding.place, text_of),
        'containers': [container.name for container in finding.containers],
        'message': finding.message,
        'fix': finding.fix,
        'no_fix': finding.no_fix,
    }


def _place(place: Place, text_of: TextOf) -> dict[str, object]:
    line, column = where(place, text_of)
    return {'file': place.file, 'line': line, 'column': column}


def _note(note: Note, text_of: TextOf) -> dict[str, object]:
    return {'file': note.place.file, 'line': where(note.place, text_of)[0], 'message': note.message}
