"""The commands of a job as steps, each kept or left out as a whole, with the evaluator's report.

A step is one statement, or one command of an `&&` list that builds, so that
builds in it can part.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from kaniko_hooks import kaniko
from kaniko_hooks.analysis import Evaluations
from kaniko_hooks.ci.gitlab.jobs import Job
from kaniko_hooks.fix import Refusal, shortened
from kaniko_hooks.fix.programs import (
    IMAGE_TOOLS,
    OUTPUT_OPTION,
    SAVING,
    WRITES_LAST,
    WRITES_MORE,
    WRITES_NOTHING,
    kind_of,
)
from kaniko_hooks.model import Container, Field, Script, Setting
from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.repository import Unreadable
from kaniko_hooks.shell import paths
from kaniko_hooks.shell.env import Env
from kaniko_hooks.shell.programs import LOCAL, OTHER, base_name
from kaniko_hooks.shell.redirections import TO_FILE
from kaniko_hooks.shell.reports import ScriptReport, StatementReport
from kaniko_hooks.shell.tree import Command, Pipeline, Statement, walk
from kaniko_hooks.text import Text, hole

_ENVIRONMENT = (
    r'(?:CI|GITLAB|KANIKO|DOCKER|FF|GIT|AWS|GOOGLE|AZURE|RUNNER|BASH|LC|COMPOSE)(?:_|\Z)'
    r'|(?:PATH|HOME|USER|PWD|OLDPWD|SHELL|IFS|ENV|LANG|TMPDIR|TERM|(?i:NO_PROXY|HTTPS?_PROXY))\Z'
)
# Places of the container's own. Others may be on volumes, and what is there lasts.
_OWN = re.compile(
    r'/(?:bin|builds|busybox|dev(?!/(?:tcp|udp)/)|etc|home|kaniko|lib\w*|opt|proc|root|run|sbin|tmp'
    r'|usr|var|workspace|~)(?:/|\Z)|/(?!cache|data|media|mnt|nfs|share|srv|vol)[^/]*\Z'
)
_PACKS = r'(?:\A-?|(?<= )-)[ABD-Zabd-z]*c[A-Za-z]*(?= |\Z)|--create'  # of tar


class ProgramCall(NamedTuple):
    """A program that was run.

    - `name`: without its folder; '' if it is not known.
    - `kind`: PURE, LOCAL, BUILTIN or OTHER, which may depend on its sub-command.
    - `texts`: its words, with the program itself; `file`: where it is called.
    """

    name: str
    kind: str
    texts: tuple[Text, ...]
    file: str
    env: Env

    @property
    def arguments(self) -> tuple[Text, ...]:
        return self.texts[1:]

    @property
    def words(self) -> list[str]:
        """The arguments as they are spelled."""
        return [text.value for text in self.arguments]

    @property
    def operands(self) -> list[Text]:
        """The arguments that are no options."""
        return [text for text in self.arguments if text.value[:1] != '-']

    @property
    def written(self) -> Sequence[Text]:
        """The operands that it may write, and `.` if it may write more where it runs."""
        words = self.operands
        if self.writes_last:
            return words[-1:]
        if self.name in IMAGE_TOOLS:
            return self._outputs
        if self.name == 'sed' and not any(re.match('-i|--in', word) for word in self.words):
            return ()
        if self.name in ('awk', 'sed', 'yq'):
            return words[1:]  # behind the program
        if self.name == 'tar':
            named = zip(self.words, self.arguments[1:])
            archives = [text for word, text in named if re.fullmatch('-?[a-zA-Z]*f', word)]
            if re.search(_PACKS, ' '.join(self.words)):
                return archives
            words = [text for text in words if text not in archives]
        if self.name in WRITES_NOTHING:
            return ()
        return [*words, Text('.')] if self.name in WRITES_MORE else words

    @property
    def writes_last(self) -> bool:
        """It is a `cp` or its like, without an option for the folder that it writes to."""
        return self.name in WRITES_LAST and not any(
            re.match('-[a-zA-Z]*t|--target', word) for word in self.words
        )

    @property
    def _outputs(self) -> list[Text]:
        """The files that a tool for images writes: for an option, or as the last operand."""
        result = self.operands[2:] if not SAVING.isdisjoint(self.words[:1]) else []
        for text, following in zip(self.arguments, (*self.arguments[1:], Text(''))):
            option = re.match(OUTPUT_OPTION, text.value)
            if option:
                result.append(text.part(option.end()) if option[0][-1] == '=' else following)
        return [text for text in result if re.search('[./]', text.value)]

    @property
    def read(self) -> Sequence[Text]:
        """The arguments that may name what it reads."""
        if self.name in ('mkdir', 'touch'):
            return ()
        return self.arguments[:-1] if self.writes_last else self.arguments

    @property
    def removed(self) -> Sequence[Text]:
        """The operands that it removes or gives other rights."""
        if self.name not in (*WRITES_NOTHING, 'mv'):
            return ()
        return self.operands[self.name[:2] == 'ch' :]

    def name_in(self, folder: Text) -> str:
        """The name of what it writes into a folder, in the key of a path; '' for other operands."""
        if self.name == 'mkdir' or not re.search(r'(?:\A\.|/)\Z', folder.value):
            return ''
        is_one = self.writes_last and len(self.operands) == 2
        copied = self.operands[0].split('/')[-1].known if is_one else None
        is_name = re.fullmatch(r'\.?\w[\w.-]*', copied or '')
        return is_name[0] if is_name else f'\0files of {self.name}\0'


class BuildCall(NamedTuple):
    """One execution of a build."""

    argv: tuple[Field, ...]
    flags: Sequence[kaniko.Flag]
    file: str
    env: Env

    def value(self, name: str) -> Text | None:
        """The value of a flag that counts, None if the flag is not there."""
        return next(reversed(self.values(name)), None)

    def values(self, *names: str) -> list[Text]:
        """The values of flags, in order."""
        return [flag.value for flag in self.flags if flag.name in names]

    def variable(self, name: str, settings: Mapping[str, Setting]) -> Text:
        """The value of a variable in the environment of the build."""
        value = self.env.variables.get(name)
        if value is None and name in settings and len(settings[name].values) == 1:
            value = settings[name].values[0]
        return value if isinstance(value, Text) else hole(name)

    @property
    def arguments_by_name(self) -> set[str]:
        """The arguments of the Dockerfile that have the values of variables of these names."""
        return {text.value for text in self.values('build-arg') if '=' not in text.value}


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
    steps = tuple(steps_in(source, source.tree.body))
    after = tuple(steps_in(reports[1], reports[1].tree.body)) if len(reports) > 1 else ()
    return Steps(
        script,
        source,
        tuple(step for step in steps if step.command < count),
        tuple(step for step in steps if step.command >= count),
        after,
    )


def steps_in(source: ScriptReport, body: Sequence[Statement], at: int = 0) -> Iterator[Step]:
    """The steps of statements, which begin behind an offset. Raises Refusal."""
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
            # Comments on the line of the step before belong to that one.
            comment = re.compile(r'(?m)^[ \t]*(?=#)').search(
                source.source.value, max(at, source.starts[command]), first
            )
            report = source.report(node) or StatementReport(Env())
            yield Step(
                number,
                node,
                statement,
                report,
                _programs_of(report),
                tuple(
                    BuildCall(build.argv, kaniko.parse(build.argv[1:]) or (), build.place.file, env)
                    for build, env in report.builds
                ),
                command,
                comment.end() if comment else first,
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
    texts = [getattr(inner, 'heredoc', None) for inner in walk(node)]
    end = max([node.end, *(text.end for text in texts if text)])
    return end if end == node.end else len(text[:end].rstrip('\n'))


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


def _programs_of(report: StatementReport) -> tuple[ProgramCall, ...]:
    """The programs of a statement; those that change a volume may do more than LOCAL ones."""
    writes_volume = any(
        operator in TO_FILE and _is_on_volume(target, env)
        for operator, target, env in report.targets
    )
    result = []
    for kind, fields, place, env in report.programs:
        name = base_name(fields[0])
        texts = tuple(field.text for field in fields)
        use = ProgramCall(name, kind_of(name, kind, texts[1:]), texts, place.file, env)
        changed = (*use.written, *use.removed) if use.kind == LOCAL and name != 'mkdir' else ()
        if writes_volume or any(_is_on_volume(word, env) for word in changed):
            use = use._replace(kind=OTHER)
        result.append(use)
    return tuple(result)


def _is_on_volume(path: Text, env: Env) -> bool:
    """A path is absolute, and in no folder that the container has for itself."""
    return any(
        target.prefix[:1] == '/' and not _OWN.match(target.value)
        for target in paths.resolved(env, path)
    )
