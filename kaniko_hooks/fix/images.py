"""The images that commands name, and those that builds make and use."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from kaniko_hooks import kaniko
from kaniko_hooks.fix.commands import WRITES_LAST, WRITING, BuildCall, ProgramCall
from kaniko_hooks.fix.dockerfile import base_images, references
from kaniko_hooks.fix.paths import Paths, is_inside, may_be_named
from kaniko_hooks.fix.safety import effects
from kaniko_hooks.fix.steps import Step
from kaniko_hooks.kaniko import OUTPUTS
from kaniko_hooks.model import Setting
from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.shell.programs import LOCAL, OTHER
from kaniko_hooks.text import Text

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
# Images that nobody pushes but who makes them for all.
_OFFICIAL = (
    r'[^/\0]+|(?:bitnami|cgr\.dev/chainguard|docker\.elastic\.co|gcr\.io/distroless'
    r'|mcr\.microsoft\.com|nvcr\.io|nvidia|registry\.(?:access\.)?redhat\.(?:com|io)'
    r'|registry\.k8s\.io)/[^\0]*'
)
# Programs that change a file without making another one.
_HARMLESS = frozenset(
    """
    chmod chown dos2unix envsubst find gzip mkdir rm rmdir sed split sponge tee touch truncate
    umask unix2dos update-ca-certificates zcat
    """.split()
)
# Sub-commands of git and of tools for images that write no file that can be built from.
_HARMLESS_COMMANDS = frozenset('acr auth config fetch lfs login logout registry version'.split())
# Those of git that change no file of the repository.
_GIT_APART = _HARMLESS_COMMANDS | {'push', 'submodule', 'tag'}


def spelled(text: Text) -> str:
    """An image's name for comparisons: the names of holes between NULs."""
    key = text.key()
    return '\0'.join(
        re.sub('[/:@]', '_', piece) if number % 2 else piece for number, piece in enumerate(key)
    )


def is_unknown(name: str) -> bool:
    """A spelled name, or the key of a path, is one hole: nothing is known of it."""
    return re.fullmatch('\0[^\0]*\0', name) is not None


def units_named(step: Step, images: Sequence[frozenset[str]]) -> set[int]:
    """The units whose images a step names; `images` are the spelled names of each unit's.

    A whole name with its tag counts before one without, that before the last word of one.
    """
    texts = [spelled(text) for text in _words_of(step)]
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


def _words_of(step: Step) -> Iterator[Text]:
    """The words of the programs of a step, and the targets of its redirections."""
    for use in step.programs:
        yield from use.texts
    for _, target, _ in step.report.targets:
        yield target


def act_on(uses: Sequence[ProgramCall], images: Iterable[str]) -> bool:
    """Programs act on one of the images: they name it with its registry, or as tools for images."""
    for use in uses:
        texts = [*map(spelled, use.arguments)]
        names = [*map(repository_of, images)]
        if use.name in _WITHOUT_REGISTRY:
            names += filter(None, map(last_word, images))
        if not any(_contains(text, name) for text in texts for name in names):
            return False
    return True


def images_of(builds: Iterable[BuildCall]) -> frozenset[str]:
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
    return all(use.name in _IMAGE_TOOLS for use in effects(step))


# What a build makes and uses


class Footprint(NamedTuple):
    """The images and files that a build makes and uses.

    - `images`: spelled names of those that it pushes.
    - `words`: spelled values that may name an image.
    - `bases`: spelled images that its Dockerfile builds on; None if they are not known.
    - `source`: context and Dockerfile; `target`: the stage of it that is built.
    - `only_tests`: it pushes and writes nothing.
    - `variables`: spelled values that its statement begins with.
    """

    images: frozenset[str]
    words: frozenset[str]
    bases: frozenset[str] | None
    source: tuple[str, str]
    target: str
    only_tests: bool
    variables: Mapping[str, str]


def may_use(footprint: Footprint, images: frozenset[str]) -> bool:
    """A build may use one of the images."""
    bases = footprint.bases
    return any(
        bases is None
        or any(_mentions(word, name) for word in footprint.words)
        or any(_may_be_same(name, base) for base in bases)
        for name in map(repository_of, images)
    )


def footprint_of(build: BuildCall, before: Sequence[Step], paths: Paths) -> Footprint:
    """The footprint of a build; `before` are the steps that may edit its Dockerfile."""
    settings = paths.script.variables
    arguments = dict(_build_arguments(build, settings))
    values = [flag.value for flag in build.flags if flag.name not in _NOT_USED]
    words = {spelled(value) for value in (*values, *arguments.values())}
    bases = None
    files = paths.dockerfiles(build)
    dockerfile = _dockerfile(files, build, before, paths)
    if dockerfile is not None:
        texts, editors = dockerfile
        bases = _bases(texts, arguments)
        words.update(*(references(spelled(text)) for text in texts))
        words.update(spelled(word) for use in editors for word in use.arguments)
    context = '|'.join(paths.contexts(build)) or spelled(build.value('context') or Text(''))
    pushes = _pushes(build, settings)
    # A setting gets one of its values where that is looked up.
    chosen = {name: value for name, value in build.env.variables.items() if name in settings}
    return Footprint(
        images_of([build]) if pushes else frozenset(),
        frozenset(words),
        bases,
        (context, '|'.join(files[-1:])),
        spelled(build.value('target') or Text('')),
        not pushes and not build.values(*OUTPUTS),
        {
            name: spelled(value)
            for name, value in {**chosen, **build.before.variables}.items()
            if isinstance(value, Text)
        },
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
        images = base_images(text, arguments)
        if images is None:
            return None
        bases.update(map(spelled, images))
    return frozenset(bases)


def _dockerfile(
    files: Sequence[str], build: BuildCall, before: Sequence[Step], paths: Paths
) -> tuple[Collection[Text], Sequence[ProgramCall]] | None:
    """The texts that the Dockerfile may have, and the programs that may edit these.

    None if they are not known.
    """
    programs = [use for step in before for use in step.programs if use.kind in (LOCAL, OTHER)]
    for file in files:
        texts = build.env.files.get(file)
        if texts:
            return texts, ()
        text = None if '\0' in file or file[:1] == '/' else paths.text_of(file)
        if text is not None:
            is_made = any(_makes(use, [file], paths, in_repository=True) for use in programs)
            return None if is_made else ([Text(text)], programs)
    is_elsewhere = paths.may_come or not paths.contexts(build) or any('\0' in f for f in files)
    # A Dockerfile that nobody makes cannot be built, in whatever order.
    is_made = is_elsewhere or any(_makes(use, files, paths) for use in programs)
    return None if is_made or _is_redirected(files, before, paths) else ((), ())


def _is_redirected(files: Sequence[str], before: Sequence[Step], paths: Paths) -> bool:
    """The output of a step may go into a file, as in a loop that fills in templates."""
    return any(
        operator in WRITING and any(is_unknown(path) or may_be_named(file, path) for file in files)
        for step in before
        for operator, target, env in step.report.targets
        for path in paths.keys(target, env)
    )


def _makes(
    use: ProgramCall, files: Sequence[str], paths: Paths, in_repository: bool = False
) -> bool:
    """A program may put another text into a file, none of which its words contain.

    What installs, compiles or downloads leaves files of the repository alone that it does not name.
    """
    words = use.words
    names = [file.rpartition('/')[2] for file in files]
    if in_repository and (use.kind == OTHER or use.name in ('curl', 'git', 'wget')):
        changes_tree = use.name == 'git' and not {*words[:1]} <= _GIT_APART
        return changes_tree or any(name in word for name in names for word in words)
    if use.kind == OTHER:
        return True
    if use.name == 'sed' and any(word.startswith(('-f', '--file')) for word in words):
        return True
    if use.name in _HARMLESS:
        return False
    if use.name in (*_IMAGE_TOOLS, *kaniko.NAMES, 'git', 'helm') and words[0] in _HARMLESS_COMMANDS:
        return False
    if use.name in ('curl', 'wget'):
        return any(
            any(name in text.value for name in names) or text.holes and not text.suffix
            for text in use.arguments
        )
    into_folder = any(word.startswith(('-t', '--target')) for word in words)
    if use.name not in (*WRITES_LAST, 'awk', 'sort', 'yq') or into_folder:
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
    starts = [name.partition('\0')[0] for name in (one, other)]
    ends = [name.rpartition('\0')[2] for name in (one, other)]
    if not (starts[0].startswith(starts[1]) or starts[1].startswith(starts[0])):
        return False
    return ends[0].endswith(ends[1]) or ends[1].endswith(ends[0])


def _plain(name: str) -> str:
    """A name without the registry that Docker adds."""
    return re.sub(r'^(?:index\.|registry-1\.)?docker\.io/(?:library/)?', '', name)
