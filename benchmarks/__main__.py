"""Processor time of the hooks against its limits: a table, and status 1 above a limit.

Run it from the repository, in an environment with the hooks installed as their
users have them. Not with `-e`: its finder slows every start of the interpreter.

    pip install '.[bench]'
    python -m benchmarks [--runs N]

A time is the user and system time of a process and its children, the minimum of
several runs, which alternate with those of the command it is compared to.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from benchmarks import repositories

NOISE = 1.25  # times of the same command differ by that much on a busy machine
CHECK = 'check-kaniko-builds'
PARSE = (
    'import yaml, glob\n'
    "for path in ['.gitlab-ci.yml', *glob.glob('ci/*')]:\n"
    '    list(yaml.parse(open(path).read(), yaml.CSafeLoader))'
)


class Report:
    """The table of limits, printed row by row."""

    def __init__(self) -> None:
        self.exceeded = 0
        print(f'{"processor time of":44}{"seconds":>8}{"limit":>8}   limit is')

    def row(self, label: str, seconds: float, limit: float, meaning: str) -> None:
        verdict = '' if seconds <= limit else '   TOO SLOW'
        self.exceeded += seconds > limit
        print(f'{label:44}{seconds:8.3f}{limit:8.3f}   {meaning}{verdict}', flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog='python -m benchmarks', description=__doc__)
    parser.add_argument('--runs', type=int, default=15, help='of each command that is short')
    runs = parser.parse_args().runs
    report = Report()
    start_up(report, runs)
    without_kaniko(report, runs)
    many_files(report)
    many_findings(report)
    return int(report.exceeded > 0)


def start_up(report: Report, runs: int) -> None:
    good = 'good.gitlab-ci.yml'
    times = measure(
        repositories.small,
        {
            'pass': (sys.executable, '-c', 'pass'),
            'import yaml': (sys.executable, '-c', 'import yaml'),
            'no Kaniko': (script(CHECK), 'values.yml'),
            'good': (script(CHECK), good),
            'bad': (script(CHECK), 'bad.gitlab-ci.yml'),
            'check-yaml': (script('check-yaml'), good),
            'yamllint': (script('yamllint'), good),
        },
        runs,
    )
    for label, limit, base in (
        ('no Kaniko', 1.6, 'pass'),
        ('good', 1.35, 'import yaml'),
        ('bad', 1.8, 'import yaml'),
        ('good', 1, 'check-yaml'),
        ('good', 1, 'yamllint'),
    ):
        factor = limit * NOISE
        title = {'no Kaniko': 'a file without Kaniko', 'good': 'a job per image'}
        report.row(
            title.get(label, 'a job with two images'),
            times[label],
            factor * times[base],
            f'{limit} x {base} ({times[label] / times[base]:.2f} x)',
        )


def without_kaniko(report: Report, runs: int) -> None:
    commands = {'check': (script(CHECK), 'ci/part3.yml'), 'parse': (sys.executable, '-c', PARSE)}
    times = measure(repositories.without_kaniko, commands, max(runs // 3, 3))
    ratio = times['check'] / times['parse']
    report.row(
        '31 files, 240 jobs, no Kaniko',
        times['check'],
        2 * NOISE * times['parse'],
        f'2 x parsing ({ratio:.2f} x)',
    )


def many_files(report: Report) -> None:
    clean, violating = (
        measure(lambda root: repositories.large(root, count), {'': (script(CHECK),)}, 3)['']
        for count in (0, 50)
    )
    report.row(
        '10,000 files, 50 violating jobs',
        violating,
        1.5 * clean + 2,
        f'1.5 x no finding + 2 s (no finding: {clean:.2f} s)',
    )


def many_findings(report: Report) -> None:
    few, many = (
        measure(lambda root: repositories.findings(root, count), {'': (script(CHECK), '.')}, 2)['']
        for count in (500, 2_000)
    )
    # The aim is 5 s; the limit only keeps it from getting much worse.
    report.row('2,000 findings in a file', many, 20, '20 s')
    report.row('2,000 findings in a file', many, 5 * NOISE * few, '5 x 500 findings')


def measure(
    write: Callable[[Path], None], commands: Mapping[str, Sequence[str]], runs: int
) -> dict[str, float]:
    """The processor time of commands in a repository: minima of alternating runs, in seconds."""
    with tempfile.TemporaryDirectory() as name:
        write(Path(name))
        rounds = [
            {label: _once(command, name) for label, command in commands.items()}
            for _ in range(runs + 1)  # the first one fills caches
        ]
    return {label: min(times[label] for times in rounds[1:]) for label in commands}


def _once(command: Sequence[str], folder: str) -> float:
    environ = {**os.environ, 'PRE_COMMIT': '1'}
    null = subprocess.DEVNULL
    process = subprocess.Popen(command, cwd=folder, env=environ, stdout=null, stderr=null)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1):
        raise SystemExit(f'{command[0]} ended with {process.returncode}')
    return usage.ru_utime + usage.ru_stime


def script(name: str) -> str:
    """The path of a console script beside this interpreter."""
    path = Path(sys.executable).parent / name
    if not path.exists():
        raise SystemExit(f"{name} is not installed: pip install '.[bench]'")
    return str(path)


if __name__ == '__main__':
    raise SystemExit(main())
