"""Bytes -> check and fix, as a file of a repository; what must never happen is a failure."""

from __future__ import annotations

import contextlib
import io
import random
import time
from collections.abc import Callable
from pathlib import Path

from kaniko_hooks import check_kaniko_builds, fix_kaniko_builds
from tests.fuzz.mutator import job, mutated, scripts, seeds

_NAMES = (
    '.gitlab-ci.yml',
    'ci/other.yml',
    '.github/workflows/a.yml',
    '.circleci/config.yml',
    'cloudbuild.yaml',
    '.drone.yml',
    'a.sh',
)


class Target:
    """A repository in which inputs become files; remembers failures and the worst time."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.worst = 0.0  # seconds of processor time
        self.slowest = ''
        self.fixed = 0
        self.failures: list[str] = []
        (root / '.git').mkdir()

    def try_input(self, name: str, data: bytes) -> None:
        """Both hooks over one file; the check must leave it alone."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        started = time.process_time()
        self._call('check', check_kaniko_builds.main, [str(path), '--strict'], data)
        if path.read_bytes() != data:
            self.failures.append(f'check changed {name}: {data!r}')
        self._call('fix', fix_kaniko_builds.main, [str(path), '--unsafe', '--strict'], data)
        taken = time.process_time() - started
        fixed = path.read_bytes()
        if fixed != data:
            self.fixed += 1
            self._call('fix', fix_kaniko_builds.main, [str(path), '--unsafe', '--strict'], data)
            if path.read_bytes() != fixed:
                self.failures.append(f'a second fix changes {name}: {data!r}')
        if taken > self.worst:
            self.worst, self.slowest = taken, f'{name}: {data!r}'
        path.unlink()

    def _call(
        self, hook: str, main: Callable[[list[str]], int], argv: list[str], data: bytes
    ) -> None:
        said = io.StringIO()
        try:
            with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
                code = main(argv)
        except Exception as error:
            self.failures.append(f'{hook} raised {error!r}: {data!r}')
            return
        if code not in (0, 1):
            self.failures.append(f'{hook} ended with {code} ({said.getvalue()!r}): {data!r}')


def run(target: Target, seed: int, go_on: Callable[[int], bool]) -> int:
    """Tries mutated inputs while `go_on(number)` says so; returns how many."""
    choose = random.Random(seed)
    given, given_scripts = seeds(), scripts()
    number = 0
    while go_on(number):
        if choose.random() < 0.5:
            name, data = choose.choice(_NAMES), mutated(choose.choice(given), given, choose)
        else:
            script = mutated(choose.choice(given_scripts), given_scripts, choose)
            name, data = _NAMES[0], job(script, choose)
        target.try_input(name, data)
        number += 1
    return number
