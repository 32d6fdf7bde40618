"""The images that commands name, and those that builds make and use."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from kaniko_hooks import kaniko
from kaniko_hooks.fix.commands import WRITES_LAST, Build, Program
from kaniko_hooks.fix.paths import Paths, is_inside
from kaniko_hooks.fix.safety import outward
from kaniko_hooks.fix.steps import Step, words_of
from kaniko_hooks.kaniko import OUTPUTS
from kaniko_hooks.model import Setting
from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.shell.programs import LOCAL, OTHER
from kaniko_hooks.text import Hole, Text, hole

# Programs that act on one image, and those that may name it without its registry.
_IMAGE_TOOLS = frozenset(
    """
    aws az cosign crane dockle docker gcloud gcrane grype img notation oras podman regctl skopeo
    snyk syft trivy buildah nerdctl
    """.split()
)
_WITHOUT_REGISTRY = frozenset(('aws', 'az', 'gcloud'))
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
_VARIABLE = re.compile(r'\$(?:(\w+)|\{(\w+)(?::?-([^}]*))?\})')
_ESCAPE = re.compile(r'\s*#\s*escape\s*=\s*`', re.IGNORECASE | re.MULTILINE)
# Images that a command of a Dockerfile names, with their registry.
_RUN = re.compile(r'^[ \t]*RUN[ \t](?:\\\r?\n|.)*', re.IGNORECASE | re.MULTILINE)
_REFERENCE = re.compile(r'[\w-]+\.[\w.-]+(?::\d+)?/[\w./:-]+')
# Programs that change a file without making another one.
_HARMLESS = frozenset(
    """
    chmod chown envsubst gzip mkdir rm rmdir sed split sponge tee touch truncate umask
    update-ca-certificates
    """.split()
)
# Sub-commands of git and of tools for images that write no file that can be built from.
_HARMLESS_COMMANDS = frozenset('auth config fetch lfs login logout registry version'.split())


def spelled(text: Text) -> str:
    """An image's name for comparisons: the names of holes between NULs."""
    key = text.key()
    return '\0'.join(
        re.sub('[/:@]', '_', piece) if number % 2 else piece for number, piece in enumerate(key)
    )


def names_unit(step: Step, images: Sequence[frozenset[str]]) -> set[int]:
    """The units whose images a step names; `images` are the spelled names of each unit's.

    A whole name with its tag counts before one without, that before the last word of one.
    """
    texts = [spelled(text) for text in words_of(step)]
    for shorten in (lambda name: name, repository_of, last_word):
        hits = {
            number
            for number, names in enumerate(images)
            for name in names
            if shorten(name) and any(_contains(text, shorten(name)) for text in texts)
        }
        if hits:
            return hits
    return set()


def is_about(uses: Sequence[Program], images: Iterable[str]) -> bool:
    """Programs act on one of the images: they name it with its registry, or as tools for images."""
    for use in uses:
        texts = [*map(spelled, use.arguments)]
        names = [*map(repository_of, images)]
        if use.name in _WITHOUT_REGISTRY:
            names += filter(None, map(last_word, images))
        if not any(_contains(text, name) for text in texts for name in names):
            return False
    return True


def images_of(builds: Iterable[Build]) -> frozenset[str]:
    """The spelled destinations of builds."""
    return frozenset(spelled(name) for build in builds for name in build.values('destination'))


def _contains(text: str, name: str) -> bool:
    if name not in text:
        return False
    return re.search(rf'(?<![\w.-]){re.escape(name)}(?![\w-]|\.\w)', text) is not None


def repository_of(image: str) -> str:
    """An image's name without tag and digest."""
    name = image.partition('@')[0]
    head, colon, tag = name.rpartition(':')
    return head if colon and '/' not in tag else name


def last_word(image: str) -> str:
    """The last path segment of an image's name, '' if nothing of it is known."""
    segment = repository_of(image).rpartition('/')[2]
    return '' if '\0' in segment else segment


def is_image_tool(step: Step) -> bool:
    """The programs of a step do nothing but to act on the image that they name."""
    return all(use.name in _IMAGE_TOOLS for use in outward(step))


# What a build makes and uses


class Use(NamedTuple):
    """The images and files that a build, or all builds of a unit, make and use.

    - `images`: spelled destinations.
    - `words`: spelled values that may name an image.
    - `bases`: spelled images that its Dockerfiles build on; None if they are not known.
    - `sources`: context, Dockerfile and target of each build.
    - `tests`: True of a build that pushes and writes nothing, so that it only tests what it
      builds; False of another one.
    """

    images: frozenset[str]
    words: frozenset[str]
    bases: frozenset[str] | None
    sources: frozenset[tuple[str, str, str]]
    tests: frozenset[bool]


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
        frozenset((not pushes and not build.values(*OUTPUTS),)),
    )


def _pushes(build: Build, settings: Mapping[str, Setting]) -> bool:
    if any(value.known != 'false' for value in build.values('no-push')):
        return False
    name = 'KANIKO_NO_PUSH'
    is_set = name in build.env.variables or name in settings
    return not is_set or variable(build, settings, name).known in ('', '0', 'false')


def variable(build: Build, settings: Mapping[str, Setting], name: str) -> Text:
    """The value of a variable in the environment of a build."""
    value = build.env.variables.get(name)
    if value is None and name in settings and len(settings[name].values) == 1:
        value = settings[name].values[0]
    return value if isinstance(value, Text) else hole(name)


def _build_arguments(build: Build, settings: Mapping[str, Setting]) -> Iterator[tuple[str, Text]]:
    """The arguments of the Dockerfile; one without value has that of a variable."""
    for text in build.values('build-arg'):
        name, equals, value = text.value.partition('=')
        is_set = text.part(len(text.value) - len(value), len(text.value))
        yield name, is_set if equals else variable(build, settings, name)


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
            images = _images_in(item, arguments)
            if images is None or any(_starts_line(item.value, hole) for hole in item.holes):
                return None
            bases |= images
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
    if use.name in (*_IMAGE_TOOLS, *kaniko.NAMES, 'git', 'helm') and words[0] in _HARMLESS_COMMANDS:
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


def _images_in(dockerfile: Text, arguments: Mapping[str, Text]) -> set[str] | None:
    """The spelled images that a Dockerfile builds on, copies or mounts from; None if unknown."""
    if _ESCAPE.search(dockerfile.value):
        return None
    text = dockerfile.replaced(
        [(*match.span(), Text(' ')) for match in re.finditer(r'\\\r?\n', dockerfile.value)]
    )
    values = _arguments_of(text, arguments)
    text = _without_quotes(text)
    stages: set[str] = set()
    result: set[str] = set()
    for match in _IMAGE.finditer(text.value):
        image = _substituted(
            text.part(*match.span('source' if match['source'] else 'base')), values
        )
        if any('$' in piece for piece in image.key()[::2]):
            return None
        name = (image.known or '').lower()
        if name != 'scratch' and name not in stages and not name.isdigit():
            result.add(spelled(image))
        if match['stage']:
            stages.add(match['stage'].lower())
    return result


def _without_quotes(text: Text) -> Text:
    return text.replaced(
        [
            (*match.span(), Text(''))
            for match in re.finditer('["\']', text.value)
            if not any(hole.start <= match.start() < hole.end for hole in text.holes)
        ]
    )


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
            value = hole(f'ARG {name}') if match[3] is None else Text(match[3])
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
    return re.sub(r'^(?:index\.|registry-1\.)?docker\.io/(?:library/)?', '', name)
