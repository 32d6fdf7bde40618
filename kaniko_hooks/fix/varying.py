"""Values that differ from run to run, of which each part would have its own."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Mapping

from kaniko_hooks.fix import Refusal, shortened
from kaniko_hooks.fix.effects import only_prints
from kaniko_hooks.fix.paths import Paths
from kaniko_hooks.fix.programs import VARYING_ARGUMENTS
from kaniko_hooks.fix.steps import ProgramCall, Step, Steps
from kaniko_hooks.model import Setting
from kaniko_hooks.shell.programs import BUILTIN, OTHER, program
from kaniko_hooks.shell.redirections import TO_FILE
from kaniko_hooks.text import Text

# Files that are about this container, this machine or this moment.
_VARYING_FILES = re.compile(
    r'(?<![\w.-])/(?:dev/u?random\b|proc/|sys/|etc/(?:hostname|hosts|machine-id)\b)'
)
# Variables whose value differs from job to job. Its token is a secret, which nobody compares.
_VARYING_NAMES = frozenset(
    """
    $ BASHPID HOSTNAME PPID RANDOM SRANDOM SECONDS EPOCHSECONDS EPOCHREALTIME
    CI_BUILD_ID CI_CONCURRENT_ID CI_CONCURRENT_PROJECT_ID CI_JOB_ID CI_JOB_NAME CI_JOB_NAME_SLUG
    CI_JOB_STARTED_AT CI_JOB_URL CI_RUNNER_DESCRIPTION CI_RUNNER_ID CI_RUNNER_SHORT_TOKEN
    """.split()
)
# Programs that print the environment, or the variables that they name.
_PRINTS_VARIABLES = ('declare', 'env', 'export', 'printenv', 'readonly', 'set', 'typeset')


def check_varying(
    steps: Steps, owners: Mapping[int, int | None], loops: Collection[int], paths: Paths
) -> None:
    """Raises Refusal if several builds use a value that differs from run to run.

    `owners` are the units that steps go with, by their numbers; `loops` the units that are loops.
    """
    taint = _Taint(steps, paths)
    users: dict[str, set[object]] = defaultdict(set)
    for step in (*steps.before, *steps.main):
        owner = owners.get(step.number)
        sources = taint.of_step(step)
        if owner is None and _varies(step):
            sources.add(shortened(step.text))
        # Commands that cannot be seen, which change the epoch too, are a risk of `--unsafe`.
        if sources and {'generation', 'epoch'} & step.report.changes == {'generation'}:
            raise Refusal(f'{shortened(step.text)} may set any variable to another value each time')
        if owner is not None and not only_prints(step):
            sources |= taint.of_builds(step)
            for source in sources:
                users[source].add(owner)
                if owner in loops:
                    users[source].add((owner, 'again'))
        taint.spread(step, sources)
    for source, names in users.items():
        if len(names) > 1:
            shown = f'{source} may have' if source[:1] == '`' else f'${source} has'
            raise Refusal(f'{shown} a different value each time, and several builds use it')


class _Taint:
    """The varying values, by their sources, that variables and files have at a step."""

    def __init__(self, steps: Steps, paths: Paths) -> None:
        self.settings = steps.script.variables
        self.paths = paths
        self.variables: dict[str, frozenset[str]] = {}
        self.files: dict[str, frozenset[str]] = {}

    def of_step(self, step: Step) -> set[str]:
        """The sources of what a step reads."""
        sources = _in_templates(step, self.paths)
        for name in step.report.reads | _environment(step, {*self.variables, *self.settings}):
            sources |= self.variables.get(name) or _varying_names(self.settings, name)
        return sources.union(
            *(own for path, own in self.files.items() if self.paths.names(step, [path]))
        )

    def of_builds(self, step: Step) -> set[str]:
        """The sources of what the builds of a step take from their contexts and put into images."""
        contexts = (self.paths.in_context(build, self.files) for build in step.builds)
        in_contexts = (self.files[path] for files in contexts for path in files)
        return set().union(*in_contexts)

    def spread(self, step: Step, sources: set[str]) -> None:
        """The variables and files that a step writes get its sources."""
        for name in step.report.writes:
            old = None if name in step.sure_writes else self.variables.get(name)
            self.variables[name] = frozenset(sources).union(old or ())
        if sources:
            self.files.update((path, frozenset(sources)) for path in self.paths.written(step))


def _environment(step: Step, names: Collection[str]) -> set[str]:
    """The variables of the environment that builds look up: arguments, and Kaniko's own flags."""
    own = {name for name in names if step.builds and name.startswith('KANIKO_')}
    return own.union(*(build.arguments_by_name for build in step.builds))


def _in_templates(step: Step, paths: Paths) -> set[str]:
    """The variables that envsubst replaces: those of its operand, and of the files."""
    uses = [use for use in step.programs if use.name == 'envsubst']
    texts = [word for use in uses for word in use.words]
    texts += [paths.text_of(path) or '' for path in (paths.named(step) if uses else ())]
    return {*re.findall(r'\$\{?(\w+)', ' '.join(texts))} & _VARYING_NAMES


def _varying_names(settings: Mapping[str, Setting], name: str) -> set[str]:
    """The names among a variable and those in its value that differ from job to job."""
    seen: set[str] = set()
    waiting = [name]
    while waiting:
        current = waiting.pop()
        if current not in seen:
            seen.add(current)
            setting = settings.get(current)
            for value in setting.values if setting else ():
                waiting += (hole.name for hole in value.holes)
    return seen & _VARYING_NAMES


def _varies(step: Step) -> bool:
    """The step has a different value each time that it runs."""
    return (
        any(map(_prints_another, step.programs))
        or any(map(_prints_environment, step.programs))
        or any(
            operator not in TO_FILE and _VARYING_FILES.search(text.value)
            for operator, text, _ in step.report.targets
        )
    )


def _prints_another(use: ProgramCall) -> bool:
    if program(use.name).varies:
        return True
    text = '\0'.join(Text(' ').join(use.arguments).key())
    if use.name in VARYING_ARGUMENTS and re.search(VARYING_ARGUMENTS[use.name], text):
        return True
    if any(map(_VARYING_FILES.search, use.words)):
        return use.kind != BUILTIN
    # A program that nobody knows may print anything.
    return use.kind == OTHER


def _prints_environment(use: ProgramCall) -> bool:
    names = {*use.words} - {'-p'}
    return use.name in _PRINTS_VARIABLES and (not names or not names.isdisjoint(_VARYING_NAMES))
