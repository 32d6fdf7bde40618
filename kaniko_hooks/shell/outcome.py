"""The builds that a piece of script may have done, without a list of its paths.

Of all runs that reach a point, an outcome keeps for each cache class only the
one with most builds. Composition costs the same for any length of script, and
sequences of builds share their pieces.
"""

from __future__ import annotations

from collections.abc import Iterable

from kaniko_hooks.model import MANY, OFF, ON, UNKNOWN, Build, Flags, Reason
from kaniko_hooks.named_tuple import NamedTuple

STRENGTH = {OFF: 1, UNKNOWN: 2, ON: 3}


class CacheClass(NamedTuple):
    """The class of a run's builds, as far as the verdict needs it."""

    strength: int  # of the strongest cache state; 0 without a build
    all_but_last_clean: bool
    last_clean: bool


class Execution(NamedTuple):
    """One build, executed once, inside of what the reasons say."""

    build: Build
    reasons: tuple[Reason, ...]


class Concat(NamedTuple):
    """Executions one after the other."""

    first: Sequence
    second: Sequence


class Repeat(NamedTuple):
    """Executions any number of times."""

    body: Sequence
    reason: Reason


Sequence = Execution | Concat | Repeat | None


class Tally(NamedTuple):
    """The builds of one run."""

    times: int  # at most MANY
    sequence: Sequence


Outcome = dict[CacheClass, Tally]

_NONE = CacheClass(0, True, True)
NO_BUILD: Outcome = {_NONE: Tally(0, None)}


def of_build(build: Build, reasons: tuple[Reason, ...]) -> Outcome:
    """The outcome of one build."""
    cache_class = CacheClass(STRENGTH[build.flags.cache], True, build.flags.cleanup)
    return {cache_class: Tally(1, Execution(build, reasons))}


def builds(outcome: Outcome) -> int:
    """The most builds of a run."""
    return max(tally.times for tally in outcome.values())


def then(first: Outcome, second: Outcome) -> Outcome:
    """One after the other."""
    if second is NO_BUILD:
        return first
    if first is NO_BUILD:
        return second
    result: Outcome = {}
    for first_class, before in first.items():
        for second_class, after in second.items():
            if not after.times:
                _keep_most(result, first_class, before)
            elif not before.times:
                _keep_most(result, second_class, after)
            else:
                tally = Tally(
                    min(before.times + after.times, MANY), Concat(before.sequence, after.sequence)
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
                repeated = Tally(MANY, Repeat(tally.sequence, reason))
                _keep_most(runs, _followed_by(cache_class, cache_class), repeated)
    if len(runs) == 1:
        return NO_BUILD
    # After two rounds each class that some mixture of bodies has is there.
    return then(then(runs, runs), runs)


def signature(outcome: Outcome) -> frozenset[tuple[CacheClass, int]]:
    """A key that outcomes with the same builds share."""
    return frozenset((cache_class, tally.times) for cache_class, tally in outcome.items())


def covers(outcome: Outcome, other: Outcome) -> bool:
    """An outcome has at least as many builds as the other one in each class of that."""
    return all(
        cache_class in outcome and outcome[cache_class].times >= tally.times
        for cache_class, tally in other.items()
    )


def _followed_by(first: CacheClass, second: CacheClass) -> CacheClass:
    clean = first.all_but_last_clean and first.last_clean and second.all_but_last_clean
    return CacheClass(max(first.strength, second.strength), clean, second.last_clean)


def _keep_most(outcome: Outcome, cache_class: CacheClass, tally: Tally) -> None:
    best = outcome.get(cache_class)
    if best is None or tally.times > best.times:
        outcome[cache_class] = tally


class Total(NamedTuple):
    """The number of times that a run executes one build, and the reasons of each time."""

    build: Build
    times: int
    chains: tuple[tuple[Reason, ...], ...]  # the different ones, outermost reason first


# Chains of one build that are kept; a person reads the first few.
_MAX_CHAINS = 100


def totals(sequence: Sequence) -> list[Total]:
    """The builds of a run, in order of their first execution.

    Pieces may be shared, so that a run may be much larger than its sequence:
    each piece is visited once, after all that it is a part of.
    """
    weights: dict[int, tuple[int, dict[tuple[Reason, ...], None]]] = {id(sequence): (1, {(): None})}

    def add(part: Sequence, count: int, chains: Iterable[tuple[Reason, ...]]) -> None:
        before, kept = weights.get(id(part), (0, {}))
        weights[id(part)] = min(before + count, MANY), {**kept, **dict.fromkeys(chains)}

    result: dict[object, Total] = {}
    for node in _wholes_first(sequence):
        count, chains = weights[id(node)]
        if isinstance(node, Concat):
            add(node.first, count, chains)
            add(node.second, count, chains)
        elif isinstance(node, Repeat):
            add(node.body, MANY, [(*chain, node.reason) for chain in chains])
        elif node is not None:
            full = tuple((*chain, *node.reasons) for chain in chains)
            total = Total(node.build, count, full)
            before = result.get(node.build.place)
            result[node.build.place] = _added(before, total) if before else total
    return list(result.values())


def _added(before: Total, more: Total) -> Total:
    """Executions of one place, with what all of them do together."""
    flags, others = before.build.flags, more.build.flags
    strongest = max(flags.cache, others.cache, key=STRENGTH.__getitem__)
    destinations = tuple(dict.fromkeys((*flags.destinations, *others.destinations)))
    build = before.build._replace(
        flags=Flags(strongest, flags.cleanup and others.cleanup, destinations)
    )
    chains = tuple(dict.fromkeys((*before.chains, *more.chains)))[:_MAX_CHAINS]
    return Total(build, min(before.times + more.times, MANY), chains)


def _wholes_first(sequence: Sequence) -> list[Sequence]:
    """Each piece of a sequence once: wholes before their parts, first parts before second ones."""
    order: list[Sequence] = []
    seen: set[int] = set()
    waiting: list[tuple[Sequence, bool]] = [(sequence, False)]
    while waiting:
        node, done = waiting.pop()
        if done:
            order.append(node)
        elif id(node) not in seen:
            seen.add(id(node))
            waiting.append((node, True))
            if isinstance(node, Concat):
                waiting += (node.first, False), (node.second, False)
            elif isinstance(node, Repeat):
                waiting.append((node.body, False))
    order.reverse()
    return order
