"""A container's script parts -> what it can run at worst."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from kaniko_hooks.model import (
    ARGUMENTS,
    MANY,
    SCRIPT,
    Execution,
    Place,
    Reason,
    Run,
    ScriptPart,
    Word,
)
from kaniko_hooks.old_shell import interpret, rope, state, steps, summary
from kaniko_hooks.old_shell.argv import words
from kaniko_hooks.old_shell.commands import calls, nested
from kaniko_hooks.old_shell.expansion import parameters
from kaniko_hooks.old_shell.machine import Machine, ReadBuild, ReadScript, Traced
from kaniko_hooks.old_shell.syntax.source import Source
from kaniko_hooks.old_shell.values import Array, Field, known, word_of

_VERDICTS = {1: 'uncached', 2: 'maybe-cached', 3: 'cached'}


def container_run(
    parts: Sequence[ScriptPart], image: str | None, read_build: ReadBuild, read_script: ReadScript
) -> Run:
    """What the parts can run at worst, in one container.

    - `image`: the name of the container's image, None if it is not known.
    - `read_build`: argv, image and look-up of a variable -> the build's flags.
    - `read_script`: path in the repository -> its text, None if it is not there.

    The runner strips each command and joins them with line ends (GitLab Runner,
    shells/abstract.go writeCommands); later parts run after status 0, parts that
    are `always` in any case. Raises TooLarge.
    """
    machine = Machine(image, read_build, read_script)
    return _run(machine, _container(machine, parts))


def trace(
    parts: Sequence[ScriptPart], image: str | None, read_build: ReadBuild, read_script: ReadScript
) -> tuple[Traced, ...]:
    """Every build that is met, in order, with what the script knows there.

    A build in a loop over literal words or in a function comes once for each
    time; branches that exclude each other come one after the other. Each build
    is thought to succeed.
    """
    machine = Machine(image, read_build, read_script)
    machine.trace = []
    _container(machine, parts)
    return tuple(machine.trace)


def script_text(part: ScriptPart) -> tuple[str, tuple[int, ...]]:
    """The script of a part, and the offset in it where each command starts."""
    starts: list[int] = []
    pieces: list[str] = []
    at = 0
    for command in part.commands:
        text = command.text.strip() if part.form == SCRIPT else command.text
        starts.append(at)
        pieces.append(text)
        at += len(text) + 1
    return '\n'.join(pieces), tuple(starts)


def _prepared(machine: Machine, part: ScriptPart) -> Source:
    """The source of a part, and a fresh shell for it."""
    text, starts = script_text(part)
    machine.take(text)
    machine.state = state.State(lambda name: parameters.look_up(machine, name))
    machine.variables = part.variables
    machine.root = part.root
    machine.traps = []
    machine.handled = set()
    directory = None if part.directory is None else known(part.directory)
    machine.state.set(state.DIRECTORY, directory)
    given = words(part.arguments, part.variables, [0] * len(part.arguments))
    machine.state.set(state.ARGUMENTS, Array(tuple(word_of(field) for field in given)))

    def locate(offset: int) -> Place:
        index = max(bisect_right(starts, offset) - 1, 0)
        command = part.commands[index]
        skipped = 0
        if part.form == SCRIPT:
            skipped = len(command.text) - len(command.text.lstrip())
        return Place(command.file, command.locate(offset - starts[index] + skipped))

    return Source(text, locate)


def _part(machine: Machine, part: ScriptPart) -> summary.Summary:
    if part.shell.rpartition('/')[2] not in nested.SHELLS or not part.commands:
        return summary.NOTHING
    source = _prepared(machine, part)
    if part.form == SCRIPT:
        if not nested.is_shell(source.text):
            return summary.NOTHING
        found = interpret.statements(machine, source, nested.parsed(source.text).body)
    else:
        fields = words(part.commands, part.variables, script_text(part)[1])
        if part.form == ARGUMENTS and _have_entrypoint(machine, fields[0].text):
            fields.insert(0, Field((), False, fields[0].start, fields[0].start))
        found = calls.run(machine, source, [fields], None)
    return interpret.ended(machine, found)


def _have_entrypoint(machine: Machine, first: str) -> bool:
    """Whether arguments go to a program of the image's own.

    Where they begin with a shell they do only in Kaniko's images: those of
    distributions have none, or one that runs what it is given.
    """
    if first.rpartition('/')[2] not in (*nested.SHELLS, 'busybox'):
        return True
    entrypoint = Word(())
    return machine.read_build((entrypoint,), machine.image, lambda name: None) is not None


def _container(machine: Machine, parts: Sequence[ScriptPart]) -> summary.Summary:
    found = []
    for part in parts:
        one = _part(machine, part)
        for place in reversed(part.calls):
            one = summary.because(one, Reason('call', place, 1))
        found.append(one)
    return steps.combined(parts, found)


def _run(machine: Machine, total: summary.Summary) -> Run:
    entries = [(key, entry) for way in total.values() for key, entry in way.items()]
    most = max((entry.builds for _, entry in entries), default=0)
    sharing = [(key, entry) for key, entry in entries if entry.builds > 1]
    verdict = 'ok'
    if sharing:
        shown = max(sharing, key=lambda each: (each[0].strength, each[1].builds))
        verdict = _VERDICTS[shown[0].strength]
    else:
        shown = max(entries, key=lambda each: (each[1].builds, each[0].strength))
    return Run(
        most,
        verdict,
        _executions(machine, shown[1].rope),
        all(key.rest_clean for key, _ in sharing),
        frozenset(machine.used_variables),
        machine.used_image,
        None,
        tuple(machine.scripts),
    )


def _executions(machine: Machine, run: rope.Rope) -> tuple[Execution, ...]:
    """Each build place once, in order, with what makes its number."""
    times: dict[Place, int] = {}
    reasons: dict[Place, dict[Reason, int]] = {}
    met: dict[Place, int] = {}
    for build, count, meetings, because in rope.flattened(run):
        times[build.place] = min(times.get(build.place, 0) + count, MANY)
        met[build.place] = met.get(build.place, 0) + meetings
        reasons[build.place] = rope.added(reasons.get(build.place, {}), because)
    found: list[Execution] = []
    for place, build in machine.found.items():
        why = reasons.get(place, {})
        calls = tuple(each.place for each in why if each.kind == 'call')
        kept = _telling(why, met.get(place, 0))
        found.append(Execution(build, times.get(place, 0), kept, calls))
    return tuple(found)


def _telling(reasons: dict[Reason, int], met: int) -> tuple[Reason, ...]:
    """Without the calls that make nothing more than once: one that all the others go
    through, and those inside of one that is told."""

    def is_call(reason: Reason) -> bool:
        return reason.kind == 'call' and reason.times == 1

    kept = [each for each, meetings in reasons.items() if not is_call(each) or meetings < met]
    outer = min((each.level for each in kept if is_call(each)), default=0)
    return tuple(each for each in kept if not is_call(each) or each.level == outer)
