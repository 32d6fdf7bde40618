"""What every report needs of findings: their order, and what they stand for."""

from __future__ import annotations

from kaniko_hooks.lines import TextOf, where
from kaniko_hooks.model import MANY, Container, Execution, Finding, Note, Result, Run


def findings(result: Result, text_of: TextOf) -> list[Finding]:
    """Findings by file, line, column, rule and message."""
    return sorted(
        result.findings,
        key=lambda finding: (
            finding.place.file,
            where(finding.place, text_of),
            finding.rule,
            finding.message,
            [container.name for container in finding.containers],
        ),
    )


def notes(result: Result) -> list[Note]:
    """Notes by place, each once."""
    return sorted(set(result.notes))


def building(result: Result) -> list[tuple[Container, Run]]:
    """The containers that build at all, by place."""
    found = [pair for pair in result.containers if pair[1].builds_in_worst_run]
    return sorted(found, key=lambda pair: (pair[0].place, pair[0].system, pair[0].name))


def executed(finding: Finding) -> list[Execution]:
    """The builds of the shown run that it executes, in the order of the script."""
    run = finding.run
    return [each for each in run.executions if each.times] if run else []


def times(number: int) -> int | str:
    """A count of builds, 'many' where it is not known."""
    return 'many' if number >= MANY else number
