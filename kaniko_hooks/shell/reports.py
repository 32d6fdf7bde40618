"""Reports on statements: what each of them has done in the runs of a container.

The fix cuts a script along them. A report is about all runs: it has each build,
program and variable of any of them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence

from kaniko_hooks.model import Build, Field, Place
from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.shell import outcome
from kaniko_hooks.shell.env import Env, Flow, State
from kaniko_hooks.shell.tree import Pipeline, Script, Statement
from kaniko_hooks.shell.value import OneOf, Value
from kaniko_hooks.text import Text


class StatementReport:
    """One statement, or one pipeline of a list joined by `&&` and `||`.

    The evaluator adds to the reports on all statements that it is in.
    """

    start: State  # of the run at hand

    def __init__(self, before: Env) -> None:
        self.before = before  # of the first run that is reported
        self.most_builds = 0  # in any run
        self.builds: list[tuple[Build, Env]] = []  # executions
        # The kind of a program's row in the table, its words, the place of its call.
        self.programs: list[tuple[str, Sequence[Field], Place, Env]] = []
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

    def read(self, state: State, name: str) -> None:
        """A variable or parameter was looked up."""
        start = self.start
        if name == '?':
            same = state.env is start.env and state.outcome is start.outcome
            self.looks_at_status |= same
            self.reads_status |= same and state.status is not True
        elif state.env.variables.get(name) is start.env.variables.get(name):
            self.reads.add(name)

    def finish(self, flow: Flow) -> None:
        """Add the ends of the runs at hand."""
        before = self.start.env
        self.exits.update((way.kind, end.status) for way, end in flow.leaving)
        self.may_fail |= any(end.status is not True for end in flow.normal)
        builds = outcome.builds(self.start.outcome)
        for end in flow.ends():
            self.most_builds = max(self.most_builds, outcome.builds(end.outcome) - builds)
        for end in flow.normal:
            self.changes.update(
                field
                for field, old, new in zip(Env._fields, before, end.env)
                if old is not new and old != new
            )
            self.files.update(
                key for key, texts in end.env.files.items() if before.files.get(key) != texts
            )
            changed = {
                name
                for name, value in end.env.variables.items()
                if before.variables.get(name) is not value
                and (name, value) not in self.alternatives
                # The runs with each of several values may have been joined again.
                and not (isinstance(value, OneOf) and value == before.variables.get(name))
            }
            self.writes |= changed
            sure = self.sure_writes
            certain = set() if 'generation' in self.changes else changed
            self.sure_writes = certain if sure is None else sure & certain


class ScriptReport(NamedTuple):
    """The statements of one script of a container, with a report on each of them.

    There are reports on the statements of the script, on the pipelines that `&&` and
    `||` join there, and on the bodies of its `for` loops.
    """

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
