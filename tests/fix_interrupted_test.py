"""A fix of several files that is killed, raced or failed leaves a state that a rerun finishes."""

from __future__ import annotations

import errno
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from kaniko_hooks import check_kaniko_builds, fix_kaniko_builds

BUILD = '    - /kaniko/executor --cache=true --context {0} --destination $CI_REGISTRY_IMAGE/{0}\n'


def builds(job: str, *images: str) -> str:
    return f'{job}:\n  stage: build\n  script:\n' + ''.join(map(BUILD.format, images))


def follower(job: str, of: str) -> str:
    return f'{job}:\n  stage: deploy\n  needs: [{of}]\n  script: [make]\n'


ROOT = 'include: [ci/a.yml, ci/b.yml]\nstages: [build, deploy]\n'
# The follower of a job stands in another file.
REPOSITORY = {
    '.gitlab-ci.yml': ROOT,
    'ci/a.yml': builds('images', 'api', 'web'),
    'ci/b.yml': follower('deploy', 'images'),
}


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    (tmp_path / '.git').mkdir()
    for path, text in REPOSITORY.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    monkeypatch.chdir(tmp_path)
    yield tmp_path


def files(root: Path) -> dict[str, str]:
    return {
        path.relative_to(root).as_posix(): path.read_text()
        for path in root.rglob('*')
        if path.is_file()
    }


def names(root: Path) -> list[str]:
    return sorted(name for name in files(root) if name.endswith('.yml'))


def fixed(root: Path) -> dict[str, str]:
    """The files after the fix, which are then as they were."""
    before = files(root)
    fix_kaniko_builds.main(names(root))
    after = files(root)
    for name, text in before.items():
        (root / name).write_text(text)
    return after


def assert_rerun_finishes(root: Path, after: dict[str, str]) -> None:
    here = {name: text for name, text in files(root).items() if name.endswith('.yml')}
    if here != after:
        assert check_kaniko_builds.main(names(root)) == 1, here
        assert fix_kaniko_builds.main(names(root)) == 1
    assert files(root) == after
    assert check_kaniko_builds.main(names(root)) == 0


CALLS = ('open', 'fsync', 'chmod', 'replace', 'unlink')


def dying(real: Callable[..., object], calls: Iterator[int], last: int) -> Callable[..., object]:
    def call(*args: object, **kwargs: object) -> object:
        if next(calls) == last:
            os._exit(9)
        return real(*args, **kwargs)

    return call


def test_killed_before_any_call(root: Path) -> None:
    before, after = files(root), fixed(root)
    for last in range(500):
        child = os.fork()
        if child == 0:
            calls = count()
            for name in CALLS:
                setattr(os, name, dying(getattr(os, name), calls, last))
            fix_kaniko_builds.main(names(root))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if os.waitstatus_to_exitcode(status) == 0:
            break
        assert_rerun_finishes(root, after)
        for name, text in before.items():
            (root / name).write_text(text)
    assert 4 < last < 499


@pytest.mark.slow
def test_killed_at_random(root: Path) -> None:
    before, after = files(root), fixed(root)
    generator = random.Random(1)
    for _ in range(50):
        command = (sys.executable, '-m', 'kaniko_hooks.fix_kaniko_builds', *names(root))
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
            time.sleep(generator.uniform(0, 0.4))
            process.send_signal(generator.choice((signal.SIGKILL, signal.SIGHUP)))
        assert_rerun_finishes(root, after)
        for name, text in before.items():
            (root / name).write_text(text)


@pytest.mark.slow
def test_eight_at_once(root: Path) -> None:
    after = fixed(root)
    command = (sys.executable, '-m', 'kaniko_hooks.fix_kaniko_builds', *names(root))
    processes = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for _ in range(8)
    ]
    for process in processes:
        output, _ = process.communicate()
        assert process.returncode in (0, 1) and 'Traceback' not in output, output
    assert files(root) == after


@pytest.mark.parametrize('error', (errno.EIO, errno.EXDEV, errno.EACCES, errno.ENOSPC))
@pytest.mark.parametrize('last', (0, 1))
def test_failing_replacement_leaves_all_files(
    last: int,
    error: int,
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = files(root)
    real = os.replace
    calls = count()

    def failing(old: str, new: str) -> None:
        if next(calls) == last:
            raise OSError(error, os.strerror(error), old)
        real(old, new)

    monkeypatch.setattr(os, 'replace', failing)
    assert fix_kaniko_builds.main(names(root)) == 1
    assert os.strerror(error).lower() in capsys.readouterr().err
    assert files(root) == before
