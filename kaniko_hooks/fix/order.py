"""Which builds need an earlier one to be done: they use its image or its files."""
from __future__ import annotations

import re
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence

from kaniko_hooks.fix.arguments import dockerfiles
from kaniko_hooks.fix.arguments import image_of
from kaniko_hooks.fix.arguments import others
from kaniko_hooks.fix.arguments import outputs
from kaniko_hooks.fix.arguments import plain_variables
from kaniko_hooks.fix.arguments import spelled
from kaniko_hooks.fix.arguments import values
from kaniko_hooks.model import Word

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
    return [
        [
            earlier for earlier in range(index)
            if _clash(builds[earlier], argv) or
            any(_uses(image, argv, texts[index], read_text) for image in _images(builds[earlier]))
        ]
        for index, argv in enumerate(builds)
    ]


def _images(argv: Argv) -> list[str]:
    found = [image_of(spelled(word)) for word in values(argv, '--destination')]
    return [image for image in found if not _ARGUMENT.search(image)]


def _clash(one: Argv, other: Argv) -> bool:
    """Whether both write the same image or the same file."""
    return bool(_written(one) & _written(other))


def _written(argv: Argv) -> set[str]:
    """The images and files of a build, as far as they can be told apart."""
    found = {spelled(word) for word in values(argv, '--destination')} | set(outputs(argv))
    return {name for name in found if not _ARGUMENT.search(name)}


def _uses(image: str, argv: Argv, text: str, read_text: ReadText) -> bool:
    named = rf'(?<![\w./$-]){re.escape(image)}(?![\w./-])'
    if any(re.search(named, spelled(word)) for word in others(argv, *_NOT_USES)):
        return True
    # A Dockerfile that the script writes.
    if re.search(rf'FROM[ \t]+(?:--\S+[ \t]+)?{named}', plain_variables(text), re.IGNORECASE):
        return True
    for path in dockerfiles(argv):
        dockerfile = read_text(path)
        if dockerfile is not None:
            return any(same_image(image, base) for base in bases(dockerfile))
    return False


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
