"""Stub programs: the executor, a registry, downloads, values that differ."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from tests.judge import kaniko_stub
from tests.judge.image import listing
from tests.judge.trace import DRAWN, Event, Kind, digest

_REFERENCE = re.compile(
    r'(?:docker://)?((?:[\w-]+\.)*[\w-]+(?::\d+)?(?:/[\w.-]+)+(?::[\w.-]+)?(?:@sha256:[\w+]+)?)'
)
_LOCAL = ('localhost', '127.0.0.1')
_DRAWING = ('date', 'uuidgen', 'mktemp')
_SUMS = ('md5sum', 'sha1sum', 'sha256sum', 'sha512sum')
_SILENT = ('sleep', 'clear')
# Calls that only read, by their first word; `None`: all calls.
_READING: Mapping[str, tuple[str, ...] | None] = {
    'git': ('describe', 'rev-parse', 'log', 'status', 'show', 'ls-files', 'fetch', 'config', 'diff')
    + ('branch', 'rev-list', 'merge-base', 'remote', 'submodule'),
    'crane': ('digest', 'ls', 'manifest', 'config', 'auth', 'version'),
    'skopeo': ('inspect', 'login'),
    'aws': ('sts',),
    'gcloud': ('auth', 'config'),
    'kubectl': ('get', 'version'),
    'jq': None,
    'yq': None,
    'node': None,
}
# Calls that change nothing outside of the container: to repeat them in each job costs time only.
_REPEATABLE = ('apk', 'apt', 'apt-get', 'npm', 'yarn', 'pip', 'pip3', 'go', 'mvn', 'warmer')
_SENDING = re.compile(
    r'-d|-F|-T|-X\w*|--(data|form|request|upload-file|json|post-|method|body-)\S*'
)


class Call(NamedTuple):
    """One start of a program."""

    program: str
    words: tuple[str, ...]
    folder: Path
    environment: Mapping[str, str]
    stdin: str

    @property
    def text(self) -> str:
        return ' '.join((self.program, *self.words))


class Answer(NamedTuple):
    """The exit status of a program and what it prints."""

    status: int = 0
    output: str = ''


class Job(NamedTuple):
    """The job that runs: its instance, the hosts of its services, the images made before it."""

    name: str
    hosts: tuple[str, ...]
    earlier: frozenset[str]


class Programs:
    """All stub programs of one pipeline run, and the world around the containers."""

    def __init__(self, root: Path, failing: frozenset[str], once: bool) -> None:
        self.root = root
        self.failing = set(failing)
        self.once = once
        self.registry: dict[str, str] = {}
        self.events: list[Event] = []
        self.outputs: set[Path] = set()
        self.job = Job('', (), frozenset())
        self.count = 0

    def draw(self) -> str:
        """A value that no call before got."""
        self.count += 1
        return f'97{self.count:04}'

    def answer(self, call: Call) -> Answer:
        if call.program in ('executor', 'kaniko'):
            return self.executor(call)
        if call.program in _DRAWING or call.text.startswith('openssl rand'):
            return Answer(output=self.drawn(call))
        if call.program in _SUMS:
            return Answer(output=f'{self.sum(call):a<32}  -')
        if call.program in ('curl', 'wget'):
            return self.transfer(call)
        if call.program in _SILENT:
            return Answer()
        if reads(call):
            return self.reading(call)
        repeatable = call.program in _REPEATABLE or call.words[:1] == ('login',)
        answer = self.record(call, 'repeatable' if repeatable else 'effect')
        if call.program in ('crane', 'skopeo') and not answer.status:
            self.tag(call)
        return answer

    def executor(self, call: Call) -> Answer:
        if call.words[:1] == ('login',):
            file = self.root / 'kaniko/.docker/config.json'
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(' '.join(call.words))
            return self.record(call, 'repeatable')
        if kaniko_stub.builds_nothing(call.words):
            return Answer(output='Kaniko version : v1.24.0')
        build = kaniko_stub.read(call.words, call.folder, call.environment, self.pull, self.root)
        event = Event(
            self.job.name,
            'build',
            self.plain(call.text),
            build.content,
            False,
            tuple(map(normalised, build.destinations)) or build.files,
            (self.plain(f'{build.context} {build.dockerfile}'), build.value('target')),
            earlier=self.earlier,
        )
        if self.fails(event):
            return Answer(1)
        for name in build.destinations:
            self.registry[self.place(name)] = build.content
        self.outputs.update(kaniko_stub.write_outputs(build, call.folder))
        return Answer(output=f'Pushed {build.content}')

    def fails(self, event: Event) -> bool:
        """Records a call; true where it is to fail."""
        failed = self.failing.intersection(event.keys)
        if self.once:
            self.failing -= failed
        self.events.append(event._replace(failed=bool(failed)))
        return bool(failed)

    @property
    def earlier(self) -> frozenset[str]:
        own = {
            f'{name} {event.state}'
            for event in self.events
            if event.job == self.job.name and not event.failed
            for name in event.pushed
        }
        return self.job.earlier | own

    def record(self, call: Call, kind: Kind) -> Answer:
        """Records a call with the contents of the images and files that its words name."""
        images, files, mine = set(), set(), False
        for word in call.words:
            for name in _REFERENCE.findall(word):
                images.add(f'{name} is {self.pull(name)}')
                mine |= self.place(name) in self.registry
            path = call.folder / word.rpartition('=')[2].lstrip('@')
            if word and path.exists() and self.root in path.resolve().parents:
                files.add(f'{word} is {self.contents(path)}')
                mine |= path in self.outputs
        text = '' if kind == 'repeatable' else call.stdin
        state = self.plain('; '.join(sorted(images | files)) + text)
        event = Event(
            self.job.name,
            kind,
            self.plain(call.text),
            state,
            False,
            names_something=mine,
            earlier=self.earlier,
        )
        return Answer(int(self.fails(event)))

    def reading(self, call: Call) -> Answer:
        if call.words[:1] == ('digest',):
            return Answer(output=f'sha256:{self.pull(call.words[-1])}')
        changed = {'--quiet', '--exit-code'}.intersection(call.words)
        return Answer(int(bool(changed)), digest(call.text))

    def transfer(self, call: Call) -> Answer:
        """A download, which may be repeated, or something sent."""
        if any(_SENDING.fullmatch(word) for word in call.words):
            return self.record(call, 'effect')
        answer = self.record(call, 'repeatable')
        address = next((word for word in call.words if '://' in word), call.words[-1])
        name = target_of(call, address)
        if answer.status or name == '-':
            return Answer(answer.status, f'body of {address}')
        try:
            (call.folder / name).write_text(f'body of {address}')
        except OSError:
            return Answer(1)
        return answer

    def tag(self, call: Call) -> None:
        """Images that crane and skopeo make under another name."""
        names = [word.removeprefix('docker://') for word in call.words[1:] if '/' in word]
        if call.words[0] == 'tag' and names:
            names.append(names[0].rpartition(':')[0] + ':' + call.words[-1])
        if call.words[0] in ('tag', 'copy', 'cp') and len(names) > 1:
            self.registry[self.place(names[-1])] = self.pull(names[0])

    def drawn(self, call: Call) -> str:
        value = self.draw()
        if call.program != 'mktemp':
            return value
        path = self.root / 'tmp' / f'tmp.{value}'
        path.mkdir() if '-d' in call.words else path.touch()
        return str(path)

    def sum(self, call: Call) -> str:
        text = call.stdin + ''.join(self.contents(call.folder / word) for word in call.words)
        return next(iter(DRAWN.findall(text)), digest(text))

    def contents(self, path: Path) -> str:
        if path.is_dir():
            return digest(self.plain(repr(listing(path))))
        return self.plain(path.read_text('latin-1')) if path.is_file() else ''

    def pull(self, name: str) -> str:
        """The content of an image; of one that is not in the registry, its name."""
        content = name.partition('@sha256:')[2]
        if content in self.registry.values():
            return content
        return self.registry.get(self.place(name), f'outside: {name}')

    def place(self, name: str) -> str:
        """The key in the registry; a registry inside the job is the job's own."""
        host = name.split('/')[0].split(':')[0]
        local = host in _LOCAL + self.job.hosts
        return f'{self.job.name}: {normalised(name)}' if local else normalised(name)

    def plain(self, text: str) -> str:
        return text.replace(str(self.root), '')


def normalised(name: str) -> str:
    name = name.removeprefix('docker.io/').removeprefix('library/')
    return name if ':' in name.rpartition('/')[2] else f'{name}:latest'


def reads(call: Call) -> bool:
    if call.program not in _READING:
        return 'get-login-password' in call.words
    words = _READING[call.program]
    return words is None or call.words[:1] != () and call.words[0] in words


def target_of(call: Call, address: str) -> str:
    """The file that a download writes; `-` is standard output."""
    following = dict(zip(call.words, call.words[1:]))
    for word in call.words:
        if word.startswith(('--output=', '--output-document=')):
            return word.partition('=')[2]
        if re.fullmatch(r'-[a-zA-Z]*o|--output' if call.program == 'curl' else r'-\w*O', word):
            return following.get(word, '-')
    name = address.rpartition('/')[2]
    downloads = call.program == 'wget' or any(re.fullmatch(r'-\w*O', w) for w in call.words)
    return name if downloads and name else '-'
