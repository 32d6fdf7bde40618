"""What a piece of script can run, without a list of its paths.

A summary has, per way of leaving, and per strongest cache state and cleanup,
only the run with most builds. Composition costs the same for any length.
"""

from __future__ import annotations

from collections.abc import Iterable

from kaniko_hooks.model import MANY, OFF, ON, UNKNOWN, Build, Reason
from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.old_shell.rope import Joined, Repeated, Rope

# Ways of leaving; BREAK and CONTINUE with the number of loops that they leave.
GO = ('go', 0)
RETURN = ('return', 0)
EXIT = ('exit', 0)  # status 0 or unknown
FAIL = ('fail', 0)  # status certainly not 0
BREAK = 'break'
CONTINUE = 'continue'

STRENGTH = {OFF: 1, UNKNOWN: 2, ON: 3}


class Key(NamedTuple):
    strength: int  # of the strongest cache state; 0 without a build
    rest_clean: bool  # all builds but the last clean up
    last_clean: bool


class Entry(NamedTuple):
    builds: int
    rope: Rope


Entries = dict[Key, Entry]
Summary = dict[tuple[str, int], Entries]

_ZERO = Key(0, True, True)
_NONE: Entries = {_ZERO: Entry(0, None)}
NOTHING: Summary = {GO: _NONE}


def leaves(way: tuple[str, int]) -> Summary:
    """A command that leaves this way, without a build."""
    return {way: _NONE}


def one(build: Build) -> Summary:
    key = Key(STRENGTH[build.flags.cache], True, build.flags.cleanup)
    return {GO: {key: Entry(1, build)}}


def has_builds(summary: Summary) -> bool:
    return summary is not NOTHING and any(
        entry.builds for entries in summary.values() for entry in entries.values()
    )


def sequence(first: Summary, second: Summary) -> Summary:
    """One after the other."""
    if second is NOTHING or GO not in first:
        return first
    if first is NOTHING:
        return second
    result: Summary = {way: dict(entries) for way, entries in first.items() if way != GO}
    for way, entries in second.items():
        _add(result.setdefault(way, {}), _products(first[GO], entries))
    return result


def either(summaries: Iterable[Summary]) -> Summary:
    """One of them."""
    result: Summary = {}
    for summary in summaries:
        if not result or result is summary:
            result = summary
            continue
        result = {way: dict(entries) for way, entries in result.items()}
        for way, entries in summary.items():
            _add(result.setdefault(way, {}), entries.items())
    return result or NOTHING


def process(summary: Summary) -> Summary:
    """In a process of its own: however it ends, what started it goes on."""
    if summary is NOTHING or list(summary) == [GO]:
        return summary
    return renamed(summary, dict.fromkeys(summary, GO))


def renamed(summary: Summary, ways: dict[tuple[str, int], tuple[str, int]]) -> Summary:
    """With some ways of leaving taken for others."""
    result: Summary = {}
    for way, entries in summary.items():
        _add(result.setdefault(ways.get(way, way), {}), entries.items())
    return result


def because(summary: Summary, reason: Reason) -> Summary:
    """The same runs, with a reason for those that build."""
    if not has_builds(summary):
        return summary
    return {
        way: {
            key: Entry(entry.builds, Repeated(entry.rope, 1, reason)) if entry.builds else entry
            for key, entry in entries.items()
        }
        for way, entries in summary.items()
    }


def only(summary: Summary, ways: Iterable[tuple[str, int]]) -> Summary:
    return {way: summary[way] for way in ways if way in summary}


def iteration(body: Summary) -> tuple[Summary, Summary]:
    """A loop's body as (what lets the loop go on, what ends it)."""
    going = renamed(only(body, (GO, (CONTINUE, 1))), {(CONTINUE, 1): GO})
    ending: dict[tuple[str, int], tuple[str, int]] = {}
    for way in body:
        kind, level = way
        if way not in (GO, (CONTINUE, 1)):
            ending[way] = GO if way == (BREAK, 1) else (kind, max(level - 1, 0))
    return going, renamed(only(body, ending), ending)


def repeated(body: Summary, reason: Reason) -> Summary:
    """Any number of iterations."""
    going, ending = iteration(body)
    runs: Entries = dict(_NONE)
    for key, entry in going.get(GO, _NONE).items():
        if entry.builds:
            twice = _product(key, key)
            _add(runs, [(twice, Entry(MANY, Repeated(entry.rope, MANY, reason)))])
    for _ in range(2):
        _add(runs, list(_products(runs, dict(runs))))
    loop: Summary = {GO: runs}
    return either((loop, sequence(loop, ending))) if ending else loop


def _products(first: Entries, second: Entries) -> Iterable[tuple[Key, Entry]]:
    for key, entry in first.items():
        for other, added in second.items():
            if not added.builds:
                yield key, entry
            elif not entry.builds:
                yield other, added
            else:
                builds = min(entry.builds + added.builds, MANY)
                yield _product(key, other), Entry(builds, Joined(entry.rope, added.rope))


def _product(first: Key, second: Key) -> Key:
    rest = first.rest_clean and first.last_clean and second.rest_clean
    return Key(max(first.strength, second.strength), rest, second.last_clean)


def _add(entries: Entries, added: Iterable[tuple[Key, Entry]]) -> None:
    for key, entry in added:
        known = entries.get(key)
        if known is None or entry.builds > known.builds:
            entries[key] = entry
