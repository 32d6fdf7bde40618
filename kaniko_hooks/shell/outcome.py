"""The builds that a piece of script may have done, without a list of its paths.

Of all runs that reach a point, an outcome keeps for each cache class only the
one with most builds, and of the builds of a run each place once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kaniko_hooks.model import MANY, OFF, ON, UNKNOWN, Build, Flags, Place, Reason
from kaniko_hooks.named_tuple import NamedTuple

STRENGTH = {OFF: 1, UNKNOWN: 2, ON: 3}


class CacheClass(NamedTuple):
    """The class of a run's builds, as far as the verdict needs it."""

    strength: int  # of the strongest cache state; 0 without a build
    all_but_last_clean: bool
    last_clean: bool


class Total(NamedTuple):
    """The number of times that a run executes one build, and why."""

    build: Build
    times: int  # at most MANY
    reasons: tuple[Reason, ...]  # of any of these times, outermost first
    shared: frozenset[Reason]  # the reasons of each of them


class Tally(NamedTuple):
    """The builds of one run, in order of their first execution."""

    times: int  # at most MANY
    totals: Mapping[Place, Total]


Outcome = dict[CacheClass, Tally]

# Of one build; a person reads the first few.
_MAX_REASONS = 100

NO_BUILD: Outcome = {CacheClass(0, True, True): Tally(0, {})}


def of_build(build: Build, reasons: tuple[Reason, ...]) -> Outcome:
    """The outcome of one build."""
    cache_class = CacheClass(STRENGTH[build.flags.cache], True, build.flags.cleanup)
    return {cache_class: Tally(1, {build.place: Total(build, 1, reasons, frozenset(reasons))})}


def builds(outcome: Outcome) -> int:
    """The most builds of a run."""
    return max(tally.times for tally in outcome.values())


def then(first: Outcome, second: Outcome) -> Outcome:
    """One after the other."""
    if second is NO_BUILD:
        return first
    result: Outcome = {}
    for first_class, before in first.items():
        for second_class, after in second.items():
            if not after.times:
                _keep_most(result, first_class, before)
            else:
                tally = Tally(
                    min(before.times + after.times, MANY), _added(before.totals, after.totals)
                )
                _keep_most(result, _followed_by(first_class, second_class), tally)
    return result


def either(first: Outcome, second: Outcome) -> Outcome:
    """One of both."""
    if first is second:
        return first
    result = dict(first)
    for cache_class, tally in second.items():
        _keep_most(result, cache_class, tally)
    return result


def any_number(bodies: Iterable[Outcome], reason: Reason) -> Outcome:
    """Any number of executions of the bodies, in any order."""
    runs = dict(NO_BUILD)
    for body in bodies:
        for cache_class, tally in body.items():
            if tally.times:
                totals = {
                    place: Total(build, MANY, (reason, *reasons), shared | {reason})
                    for place, (build, _, reasons, shared) in tally.totals.items()
                }
                _keep_most(runs, _followed_by(cache_class, cache_class), Tally(MANY, totals))
    if len(runs) == 1:
        return NO_BUILD
    # After two rounds each class that some mixture of bodies has is there.
    return then(then(runs, runs), runs)


def signature(outcome: Outcome) -> frozenset[tuple[CacheClass, int]]:
    """A key that outcomes with the same builds share."""
    return frozenset((cache_class, tally.times) for cache_class, tally in outcome.items())


def _followed_by(first: CacheClass, second: CacheClass) -> CacheClass:
    clean = first.all_but_last_clean and first.last_clean and second.all_but_last_clean
    return CacheClass(max(first.strength, second.strength), clean, second.last_clean)


def _keep_most(outcome: Outcome, cache_class: CacheClass, tally: Tally) -> None:
    best = outcome.get(cache_class)
    if best is None or tally.times > best.times:
        outcome[cache_class] = tally


def _added(totals: Mapping[Place, Total], more: Mapping[Place, Total]) -> Mapping[Place, Total]:
    result = dict(totals)
    for place, total in more.items():
        result[place] = _both(result[place], total) if place in result else total
    return result


def _both(before: Total, more: Total) -> Total:
    """Executions of one place, with what all of them do together."""
    flags, others = before.build.flags, more.build.flags
    strongest = max(flags.cache, others.cache, key=STRENGTH.__getitem__)
    destinations = tuple(dict.fromkeys((*flags.destinations, *others.destinations)))
    build = before.build._replace(
        flags=Flags(strongest, flags.cleanup and others.cleanup, destinations)
    )
    reasons = before.reasons
    if reasons != more.reasons and len(reasons) < _MAX_REASONS:
        reasons = tuple(dict.fromkeys((*reasons, *more.reasons)))
    times = min(before.times + more.times, MANY)
    return Total(build, times, reasons, before.shared & more.shared)
