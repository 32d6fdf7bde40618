"""The images that a build makes and uses, also by its Dockerfile."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence

from kaniko_hooks import kaniko
from kaniko_hooks.fix.effects import images_of, last_word, repository_of, spelled
from kaniko_hooks.fix.paths import Paths, is_inside
from kaniko_hooks.fix.programs import GIT_APART
from kaniko_hooks.fix.steps import BuildCall, ProgramCall, Step
from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.shell.programs import LOCAL, OTHER
from kaniko_hooks.shell.value import ANYTHING
from kaniko_hooks.text import Text

# Values that name no image that is used.
_NOT_USED = kaniko.OUTPUTS | frozenset(
    'destination cache-repo context dockerfile label registry-mirror cache-dir target'.split()
)
# Images that nobody pushes but who makes them for all.
_OFFICIAL = (
    r'[^/\0]+|(?:bitnami|cgr\.dev/chainguard|docker\.elastic\.co|gcr\.io/distroless'
    r'|mcr\.microsoft\.com|nvcr\.io|nvidia|registry\.(?:access\.)?redhat\.(?:com|io)'
    r'|registry\.k8s\.io)/[^\0]*'
)
_UNKNOWN = spelled(ANYTHING)  # an image that may be any
# Programs of the container whose operands are no files that get a text.
_WRITES_NO_FILE = (*kaniko.NAMES, 'envsubst', 'find', 'mkdir')
# Dockerfiles, with unknown values between NULs.
_ARG = r'(?im)^[ \t]*ARG[ \t]+(.+)'
_IMAGE = (
    r'(?im)^[ \t]*FROM[ \t]+(?:--\S+[ \t]+)*(?P<base>\S+)(?:[ \t]+AS[ \t]+(?P<stage>\S+))?'
    r'|(?:--|,)from=(?P<source>[^\s,]+)'
)
_ARGUMENT = r'(\w+)(=?)["\']?([^\s"\']*)'
_VARIABLE = r'\$(?:(\w+)|\{(\w+)(?::?-([^}$]*))?\})'
# Comments, which end with their line, and the ends of lines that go on below them.
_NO_TEXT = r'(?im)^[ \t]*#.*$|\\[ \t]*\r?\n(?:[ \t]*(?:#.*)?\r?\n)*'
# Images that a command names, with their registry.
_RUN = r'(?im)^[ \t]*RUN[ \t].*'
_REFERENCE = r'(?<![\w.-])[\w-]+\.[\w.-]+(?::\d+)?/[\w./:-]+'


class Footprint(NamedTuple):
    """The images that a build makes and uses, and what it builds.

    - `images`: spelled names of those that it may push.
    - `words`: spelled values that may name an image.
    - `bases`: spelled images that its Dockerfile builds on.
    - `source`: its Dockerfile; `target`: the stage of it that is built.
    - `only_tests`: it may push nothing, and writes nothing else.
    """

    images: frozenset[str]
    words: frozenset[str]
    bases: frozenset[str]
    source: str
    target: str
    only_tests: bool


def may_use(footprint: Footprint, images: frozenset[str]) -> bool:
    """A build may use one of the images."""
    return any(
        any(_mentions(word, name) for word in footprint.words)
        or any(_may_be_same(name, base) for base in footprint.bases)
        for name in map(repository_of, images)
    )


def footprint_of(build: BuildCall, step: Step, before: Sequence[Step], paths: Paths) -> Footprint:
    """The footprint of a build of a step; the steps `before` may edit its Dockerfile, too."""
    settings = paths.script.variables
    arguments: dict[str, str] = {}
    for text in build.values('build-arg'):
        name, equals, value = spelled(text).partition('=')
        arguments[name] = value if equals else spelled(build.variable(name, settings))
    words = {spelled(flag.value) for flag in build.flags if flag.name not in _NOT_USED}
    # What may edit the Dockerfile may write these.
    words.update(spelled(word) for use in _changing(before) for word in use.arguments)
    bases: set[str] = set()
    for text in _dockerfile(build, step, before, paths):
        dockerfile = re.sub(_NO_TEXT, ' ', spelled(text))
        bases.update(_bases(dockerfile, arguments))
        for run in re.findall(_RUN, dockerfile):
            words.update(re.findall(_REFERENCE, run))
    may_not_push = 'KANIKO_NO_PUSH' in {*build.env.variables, *settings} or any(
        value.known != 'false' for value in build.values('no-push')
    )
    return Footprint(
        images_of([build]),
        frozenset(words.union(arguments.values())),
        frozenset(bases),
        paths.dockerfiles(build)[-1],
        spelled(build.value('target') or Text('')),
        may_not_push and not build.values(*kaniko.OUTPUTS),
    )


def _dockerfile(
    build: BuildCall, step: Step, before: Sequence[Step], paths: Paths
) -> Collection[Text]:
    """The texts that the Dockerfile may have."""
    files = paths.dockerfiles(build)
    for file in files:
        known, text = build.env.files.get(file), paths.text_of(file)
        if known and (text is None or known != (Text(text), ANYTHING)):
            return known
        if text is not None:
            steps = [*before, step] if known else before
            return [ANYTHING if _may_write(steps, file, True, paths) else Text(text)]
    # A Dockerfile that nobody makes cannot be built, in whatever order.
    is_elsewhere = paths.may_come or not paths.contexts(build) or '\0' in ''.join(files)
    is_made = is_elsewhere or any(_may_write(before, file, False, paths) for file in files)
    return [ANYTHING] if is_made else []


def _changing(steps: Sequence[Step]) -> list[ProgramCall]:
    """The programs that may change files."""
    return [use for step in steps for use in step.programs if use.kind in (LOCAL, OTHER)]


def _may_write(steps: Sequence[Step], file: str, is_there: bool, paths: Paths) -> bool:
    """Steps may put another text into a file, which the repository has or not."""
    return any(_may_make(use, file, is_there, paths) for use in _changing(steps)) or any(
        is_inside(file, path) for step in steps for path, _ in paths.redirected(step)
    )


def _may_make(use: ProgramCall, file: str, is_there: bool, paths: Paths) -> bool:
    if use.name == 'git':
        return GIT_APART.isdisjoint(use.words[:1])
    if use.kind == OTHER or use.name in ('curl', 'wget'):
        # What installs, compiles or downloads leaves files alone that are there.
        return not is_there or any(file.rpartition('/')[2] in word for word in use.words)
    if use.name in _WRITES_NO_FILE or use.name == 'sed' and not is_there:
        return False
    # Without a file `sed` has those that `xargs` adds.
    is_open = use.name == 'sed' and len(use.operands) < 2
    return is_open or any(is_inside(file, path) for path in paths.targets(use))


def _mentions(word: str, name: str) -> bool:
    """A word contains an image's name, or the last word of it where the registry is unknown."""
    last = last_word(name)
    names = rf'(?<![\w./-]){re.escape(name)}' + (f'|/{re.escape(last)}' if last else '')
    return (last or name) in word and re.search(rf'(?:{names})(?![\w./-])', word) is not None


def _may_be_same(destination: str, base: str) -> bool:
    """Two spelled images may have the same name; what a hole stands for is not known."""
    docker = r'^(?:index\.|registry-1\.)?docker\.io/(?:library/)?'
    one, other = (re.sub(docker, '', name) for name in (destination, repository_of(base)))
    if '\0' not in one and '\0' not in other:
        return one == other
    if re.fullmatch(_OFFICIAL, other):
        return False
    ends = [name.rpartition('\0')[2] for name in (one, other)]
    return ends[0].endswith(ends[1]) or ends[1].endswith(ends[0])


# Dockerfiles


def _bases(dockerfile: str, arguments: Mapping[str, str]) -> Iterator[str]:
    """The spelled images that it builds on, copies or mounts from."""
    if re.search(r'(?m)^[ \t]*\0', dockerfile):
        # An unknown value may be lines of its own.
        yield _UNKNOWN
    values: dict[str, str] = {}
    for name, equals, default in re.findall(_ARGUMENT, '\n'.join(re.findall(_ARG, dockerfile))):
        value = _substituted(default, values) if equals else f'\0ARG_{name}\0'
        values.setdefault(name, arguments.get(name, value))
    stages = {'scratch'}
    for match in re.finditer(_IMAGE, dockerfile):
        image = _substituted(match['source'] or match['base'], values)
        if re.search('[$"\']', image):
            yield _UNKNOWN
        elif image.lower() not in stages and not image.isdigit():
            yield image
        if match['stage']:
            stages.add(match['stage'].lower())


def _substituted(text: str, values: Mapping[str, str]) -> str:
    """A text with the values of the arguments that it names."""

    def value(match: re.Match[str]) -> str:
        name = match[1] or match[2]
        return values.get(name, f'\0ARG_{name}\0' if match[3] is None else match[3])

    return re.sub(_VARIABLE, value, text)
