"""Reports on statements: what each of them has done in the runs of a container.

The fix cuts a script along them. A report is about all runs: it has each build,
program and variable of any of them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import accumulate

from kaniko_hooks.model import Build, Field, Place
from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.shell import outcome
from kaniko_hooks.shell.env import Env, Flow, State
from kaniko_hooks.shell.tree import Pipeline, Script, Statement
from kaniko_hooks.shell.value import OneOf, Value
from kaniko_hooks.text import Text


class BuildEvent(NamedTuple):
    """One execution of a build, and the environment that it and its statement found."""

    build: Build
    env: Env
    before: Env


class ProgramUse(NamedTuple):
    """A program that was run, but for builds; `kind` is that of its row in the table."""

    kind: str
    fields: tuple[Field, ...]
    place: Place
    env: Env


class StatementReport:
    """One statement, or one pipeline of a list joined by `&&` and `||`."""

    def __init__(self, node: Statement | Pipeline, source: Text, before: Env) -> None:
        self.node = node
        self.source = source
        self.before = before  # of the first run that is reported
        self.most_builds = 0  # in any run
        self.builds: list[BuildEvent] = []
        self.programs: list[ProgramUse] = []
        self.reads: set[str] = set()  # variables whose values come from before
        self.writes: set[str] = set()  # variables that some run sets
        self.alternatives: set[tuple[str, Value]] = set()  # that runs have one of is no change
        self.sure_writes: set[str] | None = None  # those that all runs set
        self.reads_status = False  # of the statement before, which may be a failure
        self.looks_at_status = False  # of the statement before
        self.exits: set[tuple[str, bool | None]] = set()  # ways to leave the list, with the status
        self.may_fail = False  # some run goes on after a failure
        self.demands = False  # `${name:?}` of a variable that may not be set
        self.changes: set[str] = set()  # fields of the environment that some run changes
        self.files: set[str] = set()  # keys of the files that some run writes
        self.targets: list[tuple[str, Text, Env]] = []  # redirections: operator and file
        self.calls: set[str] = set()  # functions that are called
        self.words: set[tuple[Text, ...]] = set()  # of a `for`, where they are known


class Reports:
    """The reports on the statements of a container's scripts, while they are evaluated.

    There are reports on the statements of a script, on the pipelines that `&&` and `||`
    join there, and on the bodies of its `for` loops.
    """

    def __init__(self) -> None:
        # In the order of the scripts; none if there is too much to evaluate.
        self.scripts: tuple[ScriptReport, ...] = ()
        self.by_node: dict[int, StatementReport] = {}
        # Those that are evaluated now, each with the state at its start.
        self._active: list[tuple[StatementReport, State]] = []

    def record(
        self, node: Statement | Pipeline, source: Text, state: State, run: Callable[[], Flow]
    ) -> Flow:
        """Evaluate a statement from a state and report on it."""
        report = self.by_node.get(id(node))
        if report is None:
            report = self.by_node[id(node)] = StatementReport(node, source, state.env)
        self._active.append((report, state))
        flow = run()
        self._active.pop()
        before = state.env
        report.exits.update((way.kind, end.status) for way, end in flow.leaving)
        report.may_fail |= any(end.status is not True for end in flow.normal)
        builds = outcome.builds(state.outcome)
        for end in flow.ends():
            report.most_builds = max(report.most_builds, outcome.builds(end.outcome) - builds)
        for end in flow.normal:
            report.changes.update(
                field
                for field, old, new in zip(Env._fields, state.env, end.env)
                if old is not new and old != new
            )
            report.files.update(
                key for key, texts in end.env.files.items() if before.files.get(key) != texts
            )
            changed = {
                name
                for name, value in end.env.variables.items()
                if before.variables.get(name) is not value
                and (name, value) not in report.alternatives
                # The runs with each of several values may have been joined again.
                and not (isinstance(value, OneOf) and value == before.variables.get(name))
            }
            report.writes |= changed
            sure = report.sure_writes
            certain = set() if 'generation' in report.changes else changed
            report.sure_writes = certain if sure is None else sure & certain
        return flow

    def read(self, state: State, name: str) -> None:
        """A variable or parameter was looked up."""
        for report, before in self._active:
            if name == '?':
                same = state.env is before.env and state.outcome is before.outcome
                report.looks_at_status |= same
                report.reads_status |= same and state.status is not True
            elif state.env.variables.get(name) is before.env.variables.get(name):
                report.reads.add(name)

    def demanded(self) -> None:
        """A variable may not be set, which ends the script."""
        for report, _ in self._active:
            report.demands = True

    def built(self, build: Build, env: Env) -> None:
        """A build was executed."""
        for report, before in self._active:
            report.builds.append(BuildEvent(build, env, before.env))

    def ran(self, kind: str, fields: Sequence[Field], place: Place, env: Env) -> None:
        """A program was executed, or commands that cannot be seen."""
        for report, _ in self._active:
            report.programs.append(ProgramUse(kind, tuple(fields), place, env))

    def narrowed(self, name: str, value: Value) -> None:
        """The runs with this one of several values go a way of their own."""
        for report, _ in self._active:
            report.alternatives.add((name, value))

    def redirected(self, operator: str, target: Text, env: Env) -> None:
        """A redirection has opened a file."""
        for report, _ in self._active:
            report.targets.append((operator, target, env))

    def called(self, name: str) -> None:
        """A function was called."""
        for report, _ in self._active:
            report.calls.add(name)

    def iterated(self, words: Sequence[Text]) -> None:
        """The innermost statement is a `for` over these words."""
        self._active[-1][0].words.add(tuple(words))

    def finish(self, scripts: Iterable[Sequence[Text]], parsed: Callable[[Text], Script]) -> None:
        """All runs of scripts of these commands have been evaluated. Raises TooMuch."""
        reports = []
        for commands in scripts:
            source = Text('\n').join(commands)
            starts = tuple(accumulate((len(text.value) + 1 for text in commands), initial=0))
            reports.append(ScriptReport(source, starts, parsed(source), self.by_node))
        self.scripts = tuple(reports)


class ScriptReport(NamedTuple):
    """The statements of one script of a container, with a report on each of them."""

    source: Text  # that the offsets of the statements count in
    starts: tuple[int, ...]  # where each command of the script begins in the source
    tree: Script
    reports: Mapping[int, StatementReport]  # by the identity of a statement or pipeline

    def report(self, node: Statement | Pipeline) -> StatementReport | None:
        """The report on a statement, or on one pipeline of it; None if no run gets there."""
        return self.reports.get(id(node))

    def command_at(self, offset: int) -> int:
        """The index of the command in which an offset of the source is."""
        return bisect_right(self.starts, offset) - 1
