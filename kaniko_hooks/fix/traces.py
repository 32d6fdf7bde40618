"""Variables and files that steps leave to later ones, and values that differ from run to run."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping

from kaniko_hooks.fix.paths import Paths, shown_path
from kaniko_hooks.fix.programs import VARYING_ARGUMENTS
from kaniko_hooks.fix.steps import ProgramCall, Step
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

# A variable or file that a step reads, its marks, and how an earlier build would have changed it.
# Marks are the numbers of units, None for steps that all parts have, and the sources of values
# that differ from run to run.
Read = tuple[str, set[object], str]


class Traces:
    """The marks of variables and files at a step."""

    def __init__(self, paths: Paths) -> None:
        self.paths = paths
        self.variables: dict[str, set[object]] = {}
        self.files: dict[str, set[object]] = {}
        self._built: set[object] = set()  # the marks of images, whose files stay in the container
        self._folders: set[str] = set()  # that no build has brought

    def read_by(self, step: Step) -> Iterator[Read]:
        """The variables and files that a step reads."""
        settings = self.paths.script.variables
        for name in sorted(self._reads(step)):
            marks = {*self.variables.get(name, ()), *_varying_names(settings, name)}
            yield f'${name}', marks, 'changes'
        for path in self.paths.named_of(step, self.files):
            yield f'the file {shown_path(path)}', self.files[path], 'writes'
        for path in self.paths.left_by_build(step, {*self._folders, *self.files}):
            yield shown_path(path), self._built, 'may have left'

    def _reads(self, step: Step) -> set[str]:
        """The variables that a step reads, also those that builds and envsubst look up."""
        reads = step.report.reads.union(*(build.arguments_by_name for build in step.builds))
        if step.builds:
            names = (*self.variables, *self.paths.script.variables)
            reads.update(name for name in names if name.startswith('KANIKO_'))
        uses = [use for use in step.programs if use.name == 'envsubst']
        if uses:
            texts = [word for use in uses for word in use.words]
            texts += [self.paths.text_of(path) or '' for path, _ in self.paths.named(step)]
            reads.update(re.findall(r'\$\{?(\w+)', ' '.join(texts)))
        return reads

    def leave(self, step: Step, marks: Iterable[object]) -> None:
        """Mark all that a step writes."""
        for name in step.report.writes:
            is_new = name in step.sure_writes - step.report.reads
            old = () if is_new else self.variables.get(name, ())
            self.variables[name] = {*old, *marks} - {None}
        for path in sorted(self.paths.written(step)):
            self.files.setdefault(path, set()).update(marks)
        if step.most_builds:
            self._built.update(marks)
        elif not self._built:
            self._folders.update(posixpath.dirname(path) for path, _ in self.paths.named(step))


def units_of(marks: Iterable[object]) -> set[int]:
    """The units among marks."""
    return {mark for mark in marks if isinstance(mark, int)}


# Values that differ from run to run, of which each part would have its own


def _varying_names(settings: Mapping[str, Setting], name: str) -> frozenset[str]:
    """The names among a variable and those in its value that differ from job to job."""
    names = [name]
    for current in names:
        values = settings[current].values if current in settings else ()
        holes = (hole.name for value in values for hole in value.holes)
        names += [name for name in holes if name not in names]
    return _VARYING_NAMES.intersection(names)


def varies(step: Step) -> bool:
    """The step has a different value each time that it runs."""
    return any(map(_prints_another, step.programs)) or any(
        operator not in TO_FILE and _VARYING_FILES.search(text.value)
        for operator, text, _ in step.report.targets
    )


def _prints_another(use: ProgramCall) -> bool:
    # A program that nobody knows may print anything.
    if program(use.name).varies or use.kind == OTHER:
        return True
    text = '\0'.join(Text(' ').join(use.arguments).key())
    if use.name in VARYING_ARGUMENTS and re.search(VARYING_ARGUMENTS[use.name], text):
        return True
    names = {*use.words} - {'-p'}
    if use.name in _PRINTS_VARIABLES and (not names or names & _VARYING_NAMES):
        return True
    return use.kind != BUILTIN and any(map(_VARYING_FILES.search, use.words))
