"""Pipelines, and results of checks, for tests of rules and reports."""

from __future__ import annotations

from kaniko_hooks.analysis import analyse
from kaniko_hooks.lines import TextOf
from kaniko_hooks.model import (
    MANY,
    OFF,
    ON,
    Build,
    Execution,
    Finding,
    Flags,
    Note,
    Place,
    Reason,
    Result,
    Run,
)
from kaniko_hooks.options import Options
from kaniko_hooks.repository import Repository

CI = '.gitlab-ci.yml'
CACHED = 'cached-builds-share-container'
IGNORE = f'# kaniko-hooks: ignore[{CACHED}] one base image'
A = '/kaniko/executor --cache -d r/a'
B = '/kaniko/executor --cache -d r/b'
JOB = f'job:\n  script:\n    - {A}\n    - {B}\n'
PIPELINE = """\
# 漢字
publish:
  script:
    - /kaniko/executor --cache -d r/shop
    - /kaniko/executor --cache -d r/mail
"""


def text_is(text: str) -> TextOf:
    return lambda file: text


def build(start: int, end: int) -> Build:
    """A build between two offsets of the pipeline."""
    return Build(Place(CI, start), Place(CI, end), (), Flags(ON, False, ()))


def result_of(text: str) -> Result:
    """The result of a check of one pipeline."""
    repository = Repository('/nowhere', {CI: text})
    return analyse(repository, [CI], Options(strict=True, format='json')).result


def everything() -> Result:
    """One of everything that a report can hold."""
    result = result_of(PIPELINE)
    [(container, run)] = result.containers
    [finding] = result.findings
    first, second = run.executions
    many = Run(
        MANY,
        'maybe-cached',
        (
            first._replace(times=MANY, reasons=(Reason('loop', Place(CI, 7)),)),
            Execution(second.build._replace(flags=Flags(OFF, True, ())), 0),
        ),
        False,
    )
    odd = Place('b c:ü/\udce9.yml', 0)
    return Result(
        (
            (container._replace(name='images', place=Place('z.yml', 0), template=True), many),
            (container, run),
        ),
        (
            finding._replace(run=many, place=first.build.place, no_fix='one line'),
            finding._replace(fix='a job for each image'),
            Finding('unreadable-ci-file', odd, 'is not UTF-8'),
            Finding('bad-suppression', Place(CI, 0), 'no brackets'),
        ),
        (Note(Place(CI, 9), 'not visible'), Note(Place(CI, 0), 'a remote file')),
    )
