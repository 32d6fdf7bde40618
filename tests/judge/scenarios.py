"""A repository before and after -> differences, under several surroundings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from tests.judge.compare import compare
from tests.judge.sandbox import SHELLS
from tests.judge.simulation import PUSH_TO_MAIN, Surroundings, simulate
from tests.judge.trace import Event, Trace

_BRANCH: Mapping[str, str] = {
    **PUSH_TO_MAIN,
    'CI_COMMIT_BRANCH': 'topic',
    'CI_COMMIT_REF_NAME': 'topic',
    'CI_COMMIT_REF_SLUG': 'topic',
}
_TAG: Mapping[str, str] = {
    **{key: value for key, value in PUSH_TO_MAIN.items() if key != 'CI_COMMIT_BRANCH'},
    'CI_COMMIT_TAG': 'v1.2.3',
    'CI_COMMIT_REF_NAME': 'v1.2.3',
    'CI_COMMIT_REF_SLUG': 'v1-2-3',
}
_MOST_FAILURES = 8
_MOST_VALUES = 4


class Scenario(NamedTuple):
    """Surroundings of a run, with a name for reports."""

    name: str
    surroundings: Surroundings

    def but(self, name: str, **changes: Any) -> Scenario:
        return Scenario(name, self.surroundings._replace(**changes))


def differences(before: Path, after: Path, shell: str = 'busybox') -> dict[str, list[str]]:
    """Differences by scenario; empty where the rewrite does the same in all of them."""
    result = {}
    for name, surroundings in scenarios(before, shell):
        if lines := judged(before, after, surroundings):
            result[name] = lines
    return result


def judged(before: Path, after: Path, surroundings: Surroundings) -> list[str]:
    """Differences of the run after, in both orders, from the run before that is nearest."""
    usual = simulate(before, surroundings._replace(failing=frozenset()))
    old = simulate(before, surroundings)
    for backwards in (False, True):
        new = simulate(after, surroundings._replace(backwards=backwards))
        if lines := compare(old, new, usual):
            other = simulate(before, surroundings._replace(backwards=True))
            lines = min(lines, compare(other, new, usual), key=len)
        if lines:
            return lines
    return []


def scenarios(root: Path, shell: str) -> list[Scenario]:
    """The surroundings that may tell two pipelines apart."""
    text = ''.join(path.read_text(errors='replace') for path in sorted(root.rglob('*.*ml')))
    usual = Scenario('usual', Surroundings(shell=shell))
    starts = [
        (scenario, calls(simulate(root, scenario.surroundings)))
        for scenario in contexts(text, usual)
    ]
    result = [scenario for scenario, _ in starts]
    for scenario, keys in starts[1:]:
        for key in builds(keys)[:1]:
            name = f'{scenario.name}, and the first build fails'
            result.append(scenario.but(name, failing=frozenset([key])))
    fullest, keys = max(starts, key=lambda start: len(builds(start[1])))
    for key, event in list(keys.items())[:_MOST_FAILURES]:
        name = f'{fullest.name}, fails: {event.text[:80]}'
        result.append(fullest.but(name, failing=frozenset([key])))
    for key in builds(keys)[:1]:
        name = f'{fullest.name}, and the first build fails once'
        result.append(fullest.but(name, failing=frozenset([key]), once=True))
    if 'when: manual' in text:
        result.append(usual.but('nobody starts manual jobs', manual='none'))
        result.append(usual.but('somebody starts the first manual job', manual='first'))
    return result


def contexts(text: str, usual: Scenario) -> Iterator[Scenario]:
    """The variables with which a pipeline may be started, from the text of its files."""
    yield usual
    if re.search('CI_COMMIT_(BRANCH|TAG|REF)', text):
        yield usual.but('a branch', variables=_BRANCH)
        yield usual.but('a tag', variables=_TAG)
    pairs = sorted(set(re.findall(r'\$(\w+) == ["\']([^"\']+)', text)))
    for name, value in pairs[:_MOST_VALUES]:
        if PUSH_TO_MAIN.get(name) != value:
            yield usual.but(f'{name} is {value}', variables={**PUSH_TO_MAIN, name: value})
    for label, values in other_values(text):
        yield usual.but(label, variables={**PUSH_TO_MAIN, **values})


def calls(trace: Trace) -> dict[str, Event]:
    return {event.keys[0]: event for event in trace.events if event.kind != 'keyword'}


def builds(keys: Mapping[str, Event]) -> list[str]:
    return [key for key, event in keys.items() if event.kind == 'build']


def other_values(text: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Values for variables that scripts read and nobody sets, and for those that YAML sets."""
    own = set(re.findall(r'[\s{,]([A-Z][A-Z0-9_]+):\s', text))
    free = set(re.findall(r'\$\{?([A-Z][A-Z0-9_]+)', text)) - set(PUSH_TO_MAIN) - own
    free = {name for name in free if not re.search(rf'^CI_|\b{name}=', f'{name} {text}')}
    if free:
        yield 'variables are set', dict.fromkeys(sorted(free), '1')
    if own:
        values = {name: f'other-{name}'.lower() for name in sorted(own)}
        yield 'the pipeline is started with other values', values


def shell_for(number: int) -> str:
    """A shell for a case, so that all of them get their turn."""
    return sorted(SHELLS)[number % len(SHELLS)]
