"""The runs of a container: its scripts one after the other, and the worst that they can do."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate

from kaniko_hooks.model import (
    ARGUMENTS,
    MANY,
    SCRIPT,
    Build,
    Container,
    Execution,
    Field,
    Place,
    Reason,
    Run,
    Script,
)
from kaniko_hooks.shell import TooMuch, commands, outcome, paths, scripts, variables
from kaniko_hooks.shell.env import EXIT, Env, Flow, Scope, State, merged
from kaniko_hooks.shell.evaluator import MAX_STATES, Evaluator, ReadBuild
from kaniko_hooks.shell.outcome import NO_BUILD, Total
from kaniko_hooks.shell.programs import SHELLS
from kaniko_hooks.shell.value import EMPTY, Array
from kaniko_hooks.text import Text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from kaniko_hooks.shell.evaluator import Repository
    from kaniko_hooks.shell.reports import Reports

_VERDICTS = {1: 'uncached', 2: 'maybe-cached', 3: 'cached'}
_RECURSION_LIMIT = 8000


def container_run(
    container: Container,
    read_build: ReadBuild,
    repository: Repository,
    reports: Reports | None = None,
) -> Run:
    """The worst run of a container's scripts.

    - `read_build`: argv, image and test for set variables -> the build's flags.
    - `reports`: gets what each statement does, unless there is too much to evaluate exactly.

    Raises TooMuch: no sharing was seen before there was too much to evaluate, even with
    all states of a point joined.
    """
    sys.setrecursionlimit(max(sys.getrecursionlimit(), _RECURSION_LIMIT))
    for max_states in (MAX_STATES, 1):
        ev = Evaluator(read_build, repository, container, max_states)
        is_exact = max_states > 1
        ev.reports = reports if is_exact else None
        try:
            ev.image = _image_name(ev, container)
            run = _run(ev, [end.outcome for end in _ends(ev, container.scripts)])
            if ev.reports is not None:
                ev.reports.finish(map(_commands_of, container.scripts), ev.parsed)
            return run._replace(is_finished=is_exact)
        except TooMuch:
            if ev.most_builds > 1:
                return _unfinished_run(ev)
            if ev.budget >= 0 or not ev.has_forked:
                # The script itself is too long, whatever its states.
                break
    raise TooMuch


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
    """The states of a container after its scripts."""
    going = [State(Env(), {}, NO_BUILD)]
    failed: list[State] = []  # only scripts that are `always` run now
    for script in all_scripts:
        source = Text('\n').join(_commands_of(script))
        reasons = tuple(Reason('call', place, 1) for place in script.calls)
        scope = Scope(ev, source, script, reasons=reasons, recorded=True)
        runs, going = _by_cond(scope, going)
        runs_after_failure: list[State] = []
        if script.always:
            runs_after_failure, failed = _by_cond(scope, failed)
        for end in _after_script(scope, runs):
            (failed if end.status is False else going).append(end)
        failed += _after_script(scope, runs_after_failure)
        going = merged(scope, going)
        failed = merged(scope, failed)
    return [*going, *failed]


def _by_cond(scope: Scope, states: Iterable[State]) -> tuple[list[State], list[State]]:
    """The states in which a script runs, and those in which it is skipped."""
    runs: list[State] = []
    skips: list[State] = []
    for state in states:
        holds, fails = scope.ev.split(state, scope.script.cond)
        runs += holds
        skips += fails
    return runs, skips


def _after_script(scope: Scope, states: Iterable[State]) -> list[State]:
    """The states after a script; the shell ends where a command fails."""
    ev, script = scope.ev, scope.script
    shell = script.shell.rpartition('/')[2]
    if shell not in SHELLS or not script.commands:
        return list(states)
    exported = frozenset((*script.variables, *ev.single_words, 'HOME', 'PATH'))
    env = Env(exported=exported, directories=(paths.start(script),), errexit=True)
    ends: list[State] = []
    for state in states:
        for arguments in _fields(scope, script.arguments):
            start = state._replace(
                env=env._replace(files=state.env.files, arguments=Array(arguments))
            )
            flow = _commands(scope, start)
            ends += [end.with_status(True) for end in flow.normal]
            ends += [end if way == EXIT else end.with_status(True) for way, end in flow.leaving]
    return ends


def _commands(scope: Scope, state: State) -> Flow:
    ev, script = scope.ev, scope.script
    if script.form == SCRIPT:
        if not scripts.is_shell(scope.source.value):
            return Flow([state])
        return ev.statements(scope, [state], ev.parsed(scope.source).body)
    flow = Flow()
    for fields in _fields(scope, script.commands):
        names_shell = fields[0].text.value.rpartition('/')[2] in (*SHELLS, 'busybox')
        if script.form == ARGUMENTS and (ev.is_in_kaniko_image() or not names_shell):
            # They go to the entrypoint; where they name a shell the image seldom has one.
            fields = (Field(Text(''), False, fields[0].start, fields[0].start), *fields)
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
    several = [len(text.holes) == 1 and text.holes[0].name.endswith('[*]') for text in texts]
    return [
        tuple(map(Field, way.split('\0'), several, (0, *ends), (end - 1 for end in ends)))
        for way in variables.substituted(scope, Text('\0').join(texts))
    ]


# The worst run


def _run(ev: Evaluator, outcomes: Sequence[outcome.Outcome]) -> Run:
    entries = [entry for item in outcomes for entry in item.items()]
    most = max(tally.times for _, tally in entries)
    sharing = [(cache_class, tally) for cache_class, tally in entries if tally.times > 1]
    worst = max(sharing or entries, key=lambda entry: (entry[0].strength, entry[1].times))
    verdict = _VERDICTS[worst[0].strength] if sharing else 'ok'
    clean = all(cache_class.all_but_last_clean for cache_class, _ in sharing)
    return _as_run(ev, most, verdict, worst[1].totals, clean)


def _unfinished_run(ev: Evaluator) -> Run:
    """The run of a container with too much to evaluate, in which sharing was seen."""
    strength = max(outcome.STRENGTH[build.flags.cache] for build in ev.builds.values())
    totals = {place: Total(build, MANY, ((),)) for place, build in ev.builds.items()}
    run = _as_run(ev, MANY, _VERDICTS[strength], totals, False)
    return run._replace(is_finished=False)


def _as_run(
    ev: Evaluator, most: int, verdict: str, totals: Mapping[Place, Total], clean: bool
) -> Run:
    executions = [_execution(build, totals.get(place)) for place, build in ev.builds.items()]
    return Run(
        most,
        verdict,
        tuple(executions),
        clean,
        frozenset(ev.used_variables),
        ev.used_image,
        ev.image,
        tuple(ev.scripts),
        (*ev.notes, *(ev.missing[place] for place in ev.missing.keys() - ev.followed)),
    )


def _execution(build: Build, total: Total | None) -> Execution:
    """A build as the shown run executes it; without a total only another one does."""
    if total is None:
        return Execution(build, 0)
    calls = [reason.place for chain in total.chains for reason in chain if reason.kind == 'call']
    return Execution(total.build, total.times, _reasons(total), tuple(dict.fromkeys(calls)))


def _reasons(total: Total) -> tuple[Reason, ...]:
    """The reasons why a build runs more than once: no call that all executions go through."""
    shared = set(total.chains[0]).intersection(*total.chains[1:])
    reasons = dict.fromkeys(reason for chain in total.chains for reason in chain)
    return tuple(reason for reason in reasons if reason.kind != 'call' or reason not in shared)
