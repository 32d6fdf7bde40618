"""The content of an image: its Dockerfile, the files that it copies, and the images it uses."""

from __future__ import annotations

import fnmatch
import json
import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

_VARIABLE = re.compile(r'\$(?:(\w+)|\{(\w+)(?::?-([^}]*))?\})')
_FROM = re.compile(r'(?i)FROM\s+(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?')


class Source(NamedTuple):
    """The sources of a build; `pull` gives the content of an image by its name."""

    context: Path
    dockerfile: Path
    arguments: Mapping[str, str]
    target: str
    pull: Callable[[str], str]


def content(source: Source) -> str:
    """The content as text: equal texts are equal images."""
    if not source.dockerfile.is_file():
        return 'no Dockerfile'
    stages: dict[str, list[str]] = {}
    scope: dict[str, str] = {}
    current: list[str] = []
    for line in instructions(source.dockerfile.read_text(errors='replace')):
        words = line.split(None, 1)
        if words[0].upper() == 'ARG' and len(words) > 1:
            name, _, default = words[1].partition('=')
            scope[name] = source.arguments.get(name, scope.get(name, default.strip('"\'')))
            current.append(f'ARG {name}={scope[name]}')
        elif match := _FROM.match(line):
            if source.target and source.target in stages and current is stages[source.target]:
                break
            base = filled(match[1], scope)
            current = [f'FROM {used(base, stages, source)}']
            stages[match[2] or str(len(stages))] = current
        else:
            current.append(line)
            current += map(str, read_by(filled(line, scope), stages, source))
    return json.dumps(stages.get(source.target, current))


def instructions(text: str) -> Iterator[str]:
    """The instructions of a Dockerfile, without comments and with joined lines."""
    kept = [line for line in text.splitlines() if not line.lstrip().startswith('#')]
    for line in re.sub(r'\\[ \t]*\n', ' ', '\n'.join(kept)).split('\n'):
        if line.strip():
            yield line.strip()


def filled(text: str, scope: Mapping[str, str]) -> str:
    return _VARIABLE.sub(lambda match: scope.get(match[1] or match[2], match[3] or ''), text)


def used(name: str, stages: Mapping[str, list[str]], source: Source) -> str:
    """The content of a stage or of an image."""
    return json.dumps(stages[name]) if name in stages else source.pull(name)


def read_by(line: str, stages: Mapping[str, list[str]], source: Source) -> Iterator[object]:
    """The contents that an instruction reads besides its own text."""
    for name in re.findall(r'(?:--from=|\bfrom=)([^\s,]+)', line):
        yield used(name, stages, source)
    command, *words = re.split(r'\s+', line)
    if command.upper() in ('COPY', 'ADD') and '--from=' not in line:
        try:
            words = [word.strip('[],"') for word in shlex.split(' '.join(words))]
        except ValueError:
            pass
        for word in [word for word in words if not word.startswith('--')][:-1]:
            yield copied(source, word)
    elif '--mount=' in line and 'from=' not in line:
        yield copied(source, '.')


def copied(source: Source, pattern: str) -> dict[str, str]:
    """The files of the context that a word of COPY names, with their contents."""
    ignored = [
        line.strip().strip('/')
        for line in ignore_file(source).splitlines()
        if line.strip() and not line.startswith('#')
    ]
    pattern = pattern.strip('/').removeprefix('./')
    return {
        name: text
        for name, text in listing(source.context).items()
        if not any(covers(rule, name) for rule in ignored)
        and (pattern in ('', '.') or covers(pattern, name))
    }


def ignore_file(source: Source) -> str:
    for path in (Path(f'{source.dockerfile}.dockerignore'), source.context / '.dockerignore'):
        if path.is_file():
            return path.read_text()
    return ''


def covers(pattern: str, name: str) -> bool:
    """True where a pattern names the file or a folder around it."""
    parts = name.split('/')
    return any(fnmatch.fnmatch('/'.join(parts[:n]), pattern) for n in range(1, len(parts) + 1))


def listing(folder: Path) -> dict[str, str]:
    """The files of a folder, path to content."""
    return {
        str(path.relative_to(folder)): path.read_text(encoding='latin-1')
        for path in sorted(folder.rglob('*'))
        if path.is_file()
    }
