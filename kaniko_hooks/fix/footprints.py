"""The images and files that a build makes and uses, also by its Dockerfile."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from kaniko_hooks.fix.effects import images_of, is_unknown, last_word, repository_of, spelled
from kaniko_hooks.fix.paths import Paths, is_inside, may_be_named
from kaniko_hooks.fix.programs import GIT_APART, HARMLESS, WRITES_LAST
from kaniko_hooks.fix.steps import BuildCall, ProgramCall, Step
from kaniko_hooks.kaniko import OUTPUTS
from kaniko_hooks.model import Setting
from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.shell.programs import LOCAL, OTHER
from kaniko_hooks.shell.redirections import TO_FILE
from kaniko_hooks.shell.value import ANYTHING
from kaniko_hooks.text import Hole, Text, hole

# Values that name no image that is used.
_NOT_USED = OUTPUTS | frozenset(
    'destination cache-repo context dockerfile label registry-mirror cache-dir target'.split()
)
# Images that nobody pushes but who makes them for all.
_OFFICIAL = (
    r'[^/\0]+|(?:bitnami|cgr\.dev/chainguard|docker\.elastic\.co|gcr\.io/distroless'
    r'|mcr\.microsoft\.com|nvcr\.io|nvidia|registry\.(?:access\.)?redhat\.(?:com|io)'
    r'|registry\.k8s\.io)/[^\0]*'
)
# Dockerfiles.
_ARG = r'(?im)^[ \t]*ARG[ \t]+(.+)'
_IMAGE = (
    r'(?im)^[ \t]*FROM[ \t]+(?:--\S+[ \t]+)*(?P<base>\S+)(?:[ \t]+AS[ \t]+(?P<stage>\S+))?'
    r'|(?:--|,)from=(?P<source>[^\s,]+)'
)
_ARGUMENT = r'(\w+)(?:=("[^"]*"|\'[^\']*\'|\S*))?'
_VARIABLE = r'\$(?:(\w+)|\{(\w+)(?::?-([^}$]*))?\})'
# Comments, which end with their line, and the ends of lines that go on below them.
_NO_TEXT = r'(?im)^[ \t]*#.*$|\\[ \t]*\r?\n(?:[ \t]*(?:#.*)?\r?\n)*'
# Images that a command names, with their registry.
_RUN = r'(?im)^[ \t]*RUN[ \t].*'
_REFERENCE = r'(?<![\w.-])[\w-]+\.[\w.-]+(?::\d+)?/[\w./:-]+'


class Footprint(NamedTuple):
    """The images and files that a build makes and uses.

    - `images`: spelled names of those that it pushes.
    - `words`: spelled values that may name an image.
    - `bases`: spelled images that its Dockerfile builds on; None if they are not known.
    - `source`: context and Dockerfile; `target`: the stage of it that is built.
    - `only_tests`: it pushes and writes nothing.
    """

    images: frozenset[str]
    words: frozenset[str]
    bases: frozenset[str] | None
    source: tuple[str, str]
    target: str
    only_tests: bool


def may_use(footprint: Footprint, images: frozenset[str]) -> bool:
    """A build may use one of the images."""
    bases = footprint.bases
    return any(
        bases is None
        or any(_mentions(word, name) for word in footprint.words)
        or any(_may_be_same(name, base) for base in bases)
        for name in map(repository_of, images)
    )


def footprint_of(build: BuildCall, step: Step, before: Sequence[Step], paths: Paths) -> Footprint:
    """The footprint of a build of a step; the steps `before` may edit its Dockerfile, too."""
    settings = paths.script.variables
    arguments = dict(_build_arguments(build, settings))
    values = [flag.value for flag in build.flags if flag.name not in _NOT_USED]
    words = {spelled(value) for value in (*values, *arguments.values())}
    bases = None
    files = paths.dockerfiles(build)
    texts = _dockerfile(files, build, step, before, paths)
    if texts is not None:
        texts = [_with_whole_lines(text) for text in texts]
        bases = _bases(texts, arguments)
        words.update(*(_references(spelled(text)) for text in texts))
        # What may edit it may write these.
        words.update(spelled(word) for use in _changing(before) for word in use.arguments)
    context = '|'.join(paths.contexts(build)) or spelled(build.value('context') or Text(''))
    pushes = _pushes(build, settings)
    return Footprint(
        images_of([build]) if pushes else frozenset(),
        frozenset(words),
        bases,
        (context, '|'.join(files[-1:])),
        spelled(build.value('target') or Text('')),
        not pushes and not build.values(*OUTPUTS),
    )


def _pushes(build: BuildCall, settings: Mapping[str, Setting]) -> bool:
    if any(value.known != 'false' for value in build.values('no-push')):
        return False
    name = 'KANIKO_NO_PUSH'
    is_set = name in build.env.variables or name in settings
    return not is_set or build.variable(name, settings).known in ('', '0', 'false')


def _build_arguments(
    build: BuildCall, settings: Mapping[str, Setting]
) -> Iterator[tuple[str, Text]]:
    """The arguments of the Dockerfile; one without value has that of a variable."""
    for text in build.values('build-arg'):
        name, equals, value = text.value.partition('=')
        is_set = text.part(len(text.value) - len(value))
        yield name, is_set if equals else build.variable(name, settings)


def _bases(texts: Iterable[Text], arguments: Mapping[str, Text]) -> frozenset[str] | None:
    bases: set[str] = set()
    for text in texts:
        images = _base_images(text, arguments)
        if images is None:
            return None
        bases.update(map(spelled, images))
    return frozenset(bases)


def _dockerfile(
    files: Sequence[str], build: BuildCall, step: Step, before: Sequence[Step], paths: Paths
) -> Collection[Text] | None:
    """The texts that the Dockerfile may have; None if they are not known."""
    programs = _changing(before)
    for file in files:
        texts = build.env.files.get(file)
        text = None if '\0' in file or file[:1] == '/' else paths.text_of(file)
        if texts and (text is None or texts != (Text(text), ANYTHING)):
            return texts
        if text is not None:
            users = _changing([*before, step]) if texts else programs
            if any(_may_edit(use, file, paths) for use in users):
                return None
            return [Text(text)]
    is_elsewhere = paths.may_come or not paths.contexts(build) or any('\0' in f for f in files)
    # A Dockerfile that nobody makes cannot be built, in whatever order.
    is_made = is_elsewhere or any(_makes(use, files, paths) for use in programs)
    return None if is_made or _is_redirected(files, before, paths) else ()


def _changing(steps: Sequence[Step]) -> list[ProgramCall]:
    """The programs that may change files."""
    return [use for step in steps for use in step.programs if use.kind in (LOCAL, OTHER)]


def _is_redirected(files: Sequence[str], before: Sequence[Step], paths: Paths) -> bool:
    """The output of a step may go into a file, as in a loop that fills in templates."""
    return any(
        operator in TO_FILE and any(is_unknown(path) or may_be_named(file, path) for file in files)
        for step in before
        for operator, target, env in step.report.targets
        for path in paths.keys(target, env)
    )


def _may_edit(use: ProgramCall, file: str, paths: Paths) -> bool:
    """A program may put another text into a file of the repository.

    What installs, compiles or downloads leaves those alone that it does not name.
    """
    words = use.words
    if use.kind == OTHER or use.name in ('curl', 'git', 'wget'):
        changes_tree = use.name == 'git' and not {*words[:1]} <= GIT_APART
        return changes_tree or any(file.rpartition('/')[2] in word for word in words)
    if use.name == 'sed' and any(re.match('-i|--in', word) for word in words):
        # Without a file it has those that `xargs` adds.
        return len(use.operands) < 2 or any(
            is_unknown(path) or may_be_named(file, path) for path in paths.targets(use)
        )
    return _makes(use, [file], paths)


def _makes(use: ProgramCall, files: Sequence[str], paths: Paths) -> bool:
    """A program may put a text into one of the files that none of its words contain."""
    if use.kind == OTHER:
        return True
    if use.name in HARMLESS:
        return False
    if use.name == 'git':
        return use.words[0] not in GIT_APART
    if use.name not in (*WRITES_LAST, 'awk', 'sort', 'yq'):
        return True
    return any(is_inside(file, path) for path in paths.targets(use) for file in files)


def _mentions(word: str, name: str) -> bool:
    """A word contains an image's name, or the last words of it where the registry is unknown."""
    if name in word and re.search(rf'(?<![\w./-]){re.escape(name)}(?![\w./-])', word):
        return True
    last = last_word(name)
    return (
        bool(last)
        and '/' in word
        and re.search(rf'/{re.escape(last)}(?![\w./-])', word) is not None
    )


def _may_be_same(destination: str, base: str) -> bool:
    """Two spelled images may have the same name; what a hole stands for is not known."""
    one, other = _plain(destination), _plain(repository_of(base))
    if '\0' not in one and '\0' not in other:
        return one == other
    if re.fullmatch(_OFFICIAL, other):
        return False
    ends = [name.rpartition('\0')[2] for name in (one, other)]
    return ends[0].endswith(ends[1]) or ends[1].endswith(ends[0])


def _plain(name: str) -> str:
    """A name without the registry that Docker adds."""
    return re.sub(r'^(?:index\.|registry-1\.)?docker\.io/(?:library/)?', '', name)


# Dockerfiles


def _base_images(dockerfile: Text, arguments: Mapping[str, Text]) -> set[Text] | None:
    """The images that it builds on, copies or mounts from; None if some are not known."""
    if any(_starts_line(dockerfile.value, hole) for hole in dockerfile.holes):
        return None
    values = _arguments_of(dockerfile, arguments)
    stages: set[str] = set()
    result: set[Text] = set()
    for match in re.finditer(_IMAGE, dockerfile.value):
        image = _substituted(
            dockerfile.part(*match.span('source' if match['source'] else 'base')), values
        )
        if any(re.search('[$"\']', piece) for piece in image.key()[::2]):
            return None
        name = (image.known or '').lower()
        if name != 'scratch' and name not in stages and not name.isdigit():
            result.add(image)
        if match['stage']:
            stages.add(match['stage'].lower())
    return result


def _with_whole_lines(dockerfile: Text) -> Text:
    """A Dockerfile without comments, and with each instruction on one line."""
    matches = re.finditer(_NO_TEXT, dockerfile.value)
    return dockerfile.replaced([(*match.span(), Text(' ')) for match in matches])


def _starts_line(text: str, hole: Hole) -> bool:
    """An unknown value may be lines of its own."""
    return not text[text.rfind('\n', 0, hole.start) + 1 : hole.start].strip()


def _arguments_of(dockerfile: Text, arguments: Mapping[str, Text]) -> dict[str, Text]:
    """The values of the arguments that a Dockerfile declares."""
    values: dict[str, Text] = {}
    for line in re.finditer(_ARG, dockerfile.value):
        for match in re.compile(_ARGUMENT).finditer(dockerfile.value, *line.span(1)):
            name, default = match[1], match[2]
            value = arguments.get(name)
            if value is None and default is None:
                value = hole(f'ARG {name}')
            elif value is None:
                quotes = default[:1] in ('"', "'")
                part = dockerfile.part(match.start(2) + quotes, match.end(2) - quotes)
                value = _substituted(part, values)
            values.setdefault(name, value)
    return values


def _substituted(text: Text, values: Mapping[str, Text]) -> Text:
    """A text with the values of the arguments that it names."""
    replacements = []
    for match in re.finditer(_VARIABLE, text.value):
        name = match[1] or match[2]
        value = values.get(name)
        if value is None:
            value = hole(f'ARG {name}') if match[3] is None else Text(match[3])
        replacements.append((*match.span(), value))
    return text.replaced(replacements)


def _references(dockerfile: str) -> set[str]:
    """The images, with their registry, that its commands name."""
    return {name for run in re.findall(_RUN, dockerfile) for name in re.findall(_REFERENCE, run)}
