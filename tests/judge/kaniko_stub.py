"""Kaniko's command line as the stub of the executor reads it (measured with the real ones)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from tests.judge.image import Source, content
from tests.judge.trace import digest

_SHORT = {'c': 'context', 'f': 'dockerfile', 'd': 'destination', 'v': 'verbosity', 'b': 'bucket'}
_SWITCHES = re.compile(
    r'cache|cache-copy-layers|cache-run-layers|cleanup|compressed-caching|force|'
    r'force-build-metadata|ignore-var-run|insecure|insecure-pull|log-timestamp|no-push|'
    r'no-push-cache|push-ignore-immutable-tag-errors|reproducible|single-snapshot|'
    r'skip-default-registry-fallback|skip-push-permission-check|skip-tls-verify|'
    r'skip-tls-verify-pull|skip-unused-stages|use-new-run|pre-cleanup|preserve-context|'
    r'materialize|dryrun|help'
)
_SILENT = ('version', 'help', 'completion', '--help', '-h', '--dryrun')
# Flags that say where things are or go; what is there is part of the image's content.
_PLACES = (
    *('context', 'dockerfile', 'destination', 'verbosity', 'digest-file', 'tar-path'),
    *('image-name-with-digest-file', 'image-name-tag-with-digest-file', 'oci-layout-path'),
)
_ENVIRONMENT = re.compile(
    r'(?i)AWS_.*|AZURE_.*|(FF_)?KANIKO_.*|.*_proxy|SSL_CERT.*|GIT_(TOKEN|USERNAME|PASSWORD)'
)


class Build(NamedTuple):
    """One build as its flags describe it."""

    flags: Mapping[str, list[str]]
    context: Path
    dockerfile: Path
    content: str
    destinations: tuple[str, ...]

    def value(self, name: str) -> str:
        return self.flags.get(name, [''])[-1]

    @property
    def files(self) -> tuple[str, ...]:
        """The files that the image is written to."""
        names = (self.value('tar-path'), self.value('oci-layout-path'))
        return tuple(f'the file {name}' for name in names if name)


def builds_nothing(words: tuple[str, ...]) -> bool:
    """True for calls of the executor that only print."""
    return not words or any(word in _SILENT for word in words)


def read(
    words: tuple[str, ...],
    folder: Path,
    environment: Mapping[str, str],
    pull: Callable[[str], str],
    root: Path,
) -> Build:
    """The build of a command line in a folder; `pull` gives the content of an image."""
    flags = flags_of(words)
    context = folder / flags.get('context', ['/workspace'])[-1].removeprefix('dir://')
    if 'context-sub-path' in flags:
        context /= flags['context-sub-path'][-1]
    dockerfile = folder / flags.get('dockerfile', ['Dockerfile'])[-1]
    if not dockerfile.is_file():
        dockerfile = context / flags.get('dockerfile', ['Dockerfile'])[-1]
    arguments = dict(split(word, environment) for word in flags.get('build-arg', ()))
    target = flags.get('target', [''])[-1]
    parts = [
        sorted((name, value) for name, value in flags.items() if name not in _PLACES),
        sorted(arguments.items()),
        content(Source(context, dockerfile, arguments, target, pull)),
        credentials(environment, root),
        sorted((k, v) for k, v in environment.items() if _ENVIRONMENT.fullmatch(k)),
    ]
    pushes = () if on(flags, 'no-push') else tuple(flags.get('destination', ()))
    name = digest(json.dumps(parts).replace(str(root), ''))
    return Build(flags, context, dockerfile, name, pushes)


def flags_of(words: tuple[str, ...]) -> dict[str, list[str]]:
    """The values of each flag, under its long name."""
    rest, flags = list(words), dict[str, list[str]]()
    while rest:
        word = rest.pop(0)
        name, equals, value = word.lstrip('-').partition('=')
        if not word.startswith('-') or not name:
            flags.setdefault('', []).append(word)
            continue
        if not word.startswith('--'):
            name, value = _SHORT.get(word[1], word[1]), word[2:].removeprefix('=')
            equals = value
        name = re.sub('[A-Z]', lambda match: '-' + match[0].lower(), name)
        if not equals:
            value = 'true' if _SWITCHES.fullmatch(name) else rest.pop(0) if rest else ''
        flags.setdefault(name, []).append(value)
    return flags


def on(flags: Mapping[str, list[str]], name: str) -> bool:
    return flags.get(name, ['false'])[-1].lower() in ('true', 't', '1')


def split(argument: str, environment: Mapping[str, str]) -> tuple[str, str]:
    """A build argument; without `=` its value is the environment's."""
    name, equals, value = argument.partition('=')
    return name, value if equals else environment.get(name, '')


def credentials(environment: Mapping[str, str], root: Path) -> list[str]:
    """The files with credentials and certificates that Kaniko reads."""
    folder = Path(environment.get('DOCKER_CONFIG') or root / 'kaniko/.docker')
    key = Path(environment.get('GOOGLE_APPLICATION_CREDENTIALS') or '/dev/null')
    paths = [folder / 'config.json', key, *sorted((root / 'kaniko/ssl').rglob('*'))]
    return [path.read_text() for path in paths if path.is_file()]


def write_outputs(build: Build, folder: Path) -> list[Path]:
    """Writes the files that the flags ask for; returns them."""
    name = build.destinations[0] if build.destinations else ''
    texts = {
        'digest-file': f'sha256:{build.content}',
        'image-name-with-digest-file': f'{name}@sha256:{build.content}',
        'image-name-tag-with-digest-file': f'{name}@sha256:{build.content}',
        'tar-path': f'tar of {build.content}',
        'oci-layout-path': f'layout of {build.content}',
    }
    paths = []
    for flag, text in texts.items():
        if path := build.value(flag):
            file = folder / path / ('index.json' if flag == 'oci-layout-path' else '')
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
            paths.append(file)
    return paths
