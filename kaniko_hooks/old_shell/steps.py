"""What each script part can run -> what the container can, with the parts' guards."""

from __future__ import annotations

from collections.abc import Sequence

from kaniko_hooks.model import Guard, ScriptPart
from kaniko_hooks.old_shell import summary
from kaniko_hooks.old_shell.conditions import step_guards
from kaniko_hooks.old_shell.conditions.step_guards import World

# How often a part is put together with the others, and all of them are.
_WORLDS = 256
_MOST = 20_000


def combined(parts: Sequence[ScriptPart], found: Sequence[summary.Summary]) -> summary.Summary:
    """The parts one after the other, in the worst of the worlds that their guards tell
    apart; `fail` is the way of a container that failed.

    A part that is not `always` runs only if nothing before it failed.
    """
    guards = [part.guard for part in parts]
    worlds: list[World] = [{}]
    if any(guard is not True for guard in guards):
        guards = step_guards.told_apart(guards)
        worlds = step_guards.worlds(
            [guard for guard, each in zip(guards, found) if summary.has_builds(each)],
            min(_WORLDS, _MOST // len(parts)),
        )
    ended = [_ended(each) for each in found]
    return summary.either([_in_world(parts, guards, ended, world) for world in worlds])


def _ended(found: summary.Summary) -> summary.Summary:
    """A part's end: status 0 or unknown goes on to the next part."""
    return summary.renamed(found, {way: summary.GO for way in found if way != summary.FAIL})


def _in_world(
    parts: Sequence[ScriptPart],
    guards: Sequence[Guard],
    found: Sequence[summary.Summary],
    world: World,
) -> summary.Summary:
    total = summary.NOTHING
    for part, guard, runs in zip(parts, guards, found):
        holds = step_guards.holds(guard, world)
        if holds is False:
            continue
        done = _then(total, runs, part.always)
        total = done if holds else summary.either([total, done])
    return total


def _then(total: summary.Summary, found: summary.Summary, always: bool) -> summary.Summary:
    failed = summary.only(total, (summary.FAIL,))
    result = summary.sequence(total, found)
    if not always or not failed:
        return result
    going = summary.sequence(summary.only(total, (summary.GO,)), found)
    again = summary.sequence(summary.renamed(failed, {summary.FAIL: summary.GO}), found)
    still = summary.renamed(again, {summary.GO: summary.FAIL})
    return summary.either([still, going] if going else [still])
