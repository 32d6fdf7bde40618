"""Containers, runs and findings for tests of what comes after them.

A pipeline is read the plain way: a job's script is its own or that of the one
job it extends, and every `executor` of a command is one build.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from kaniko_hooks import rule
from kaniko_hooks.document.compose import compose
from kaniko_hooks.document.nodes import MappingNode, ScalarNode, get, items_of, text_of
from kaniko_hooks.document.scalars import scalar_text
from kaniko_hooks.lines import TextOf, where
from kaniko_hooks.model import (
    MANY,
    OFF,
    ON,
    Build,
    Container,
    Execution,
    Field,
    Finding,
    Flags,
    Note,
    Place,
    Reason,
    Result,
    Run,
    Script,
    Text,
)

CI = '.gitlab-ci.yml'
_BUILD = re.compile(r'/kaniko/executor[^\n#;]*[^\s#;]')

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
OTHER = """\
mirror:
  script:
    - /kaniko/executor --cache -d r/one -d r/two
    - /kaniko/executor --cache -d r/three
"""

Judged = tuple[Container, Run]


def text_is(text: str) -> TextOf:
    return lambda file: text


def build(file: str, start: int, end: int, argv: str, cache: str = ON) -> Build:
    words = argv.split()
    destinations = tuple(
        value for flag, value in zip(words, words[1:]) if flag in ('-d', '--destination')
    )
    return Build(
        Place(file, start),
        Place(file, end),
        tuple(Field(Text(word)) for word in words),
        Flags(cache, False, destinations),
    )


def run_of(
    builds: Sequence[Build],
    times: int = 1,
    reasons: tuple[Reason, ...] = (),
    verdict: str = 'cached',
) -> Run:
    total = times * len(builds)
    return Run(
        total,
        verdict if total > 1 else 'ok',
        tuple(Execution(each, times, reasons) for each in builds),
        False,
    )


def pipeline(text: str, file: str = CI) -> list[Judged]:
    """The jobs of a pipeline that are not hidden, with their runs."""
    [document] = compose(text, file)
    assert isinstance(document, MappingNode)
    jobs = []
    for key, value in document.pairs:
        assert isinstance(key, ScalarNode)
        if key.value.startswith('.'):
            continue
        parent, places = text_of(get(value, 'extends')), [Place(file, key.start)]
        script = get(value, 'script')
        for other, body in document.pairs:
            if text_of(other) == parent:
                script = script or get(body, 'script')
                places.append(Place(file, other.start))
        scalars = items_of(script) or [each for each in (script,) if each]
        commands = tuple(
            scalar_text(text, each) for each in scalars if isinstance(each, ScalarNode)
        )
        jobs.append(
            (
                Container(
                    'gitlab-ci',
                    key.value,
                    places[0],
                    None,
                    places=tuple(places),
                    scripts=(Script(commands, {}),),
                ),
                run_of([each for line in commands for each in _builds(line)]),
            )
        )
    return jobs


def _builds(line: Text) -> list[Build]:
    return [
        build(
            line.place(0).file,
            line.place(match.start()).offset,
            line.place(match.end() - 1).offset + 1,
            match.group(),
        )
        for match in _BUILD.finditer(line.value)
    ]


def findings(judged: Sequence[Judged], text_of: TextOf) -> list[Finding]:
    return rule.grouped(
        rule.violations([rule.judged(*each) for each in judged], True),
        lambda place: where(place, text_of)[0],
    )


def result_of(text: str, file: str = CI) -> Result:
    judged = pipeline(text, file)
    return Result(tuple(judged), tuple(findings(judged, text_is(text))))


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
            (container._replace(name='none'), Run(0, 'ok', (), True)),
        ),
        (
            finding._replace(run=many, place=first.build.place, no_fix='one line'),
            finding._replace(fix='a job for each image'),
            Finding('unreadable-ci-file', odd, 'is not UTF-8'),
            Finding('bad-suppression', Place(CI, 0), 'no brackets'),
        ),
        (Note(Place(CI, 9), 'not visible'), Note(Place(CI, 0), 'a remote file')),
    )
