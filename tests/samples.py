"""Containers, runs and findings for tests of what comes after them.

A pipeline is read the plain way: a job's script is its own or that of the one
job it extends, and every `executor` of a command is one build.
"""
from __future__ import annotations

import re
from collections.abc import Sequence

from kaniko_hooks import rule
from kaniko_hooks.document.compose import compose
from kaniko_hooks.document.nodes import Mapping
from kaniko_hooks.document.nodes import Scalar
from kaniko_hooks.document.nodes import get
from kaniko_hooks.document.nodes import items_of
from kaniko_hooks.document.nodes import text_of
from kaniko_hooks.document.position import command
from kaniko_hooks.lines import TextOf
from kaniko_hooks.lines import where
from kaniko_hooks.model import ON
from kaniko_hooks.model import Build
from kaniko_hooks.model import Command
from kaniko_hooks.model import Container
from kaniko_hooks.model import Execution
from kaniko_hooks.model import Finding
from kaniko_hooks.model import Flags
from kaniko_hooks.model import Fragment
from kaniko_hooks.model import Place
from kaniko_hooks.model import Reason
from kaniko_hooks.model import Run
from kaniko_hooks.model import ScriptPart
from kaniko_hooks.model import Word

CI = '.gitlab-ci.yml'
_BUILD = re.compile(r'/kaniko/executor[^\n#;]*[^\s#;]')

Judged = tuple[Container, Run]


def texts(**files: str) -> TextOf:
    return lambda file: files.get(file, '')


def text_is(text: str) -> TextOf:
    return lambda file: text


def build(file: str, start: int, end: int, argv: str, cache: str = ON) -> Build:
    words = argv.split()
    destinations = tuple(
        value for flag, value in zip(words, words[1:]) if flag in ('-d', '--destination')
    )
    return Build(
        Place(file, start), Place(file, end),
        tuple(Word((Fragment(word, True),)) for word in words),
        Flags(cache, False, destinations),
    )


def run_of(
        builds: Sequence[Build], times: int = 1, reasons: tuple[Reason, ...] = (),
        verdict: str = 'cached',
) -> Run:
    total = times * len(builds)
    return Run(
        total, verdict if total > 1 else 'ok',
        tuple(Execution(each, times, reasons) for each in builds), False,
    )


def pipeline(text: str, file: str = CI, visible: bool = True) -> list[Judged]:
    """The jobs of a pipeline that are not hidden, with their runs."""
    [document] = compose(text, file)
    assert isinstance(document, Mapping)
    jobs = []
    for key, value in document.pairs:
        assert isinstance(key, Scalar)
        if key.value.startswith('.'):
            continue
        parent, places = text_of(get(value, 'extends')), [Place(file, key.start)]
        script = get(value, 'script')
        for other, body in document.pairs:
            if text_of(other) == parent:
                script = script or get(body, 'script')
                places.append(Place(file, other.start))
        scalars = items_of(script) or [each for each in (script,) if each]
        commands = tuple(command(text, each) for each in scalars if isinstance(each, Scalar))
        jobs.append((
            Container(
                'gitlab-ci', key.value, places[0], None, (ScriptPart(commands, {}),),
                places=tuple(places), visible=visible,
            ),
            run_of([each for line in commands for each in _builds(line)]),
        ))
    return jobs


def _builds(line: Command) -> list[Build]:
    return [
        build(
            line.file, line.locate(match.start()), line.locate(match.end() - 1) + 1, match.group(),
        )
        for match in _BUILD.finditer(line.text)
        if '#' not in line.text[:match.start()].rpartition('\n')[2]
    ]


def findings(judged: Sequence[Judged], text_of: TextOf) -> list[Finding]:
    return rule.findings(
        judged, True, lambda container, run: False, lambda place: where(place, text_of)[0],
    )
