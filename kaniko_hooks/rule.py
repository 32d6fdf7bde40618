"""The rule: with --cache=true, one Kaniko build per container."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from kaniko_hooks.model import MANY, Container, Finding, Place, Problem, Run
from kaniko_hooks.reasons import LineOf, because

CACHED = 'cached-builds-share-container'
UNCACHED = 'uncached-builds-share-container'
UNREADABLE = 'unreadable-ci-file'

_HARM = {
    'cached': (
        'with the cache on: a later image can silently gain or lose files, '
        'and the cache keeps the wrong layers'
    ),
    'maybe-cached': (
        'and the cache may be on: a later image can silently gain or lose files, '
        'and the cache keeps the wrong layers'
    ),
    'uncached': 'without cache: a later image can silently gain or lose files',
}

Judged = tuple[Container, Run]


def findings(
    judged: Sequence[Judged],
    strict: bool,
    accepted: Callable[[Container, Run], bool],
    line_of: LineOf,
) -> list[Finding]:
    """One finding for each rule and set of build places, in the order of the containers.

    `accepted` says which containers --allow-cleanup lets pass; `line_of` gives
    the 1-based line of a place, for the message.
    """
    visible: set[Place] = set()
    groups: dict[tuple[str, frozenset[Place]], list[Judged]] = {}
    # A hidden job is reported only where no visible job runs its builds.
    for container, run in sorted(judged, key=lambda each: each[0].template):
        rule = _broken_rule(run, strict)
        if rule is None or accepted(container, run):
            continue
        places = frozenset(_build_places(run))
        if container.template and places <= visible:
            continue
        if not container.template:
            visible |= places
        groups.setdefault((rule, places), []).append((container, run))
    return [_finding(rule, group, line_of) for (rule, _), group in groups.items()]


def unreadable(problem: Problem) -> Finding:
    """The finding about CI configuration that cannot be read."""
    return Finding(
        UNREADABLE,
        problem.place,
        f'{problem.message.rstrip("!.")}, '
        'so it cannot be told how many Kaniko builds share a container',
        places=frozenset((problem.place, *(Place(file, 0) for file in problem.files))),
    )


def _broken_rule(run: Run, strict: bool) -> str | None:
    if run.verdict in ('cached', 'maybe-cached'):
        return CACHED
    return UNCACHED if run.verdict == 'uncached' and strict else None


def _build_places(run: Run) -> Iterable[Place]:
    return (execution.build.place for execution in run.executions if execution.times)


def _finding(rule: str, group: Sequence[Judged], line_of: LineOf) -> Finding:
    run = group[0][1]
    return Finding(
        rule,
        second_build(run),
        _sentence([each for each, _ in group], run, line_of),
        tuple(each for each, _ in group),
        run,
        frozenset(place for each in group for place in places_involved(*each)),
    )


def second_build(run: Run) -> Place:
    """The place of the build that makes the shown run a sharing one."""
    done = [execution for execution in run.executions if execution.times]
    first = done[0]
    return (first if first.times > 1 or len(done) == 1 else done[1]).build.place


def reworded(finding: Finding, line_of: LineOf) -> Finding:
    """The finding with the message for the containers that it still has."""
    if finding.run is None or not finding.containers:
        return finding
    return finding._replace(message=_sentence(finding.containers, finding.run, line_of))


def _sentence(containers: Sequence[Container], run: Run, line_of: LineOf) -> str:
    container = containers[0]
    times = sum(execution.times for execution in run.executions)
    builds = 'many Kaniko builds' if times >= MANY else f'{times} Kaniko builds'
    more = f' (and {len(containers) - 1} more)' if len(containers) > 1 else ''
    why = because(run, line_of)
    told = f' ({why})' if why else ''
    return (
        f'{_kind(container)}{container.name}{more} runs {builds} in one container{told}, '
        f'{_HARM[run.verdict]}'
    )


def _kind(container: Container) -> str:
    """What stands before the name; the name of a node path says it by itself."""
    if container.system == 'gitlab-ci':
        return 'hidden job ' if container.template else 'job '
    return ''


def places_involved(container: Container, run: Run) -> set[Place]:
    """Every place that has a part in what a container runs: what it is made of,
    its builds, the scripts it calls, the variables and the image that were used."""
    places = {container.place, *container.places}
    places.update(execution.build.place for execution in run.executions)
    places.update(Place(script, 0) for script in run.scripts)
    for part in container.parts:
        places.update(Place(command.file, command.offset) for command in part.commands)
        for name in run.used_variables & part.variables.keys():
            places.update(part.variables[name].places)
    if run.used_image and container.image:
        places.update(container.image.places)
    return places
