"""Prints how long the hooks take, as ratios to what cannot be faster and to their peers.

Run it from the repository: python -m benchmarks [--runs N] [--scale]
"""
from __future__ import annotations

import argparse
import math
import sys
import tempfile
from pathlib import Path

from benchmarks.commands import measure
from benchmarks.commands import script
from benchmarks.repository import write_repository

ROOT = Path(__file__).parent.parent
GOOD = str(ROOT / 'examples/good/.gitlab-ci.yml')
BAD = str(ROOT / 'examples/bad/.gitlab-ci.yml')


def main() -> int:
    parser = argparse.ArgumentParser(prog='python -m benchmarks', description=__doc__)
    parser.add_argument('--runs', type=int, default=15)
    parser.add_argument('--scale', action='store_true', help='also generate large repositories')
    options = parser.parse_args()
    start_up(options.runs)
    if options.scale:
        scale()
    return 0


def start_up(runs: int) -> None:
    check, fix = script('check-kaniko-builds'), script('fix-kaniko-builds')
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / '.git').mkdir()
        (folder / 'values.yml').write_text('service:\n  replicas: 2\n')
        timings = measure({
            'python -c pass': (sys.executable, '-c', 'pass'),
            'python -c "import yaml"': (sys.executable, '-c', 'import yaml'),
            'check, no Kaniko in the file': (check, 'values.yml'),
            'check, pipeline without a finding': (check, GOOD),
            'check, pipeline with a finding': (check, BAD),
            'fix --diff': (fix, '--unsafe', '--diff', BAD),
            'check-yaml': (script('check-yaml'), GOOD),
            'yamllint': (script('yamllint'), GOOD),
            'check-jsonschema': (
                script('check-jsonschema'), '--builtin-schema', 'vendor.gitlab-ci', GOOD,
            ),
        }, folder, runs)
    base, yaml = timings['python -c pass'], timings['python -c "import yaml"']
    print(f'medians of {runs} runs{"x pass":>33}{"x import yaml":>16}')
    for label, timing in timings.items():
        print(f'{label:40}{timing.seconds / base.seconds:12.2f}{timing.seconds / yaml.seconds:16.2f}')


def scale() -> None:
    check = script('check-kaniko-builds')
    seconds: dict[tuple[int, int], float] = {}
    for files, jobs in ((1_000, 1_000), (1_000, 5_000), (10_000, 2_000)):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            write_repository(folder, files, jobs)
            timings = measure({
                'check': (check,),
                'git grep': ('git', 'grep', '-l', 'kaniko'),
                'yamllint': (script('yamllint'), '-d', 'relaxed', '.'),
            }, folder, 3 if files < 10_000 else 1)
        mine = timings['check']
        seconds[files, jobs] = mine.seconds
        print(
            f'{files} files, {jobs} jobs: {mine.seconds / timings["git grep"].seconds:.0f} x '
            f'git grep -l kaniko, {mine.seconds / timings["yamllint"].seconds:.3f} x yamllint, '
            f'peak {mine.peak_kib / 1024:.0f} MiB',
        )
    growth = math.log(seconds[1_000, 5_000] / seconds[1_000, 1_000], 5)
    print(f'1,000 -> 5,000 jobs: time grows with exponent {growth:.2f}')


if __name__ == '__main__':
    raise SystemExit(main())
