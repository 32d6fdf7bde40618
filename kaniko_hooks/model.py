"""Types that all stages share.

Offsets count code points from the start of a file's text (its byte order mark
stripped); lines and columns are computed only where they are shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.text import Place as Place, Text as Text, hole

# A count of builds that is not known, or that grows with data: shown as "many".
MANY = 1_000_000

# Forms of scripts.
SCRIPT = 'script'  # commands are lines of one shell script
ARGV = 'argv'  # they are the words of one argv
ARGUMENTS = 'arguments'  # the same for the image's entrypoint

ON = 'on'
OFF = 'off'
UNKNOWN = 'unknown'


# Conditions: tests of a shell, patterns of `case`, and the `if:` of CI systems. A condition
# is a bool where that is certain, and None where nothing is known.


class Eq(NamedTuple):
    """Both texts are the same."""

    left: Text
    right: Text


class Match(NamedTuple):
    """A text matches a pattern with the `*`, `?` and `[…]` of a shell, or is less than an int."""

    subject: Text
    pattern: str | int


class Not(NamedTuple):
    part: Cond


class And(NamedTuple):
    parts: tuple[Cond, ...]


Cond = Eq | Match | Not | And | bool | None


def opaque(test: str, *subjects: Text) -> Cond:
    """The condition of a test that has one answer for each name and texts."""
    if not all(item.name for text in subjects for item in text.holes):
        return None
    return Eq(hole(f'{test} {[text.key() for text in subjects]}'), Text('true'))


def negate(cond: Cond) -> Cond:
    """The opposite."""
    if isinstance(cond, Not):
        return cond.part
    if isinstance(cond, bool):
        return not cond
    return None if cond is None else Not(cond)


def all_of(parts: Iterable[Cond]) -> Cond:
    """The conjunction; what is certain is taken out, and a chain of them is a single one."""
    kept: list[Cond] = []
    for part in parts:
        if part is not True:
            kept += part.parts if isinstance(part, And) else (part,)
    if False in kept:
        return False
    return kept[0] if len(kept) == 1 else And(tuple(kept)) if kept else True


def any_of(parts: Iterable[Cond]) -> Cond:
    """The disjunction."""
    return negate(all_of(map(negate, parts)))


# Containers and their builds


class Setting(NamedTuple):
    """A variable that the CI system sets before a script starts, with all that it may be.

    No values: it is set, but not known here. A hole in a value whose name is that
    of another variable stands for that variable's value.
    """

    values: tuple[Text, ...]
    places: tuple[Place, ...] = ()


class Script(NamedTuple):
    """Commands that run in order in one shell, or the words of one argv.

    A hole of a command whose name is among the variables stands for that value.
    """

    commands: tuple[Text, ...]
    variables: Mapping[str, Setting]  # by the names of shell variables and of holes
    form: str = SCRIPT
    always: bool = False  # it runs even if an earlier script of the container failed
    directory: str | None = ''  # where it starts, from the repository root; None: not known
    shell: str = 'sh'  # a script for another interpreter (python) has runs without builds
    cond: Cond = True  # a step's `if:`; None if nothing is known about it
    arguments: tuple[Text, ...] = ()  # the positional parameters, as words of an argv
    calls: tuple[Place, ...] = ()  # the steps that call what it is written in, outermost first


class Container(NamedTuple):
    """A unit with a file system of its own: a GitLab job, a CI step, a pod container."""

    system: str  # 'gitlab-ci', 'github-actions', …
    name: str  # a job's name, or the node path: 'spec.steps[1]'
    place: Place  # the job's key or the container's node
    image: Setting | None
    template: bool = False  # a hidden job whose users cannot be seen
    places: tuple[Place, ...] = ()  # what it is made of: ancestors, anchors, …
    visible: bool = True  # False: parts of its configuration cannot be seen here
    scripts: tuple[Script, ...] = ()
    # Values of variables of which never two hold; '' is any but the empty one.
    exclusive: tuple[Mapping[str, str], ...] = ()
    single_words: frozenset[str] = frozenset()  # variables whose values have no blanks
    never_empty: frozenset[str] = frozenset()  # variables that are always set
    label: str = ''  # what its author calls it: the `name:` or `id:` of a step

    @property
    def written_commands(self) -> Iterator[Text]:
        """The commands that stand in a file."""
        for script in self.scripts:
            yield from (command for command in script.commands if command.segments)

    @property
    def definition(self) -> tuple[Place, ...]:
        """The places of all that it is written in, its commands among them."""
        commands = (command.place(0) for command in self.written_commands)
        return (self.place, *self.places, *commands)


class Field(NamedTuple):
    """One argument of a command, as expansion and field splitting leave it.

    `start` and `end` are the offsets of the word that it comes from.
    """

    text: Text
    splits: bool = False  # unknown and unquoted: none or several words
    start: int = 0
    end: int = 0
    vanishes: bool = False  # unknown and unquoted: no word if it is empty


class Flags(NamedTuple):
    """One build, as Kaniko's argv describes it."""

    cache: str  # ON, OFF or UNKNOWN
    cleanup: bool
    destinations: tuple[str, ...]
    outputs: tuple[str, ...] = ()  # files that it writes, as written


class Reason(NamedTuple):
    """A reason for a build to run more than once."""

    kind: str  # 'loop', 'call', 'retry', 'xargs', 'find', 'parallel', 'watch'
    place: Place
    times: int = MANY  # how many times this reason alone makes of one
    words: tuple[str, ...] = ()  # of a loop, where they are known


class Build(NamedTuple):
    """One command that builds an image, with its argv as resolved."""

    place: Place  # of the command's first word
    end: Place  # just after the command's last word
    argv: tuple[Field, ...]
    flags: Flags


class Execution(NamedTuple):
    """A build and the number of times that a run executes it."""

    build: Build
    times: int  # 0 where only another run executes it
    reasons: tuple[Reason, ...] = ()
    calls: tuple[Place, ...] = ()  # of functions and scripts that lead to it


class Note(NamedTuple):
    """Something that cannot be seen from here."""

    place: Place
    message: str


class Run(NamedTuple):
    """The worst run of one container's scripts.

    `executions` has each build place of the container once, in the order of
    the script, counted in the shown run: the one that gives `verdict`.
    """

    builds_in_worst_run: int
    verdict: str  # 'ok', 'cached', 'maybe-cached' or 'uncached'
    executions: tuple[Execution, ...]
    clean_between: bool  # every build of the shown run but the last cleans up
    used_variables: frozenset[str] = frozenset()  # CI variables that were looked up
    used_image: bool = False  # the image's name decided what is a build
    image: str | None = None  # the image's name, where it is known
    scripts: tuple[str, ...] = ()  # files of the repository that were followed
    notes: tuple[Note, ...] = ()
    is_exact: bool = True  # False: states were joined, or not all was evaluated

    @property
    def executed(self) -> tuple[Execution, ...]:
        """The builds of the shown run."""
        return tuple(execution for execution in self.executions if execution.times)


class Problem(NamedTuple):
    """A reason why a file that certainly is CI configuration cannot be read."""

    place: Place
    message: str
    files: tuple[str, ...] = ()  # of the pipeline, as far as it could be read


class Reading(NamedTuple):
    """The containers and problems that a CI reader has found in files."""

    containers: tuple[Container, ...]
    notes: tuple[Note, ...] = ()
    problems: tuple[Problem, ...] = ()
    files: frozenset[str] = frozenset()  # what it read; no other reader may


class Finding(NamedTuple):
    """A reason for the check to fail."""

    rule: str
    place: Place
    message: str
    containers: tuple[Container, ...] = ()
    run: Run | None = None
    places: frozenset[Place] = frozenset()  # every place involved
    fix: str | None = None  # what the fix hook would do, or did: 'split `images` into 2 jobs'
    no_fix: str | None = None  # why it would not
    headline: str = ''  # the message without reasons and consequences, if it has them


class Result(NamedTuple):
    """All that reports show."""

    containers: tuple[tuple[Container, Run], ...]  # those that build
    findings: tuple[Finding, ...]
    notes: tuple[Note, ...] = ()
    containers_read: int = 0  # of the named files, with and without builds
