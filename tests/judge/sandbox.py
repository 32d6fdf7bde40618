"""One container after the other: a folder, a shell, and stub programs that ask the judge."""

from __future__ import annotations

import os
import re
import select
import shutil
import socketserver
import subprocess
import tempfile
import threading
from collections.abc import Mapping, Sequence
from functools import cache
from multiprocessing.util import Finalize
from pathlib import Path

from tests.judge.programs import Answer, Call, Programs

SHELLS: Mapping[str, tuple[str, ...]] = {
    'busybox': ('busybox', 'sh'),
    'dash': ('dash',),
    'bash': ('bash',),
}
# Programs of the machine that scripts may use: they touch no more than the files they are told.
_TOOLS = (
    '[ awk base64 basename bash busybox cat chmod cmp cp cut dash df diff dirname du echo env '
    'envsubst expr false find grep gzip head hostname id ln ls mkdir mv nice nl nohup od paste '
    'printf pwd readlink realpath rm sed seq sort stat tail tar tee test timeout touch tr true '
    'uniq wc which xargs'
).split()
# Top folders of a container: paths that begin with them are moved below the sandbox's root.
_TOPS = 'app bin builds busybox cache etc home kaniko key.json opt root srv tmp usr var workspace'
_ABSOLUTE = re.compile(
    r'(^|[\s=(<>|;&`!][\'"]?)/(?=(?:' + '|'.join(map(re.escape, _TOPS.split())) + r')(?![\w.-]))',
    re.MULTILINE,
)
_RANDOM = re.compile(r'(?:cat|head|od)\b[^|)\n]*/dev/u?random|cat /proc/sys\S*/uuid')
_COMMAND = re.compile(
    r'(?:^|[;&|(`\n]|\s-c\s+[\'"])\s*(?:(?:then|do|else|elif|if|while|until|exec|time|!|\{)\s+)*'
    r'(?:\w+=\S*\s+)*([\w./+-]+)'
)
# Programs that scripts may name in ways that are not seen.
_STUBS = (
    'apk apt-get aws cosign crane curl date docker executor gcloud git go helm jq kubectl make '
    'md5sum mktemp node npm npx openssl pip sha256sum skopeo sleep trivy uuidgen warmer wget'
).split()
_FOLDERS = ('kaniko/.docker', 'kaniko/ssl/certs', 'tmp', 'etc', 'usr', 'cache', 'workspace')
_SECONDS = 60
# The stub sends the number of its process; everything else is read from /proc.
_STUB = """#!{bash}
exec 3<>/dev/tcp/127.0.0.1/{port}
echo $$ >&3
read -r -u 3 status
while IFS= read -r -u 3 line; do printf '%s\\n' "$line"; done
exit "$status"
"""


class Sandbox:
    """A root folder that is emptied for each container, and the server of the stubs."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix='judge-', dir=memory()))
        self.root = self.folder / 'root'
        self.project = self.root / 'builds/project'
        self.programs = Programs(self.root, frozenset(), False)
        self.errors: list[Exception] = []
        self.server = socketserver.ThreadingTCPServer(('127.0.0.1', 0), self.handler())
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.stub = self.folder / 'stub'
        port = self.server.server_address[1]
        self.stub.write_text(_STUB.format(bash=shutil.which('bash'), port=port))
        self.stub.chmod(0o755)
        self.bin = self.folder / 'bin'
        self.bin.mkdir()
        for name in _TOOLS:
            if path := shutil.which(name):
                (self.bin / name).symlink_to(path)
        for name in _STUBS:
            self.stub_for(name)
        # Not every shell knows `time`.
        (self.bin / 'time').write_text('#!/bin/sh\nexec "$@"\n')
        (self.bin / 'time').chmod(0o755)

    def handler(self) -> type[socketserver.StreamRequestHandler]:
        lock, sandbox = threading.Lock(), self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                call = call_of(int(self.rfile.readline()))
                with lock:
                    answer = sandbox.answer(call)
                output = answer.output + '\n' if answer.output else ''
                self.wfile.write(f'{answer.status}\n{output}'.encode())

        return Handler

    def answer(self, call: Call) -> Answer:
        try:
            return self.programs.answer(call)
        except Exception as error:  # raised again in the thread of the simulation
            self.errors.append(error)
            return Answer(1)

    def clear(self, source: Path, files: Mapping[str, bytes], shell: str) -> None:
        """A new container with a copy of the repository and of artifacts."""
        shutil.rmtree(self.root, ignore_errors=True)
        for name in _FOLDERS:
            (self.root / name).mkdir(parents=True)
        for name in ('bin', 'busybox', 'usr/bin'):
            (self.root / name).symlink_to(self.bin)
        for name in ('executor', 'warmer'):
            (self.root / 'kaniko' / name).symlink_to(self.bin / name)
        link = self.bin / 'sh'
        link.unlink(missing_ok=True)
        link.symlink_to(self.bin / SHELLS[shell][0])
        shutil.copytree(source, self.project, ignore=shutil.ignore_patterns('.git'))
        for path, data in files.items():
            (self.project / path).parent.mkdir(parents=True, exist_ok=True)
            (self.project / path).write_bytes(data)
        for file in [*self.project.rglob('*.sh'), *self.project.rglob('*.env')]:
            text = file.read_text()
            self.prepare(text)
            file.write_text(self.inside(text))

    def inside(self, text: str) -> str:
        """The text with its absolute paths below the root, and with random values from a stub."""
        text = re.sub(r'\$RANDOM\b|\$\{RANDOM\}', '$(uuidgen)', _RANDOM.sub('uuidgen', text))
        return _ABSOLUTE.sub(rf'\1{self.root}/', text)

    def stub_for(self, name: str) -> None:
        path = self.bin / name
        if not os.path.lexists(path):
            path.symlink_to(self.stub)

    def prepare(self, text: str) -> None:
        """Stubs for all programs that a script may name; those of the repository are left."""
        for word in _COMMAND.findall(text):
            if word[0].isalpha() and '/' not in word:
                self.stub_for(word)
            elif word.startswith('./') and not (self.project / word).exists():
                (self.project / word).parent.mkdir(parents=True, exist_ok=True)
                (self.project / word).symlink_to(self.stub)
            elif word.startswith(('/bin/', '/usr/bin/', '/busybox/')):
                self.stub_for(os.path.basename(word))

    def run(self, entries: Sequence[str], environment: Mapping[str, str], shell: str) -> int:
        """The status of a shell that runs the entries with errexit, as the runner does."""
        text = '\n'.join(entry.strip() for entry in entries)
        self.prepare(text + '\n' + '\n'.join(environment.values()))
        script = self.folder / 'script'
        script.write_text(
            'if (set -o pipefail) 2>/dev/null; then set -o pipefail; fi\nset -o errexit\n'
            + self.inside(text)
        )
        variables = {
            name: value if str(self.root) in value else self.inside(value)
            for name, value in environment.items()
        }
        home = {'PATH': str(self.bin), 'HOME': str(self.root / 'root'), 'PWD': str(self.project)}
        process = subprocess.Popen(
            [self.bin / SHELLS[shell][0], *SHELLS[shell][1:], script],
            cwd=self.project,
            env={**home, **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        # Unlike `wait(timeout)`, this does not poll.
        with open(os.pidfd_open(process.pid)) as end:
            ended, _, _ = select.select([end], [], [], _SECONDS)
        if not ended:
            process.kill()
            raise TimeoutError(text)
        if self.errors:
            raise self.errors.pop()
        return process.wait()

    def close(self) -> None:
        self.server.shutdown()
        shutil.rmtree(self.folder, ignore_errors=True)


def memory() -> Path | None:
    """A folder in memory whose programs may be run, if there is any: it is twice as fast."""
    folder = Path('/dev/shm')
    if not os.access(folder, os.W_OK) or os.statvfs(folder).f_flag & os.ST_NOEXEC:
        return None
    return folder


@cache
def sandbox() -> Sandbox:
    """The sandbox of this process."""
    result = Sandbox()
    # Unlike `atexit`, this is run in the processes of a pool as well.
    Finalize(None, result.close, exitpriority=1)
    return result


def call_of(process: int) -> Call:
    """The call that a process is, from what the kernel knows of it."""
    folder = Path(f'/proc/{process}')
    words = (folder / 'cmdline').read_bytes().decode(errors='replace').split('\0')[1:-1]
    pairs = (folder / 'environ').read_bytes().decode(errors='replace').split('\0')
    environment = dict(pair.split('=', 1) for pair in pairs if '=' in pair)
    where = Path(os.readlink(folder / 'cwd'))
    text = stdin_of(folder) if reads_stdin(words) else ''
    name = words[0] if words[0].startswith('./') else os.path.basename(words[0])
    return Call(name, tuple(words[1:]), where, environment, text)


def reads_stdin(words: Sequence[str]) -> bool:
    name = os.path.basename(words[0])
    piped = {'-', '@-', '--password-stdin', '-f-'}.intersection(words)
    return bool(piped) or (name.endswith('sum') and len(words) == 1)


def stdin_of(folder: Path) -> str:
    try:
        return (folder / 'fd/0').read_text(errors='replace')
    except OSError:
        return ''
