"""Why a container builds more often than its script has builds, in words."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kaniko_hooks.model import MANY, Place, Reason, Run

LineOf = Callable[[Place], int]

_LISTED = 5


def because(run: Run, line_of: LineOf) -> str:
    """Why builds of the shown run are executed more than once: '' if none is.

    For instance 'the loop at line 12 runs it for each of 3 words'. `line_of`
    gives the 1-based line of a place; a place in another file than the build's
    is told with its file.
    """
    said: dict[str, None] = {}
    for execution in run.executions:
        file = execution.build.place.file
        # A second attempt is another build: each of the two is executed once.
        reasons = [
            reason
            for reason in execution.reasons
            if execution.times > 1 or execution.times and reason.kind == 'retry'
        ]
        said.update(dict.fromkeys(_told(reasons, file, line_of)))
    return '; '.join(said)


def _told(reasons: Sequence[Reason], file: str, line_of: LineOf) -> list[str]:
    """The reasons of one build; all calls of its function are one of them."""
    calls = [reason for reason in reasons if reason.kind == 'call']
    told = [_called(calls, file, line_of)] if len({call.place for call in calls}) > 1 else []
    for reason in dict.fromkeys(reasons):
        # A single call in a loop is no reason by itself.
        if reason.times > 1 and not (told and reason.kind == 'call') or reason.kind == 'retry':
            told.append(describe(reason, _at(reason.place, file, line_of)))
    return told


def describe(reason: Reason, at: str) -> str:
    """One reason; `at` says where, as in 'at line 12'."""
    many = reason.times >= MANY
    if reason.kind == 'loop':
        each = 'again and again' if many else f'for each of {reason.times} words'
        return f'the loop {at} runs it {each}'
    if reason.kind == 'retry':
        return f'retried {at} when the first attempt fails'
    if reason.kind == 'watch':
        return f'watch {at} runs it again and again'
    if reason.kind != 'call':
        each = 'once per item' if many else f'{reason.times} times'
        return f'{reason.kind} {at} runs it {each}'
    return f'called {count(reason.times)} {at}'


def _called(calls: Sequence[Reason], file: str, line_of: LineOf) -> str:
    places = list(dict.fromkeys(reason.place for reason in calls))
    often = f'called {count(len(places))}'
    if len({place.file for place in places}) > 1:
        return f'{often}: {_listed([f"line {_line(place, file, line_of)}" for place in places])}'
    where = '' if places[0].file == file else f' of {places[0].file}'
    lines = list(dict.fromkeys(str(line_of(place)) for place in places))
    if len(lines) == 1:
        return f'{often} at line {lines[0]}{where}'
    return f'{often}: lines {_listed(lines)}{where}'


def count(times: int) -> str:
    """'once', 'twice', '3 times', 'many times'."""
    if times >= MANY:
        return 'many times'
    return {1: 'once', 2: 'twice'}.get(times, f'{times} times')


def _at(place: Place, file: str, line_of: LineOf) -> str:
    return f'at line {_line(place, file, line_of)}'


def _line(place: Place, file: str, line_of: LineOf) -> str:
    line = line_of(place)
    return str(line) if place.file == file else f'{line} of {place.file}'


def _listed(words: Sequence[str]) -> str:
    if len(words) > _LISTED:
        words = [*words[: _LISTED - 1], f'{len(words) - _LISTED + 1} more']
    return ', '.join(words[:-1]) + ' and ' + words[-1]


def brief(reason: Reason) -> str:
    """One reason as the label of its own line."""
    if reason.kind == 'retry':
        return 'again when the first attempt fails'
    if reason.kind == 'call':
        return 'called here'
    if reason.times < MANY:
        return f'{reason.times} times'
    return 'again and again' if reason.kind in ('loop', 'watch') else 'once per item'
