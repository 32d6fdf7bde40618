"""Which builds need an earlier one to be done: they use its image or its files."""
from __future__ import annotations

import re
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence

from kaniko_hooks.fix.script.arguments import dockerfiles
from kaniko_hooks.fix.script.arguments import image_of
from kaniko_hooks.fix.script.arguments import others
from kaniko_hooks.fix.script.arguments import outputs
from kaniko_hooks.fix.script.arguments import plain_variables
from kaniko_hooks.fix.script.arguments import spelled
from kaniko_hooks.fix.script.arguments import values
from kaniko_hooks.model import Word
from kaniko_hooks.named_tuple import NamedTuple

Argv = Sequence[Word]
ReadText = Callable[[str], 'str | None']

_NOT_USES = ('--destination', '--cache-repo', '--registry-mirror', '--label')
_INSTRUCTION = re.compile(
    r'^[ \t]*(?:(FROM)[ \t]+(?:--platform=\S+[ \t]+)?(\S+)(?:[ \t]+AS[ \t]+(\S+))?'
    r'|(ARG)[ \t]+(\w+)(?:=(\S*))?'
    r'|(?:COPY|ADD)[ \t]+(?:--\S+[ \t]+)*?--from=(\S+))',
    re.IGNORECASE | re.MULTILINE,
)
_ARGUMENT = re.compile(r'\$(?:\{?[0-9@*]|\()')  # a function's own, or substituted
_VARIABLE = re.compile(r'\$\{?(\w+)(?::?-([^}]*))?\}?')


def needed(builds: Sequence[Argv], texts: Sequence[str], read_text: ReadText) -> list[list[int]]:
    """For each build the earlier ones that must be done before it.

    `texts[i]` is what stands in the script before build `i` and is repeated for
    it; `read_text` gives the text of a file of the repository, None without one.
    """
    known = [_build(argv, text, read_text) for argv, text in zip(builds, texts)]
    return [
        [
            earlier for earlier in range(index)
            if known[earlier].written & build.written or
            any(_uses(image, build) for image in known[earlier].images)
        ]
        for index, build in enumerate(known)
    ]


class _Build(NamedTuple):
    images: list[str]  # without tags
    written: set[str]  # images with tags, and files
    words: list[str]  # arguments that may name an image to build on
    text: str  # what stands before it in the script
    bases: list[str]


def _build(argv: Argv, text: str, read_text: ReadText) -> _Build:
    """What one build writes and uses, as far as it can be told."""
    names = [spelled(word) for word in values(argv, '--destination')]
    files = (read_text(path) for path in dockerfiles(argv))
    return _Build(
        [image_of(name) for name in names if not _ARGUMENT.search(image_of(name))],
        {name for name in (*names, *outputs(argv)) if not _ARGUMENT.search(name)},
        [spelled(word) for word in others(argv, *_NOT_USES)],
        plain_variables(text),
        list(bases(next((file for file in files if file is not None), ''))),
    )


def _uses(image: str, build: _Build) -> bool:
    named = rf'(?<![\w./$-]){re.escape(image)}(?![\w./-])'
    if any(image in word and re.search(named, word) for word in build.words):
        return True
    # A Dockerfile that the script writes.
    written = rf'FROM[ \t]+(?:--\S+[ \t]+)?{named}'
    if image in build.text and re.search(written, build.text, re.IGNORECASE):
        return True
    return any(same_image(image, base) for base in build.bases)


def bases(dockerfile: str) -> Iterator[str]:
    """The images that a Dockerfile builds on or copies from, with `ARG` defaults."""
    arguments: dict[str, str] = {}
    stages: set[str] = set()
    for match in _INSTRUCTION.finditer(dockerfile.replace('\\\n', ' ')):
        start, base, stage, argument, name, default, source = match.groups()
        if argument and default is not None:
            arguments.setdefault(name, default.strip('"\''))
        found = base if start else source
        if found and found.lower() not in stages and not found.isdigit():
            yield _VARIABLE.sub(
                lambda each: arguments.get(each.group(1), each.group(2) or f'${each.group(1)}'),
                found,
            )
        if stage:
            stages.add(stage.lower())


def same_image(destination: str, base: str) -> bool:
    """Whether two names may be one image; what a variable stands for is not known."""
    one, other = image_of(destination), image_of(base)
    if one == other:
        return True
    tail, other_tail = _tail(one), _tail(other)
    if '$' in one and '$' in other:
        return bool(tail and other_tail) and (one.endswith(other_tail) or other.endswith(tail))
    if '$' in one:
        return bool(tail) and other.endswith(tail)
    return '$' in other and bool(other_tail) and one.endswith(other_tail)


def _tail(name: str) -> str:
    """The path behind the last variable of a name, with its slash."""
    behind = re.split(r'\$\w+', name)[-1]
    slash = behind.find('/')
    return behind[slash:] if slash >= 0 and len(behind) > slash + 1 else ''
