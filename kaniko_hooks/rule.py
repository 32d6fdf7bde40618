"""The rule: with --cache=true, one Kaniko build per container."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from kaniko_hooks.model import MANY, Container, Finding, Place, Problem, Reason, Run
from kaniko_hooks.named_tuple import NamedTuple

CACHED = 'cached-builds-share-container'
UNCACHED = 'uncached-builds-share-container'
UNREADABLE = 'unreadable-ci-file'

_WRONG_FILES = 'a later image can silently gain or lose files'
HARM = {CACHED: f'{_WRONG_FILES}, and the cache keeps the wrong layers', UNCACHED: _WRONG_FILES}
_CACHE = {
    'cached': 'with the cache on',
    'maybe-cached': 'and the cache may be on',
    'uncached': 'without cache',
}
_MOST_WORDS = 5  # of a list in a message

LineOf = Callable[[Place], int]


class Judged(NamedTuple):
    """A container with its worst run, and every place that has a part in it."""

    container: Container
    run: Run
    places: frozenset[Place]


def judged(container: Container, run: Run) -> Judged:
    """The container with the places of its definition, commands, builds and scripts.

    Variables and the image count where the run looked them up.
    """
    places = set(container.definition)
    places.update(execution.build.place for execution in run.executions)
    places.update(Place(script, 0) for script in run.scripts)
    for script in container.scripts:
        for name in run.used_variables & script.variables.keys():
            places.update(script.variables[name].places)
    if run.used_image and container.image:
        places.update(container.image.places)
    return Judged(container, run, frozenset(places))


def uncovered(containers: Sequence[Judged]) -> list[Judged]:
    """The containers, visible ones first, without hidden jobs that visible ones show.

    These run its builds, or all of its commands with their own variables.
    """
    visible = [result for result in containers if not result.container.template]
    builds = {execution.build.place for result in visible for execution in result.run.executions}
    commands = {place for result in visible for place in _commands(result.container)}
    hidden = [
        result
        for result in containers
        if result.container.template
        and not builds.issuperset(execution.build.place for execution in result.run.executions)
        and not commands.issuperset(_commands(result.container))
    ]
    return [*visible, *hidden]


def _commands(container: Container) -> Iterator[Place]:
    return (text.place(0) for script in container.scripts for text in script.commands)


def violations(containers: Iterable[Judged], strict: bool) -> list[Finding]:
    """A finding, without message yet, for each container that breaks the rule."""
    return [
        Finding(
            UNCACHED if run.verdict == 'uncached' else CACHED,
            _second_build(run),
            '',
            (container,),
            run,
            places,
        )
        for container, run, places in containers
        if run.verdict != 'ok' and (strict or run.verdict != 'uncached')
    ]


def grouped(findings: Iterable[Finding], line_of: LineOf) -> list[Finding]:
    """One finding, with its message, for each rule and set of builds.

    `line_of` gives the 1-based line of a place.
    """
    groups: dict[object, list[Finding]] = {}
    for number, finding in enumerate(findings):
        run = finding.run
        builds = frozenset(execution.build.place for execution in run.executed) if run else number
        groups.setdefault((finding.rule, builds), []).append(finding)
    return [_worded(group, line_of) for group in groups.values()]


def unreadable(problem: Problem) -> Finding:
    """The finding about CI configuration that cannot be read."""
    return Finding(
        UNREADABLE,
        problem.place,
        f'{problem.message.rstrip("!.")}, so the number of Kaniko builds per container is unknown',
        places=frozenset((problem.place, *(Place(file, 0) for file in problem.files))),
    )


def _second_build(run: Run) -> Place:
    """The place of the build that makes the shown run a sharing one."""
    first, *others = run.executed
    return (others[0] if others and first.times == 1 else first).build.place


def _worded(group: Sequence[Finding], line_of: LineOf) -> Finding:
    """The findings of containers that run the same builds as one, with its message."""
    finding = group[0]
    run = finding.run
    if run is None:
        return finding
    containers = tuple(container for member in group for container in member.containers)
    times = sum(execution.times for execution in run.executed)
    builds = 'many Kaniko builds' if times >= MANY else f'{times} Kaniko builds'
    more = f' (and {len(containers) - 1} more)' if len(containers) > 1 else ''
    sentence = f'{name_of(containers[0])}{more} runs {builds} in one container'
    reasons = _because(run, line_of)
    return finding._replace(
        message=f'{sentence}{f" ({reasons})" if reasons else ""}, '
        f'{_CACHE[run.verdict]}: {HARM[finding.rule]}',
        headline=f'{sentence}, {_CACHE[run.verdict]}',
        containers=containers,
        places=frozenset(place for member in group for place in member.places),
    )


def name_of(container: Container) -> str:
    """A container as messages call it: 'job `build`', 'step `build`', 'spec.steps[1]'."""
    if container.system == 'gitlab-ci':
        return f'{"hidden " * container.template}job `{container.name}`'
    if not container.label:
        return container.name
    key = container.name.rpartition('.')[2].lower()  # 'steps[1]', 'initcontainers[0]'
    return f'{"container" if "container" in key else "step"} `{container.label}`'


def _because(run: Run, line_of: LineOf) -> str:
    """Reasons for builds to be executed more than once, '' if there are none."""
    reasons: dict[str, None] = {}
    for execution in run.executed:
        file = execution.build.place.file
        # A second attempt is a build of its own, executed once.
        repeated = [
            reason
            for reason in dict.fromkeys(execution.reasons)
            if execution.times > 1 or reason.kind == 'retry'
        ]
        calls = list(dict.fromkeys(why.place for why in repeated if why.kind == 'call'))
        if len(calls) > 1:
            reasons[f'called {often(len(calls))} at {_lines(calls, file, line_of)}'] = None
        for reason in repeated:
            # A call is once by itself.
            if reason.times > 1 or reason.kind == 'retry':
                reasons[_of_one(reason, _lines([reason.place], file, line_of))] = None
    return '; '.join(reasons)


def _of_one(reason: Reason, line: str) -> str:
    if reason.kind == 'retry':
        return f'retried at {line} when the first attempt fails'
    subject = f'{"the " * (reason.kind == "loop")}{reason.kind} at {line}'
    words = f' for {_listed(reason.words)}' if reason.words else ''
    return f'{subject} runs it {often(reason.times)}{words}'


def _lines(places: Sequence[Place], file: str, line_of: LineOf) -> str:
    """'line 4', 'lines 4 and 5 of lib.sh': where places are, for a build in a file."""
    files = {place.file for place in places}
    common = files.pop() if len(files) == 1 else file
    lines = dict.fromkeys(
        f'{line_of(place)}{"" if place.file == common else f" of {place.file}"}' for place in places
    )
    plural = 's' if len(lines) > 1 else ''
    return f'line{plural} {_listed([*lines])}{"" if common == file else f" of {common}"}'


def _listed(words: Sequence[str]) -> str:
    """'a, b and c'; of long lists 'a, b, c, d and 3 more'."""
    if len(words) > _MOST_WORDS:
        words = [*words[: _MOST_WORDS - 1], f'{len(words) - _MOST_WORDS + 1} more']
    return ' and '.join(filter(None, (', '.join(words[:-1]), words[-1])))


def often(times: int) -> str:
    """'once', 'twice', '3 times', 'many times'."""
    if times >= MANY:
        return 'many times'
    return {1: 'once', 2: 'twice'}.get(times, f'{times} times')
