"""Bytes -> check and fix, as a file of a repository; what must never happen is a failure."""

from __future__ import annotations

import contextlib
import io
import random
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from kaniko_hooks import check_kaniko_builds, fix_kaniko_builds
from tests.fuzz.mutator import job, mutated, scripts, seeds

SECONDS = 2.0  # processor time of a hook; a run that takes more is counted as slow
MAX_BYTES = 100_000
_HANGS = 20.0  # seconds of processor time after which a hook is stopped
_NAMES = (
    '.gitlab-ci.yml',
    'ci/other.yml',
    '.github/workflows/a.yml',
    '.circleci/config.yml',
    'cloudbuild.yaml',
    '.drone.yml',
    'a.sh',
)


class Hang(BaseException):
    """A hook that does not end; no hook catches it."""


class Target:
    """A repository in which inputs become files, one after the other."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.worst = 0.0  # seconds of processor time of one run of a hook
        self.rewritten = 0
        self.slow: list[str] = []
        self.failures: list[str] = []
        (root / '.git').mkdir()

    def try_input(self, name: str, data: bytes) -> None:
        """Both hooks over one file; the check must leave it alone."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        self._call('check', check_kaniko_builds.main, [str(path), '--strict'], data)
        if path.read_bytes() != data:
            self.failures.append(f'check changed {name}: {data!r}')
        self._call('fix', fix_kaniko_builds.main, [str(path), '--unsafe', '--strict'], data)
        after = path.read_bytes()
        if after != data:
            self.rewritten += 1
            self._call('fix', fix_kaniko_builds.main, [str(path), '--unsafe', '--strict'], data)
            if path.read_bytes() != after:
                self.failures.append(f'a second fix changes {name}: {data!r}')
        path.unlink()

    def _call(
        self, hook: str, main: Callable[[list[str]], int], argv: list[str], data: bytes
    ) -> None:
        output = io.StringIO()
        started = time.process_time()
        try:
            with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output), _limit():
                code = main(argv)
        except (Exception, Hang) as error:
            self.failures.append(f'{hook} raised {error!r}: {data!r}')
            return
        seconds = time.process_time() - started
        self.worst = max(self.worst, seconds)
        if seconds > SECONDS:
            self.slow.append(f'{hook} took {seconds:.2f} s: {data!r}')
        if code not in (0, 1):
            self.failures.append(f'{hook} ended with {code} ({output.getvalue()!r}): {data!r}')


@contextlib.contextmanager
def _limit() -> Iterator[None]:
    def stop(*_: object) -> None:
        raise Hang

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, _HANGS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def inputs(seed: int) -> Iterator[tuple[str, bytes]]:
    """Names and contents of files without end: mutated files, and jobs of mutated scripts."""
    choose = random.Random(seed)
    files, texts = seeds(), scripts()
    while True:
        if choose.random() < 0.5:
            name, data = choose.choice(_NAMES), mutated(choose.choice(files), files, choose)
        else:
            script = choose.choice(texts)
            if choose.random() < 0.8:
                script = mutated(script, texts, choose)
            name, data = _NAMES[0], job(script, choose)
        yield name, data[:MAX_BYTES]
