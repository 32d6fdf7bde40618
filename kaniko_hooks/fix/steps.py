"""The commands of a job as steps, each kept or left out as a whole, with the evaluator's report.

A step is one statement, or one command of an `&&` list that builds, so that
builds in it can part.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence

from kaniko_hooks.analysis import Evaluations
from kaniko_hooks.ci.gitlab.jobs import Job
from kaniko_hooks.fix import Refusal, shortened
from kaniko_hooks.fix.commands import BuildCall, ProgramCall, build_of, programs_of
from kaniko_hooks.model import Container, Script
from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.repository import Unreadable
from kaniko_hooks.shell.env import Env
from kaniko_hooks.shell.reports import ScriptReport, StatementReport
from kaniko_hooks.shell.tree import Command, For, Pipeline, Statement, walk

_ENVIRONMENT = (
    r'(?:CI|GITLAB|KANIKO|DOCKER|FF|GIT|AWS|GOOGLE|AZURE|RUNNER|BASH|LC|COMPOSE)(?:_|\Z)'
    r'|(?:PATH|HOME|USER|PWD|OLDPWD|SHELL|IFS|ENV|LANG|TMPDIR|TERM|(?i:NO_PROXY|HTTPS?_PROXY))\Z'
)


class Step(NamedTuple):
    """Offsets are those of the script's source.

    - `report`: an empty one if no run gets there.
    - `command`: the index of the command (a YAML string) that the step stands in.
    - `start`: with the comment lines above; `first`: of the first word; `end`: after the
      last word or here-document.
    - `is_last`: in the last statement of the script, whose status is the job's.
    """

    number: int
    node: Statement | Pipeline
    statement: Statement
    report: StatementReport
    programs: tuple[ProgramCall, ...]
    builds: tuple[BuildCall, ...]
    command: int
    start: int
    first: int
    end: int
    text: str
    is_last: bool

    @property
    def most_builds(self) -> int:
        return self.report.most_builds

    @property
    def sure_writes(self) -> set[str]:
        return self.report.sure_writes or set()

    @property
    def may_end_script(self) -> bool:
        """It may `exit` without a failure."""
        return any(kind == 'exit' and status is not False for kind, status in self.report.exits)

    @property
    def only_command(self) -> Command | None:
        """The command of a step that is nothing but one command."""
        pipelines = self.node.pipelines if isinstance(self.node, Statement) else (self.node,)
        if len(pipelines) > 1 or self.statement.background:
            return None
        pipeline = pipelines[0]
        return None if len(pipeline.commands) > 1 or pipeline.negated else pipeline.commands[0]


class Steps(NamedTuple):
    """All steps of a job; those of `before_script` and `script` share a source."""

    script: Script
    source: ScriptReport
    before: tuple[Step, ...]
    main: tuple[Step, ...]
    after: tuple[Step, ...]

    def is_environment(self, name: str) -> bool:
        """A variable is one of the job, of the runner or of the shell."""
        return name in self.script.variables or re.match(_ENVIRONMENT, name) is not None

    def earlier(self, step: Step) -> Sequence[Step]:
        """The steps before one, those of `before_script` first."""
        return [other for other in (*self.before, *self.main) if other.number < step.number]

    def later(self, step: Step) -> Sequence[Step]:
        """The steps of `script` after one."""
        return [other for other in self.main if other.number > step.number]

    def report_of_statement(self, step: Step) -> StatementReport:
        """The report on the whole `&&` list that a step may be one command of."""
        return self.source.report(step.statement) or step.report


def steps_of(evaluations: Evaluations, job: Job, container: Container) -> Steps:
    """The steps of a job. Raises Refusal."""
    try:
        reports = evaluations.reports(container)
    except Unreadable as error:
        raise Refusal(str(error)) from None
    source = reports[0]
    script = container.scripts[0]
    count = len(job.scripts.get('before_script', ()))
    steps = tuple(_steps(source, script, source.tree.body))
    after = tuple(_steps(reports[1], script, reports[1].tree.body)) if len(reports) > 1 else ()
    return Steps(
        script,
        source,
        tuple(step for step in steps if step.command < count),
        tuple(step for step in steps if step.command >= count),
        after,
    )


def body_steps(source: ScriptReport, script: Script, loop: For) -> tuple[Step, ...]:
    """The steps of a loop's body. Raises Refusal."""
    after = max([loop.start, *(word.end for word in loop.words or ())])
    return tuple(_steps(source, script, loop.body, after))


def _steps(
    source: ScriptReport, script: Script, body: Sequence[Statement], at: int = 0
) -> Iterator[Step]:
    if source.tree.problems:
        offset, _ = source.tree.problems[0]
        line = source.source.value[source.source.value.rfind('\n', 0, offset) + 1 :]
        raise Refusal(f'{shortened(line)} is not a complete shell command')
    number = 0
    for statement in body:
        for node in _nodes(source, statement):
            first, end = node.start, _end(source.source.value, node)
            command = source.command_at(first)
            text = source.source.value[first:end]
            if source.command_at(max(end - 1, first)) != command:
                raise Refusal(f'{shortened(text)} spans several items of the script')
            start = _with_comments(source, max(at, source.starts[command]), first)
            report = source.report(node) or StatementReport(node, source.source, Env())
            yield Step(
                number,
                node,
                statement,
                report,
                programs_of(report, script),
                tuple(map(build_of, report.builds)),
                command,
                start,
                first,
                end,
                text,
                statement is body[-1],
            )
            at = end
            number += 1


def _nodes(source: ScriptReport, statement: Statement) -> Sequence[Statement | Pipeline]:
    report = source.report(statement)
    only_and = not statement.background and set(statement.operators) == {'&&'}
    if only_and and report is not None and report.most_builds:
        return statement.pipelines
    return (statement,)


def _end(text: str, node: Statement | Pipeline) -> int:
    """After the last word or here-document of a node."""
    if '<<' not in text:
        return node.end
    ends = [
        redirection.heredoc.end
        for inner in walk(node)
        for redirection in getattr(inner, 'redirections', ())
        if redirection.heredoc is not None
    ]
    end = max([node.end, *ends])
    return end if end == node.end else len(text[:end].rstrip('\n'))


def _with_comments(source: ScriptReport, after: int, first: int) -> int:
    """The start of the comment lines between two steps, `first` if there are none.

    What stands on the line of the step before belongs to that step.
    """
    text = source.source.value
    comments = source.tree.comments
    for start, _ in comments[bisect_left(comments, (after, 0)) :]:
        if start >= first:
            break
        if not text[text.rfind('\n', 0, start) + 1 : start].strip():
            return start
    return first


def failure_ignored(step: Step) -> Refusal:
    """The reason where a script goes on after a failure of a step that would be its last one."""
    return Refusal(
        f'after {shortened(step.text)} a failure does not fail the job, '
        'but it would in a job of its own'
    )


def scripts_of(step: Step) -> set[str]:
    """The scripts of the repository that a step runs."""
    files = {use.file for use in step.programs} | {build.file for build in step.builds}
    return {file for file in files if not file.endswith(('.yml', '.yaml'))}


def words_after(names: str, text: str, ends: str = ';&|\n') -> set[str]:
    """The words behind a command, up to one of the characters of `ends`; `names` is a pattern."""
    matches = (re.search(rf'(?:{names})\s(.*)', piece) for piece in re.split(f'[{ends}]', text))
    return {word for match in matches if match for word in re.findall(r'\w+', match[1])}
