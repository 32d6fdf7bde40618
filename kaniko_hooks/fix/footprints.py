"""The images and files that a build makes and uses, also by its Dockerfile."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from kaniko_hooks import kaniko
from kaniko_hooks.fix.effects import images_of, is_unknown, last_word, repository_of, spelled
from kaniko_hooks.fix.paths import Paths, is_inside, may_be_named
from kaniko_hooks.fix.programs import (
    GIT_APART,
    HARMLESS,
    HARMLESS_COMMANDS,
    IMAGE_TOOLS,
    WRITES_LAST,
)
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
_ESCAPE = r'(?im)\s*#\s*escape\s*=\s*`'
# Comments, which end with their line, and the ends of lines that go on below them.
_NO_TEXT = r'(?im)^[ \t]*#(?![ \t]*escape).*$|\\[ \t]*\r?\n(?:[ \t]*(?:#.*)?\r?\n)*'
# Images that a command names, with their registry.
_RUN = r'(?im)^[ \t]*RUN[ \t].*'
_REFERENCE = r'(?<![\w.-])[\w-]+\.[\w.-]+(?::\d+)?/[\w./:-]+'
# A command of sed whose pattern has no more than `.`, `*`, `^` and `$`.
_SUBSTITUTION = r'(?s)s([^\w.\s-])((?:(?!\1)(?:[^\\\[*]|(?<=[\w. -])\*))+)\1((?:(?!\1)[^\\&])*)\1g?'
_MAX_TEXTS = 16


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


def footprint_of(build: BuildCall, step: Step, before: Sequence[Step], paths: Paths) -> Footprint:
    """The footprint of a build of a step; the steps `before` may edit its Dockerfile, too."""
    settings = paths.script.variables
    arguments = dict(_build_arguments(build, settings))
    values = [flag.value for flag in build.flags if flag.name not in _NOT_USED]
    words = {spelled(value) for value in (*values, *arguments.values())}
    bases = None
    files = paths.dockerfiles(build)
    dockerfile = _dockerfile(files, build, step, before, paths)
    if dockerfile is not None:
        texts, editors = dockerfile
        texts = [_with_whole_lines(text) for text in texts]
        bases = _bases(texts, arguments)
        words.update(*(_references(spelled(text)) for text in texts))
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
        images = _base_images(text, arguments)
        if images is None:
            return None
        bases.update(map(spelled, images))
    return frozenset(bases)


def _dockerfile(
    files: Sequence[str], build: BuildCall, step: Step, before: Sequence[Step], paths: Paths
) -> tuple[Collection[Text], Sequence[ProgramCall]] | None:
    """The texts that the Dockerfile may have, and the programs that may edit these.

    None if they are not known.
    """
    programs = [use for step in before for use in step.programs if use.kind in (LOCAL, OTHER)]
    own = [use for use in step.programs if use.kind in (LOCAL, OTHER)]
    for file in files:
        texts = build.env.files.get(file)
        text = None if '\0' in file or file[:1] == '/' else paths.text_of(file)
        if texts and (text is None or texts != (Text(text), ANYTHING)):
            return texts, ()
        if text is not None:
            users = [*programs, *own] if texts else programs
            if any(_makes(use, [file], paths, in_repository=True) for use in users):
                return None
            editors = [use for use in users if use.name == 'sed' and _edits(use, file, paths)]
            edited = _with_edits(Text(text), [use.arguments for use in editors])
            return None if edited is None else (edited, programs)
    is_elsewhere = paths.may_come or not paths.contexts(build) or any('\0' in f for f in files)
    # A Dockerfile that nobody makes cannot be built, in whatever order.
    is_made = is_elsewhere or any(_makes(use, files, paths) for use in programs)
    return None if is_made or _is_redirected(files, before, paths) else ((), ())


def _edits(use: ProgramCall, file: str, paths: Paths) -> bool:
    """A `sed` may edit a file: it names it, or files that are not known."""
    if not any(word.startswith(('-i', '--in')) for word in use.words):
        return False
    return len(use.operands) < 2 or any(
        is_unknown(path) or may_be_named(file, path) for path in paths.targets(use)
    )


def _is_redirected(files: Sequence[str], before: Sequence[Step], paths: Paths) -> bool:
    """The output of a step may go into a file, as in a loop that fills in templates."""
    return any(
        operator in TO_FILE and any(is_unknown(path) or may_be_named(file, path) for file in files)
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
        changes_tree = use.name == 'git' and not {*words[:1]} <= GIT_APART
        return changes_tree or any(name in word for name in names for word in words)
    if use.kind == OTHER:
        return True
    if use.name == 'sed' and any(word.startswith(('-f', '--file')) for word in words):
        return True
    if use.name in HARMLESS:
        return False
    if use.name in (*IMAGE_TOOLS, *kaniko.NAMES, 'git', 'helm') and words[0] in HARMLESS_COMMANDS:
        return False
    if use.name in ('curl', 'wget'):
        return any(
            any(name in text.value for name in names) or text.holes and not text.suffix
            for text in use.arguments
        )
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
    starts = [name.partition('\0')[0] for name in (one, other)]
    ends = [name.rpartition('\0')[2] for name in (one, other)]
    if not (starts[0].startswith(starts[1]) or starts[1].startswith(starts[0])):
        return False
    return ends[0].endswith(ends[1]) or ends[1].endswith(ends[0])


def _plain(name: str) -> str:
    """A name without the registry that Docker adds."""
    return re.sub(r'^(?:index\.|registry-1\.)?docker\.io/(?:library/)?', '', name)


# Dockerfiles


def _base_images(dockerfile: Text, arguments: Mapping[str, Text]) -> set[Text] | None:
    """The images that it builds on, copies or mounts from; None if some are not known."""
    is_open = any(_starts_line(dockerfile.value, hole) for hole in dockerfile.holes)
    if is_open or re.search(_ESCAPE, dockerfile.value):
        return None
    values = _arguments_of(dockerfile, arguments)
    text = _without_quotes(dockerfile)
    stages: set[str] = set()
    result: set[Text] = set()
    for match in re.finditer(_IMAGE, text.value):
        image = _substituted(
            text.part(*match.span('source' if match['source'] else 'base')), values
        )
        if any('$' in piece for piece in image.key()[::2]):
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


def _without_quotes(text: Text) -> Text:
    return text.replaced(
        [
            (*match.span(), Text(''))
            for match in re.finditer('["\']', text.value)
            if not text.in_hole(match.start())
        ]
    )


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


def _with_edits(dockerfile: Text, editors: Iterable[Sequence[Text]]) -> list[Text] | None:
    """The texts that a Dockerfile may have after calls of `sed`, by their arguments.

    None if they are not known: only plain substitutions are carried out.
    """
    result = [dockerfile]
    for words in editors:
        options = [word.value for word in words if word.value[:1] == '-']
        scripts = [word for last, word in zip(words, words[1:]) if last.value == '-e']
        scripts = scripts or [word for word in words if word.value[:1] != '-'][:1]
        if not all(re.fullmatch('-e|-i.*', option) for option in options):
            return None
        for script in scripts:
            match = re.fullmatch(_SUBSTITUTION, script.value)
            # A search for more than one `*` may take for ever.
            if (
                match is None
                or match[2].count('*') > 1
                or script.part(*match.span(2)).holes
                or len(result) > _MAX_TEXTS
            ):
                return None
            pattern = '(?m)' + re.sub(r'[+?(){}|]', r'\\\g<0>', match[2])
            new = script.part(*match.span(3))
            for text in result[:]:
                hits = [(*hit.span(), new) for hit in re.finditer(pattern, text.value)]
                if hits:
                    result.append(text.replaced(hits))
    return result
