"""Abstract interpreter of shell scripts: from a state to the states that a command leaves.

A state is the runs that reach a point with the same environment and facts; each
command maps it to states, forked at branches and merged where they are the same
again (abstract interpretation with trace partitioning). The recursion over
lists, pipelines and substitutions is in this class; the commands themselves are
functions that reach it through their scope.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from kaniko_hooks.model import Build, Cond, Container, Field, Flags, Note, Place
from kaniko_hooks.shell import TooMuch, commands, outcome, redirections, tree, variables
from kaniko_hooks.shell.env import EXIT, Env, Exit, Flow, Function, Scope, State, merged
from kaniko_hooks.shell.facts import Assumptions
from kaniko_hooks.shell.output import with_inputs
from kaniko_hooks.shell.parser import parse
from kaniko_hooks.shell.value import EMPTY, Value, Words
from kaniko_hooks.text import Segment, Text, hole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol, TypeVar

    from kaniko_hooks.shell.loops import Effects
    from kaniko_hooks.shell.reports import StatementReport

    _Node = TypeVar('_Node', tree.Statement, tree.Pipeline)

    class Repository(Protocol):
        """The files of the repository; paths are relative to its root."""

        def readable(self, path: str) -> str | None:
            """The text of a file, None if there is none that can be read."""

        def files(self) -> Sequence[str]:
            """The paths of all files."""

        def is_folder(self, path: str) -> bool:
            """A folder of this path exists."""


# Work for one container, in units of about a microsecond: so is all that is spent.
_MAX_WORK = 500_000
_COMMAND = 40
# States of one point that are kept apart, unless a container asks for too much work.
MAX_STATES = 16
# Commands inside of commands, functions and scripts: Python's stack must hold them.
_MAX_DEPTH = 300

ReadBuild = Callable[[Sequence[Field], str | None, Callable[[str], bool]], Flags | None]


class Evaluator:
    """One container's scripts being evaluated."""

    def __init__(
        self, read_build: ReadBuild, repository: Repository, container: Container, max_states: int
    ) -> None:
        self.max_states = max_states
        self.image: str | None = None  # its name
        self.read_build = read_build
        self.repository = repository
        self.assumptions = Assumptions(container.exclusive, container.never_empty)
        self.single_words = container.single_words
        self.budget = _MAX_WORK
        self.builds: dict[Place, Build] = {}
        self.most_builds = 0  # of a run so far
        self.used_variables: set[str] = set()
        self.used_image = False
        self.ignores_case = False  # in `case` and `[[ … ]]`: some script has `nocasematch`
        self.scripts: dict[str, None] = {}  # files of the repository that were run
        self.notes: dict[Note, None] = {}
        self.missing: dict[Place, Note] = {}  # of scripts, by the places of their calls
        self.followed: set[Place] = set()  # places of calls of scripts that were run
        self.ended: list[State] = []  # the shell ends in them during an expansion
        # On the statements that are recorded, by their identity; and on those around.
        self.reports: dict[int, StatementReport] | None = None
        self.active: list[StatementReport] = []
        self.loops: dict[int, Effects] = {}  # what the bodies of loops have done so far
        self.settings: dict[tuple[int, str], Value] = {}  # of the CI system, looked up
        self._trees: dict[tuple[str, ...], tree.Script] = {}
        self._files: dict[str, Text] = {}
        self.words: dict[str, tuple[Words, ...]] = {}  # of the words that holes may be
        self.candidates: dict[tuple[str, ...], Sequence[str]] = {}  # by what is known of a path
        self.inputs: dict[str, Text] = {}  # what programs have read, by the holes of their output

    def is_in_kaniko_image(self) -> bool:
        """The name of the image mentions Kaniko."""
        return self.image is not None and 'kaniko' in self.image

    # States

    def spend(self, work: int) -> None:
        """Account for work of so many units. Raises TooMuch."""
        self.budget -= work
        if self.budget < 0:
            raise TooMuch

    def split(self, state: State, cond: Cond) -> tuple[list[State], list[State]]:
        """The states where a condition holds, and those where it does not."""
        self.spend(5 + len(state.facts) // 8)
        holds, fails = self.assumptions.split(state.facts, cond)
        return (
            [state._replace(facts=facts) for facts in holds],
            [state._replace(facts=facts) for facts in fails],
        )

    def by_status(self, state: State, cond: Cond) -> list[State]:
        """The states after a test, each with its status."""
        holds, fails = self.split(state, cond)
        return [
            *(way.with_status(True) for way in holds),
            *(way.with_status(False) for way in fails),
        ]

    def value(self, scope: Scope, env: Env, name: str) -> Value:
        """The value of a variable, also of one that the script has not set."""
        value = env.variables.get(name)
        return variables.outside(scope, name, env) if value is None else value

    def note_use(self, scope: Scope, state: State, kind: str, fields: Sequence[Field]) -> None:
        """Report a program that is run."""
        for report in self.active:
            place = scope.source.place(fields[0].start)
            report.programs.append((kind, tuple(fields), place, state.env))

    # Texts

    def parsed(self, text: Text) -> tree.Script:
        """The syntax tree of a text. Raises TooMuch."""
        key = text.key()
        if key not in self._trees:
            self.spend(len(text.value))
            self._trees[key] = parse(text)
            self.ignores_case = self.ignores_case or 'nocasematch' in text.value
        return self._trees[key]

    def file(self, path: str) -> Text:
        """The text of a file of the repository; empty if it cannot be read."""
        if path not in self._files:
            segment = Segment(0, lambda offset: Place(path, offset), 0, True)
            self._files[path] = Text(self.repository.readable(path) or '', (), (segment,))
        return self._files[path]

    # Lists

    def statements(
        self, scope: Scope, states: Iterable[State], body: Sequence[tree.Statement]
    ) -> Flow:
        """A list of commands, in order."""
        flow = Flow(states)
        for node in body:
            current, flow.normal = flow.normal, []
            for state in current:
                flow.add(self._reported(scope, state, node, self._statement))
            flow.leaving += [(EXIT, state.with_status(False)) for state in self.ended]
            self.ended.clear()
            flow.normal = merged(scope, flow.normal)
        by_exit: dict[Exit, list[State]] = {}
        for way, state in flow.leaving:
            by_exit.setdefault(way, []).append(state)
        flow.leaving = [
            (way, state) for way, states in by_exit.items() for state in merged(scope, states)
        ]
        return flow

    def _reported(
        self, scope: Scope, state: State, node: _Node, run: Callable[[Scope, State, _Node], Flow]
    ) -> Flow:
        """Evaluate a statement or pipeline, with a report on it where there are some."""
        if self.reports is None or not scope.recorded:
            return run(scope, state, node)
        from kaniko_hooks.shell.reports import StatementReport

        report = self.reports.setdefault(id(node), StatementReport(state.env))
        report.start = state
        self.active.append(report)
        flow = run(scope, state, node)
        self.active.pop()
        report.finish(flow)
        return flow

    def _statement(self, scope: Scope, state: State, node: tree.Statement) -> Flow:
        if not node.background:
            return self._and_or(scope, state, node)
        inner = scope.apart()._replace(tested=True)
        ends = self.isolated(scope, state.env, self._and_or(inner, state, node))
        return Flow(end.with_status(True) for end in ends)

    def _and_or(self, scope: Scope, state: State, node: tree.Statement) -> Flow:
        """Pipelines joined by `&&` and `||`: which of them run depends on the status."""
        last = len(node.operators)
        tested = scope._replace(tested=True) if last else scope
        first = self._reported(tested, state, node.pipelines[0], self._pipeline)
        flow = Flow(leaving=first.leaving)
        # With each state: the last pipeline has run.
        current = [(way, not last) for way in first.normal]
        builds_before = outcome.builds(state.outcome)
        for index, operator in enumerate(node.operators, 1):
            needed = operator == '&&'
            pipeline = node.pipelines[index]
            before, current = current, []
            self.spend(len(before))
            for way, _ in before:
                if way.status is not needed:
                    current.append((way.with_status(not needed), False))
                if way.status is (not needed):
                    continue
                inner = scope if index == last else tested
                if not needed and outcome.builds(way.outcome) > builds_before:
                    inner = inner.because('retry', pipeline.start)
                result = self._reported(inner, way.with_status(needed), pipeline, self._pipeline)
                current += [(after, index == last) for after in result.normal]
                flow.leaving += result.leaving
        may_end = not scope.tested and _ends_shell(node.pipelines[last])
        for way, last_has_run in current:
            if not (may_end and last_has_run and way.env.errexit):
                flow.normal.append(way)
            elif way.status is False:
                flow.leaving.append((EXIT, way))
            else:
                # A caller may look at the status of a shell that fails.
                if way.status is None and scope.depth:
                    flow.leaving.append((EXIT, way.with_status(False)))
                # The shell ends where it fails (`set -e`, POSIX XCU 2.15).
                flow.normal.append(way.with_status(True))
        return flow

    # Pipelines and processes

    def _pipeline(self, scope: Scope, state: State, node: tree.Pipeline) -> Flow:
        """One command, or several in processes of their own."""
        inner = scope._replace(tested=True) if node.negated else scope
        if len(node.commands) == 1:
            flow = self.command(inner, state, node.commands[0])
        else:
            flow = Flow(self._piped(inner, state, node.commands))
        if node.negated:
            flow.normal = [
                way if way.status is None else way.with_status(not way.status)
                for way in flow.normal
            ]
        return flow

    def _piped(self, scope: Scope, state: State, nodes: Sequence[tree.Command]) -> list[State]:
        scope = scope.apart()
        inner = scope._replace(captured=True, tested=True)
        states = [state]
        for node in nodes[:-1]:
            starts = [way.with_env(way.env._replace(stdout=EMPTY)) for way in states]
            states = [
                way.with_env(way.env._replace(unread=way.env.stdout, stdin=way.env.stdout))
                for start in starts
                for way in self.isolated(inner, start.env, self.command(inner, start, node))
            ]
        printed = state.env.stdout
        states = [way.with_env(way.env._replace(stdout=printed)) for way in states]
        ends = [
            # With `pipefail` the status is that of any of the commands.
            way if before.status or not way.status else way.with_status(None)
            for before in states
            for way in self.isolated(scope, before.env, self.command(scope, before, nodes[-1]))
        ]
        before = state.env
        return [
            way.with_env(way.env._replace(unread=before.unread, stdin=before.stdin)) for way in ends
        ]

    def isolated(self, scope: Scope, before: Env, flow: Flow) -> list[State]:
        """The states after a process of its own: what it sets is lost, but for files and output."""
        ends = []
        for end in flow.ends():
            env = end.env
            env = before._replace(
                files=env.files, epoch=env.epoch, unread=env.unread, stdout=env.stdout
            )
            ends.append(end.with_env(env))
        return merged(scope, ends)

    def substitution(
        self, scope: Scope, state: State, node: tree.Substitution
    ) -> list[tuple[State, Text]]:
        """`$(…)`: what the commands print, without line ends at the end."""
        self.spend(_COMMAND)
        source, body = scope.source, node.body
        if node.text is not None:
            source = Text(node.text).at(scope.source.place, node.start)
            body = self.parsed(source).body
        inner = scope.apart()._replace(source=source, captured=True, depth=scope.depth + 1)
        # Bash goes on after a failure here, whatever its options.
        start = state.with_env(state.env._replace(stdout=EMPTY, errexit=False))
        shown = scope.source.value[node.start : node.end]
        result = []
        for end in self.isolated(inner, start.env, self.statements(inner, [start], body)):
            printed = _without_line_ends(end.env.stdout)
            end = end.with_env(end.env._replace(stdout=state.env.stdout, errexit=state.env.errexit))
            result.append((end, self._captured(scope, printed, shown)))
            before, line_end, last = printed.prefix.rpartition('\n')
            if line_end and not last and printed.part(len(printed.prefix)).is_hole:
                # The last command may print nothing.
                result.append((end, Text(before.rstrip('\n'))))
        if scope.tested and state.env.errexit and len(body) > 1:
            # In other shells it may end early.
            result += [(end.with_status(False), hole('', shown)) for end, _ in result]
        return result

    def _captured(self, scope: Scope, output: Text, shown: str) -> Text:
        """An output without line ends at the end; `shown` is how an unknown one is written."""
        if not output.is_hole:
            return output
        content = with_inputs(scope, output)
        if content is output:
            return hole(output.hole_name, shown)
        # Without line ends the content is another value.
        output = hole(f'{output.hole_name}\n', shown)
        self.inputs[output.hole_name] = _without_line_ends(content)
        return output

    # Commands

    def command(self, scope: Scope, state: State, node: tree.Command) -> Flow:
        """A command with its redirections."""
        self.spend(_COMMAND)
        if scope.depth > _MAX_DEPTH:
            raise TooMuch
        if isinstance(node, tree.Function):
            table = {**state.env.functions, node.name: (Function(node.body, scope.source),)}
            after = state.with_env(state.env._replace(functions=table))
            return Flow([after.with_status(True)])
        if node.redirections:
            return redirections.redirected(scope, state, node)
        return self.undirected(scope, state, node)

    def run_program(self, scope: Scope, state: State, fields: Sequence[Field]) -> Flow:
        """A command that is no function, by its fields."""
        return commands.run_program(self._deeper(scope, fields), state, fields)

    def among_words(self, scope: Scope, state: State, fields: Sequence[Field]) -> Flow:
        """A command that runs the executor, shell or script among its words."""
        return commands.among_words(self._deeper(scope, fields), state, fields)

    def _deeper(self, scope: Scope, fields: Sequence[Field]) -> Scope:
        """The scope of a command that another one runs. Raises TooMuch."""
        self.spend(_COMMAND + sum(1 + field.text.weight for field in fields))
        if scope.depth > _MAX_DEPTH:
            raise TooMuch
        return scope._replace(depth=scope.depth + 1)

    def undirected(self, scope: Scope, state: State, node: tree.Command) -> Flow:
        """A command without its redirections; modules that few scripts need come late."""
        if isinstance(node, tree.Simple):
            return commands.simple(scope, state, node)
        if isinstance(node, tree.For):
            from kaniko_hooks.shell import loops

            return loops.for_(scope, state, node)
        scope = scope._replace(depth=scope.depth + 1, recorded=False)
        if isinstance(node, tree.Group):
            if not node.subshell:
                return self.statements(scope, [state], node.body)
            flow = self.statements(scope.apart(), [state], node.body)
            return Flow(self.isolated(scope, state.env, flow))
        from kaniko_hooks.shell import branches, loops

        if isinstance(node, tree.If):
            return branches.if_(scope, state, node)
        if isinstance(node, tree.Case):
            return branches.case(scope, state, node)
        if isinstance(node, tree.While):
            return loops.while_(scope, state, node)
        assert isinstance(node, tree.Test)
        return branches.test(scope, state, node)


def _without_line_ends(text: Text) -> Text:
    return text.part(0, len(text.value.rstrip('\n')))


def _ends_shell(node: tree.Pipeline) -> bool:
    """A failure ends a shell with `set -e` (POSIX XCU 2.15).

    In other compound commands than these the commands inside have ended it, or
    their failure does not count.
    """
    if node.negated:
        return False
    command = node.commands[-1]
    if len(node.commands) > 1 or isinstance(command, (tree.Simple, tree.Test)):
        return True
    return isinstance(command, tree.Group) and command.subshell
