"""The runs of a container: its scripts one after the other, and the worst that they can do."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from itertools import accumulate

from kaniko_hooks.model import (
    ARGUMENTS,
    MANY,
    SCRIPT,
    Build,
    Container,
    Execution,
    Field,
    Reason,
    Run,
    Script,
)
from kaniko_hooks.shell import TooMuch, commands, outcome, variables
from kaniko_hooks.shell.env import EXIT, Env, Flow, Scope, State, merged
from kaniko_hooks.shell.evaluator import MAX_STATES, Evaluator, ReadBuild
from kaniko_hooks.shell.outcome import NO_BUILD, Total
from kaniko_hooks.shell.programs import SHELLS
from kaniko_hooks.shell.value import EMPTY, Array
from kaniko_hooks.text import Text, hole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from kaniko_hooks.shell.evaluator import Repository
    from kaniko_hooks.shell.reports import ScriptReport

_VERDICTS = {1: 'uncached', 2: 'maybe-cached', 3: 'cached'}
_RECURSION_LIMIT = 8000


def container_run(
    container: Container,
    read_build: ReadBuild,
    repository: Repository,
    reports: list[ScriptReport] | None = None,
) -> Run:
    """The worst run of a container's scripts.

    - `read_build`: argv, image and test for set variables -> the build's flags.
    - `reports`: gets one on each script, unless there is too much to evaluate exactly.

    Raises TooMuch: no sharing was seen before there was too much to evaluate, even with
    all states of a point joined.
    """
    sys.setrecursionlimit(max(sys.getrecursionlimit(), _RECURSION_LIMIT))
    for max_states in (MAX_STATES, 1):
        ev = Evaluator(read_build, repository, container, max_states)
        try:
            run = _run(ev, container, reports if max_states > 1 else None)
            return run._replace(is_exact=max_states > 1)
        except TooMuch:
            if ev.most_builds > 1:
                return _unfinished_run(ev)
    raise TooMuch


def _run(ev: Evaluator, container: Container, reports: list[ScriptReport] | None) -> Run:
    if reports is not None:
        ev.reports = {}
    ev.image = _image_name(ev, container)
    run = _worst_run(ev, [end.outcome for end in _ends(ev, container.scripts)])
    if reports is not None:
        reports += [_report(ev, script) for script in container.scripts]
    return run


def _image_name(ev: Evaluator, container: Container) -> str | None:
    """The name of the image, with the variables of the first script.

    Of several names it is the one of Kaniko.
    """
    if container.image is None:
        return None
    scope = Scope(ev, EMPTY, container.scripts[0] if container.scripts else Script((), {}))
    names = [
        value.value for text in container.image.values for value in variables.filled(scope, text)
    ]
    return next((name for name in names if 'kaniko' in name), names[0] if names else None)


def _ends(ev: Evaluator, all_scripts: Sequence[Script]) -> list[State]:
    """The states of a container after its scripts; those with a failure have that status."""
    states = [State(Env(), {}, NO_BUILD)]
    for script in all_scripts:
        source = Text('\n').join(_commands_of(script))
        reasons = tuple(Reason('call', place, 1) for place in script.calls)
        scope = Scope(ev, source, script, reasons=reasons, recorded=True)
        skipped: list[State] = []
        ends: list[State] = []
        for state in states:
            has_failed = state.status is False
            runs, skips = ev.split(state, script.cond)
            if has_failed and not script.always:
                runs, skips = [], [state]
            skipped += skips
            for end in (end for run in runs for end in _after_script(scope, run)):
                ends.append(end.with_status(False) if has_failed else end)
        states = merged(scope._replace(tested=True), [*skipped, *ends])
    return sorted(states, key=lambda state: state.status is False)


def _after_script(scope: Scope, state: State) -> list[State]:
    """The states after a script; the shell ends where a command fails."""
    ev, script = scope.ev, scope.script
    if script.shell.rpartition('/')[2] not in SHELLS or not script.commands:
        return [state]
    env = Env(
        exported=frozenset((*script.variables, *ev.single_words, 'HOME', 'PATH')),
        files=state.env.files,
        directories=(hole('') if script.directory is None else Text(script.directory),),
        errexit=True,
    )
    ends: list[State] = []
    for arguments in _fields(scope, script.arguments):
        flow = _commands(scope, state.with_env(env._replace(arguments=Array(arguments))))
        ends += [end.with_status(True) for end in flow.normal]
        ends += [end if way == EXIT else end.with_status(True) for way, end in flow.leaving]
    return ends


def _commands(scope: Scope, state: State) -> Flow:
    ev, script = scope.ev, scope.script
    if script.form == SCRIPT:
        return ev.statements(scope, [state], ev.parsed(scope.source).body)
    flow = Flow()
    for fields in _fields(scope, script.commands):
        names_shell = fields[0].text.value.rpartition('/')[2] in (*SHELLS, 'busybox')
        if script.form == ARGUMENTS and (ev.is_in_kaniko_image() or not names_shell):
            # They go to the entrypoint; where they name a shell the image seldom has one.
            fields = (Field(EMPTY, False, fields[0].start, fields[0].start), *fields)
        flow.add(commands.run_program(scope, state, fields))
    return flow


def _commands_of(script: Script) -> list[Text]:
    """The commands as the runner writes them: stripped, with the values that are certain.

    Source: GitLab Runner, shells/abstract.go writeCommands.
    """
    strips = script.form == SCRIPT
    return [_with_certain(script, text.stripped() if strips else text) for text in script.commands]


def _with_certain(script: Script, text: Text) -> Text:
    """A text with the values of the holes that have just one, known value."""
    replacements = []
    for item in text.holes:
        setting = script.variables.get(item.name)
        if setting is not None and len(setting.values) == 1 and not setting.values[0].holes:
            replacements.append((item.start, item.end, setting.values[0]))
    return text.replaced(replacements)


def _fields(scope: Scope, texts: Sequence[Text]) -> list[tuple[Field, ...]]:
    """The words of an argv, which no shell reads: alternatives."""
    ends = list(accumulate(len(_with_certain(scope.script, text).value) + 1 for text in texts))
    several = [text.hole_name.endswith('[*]') for text in texts]
    return [
        tuple(map(Field, way.split('\0'), several, (0, *ends), (end - 1 for end in ends)))
        for way in variables.filled(scope, Text('\0').join(texts))
    ]


def _worst_run(ev: Evaluator, outcomes: Sequence[outcome.Outcome]) -> Run:
    entries = [entry for item in outcomes for entry in item.items()]
    sharing = [(cache_class, tally) for cache_class, tally in entries if tally.times > 1]
    worst, shown = max(sharing or entries, key=lambda entry: (entry[0].strength, entry[1].times))
    return Run(
        max(tally.times for _, tally in entries),
        _VERDICTS[worst.strength] if sharing else 'ok',
        tuple(_execution(build, shown.totals.get(place)) for place, build in ev.builds.items()),
        all(cache_class.all_but_last_clean for cache_class, _ in sharing),
        frozenset(ev.used_variables),
        ev.used_image,
        ev.image,
        tuple(ev.scripts),
        (*ev.notes, *(ev.missing[place] for place in ev.missing.keys() - ev.followed)),
    )


def _unfinished_run(ev: Evaluator) -> Run:
    """The run of a container with too much to evaluate, in which sharing was seen."""
    strength = max(outcome.STRENGTH[build.flags.cache] for build in ev.builds.values())
    executions = tuple(Execution(build, MANY) for build in ev.builds.values())
    return Run(
        MANY,
        _VERDICTS[strength],
        executions,
        False,
        frozenset(ev.used_variables),
        ev.used_image,
        ev.image,
        tuple(ev.scripts),
        is_exact=False,
    )


def _execution(build: Build, total: Total | None) -> Execution:
    """A build as the shown run executes it; without a total only another one does.

    A call that all executions go through is no reason to run more than once.
    """
    if total is None:
        return Execution(build, 0)
    calls = [reason for reason in total.reasons if reason.kind == 'call']
    shared = total.shared.intersection(calls)
    reasons = (reason for reason in total.reasons if reason not in shared)
    places = dict.fromkeys(call.place for call in calls)
    return Execution(total.build, total.times, tuple(reasons), tuple(places))


def _report(ev: Evaluator, script: Script) -> ScriptReport:
    from kaniko_hooks.shell.reports import ScriptReport

    commands = _commands_of(script)
    source = Text('\n').join(commands)
    starts = tuple(accumulate((len(text.value) + 1 for text in commands), initial=0))
    return ScriptReport(source, starts, ev.parsed(source), ev.reports or {})
