"""Which builds need an earlier one to be done: they use its image or its files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from kaniko_hooks.fix.script.arguments import (
    dockerfiles,
    image_of,
    others,
    outputs,
    plain_variables,
    spelled,
    values,
)
from kaniko_hooks.fix.script.trial import Argv, Met, Setting
from kaniko_hooks.model import Variable
from kaniko_hooks.named_tuple import NamedTuple

_NOT_USES = ('--destination', '--cache-repo', '--registry-mirror', '--label')
_INSTRUCTION = re.compile(
    r'^[ \t]*(?:(FROM)[ \t]+(?:--platform=\S+[ \t]+)?(\S+)(?:[ \t]+AS[ \t]+(\S+))?'
    r'|(ARG)[ \t]+(\w+)(?:=(\S*))?'
    r'|(?:COPY|ADD)[ \t]+(?:--\S+[ \t]+)*?--from=(\S+))',
    re.IGNORECASE | re.MULTILINE,
)
_ARGUMENT = re.compile(r'\$(?:\{?[0-9@*]|\()')  # a function's own, or substituted
_VARIABLE = re.compile(r'\$\{?(\w+)(?::?-([^}]*))?\}?')


class Planned(NamedTuple):
    """A build, and the text of what stands before it in its script and is repeated for it."""

    met: Met
    text: str


def needed(builds: Sequence[Planned], setting: Setting) -> list[list[int]]:
    """For each build the earlier ones that must be done before it."""
    known = [_build(each, setting) for each in builds]
    return [
        [
            earlier
            for earlier in range(index)
            if known[earlier].written & build.written
            or any(_uses(image, build) for image in known[earlier].images)
        ]
        for index, build in enumerate(known)
    ]


class _Build(NamedTuple):
    images: list[str]  # without tags
    written: set[str]  # images with tags, and files
    words: list[str]  # arguments that may name an image to build on
    text: str  # what stands before it in the script
    bases: list[str]


def _build(planned: Planned, setting: Setting) -> _Build:
    """What one build writes and uses, as far as it can be told."""
    argv = planned.met.argv
    names = [spelled(word) for word in values(argv, '--destination')]
    files = map(setting.read_text, dockerfiles(argv, planned.met.directory or ''))
    return _Build(
        [image_of(name) for name in names if not _ARGUMENT.search(image_of(name))],
        {name for name in (*names, *outputs(argv)) if not _ARGUMENT.search(name)},
        [spelled(word) for word in others(argv, *_NOT_USES)],
        plain_variables(planned.text),
        list(
            bases(
                next((file for file in files if file is not None), ''),
                _build_args(argv, setting.variables),
            )
        ),
    )


def _build_args(argv: Argv, variables: Mapping[str, Variable]) -> dict[str, str]:
    """The arguments that a build gives to its Dockerfile; one without value is a variable."""
    found = {}
    for word in values(argv, '--build-arg'):
        name, equals, value = spelled(word).partition('=')
        given = variables[name].values if name in variables else ()
        found[name] = value if equals else given[0] if len(given) == 1 else f'${name}'
    return found


def _uses(image: str, build: _Build) -> bool:
    named = rf'(?<![\w./$-]){re.escape(image)}(?![\w./-])'
    if any(image in word and re.search(named, word) for word in build.words):
        return True
    # A Dockerfile that the script writes.
    written = rf'FROM[ \t]+(?:--\S+[ \t]+)?{named}'
    if image in build.text and re.search(written, build.text, re.IGNORECASE):
        return True
    return any(same_image(image, base) for base in build.bases)


def bases(dockerfile: str, given: Mapping[str, str]) -> Iterator[str]:
    """The images that a Dockerfile builds on or copies from, with what is `given` for each `ARG`."""
    arguments: dict[str, str] = {}
    stages: set[str] = set()
    for match in _INSTRUCTION.finditer(dockerfile.replace('\\\n', ' ')):
        start, base, stage, argument, name, default, source = match.groups()
        if argument and (name in given or default is not None):
            arguments.setdefault(name, given.get(name) or (default or '').strip('"\''))
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
