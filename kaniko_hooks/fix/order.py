"""The order of units: what is not shown to be independent keeps its order."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from kaniko_hooks import kaniko
from kaniko_hooks.fix import Refusal
from kaniko_hooks.fix.commands import Build, Program
from kaniko_hooks.fix.images import images_of, last_word, repository_of, spelled
from kaniko_hooks.fix.parts import Division
from kaniko_hooks.fix.paths import OUTPUTS, WRITES_LAST, Paths, is_inside
from kaniko_hooks.fix.steps import Step, Steps
from kaniko_hooks.fix.units import Unit
from kaniko_hooks.model import Setting
from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.shell.programs import LOCAL, OTHER
from kaniko_hooks.text import Hole, Text, hole

# Values that name no image that is used.
_NOT_USED = OUTPUTS | frozenset(
    'destination cache-repo context dockerfile label registry-mirror cache-dir target'.split()
)
_ARG = re.compile(r'^[ \t]*ARG[ \t]+(.+)', re.IGNORECASE | re.MULTILINE)
_IMAGE = re.compile(
    r'^[ \t]*FROM[ \t]+(?:--\S+[ \t]+)*(?P<base>\S+)(?:[ \t]+AS[ \t]+(?P<stage>\S+))?'
    r'|(?:--|,)from=(?P<source>[^\s,]+)',
    re.IGNORECASE | re.MULTILINE,
)
_ARGUMENT = re.compile(r'(\w+)(?:=("[^"]*"|\'[^\']*\'|\S*))?')
_VARIABLE = re.compile(r'\$(?:(\w+)|\{(\w+)(?::?([-+])([^}]*))?\})')
# Images that a command of a Dockerfile names, with their registry.
_RUN = re.compile(r'^[ \t]*RUN[ \t](?:\\\r?\n|.)*', re.IGNORECASE | re.MULTILINE)
_REFERENCE = re.compile(r'[\w-]+\.[\w.-]+(?::\d+)?/[\w./:-]+')
# Programs that change a file without making another one.
_HARMLESS = frozenset(
    'mkdir chmod chown touch rm rmdir umask truncate sed envsubst tee gzip split sponge'.split()
)
# Sub-commands of git and of Kaniko's executor that write no file that can be built from.
_HARMLESS_COMMANDS = frozenset('config fetch login logout'.split())


class Use(NamedTuple):
    """The images and files that a build, or all builds of a unit, make and use.

    - `images`: spelled destinations.
    - `words`: spelled values that may name an image.
    - `bases`: spelled images that its Dockerfiles build on; None if they are not known.
    - `sources`: context, Dockerfile and target of each build.
    - `tests`: some run pushes and writes nothing: it only tests what a later unit builds.
    """

    images: frozenset[str]
    words: frozenset[str]
    bases: frozenset[str] | None
    sources: frozenset[tuple[str, str, str]]
    tests: bool


def needed(
    steps: Steps, units: Sequence[Unit], division: Division, paths: Paths
) -> list[list[int]]:
    """For each unit the earlier ones that must be done before it, without those they imply.

    Raises Refusal: the iterations of a loop depend on each other.
    """
    uses: list[Use] = []
    result: list[list[int]] = []
    for number, (unit, part) in enumerate(zip(units, division.parts)):
        steps_before = [step for step in part.steps if step.number < unit.step.number]
        of_builds = [
            use_of(build, [*steps.before, *steps_before], paths)
            for step in (unit.step, *unit.others)
            for build in step.builds
        ]
        if unit.loop is not None and any(
            _must_follow(of_builds[first], of_builds[second])
            for second in range(len(of_builds))
            for first in range(second)
            if unit.builds[first].argv != unit.builds[second].argv
        ):
            raise Refusal('the builds of its loop may depend on each other')
        use = _united(of_builds)
        earlier = [
            other
            for other in range(number)
            if number in division.waiting
            or other in division.gates
            or _must_follow(uses[other], use)
        ]
        implied = {further for other in earlier for further in result[other]}
        result.append([other for other in earlier if other not in implied])
        uses.append(use)
    return result


def _must_follow(first: Use, second: Use) -> bool:
    if first.tests or any(
        _are_same(image, other) for image in first.images for other in second.images
    ):
        return True
    if any(source[2] and (*source[:2], '') in second.sources for source in first.sources):
        return True
    # What the first one uses may be an image that the second one replaces.
    return may_use(second, first.images) or may_use(first, second.images)


def _are_same(image: str, other: str) -> bool:
    """Two destinations are the same, as far as anything of them is known."""
    names = repository_of(image), repository_of(other)
    unknown = all(re.fullmatch('\0[^\0]*\0', name) for name in names)
    return image == other or unknown and image[len(names[0]) :] == other[len(names[1]) :]


def may_use(use: Use, images: frozenset[str]) -> bool:
    """A unit may use one of the images."""
    names = {repository_of(image) for image in images}
    if (
        use.bases is None
        and names
        or any(_mentions(word, name) for word in use.words for name in names)
    ):
        return True
    return any(_may_be_same(name, base) for name in names for base in use.bases or ())


def use_of(build: Build, before: Sequence[Step], paths: Paths) -> Use:
    """The images and files of a build; `before` are the steps that may edit its Dockerfile."""
    pushes = _pushes(build, paths.script.variables)
    arguments = dict(_build_arguments(build, paths.script.variables))
    words = {spelled(flag.value) for flag in build.flags if flag.name not in _NOT_USED}
    words.update(map(spelled, arguments.values()))
    files = paths.dockerfiles(build)
    bases = _bases(files, build, before, paths, arguments, words)
    context = '|'.join(paths.contexts(build)) or spelled(build.value('context') or Text(''))
    target = spelled(build.value('target') or Text(''))
    return Use(
        images_of([build]) if pushes else frozenset(),
        frozenset(words),
        None if bases is None else frozenset(bases),
        frozenset(((context, '|'.join(files[-1:]), target),)),
        not pushes and not build.values(*OUTPUTS),
    )


def _united(uses: Sequence[Use]) -> Use:
    """The images and files of several builds."""
    images, words, bases, sources, tests = zip(*uses)
    return Use(
        frozenset().union(*images),
        frozenset().union(*words),
        None if None in bases else frozenset().union(*bases),
        frozenset().union(*sources),
        any(tests),
    )


def _pushes(build: Build, settings: Mapping[str, Setting]) -> bool:
    if any(value.known != 'false' for value in build.values('no-push')):
        return False
    name = 'KANIKO_NO_PUSH'
    is_set = name in build.env.variables or name in settings
    return not is_set or _variable(build, settings, name).known in ('', '0', 'false')


def _variable(build: Build, settings: Mapping[str, Setting], name: str) -> Text:
    value = build.env.variables.get(name)
    if value is None and name in settings and len(settings[name].values) == 1:
        value = settings[name].values[0]
    return value if isinstance(value, Text) else hole(name)


def _build_arguments(build: Build, settings: Mapping[str, Setting]) -> Iterator[tuple[str, Text]]:
    """The arguments of the Dockerfile; one without value has that of a variable."""
    for text in build.values('build-arg'):
        name, equals, value = text.value.partition('=')
        is_set = text.part(len(text.value) - len(value), len(text.value))
        yield name, is_set if equals else _variable(build, settings, name)


def _bases(
    files: Sequence[str],
    build: Build,
    before: Sequence[Step],
    paths: Paths,
    arguments: Mapping[str, Text],
    words: set[str],
) -> set[str] | None:
    """The images that a build uses by its Dockerfile; None if that is not known.

    Words of commands that edit the Dockerfile are added to `words`.
    """
    for file in files:
        texts = list(build.env.files.get(file, ()))
        if not texts:
            text = None if '\0' in file or file[:1] == '/' else paths.text_of(file)
            if text is None:
                continue
            texts = [Text(text)]
            for use in (use for step in before for use in step.programs):
                if use.kind not in (LOCAL, OTHER):
                    continue
                if _makes(use, [file], paths):
                    return None
                words.update(map(spelled, use.arguments))
        bases: set[str] = set()
        for item in texts:
            if any(_starts_line(item.value, hole) for hole in item.holes):
                return None
            bases.update(_images_in(item, arguments))
            for run in _RUN.findall(spelled(item)):
                words.update(_REFERENCE.findall(run))
        return bases
    if any('\0' in file for file in files):
        return None
    if not paths.contexts(build):
        return None
    is_made = any(_makes(use, files, paths) for step in before for use in step.programs)
    # A Dockerfile that nobody makes cannot be built, in whatever order.
    return None if is_made or paths.may_come else set()


def _starts_line(text: str, hole: Hole) -> bool:
    """An unknown value may be lines of its own."""
    return not text[text.rfind('\n', 0, hole.start) + 1 : hole.start].strip()


def _makes(use: Program, files: Sequence[str], paths: Paths) -> bool:
    """A program may put another text into a file, none of which its words contain."""
    if use.kind != LOCAL:
        return use.kind == OTHER
    words = use.words
    if use.name == 'sed' and any(word.startswith(('-f', '--file')) for word in words):
        return True
    if use.name in _HARMLESS:
        return False
    if use.name in ('git', *kaniko.NAMES) and words[0] in _HARMLESS_COMMANDS:
        return False
    if use.name in ('curl', 'wget'):
        names = [file.rpartition('/')[2] for file in files]
        return any(
            any(name in text.value for name in names)
            or text.holes
            and text.holes[-1].end == len(text.value)
            for text in use.arguments
        )
    into_folder = any(word.startswith(('-t', '--target')) for word in words)
    if use.name not in (*WRITES_LAST, 'awk', 'sort', 'yq') or into_folder:
        return True
    return any(is_inside(file, path) for path in paths.targets(use) for file in files)


def _images_in(dockerfile: Text, arguments: Mapping[str, Text]) -> Iterator[str]:
    """The spelled images that a Dockerfile builds on, copies or mounts from."""
    text = dockerfile.replaced(
        [(*match.span(), Text(' ')) for match in re.finditer(r'\\\r?\n', dockerfile.value)]
    )
    values = _arguments_of(text, arguments)
    stages: set[str] = set()
    for match in _IMAGE.finditer(text.value):
        image = _substituted(
            text.part(*match.span('source' if match['source'] else 'base')), values
        )
        name = (image.known or '').lower()
        if name != 'scratch' and name not in stages and not name.isdigit():
            yield spelled(image)
        if match['stage']:
            stages.add(match['stage'].lower())


def _arguments_of(dockerfile: Text, arguments: Mapping[str, Text]) -> dict[str, Text]:
    """The values of the arguments that a Dockerfile declares."""
    values: dict[str, Text] = {}
    for line in _ARG.finditer(dockerfile.value):
        for match in _ARGUMENT.finditer(dockerfile.value, *line.span(1)):
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
    for match in _VARIABLE.finditer(text.value):
        name = match[1] or match[2]
        value = values.get(name)
        if value is None:
            value = Text(match[4]) if match[3] == '-' else hole(f'ARG {name}')
        replacements.append((*match.span(), value))
    return text.replaced(replacements)


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
    if '/' not in other and '\0' not in other:
        # Nobody pushes to the official images.
        return False
    starts = [name.partition('\0')[0] for name in (one, other)]
    ends = [name.rpartition('\0')[2] for name in (one, other)]
    if not (starts[0].startswith(starts[1]) or starts[1].startswith(starts[0])):
        return False
    return ends[0].endswith(ends[1]) or ends[1].endswith(ends[0])


def _plain(name: str) -> str:
    """A name without the registry that Docker adds."""
    return re.sub(r'^(?:index\.)?docker\.io/(?:library/)?', '', name)
