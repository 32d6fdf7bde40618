"""The builds of one run, in order, with what makes each of them run more than once.

Ropes share their pieces, so that joining and repeating cost the same for any length.
"""

from __future__ import annotations

from kaniko_hooks.model import MANY, Build, Reason
from kaniko_hooks.named_tuple import NamedTuple

# Reasons of one build that are kept; a person reads the first few.
_MOST_REASONS = 100


class Joined(NamedTuple):
    """Executions one after the other."""

    first: Rope
    second: Rope


class Repeated(NamedTuple):
    """Executions inside what runs them several times, or is a reason to."""

    rope: Rope
    times: int
    reason: Reason


Rope = Build | Joined | Repeated | None


class Flat(NamedTuple):
    """A build of a run: how often it is executed, and why."""

    build: Build
    times: int
    meetings: int  # how many pieces of the run have it
    reasons: dict[Reason, int]  # each with the number of those that stand in it


def added(reasons: dict[Reason, int], others: dict[Reason, int]) -> dict[Reason, int]:
    total = dict(reasons)
    for reason, meetings in others.items():
        if reason in total or len(total) < _MOST_REASONS:
            total[reason] = min(total.get(reason, 0) + meetings, MANY)
    return total


def flattened(rope: Rope) -> list[Flat]:
    """The builds of a run, in order.

    Pieces may be shared, so that a run may be much larger than its rope: each
    piece is visited once, after all that it is a part of.
    """
    met: dict[int, tuple[int, int, dict[Reason, int]]] = {id(rope): (1, 1, {})}

    def meet(part: Rope, times: int, meetings: int, reasons: dict[Reason, int]) -> None:
        known = met.get(id(part))
        if known is not None:
            times, meetings = min(times + known[0], MANY), min(meetings + known[1], MANY)
            reasons = added(known[2], reasons)
        met[id(part)] = times, meetings, reasons

    found: list[Flat] = []
    for node in _wholes_first(rope):
        times, meetings, reasons = met[id(node)]
        if isinstance(node, Build):
            found.append(Flat(node, times, meetings, reasons))
        elif isinstance(node, Joined):
            meet(node.first, times, meetings, reasons)
            meet(node.second, times, meetings, reasons)
        elif node is not None:
            more = min(times * node.times, MANY)
            meet(node.rope, more, meetings, {**reasons, node.reason: meetings})
    return found


def _wholes_first(rope: Rope) -> list[Rope]:
    """Each piece of a rope once: wholes before their parts, first parts before second ones."""
    order: list[Rope] = []
    seen: set[int] = set()
    stack: list[tuple[Rope, bool]] = [(rope, False)]
    while stack:
        node, done = stack.pop()
        if done:
            order.append(node)
        elif id(node) not in seen:
            seen.add(id(node))
            stack.append((node, True))
            if isinstance(node, Joined):
                stack += (node.first, False), (node.second, False)
            elif isinstance(node, Repeated):
                stack.append((node.rope, False))
    order.reverse()
    return order
