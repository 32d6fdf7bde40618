"""The images that a Dockerfile names."""

from __future__ import annotations

import re
from collections.abc import Mapping

from kaniko_hooks.text import Hole, Text, hole

_ARG = r'(?im)^[ \t]*ARG[ \t]+(.+)'
_IMAGE = (
    r'(?im)^[ \t]*FROM[ \t]+(?:--\S+[ \t]+)*(?P<base>\S+)(?:[ \t]+AS[ \t]+(?P<stage>\S+))?'
    r'|(?:--|,)from=(?P<source>[^\s,]+)'
)
_ARGUMENT = r'(\w+)(?:=("[^"]*"|\'[^\']*\'|\S*))?'
_VARIABLE = r'\$(?:(\w+)|\{(\w+)(?::?-([^}$]*))?\})'
_ESCAPE = r'(?im)\s*#\s*escape\s*=\s*`'
# Images that a command names, with their registry.
_RUN = r'(?im)^[ \t]*RUN[ \t](?:\\\r?\n|.)*'
_REFERENCE = r'(?<![\w.-])[\w-]+\.[\w.-]+(?::\d+)?/[\w./:-]+'


def base_images(dockerfile: Text, arguments: Mapping[str, Text]) -> set[Text] | None:
    """The images that it builds on, copies or mounts from; None if some are not known."""
    is_open = any(_starts_line(dockerfile.value, hole) for hole in dockerfile.holes)
    if is_open or re.search(_ESCAPE, dockerfile.value):
        return None
    text = dockerfile.replaced(
        [(*match.span(), Text(' ')) for match in re.finditer(r'\\\r?\n', dockerfile.value)]
    )
    values = _arguments_of(text, arguments)
    text = _without_quotes(text)
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


def references(dockerfile: str) -> set[str]:
    """The images, with their registry, that its commands name."""
    return {name for run in re.findall(_RUN, dockerfile) for name in re.findall(_REFERENCE, run)}
