"""What each script part can run -> what the container can, with the parts' guards."""
from __future__ import annotations

import re
from collections.abc import Sequence

from kaniko_hooks.model import ScriptPart
from kaniko_hooks.shell import summary

_COMPARED = re.compile(r"([^&|=!<>]+?)\s*==\s*('[^']*'|\"[^\"]*\")")
# What no step of a job can change.
_FIXED = re.compile(r'(?:github|inputs|matrix|vars|needs)\.[\w.\-]+|<<.*>>')
# Guards with more literals are taken to hold together.
_LITERALS = 16


def combined(parts: Sequence[ScriptPart], found: Sequence[summary.Summary]) -> summary.Summary:
    """The parts one after the other; `fail` is the way of a container that failed.

    A part that is not `always` runs only if nothing before it failed.
    """
    total = summary.NOTHING
    index = 0
    while index < len(parts):
        end = _end(parts, index)
        ended = [_ended(each) for each in found[index:end]]
        total = _after(total, parts[index:end], ended)
        index = end
    return total


def _tested(part: ScriptPart) -> tuple[str, str] | None:
    """What a part's guard looks at, and the value that it asks for."""
    if part.guard is None:
        return None
    match = _COMPARED.fullmatch(part.guard[0])
    return (match.group(1), match.group(2)[1:-1]) if match else (part.guard[0], '')


def _end(parts: Sequence[ScriptPart], start: int) -> int:
    """Where the parts end whose guards look at the same; others may stand between
    if no part can change what they look at."""
    tested = _tested(parts[start])
    end = start + 1
    if tested is None:
        return end
    fixed = _FIXED.fullmatch(tested[0]) is not None
    for index in range(start + 1, len(parts)):
        other = _tested(parts[index])
        if other is not None and other[0] == tested[0]:
            end = index + 1
        elif other is not None or not fixed:
            break
    return end


def _ended(found: summary.Summary) -> summary.Summary:
    """A part's end: status 0 or unknown goes on to the next part."""
    return summary.renamed(found, {
        way: summary.GO for way in found if way != summary.FAIL
    })


def _after(
    total: summary.Summary, group: Sequence[ScriptPart], found: Sequence[summary.Summary],
) -> summary.Summary:
    """The group in the worst of the worlds that its guards tell apart."""
    tested = [_tested(part) for part in group]
    literals = list(dict.fromkeys(each[1] for each in tested if each))
    ways: list[summary.Summary] = []
    for world in [*literals[:_LITERALS], None]:
        here = total
        for part, each, runs in zip(group, tested, found):
            holds = each is None or part.guard is None or (
                len(literals) > _LITERALS or (each[1] == world) != part.guard[1]
            )
            if holds:
                here = _then(here, runs, part.always)
        ways.append(here)
    return summary.either(ways)


def _then(
    total: summary.Summary, found: summary.Summary, always: bool,
) -> summary.Summary:
    failed = summary.only(total, (summary.FAIL,))
    result = summary.sequence(total, found)
    if not always or not failed:
        return result
    going = summary.sequence(summary.only(total, (summary.GO,)), found)
    again = summary.sequence(summary.renamed(failed, {summary.FAIL: summary.GO}), found)
    still = summary.renamed(again, {summary.GO: summary.FAIL})
    return summary.either([still, going] if going else [still])
